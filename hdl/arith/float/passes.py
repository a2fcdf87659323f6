"""What a lane can do, as data: passes through its chain of adders and multipliers, and programs of several passes.

A lane is one element's share of the vector unit, a chain of 5 adders (``a``), 4 multipliers (``m``), one adder of a
constant (``a3``) and two units that work on bits alone. In a pass every unit takes the result of the one before it and
one more operand; a unit that a pass has no use for adds -0 or multiplies by 1, which changes nothing. A new element may
enter in every step, each with a pass of its own.

==========  =====================  ==================================================================================
unit        computes               second operand
==========  =====================  ==================================================================================
``a0``      a + ...                vector operand ``b``, scalar ``s0``, either one negated, or a constant
``seed``    sign, exponent, start  splits off sign and exponent of a reciprocal or root, and finds its start value
``m0``      * ...                  scalar ``s1``, ``b``, the start value, its own first operand, or a constant
``split``   f, 2^k                 for powers of two: keeps the rest f of the nearest integer k
``a1``      f + ...                a constant
``m1``      * ...                  ``f`` or the start value
``a2``      y = ... + ...          a constant
``a3``      f + C                  (beside ``m1`` and ``a2``)
``a4``      y + ...                the sum of ``a3``, or a constant
``m2``      * ...                  ``y``, ``b`` or 1
``a5``      ... + ...              vector operand ``c``, or a constant
``m3``      * ... * 2^k            scalar ``s2``, the start value, or a constant; 2^k is what ``seed`` or ``split`` took
==========  =====================  ==================================================================================

Passes, with the default latencies: from ``a`` to the fp32 result, which is rounded to bf16 in one more step. Operands
``b`` and ``c`` are due ``lag`` steps after ``a``.

==  ==============  ==============================================  =======  =====  =====
op  pass            result                                          latency  b lag  c lag
==  ==============  ==============================================  =======  =====  =====
 0  add             a + b                                                 7      0
 1  subtract        a - b                                                 7      0
 2  multiply        a * b                                                 7      4
 3  affine          (a + s0) * s1                                         7
 4  scale           a * s1                                                7
 5  square          a^2                                                   7
 6  square_centred  (a - s0)^2                                            7
 7  move            a                                                     7
 8  axpy            a * s1 + c                                           35            28
 9  multiply_add    a * b + c                                            35     25     28
10  normalise       (a - s0) * s1 * b + c                                35     25     28
11  normalise_rms   a * s1 * b                                           35     25
12  softmax         2^((a - s0) * s1) * s2 / E                           35
13  exp             e^a                                                  35
14  exp_minus       e^-a                                                 35
15  power           2^a                                                  35
16  reciprocal      1 / a                                                35
17  rsqrt           1 / sqrt(a)                                          35
18  gelu_power      -2 log2(e) sqrt(2/pi) (a^3 + a/A) A  with b = a      35     25
19  divide          b / (1 + a)                                          35     25
20  sigmoid         1 / (1 + a)                                          35
21  gelue_cubic     (a^2 + A') b  with b = a                             35     25
22  gelue_power     (a^2 + B') b C'                                      35     25
23  weigh           a * b, as long as a power                            35     25
==  ==============  ==============================================  =======  =====  =====

A = 0.044715; A', B' and C' are ``gelue_a`` to ``gelue_c``. In softmax s1 is log2(e) times a scale, and s2 first 1, then
the reciprocal of the sum; E = 0.0095701 is the scale of the polynomial, which cancels.

Programs of several passes hand the fp32 result of one pass to ``a`` of the next. As every pass with more than one
multiplication takes equally long, results can go straight back into the lane: the chain itself holds the elements, as
many as it has steps.

==========  =======================================  ======
program     passes                                   passes
==========  =======================================  ======
exp         exp                                           1
reciprocal  reciprocal                                    1
rsqrt       rsqrt                                         1
sigmoid     exp_minus, sigmoid                            2
silu        exp_minus, divide (b = x)                     2
gelu        gelu_power (b = x), power, divide             3
gelue       gelue_cubic, gelue_power, power, divide       4
==========  =======================================  ======

Accuracy in fp32, over all bf16 inputs (relative): exp 6.2e-6, reciprocal 5.4e-6, rsqrt 2.2e-5, sigmoid 1.2e-5; gelu
against its tanh form 5.4e-6 of max(1, abs(x)), gelue against the error function 2.9e-5. Rounding to bf16 adds 3.9e-3.

- Power: 2^f on [-1/2, 1/2] is a minimax polynomial of order 4 in the form E ((y + f + C) y + D), y = (f + A) f + B,
  which takes 3 multiplications instead of Horner's 4 (D. E. Knuth, "Evaluation of polynomials by computer", 1962): the
  fourth is left for the base, and the scale E can be any scalar.
- GELU with the error function: the logarithm of P / (1 - P), where P is the normal distribution, is odd and near
  x (c0 + c1 x^2 + c2 x^4 + ...) with c2 < 0, and a polynomial that ends there turns back for great x. C' x (x^2 (x^2 +
  A')^2 + B') has c2 < 0 too, never falls below its start, and takes one pass more than x alone; minimax of the result.
- Reciprocal and root: one step of third order from a start value within 3 %, in the place of two Newton steps. With
  h = m * start the reciprocal is start * 2 (h^2 + A h + B), with q = m * start^2 the root start * (q^2 + A q + B) / 8:
  minimax coefficients, and a leading one that is a power of two. It takes one multiplication less than two Newton
  steps, which is what lets a division take no more than one pass.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, fields

from hdl.params import ConfigError, Problem

__all__ = ["CONSTANTS", "OPCODES", "OP_BITS", "PASSES", "PROGRAMS", "LaneShape", "Pass", "Step", "pass_named"]

#: Fp32 bits of the constants that passes name.
CONSTANTS: dict[str, int] = {
    "-0": 0x80000000,
    "1": 0x3F800000,
    "log2e": 0x3FB8AA3B,
    "-log2e": 0xBFB8AA3B,
    "power_a": 0x401AF9A5,  # 2.42149
    "power_b": 0x41FD97B1,  # 31.6991
    "power_c": 0xC23A512B,  # -46.5793
    "power_d": 0x44100B8B,  # 576.180
    "power_e": 0x3C1CCBEB,  # 0.00957010
    "reciprocal_a": 0xC0186B70,  # -2.38156
    "reciprocal_b": 0x3FF1F380,  # 1.89024
    "rsqrt_a": 0xC0A5A916,  # -5.17689
    "rsqrt_b": 0x4140C257,  # 12.0474
    "gelu_a": 0x41B2E92F,  # 22.3639 = 1 / 0.044715
    "gelu_b": 0xBDD2D3E8,  # -0.102943 = -2 log2(e) sqrt(2/pi) 0.044715
    "gelue_a": 0xC34C999A,  # -204.6
    "gelue_b": 0x495C0F40,  # 901364
    "gelue_c": 0xB62B51E2,  # -2.55286e-6
}


@dataclass(frozen=True)
class Pass:
    """The second operand of every unit of a lane; those left out change nothing.

    Parameters
    ----------
    name, result : str
        The pass, and what it computes, as a formula.
    a0, m0, a1, m1, a2, a4, m2, a5, m3 : str
        An operand as in the table above (``"b"``, ``"-b"``, ``"s0"``, ``"-s0"``, ``"s1"``, ``"start"``, ``"itself"``,
        ``"f"``, ``"a3"``, ``"y"``, ``"c"``, ``"s2"``) or one of :data:`CONSTANTS`.
    seed : str
        ``"reciprocal"``, ``"rsqrt"`` or empty.
    split : bool
        Take the integer out.
    short : bool
        The result is that of ``m0``.
    """

    name: str
    result: str
    a0: str = "-0"
    seed: str = ""
    m0: str = "1"
    split: bool = False
    a1: str = "-0"
    m1: str = "1"
    a2: str = "-0"
    a4: str = "-0"
    m2: str = "1"
    a5: str = "-0"
    m3: str = "1"
    short: bool = False

    @property
    def steps(self) -> Iterator[tuple[str, str]]:
        """Every unit that does something, in order, and its operand."""
        for field in fields(self)[2:-1]:
            value = getattr(self, field.name)
            if value != field.default:
                yield field.name, "" if value is True else value

    def __str__(self) -> str:
        units = ", ".join(f"{unit} {operand}".rstrip() for unit, operand in self.steps)
        return f"{self.name}: {self.result} = [{units}]"


def _power(name: str, result: str, **others: str) -> Pass:
    """A power of two of what ``m0`` gives."""
    polynomial = {"a1": "power_a", "m1": "f", "a2": "power_b", "a4": "a3", "m2": "y", "a5": "power_d", "m3": "power_e"}
    return Pass(name, result, split=True, **(polynomial | others))  # type: ignore[arg-type]


def _quotient(name: str, result: str, **others: str) -> Pass:
    """The reciprocal of what ``a0`` gives, times ``m2``."""
    step = {"m0": "start", "a1": "reciprocal_a", "m1": "f", "a2": "reciprocal_b", "m3": "start"}
    return Pass(name, result, seed="reciprocal", **(step | others))  # type: ignore[arg-type]


#: All passes; a pass's place is its operation code.
PASSES: tuple[Pass, ...] = (
    Pass("add", "a + b", a0="b", short=True),
    Pass("subtract", "a - b", a0="-b", short=True),
    Pass("multiply", "a * b", m0="b", short=True),
    Pass("affine", "(a + s0) * s1", a0="s0", m0="s1", short=True),
    Pass("scale", "a * s1", m0="s1", short=True),
    Pass("square", "a^2", m0="itself", short=True),
    Pass("square_centred", "(a - s0)^2", a0="-s0", m0="itself", short=True),
    Pass("move", "a", short=True),
    Pass("axpy", "a * s1 + c", m0="s1", a5="c"),
    Pass("multiply_add", "a * b + c", m2="b", a5="c"),
    Pass("normalise", "(a - s0) * s1 * b + c", a0="-s0", m0="s1", m2="b", a5="c"),
    Pass("normalise_rms", "a * s1 * b", m0="s1", m2="b"),
    _power("softmax", "2^((a - s0) * s1) * s2 / E", a0="-s0", m0="s1", m3="s2"),
    _power("exp", "e^a", m0="log2e"),
    _power("exp_minus", "e^-a", m0="-log2e"),
    _power("power", "2^a"),
    _quotient("reciprocal", "1 / a"),
    Pass(
        "rsqrt",
        "1 / sqrt(a)",
        seed="rsqrt",
        m0="start",
        m1="start",
        a4="rsqrt_a",
        m2="y",
        a5="rsqrt_b",
        m3="start",
    ),
    Pass(
        "gelu_power",
        "-2 log2(e) sqrt(2/pi) (a^3 + a/A) A  with b = a",
        m0="itself",
        a1="gelu_a",
        m2="b",
        m3="gelu_b",
    ),
    _quotient("divide", "b / (1 + a)", a0="1", m2="b"),
    _quotient("sigmoid", "1 / (1 + a)", a0="1"),
    Pass("gelue_cubic", "(a^2 + A') b  with b = a", m0="itself", a1="gelue_a", m2="b"),
    Pass("gelue_power", "(a^2 + B') b C'", m0="itself", a1="gelue_b", m2="b", m3="gelue_c"),
    Pass("weigh", "a * b, as long as a power", m2="b"),
)

#: Operation code by pass.
OPCODES: dict[str, int] = {each.name: code for code, each in enumerate(PASSES)}
#: Bits of an operation code.
OP_BITS = (len(PASSES) - 1).bit_length()


def pass_named(name: str) -> Pass:
    """The pass of that name."""
    return PASSES[OPCODES[name]]


@dataclass(frozen=True)
class Step:
    """A pass of a program.

    Parameters
    ----------
    run : str
        Name of the pass.
    a, b : str
        What its vector operands are: ``"x"``, the program's input, or ``"previous"``, the fp32 result of the step
        before.
    """

    run: str
    a: str = "previous"
    b: str = ""


#: Functions of one vector, as passes that follow each other.
PROGRAMS: dict[str, tuple[Step, ...]] = {
    "exp": (Step("exp", a="x"),),
    "reciprocal": (Step("reciprocal", a="x"),),
    "rsqrt": (Step("rsqrt", a="x"),),
    "sigmoid": (Step("exp_minus", a="x"), Step("sigmoid")),
    "silu": (Step("exp_minus", a="x"), Step("divide", b="x")),
    "gelu": (Step("gelu_power", a="x", b="x"), Step("power"), Step("divide", b="x")),
    "gelue": (
        Step("gelue_cubic", a="x", b="x"),
        Step("gelue_power", b="x"),
        Step("power"),
        Step("divide", b="x"),
    ),
}


@dataclass(frozen=True)
class LaneShape:
    """Latencies of a lane's units, and how it multiplies.

    Parameters
    ----------
    adder, multiplier, splitter : int
        Steps: 1 to 4, 1 to 3 and 1 to 3.
    style : str
        See :class:`hdl.arith.float.multiply.Multiplier`.

    Raises
    ------
    ConfigError
        Naming everything that is out of range.
    """

    adder: int = 4
    multiplier: int = 3
    splitter: int = 3
    style: str = "inferred"

    #: Units one after the other; ``a3`` works beside ``m1`` and ``a2``.
    CHAIN = ("a0", "m0", "split", "a1", "m1", "a2", "a4", "m2", "a5", "m3")

    def __post_init__(self) -> None:
        limits = {"adder": 4, "multiplier": 3, "splitter": 3}
        problems = [
            Problem(f"lane.{name}", f"must be a latency of 1 to {limit}, not {getattr(self, name)!r}")
            for name, limit in limits.items()
            if getattr(self, name) not in range(1, limit + 1)
        ]
        if problems:
            raise ConfigError(problems)

    def latency_of(self, unit: str) -> int:
        """Steps of one unit."""
        return 2 if unit == "a3" else {"a": self.adder, "m": self.multiplier, "s": self.splitter}[unit[0]]

    def start_of(self, unit: str) -> int:
        """Steps from the lane's operand ``a`` to this unit's operands."""
        chain = self.CHAIN[: self.CHAIN.index("m1" if unit == "a3" else unit)]
        return sum(map(self.latency_of, chain))

    def end_of(self, unit: str) -> int:
        """Steps from the lane's operand ``a`` to this unit's result."""
        return self.start_of(unit) + self.latency_of(unit)

    @property
    def short(self) -> int:
        """Latency of the passes that end after the first multiplication: 7."""
        return self.end_of("m0")

    @property
    def full(self) -> int:
        """Latency of all other passes: 35."""
        return self.end_of("m3")

    def latency(self, each: Pass) -> int:
        """Steps from ``a`` to the fp32 result; the bf16 result is one step later."""
        return self.short if each.short else self.full

    def lag(self, each: Pass, operand: str) -> int | None:
        """Steps from ``a`` to the moment when operand ``b`` or ``c`` is due; None if the pass takes none."""
        users = [unit for unit, value in each.steps if value.removeprefix("-") == operand]
        return self.start_of(users[0]) if users else None
