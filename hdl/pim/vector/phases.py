"""What the vector unit does for each instruction, as data: phases that follow each other.

A phase sends a vector, or one number, through the lanes (:mod:`hdl.arith.float.passes`), or reads a vector to find its
greatest element or its sum, or does both at once; the next phase begins when all of that has come to its end. Between
phases an instruction keeps three numbers in single precision: ``x``, the newest result, which begins as the factor or
the argument, ``m`` and ``k``.

==========  ========================================================================================================
SOFTMAX     m = greatest, k = x * log2(e) | x = sum of powers | x = 1 / x | powers times x
SOFTMUL     the same, and powers times x times b
LAYERNORM   m = a[0], x = sum of a - m | x * share | m = x + m | x = sum of (a - m)^2 | (x + eps) * share | x = root |
            ((a - m) * x) * b + c
RMSNORM     x = sum of squares | (x + eps) * share | x = root | a * x * b
VQUANT      x = the scale | a / x as int8 | x to word b
==========  ========================================================================================================

All others have one phase. GELU of either kind, SiLU and sigmoid take several passes: results go straight back into the
lanes, and the lanes are the memory that holds them.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from amaranth.hdl import Module, Signal, Value
from amaranth.lib.data import StructLayout, View

from hdl.arith.float.passes import OP_BITS, OPCODES, PROGRAMS, Step, pass_named
from hdl.params.pim import INSTRUCTIONS, PimParams

__all__ = [
    "CHAINS",
    "CHAIN_BITS",
    "PHASES",
    "Phase",
    "chain_fields",
    "decode_phase",
    "early",
    "has_b",
    "phase_layout",
    "phases_of",
    "start_fields",
    "state_bits",
]


@dataclass(frozen=True)
class Phase:
    """A part of an instruction.

    Parameters
    ----------
    scan : str
        What is found while the vector is read: ``greatest``, ``place`` (where it is), ``sum``, ``centred`` (the sum of
        differences to element 0, which goes to m), ``scale`` (the power of two that VQUANT takes), or nothing.
    scanned : str
        Where that goes: ``x`` or ``m``.
    run : str
        A pass through the lanes, or the first one of a chain; or nothing.
    a : str
        Its operand: ``vector``, ``gather``, ``rectified`` (a vector, what is negative as +0) or the number ``x``.
    s0, s1, s2 : str
        Its scalars; ``inverse`` is 1 / x, of a power of two.
    to : str
        Where the result goes: ``write`` (to the vector d), ``pack`` (there as int8), ``single`` (one number, to the
        word b), ``sum`` (its sum to x), or the number ``x``, ``m`` or ``k``.
    chain : tuple of Step
        Passes that follow.
    """

    scan: str = ""
    scanned: str = "x"
    run: str = ""
    a: str = "vector"
    s0: str = "m"
    s1: str = "x"
    s2: str = "one"
    to: str = "write"
    chain: tuple[Step, ...] = ()


def _function(name: str) -> tuple[Phase, ...]:
    """One of the programs of :mod:`hdl.arith.float.passes`."""
    steps = PROGRAMS[name]
    return (Phase(run=steps[0].run, chain=steps[1:]),)


_ROOT = (
    Phase(run="affine", a="x", s0="eps", s1="share", to="x"),
    Phase(run="rsqrt", a="x", to="x"),
)
#: All of softmax but its results.
_SHARES = (
    Phase(scan="greatest", scanned="m", run="scale", a="x", s1="log2e", to="k"),
    Phase(run="softmax", s1="k", to="sum"),
    Phase(run="reciprocal", a="x", to="x"),
)
#: The phases of every vector instruction.
PHASES: dict[str, tuple[Phase, ...]] = {
    "VADD": (Phase(run="add"),),
    "VSUB": (Phase(run="subtract"),),
    "VMUL": (Phase(run="multiply"),),
    "VAXPY": (Phase(run="axpy"),),
    "VSCALE": (Phase(run="scale"),),
    "VMOV": (Phase(run="move"),),
    "VGATHER": (Phase(run="move", a="gather"),),
    "VMADD": (Phase(run="multiply_add"),),
    "VEXP": _function("exp"),
    "VSIG": _function("sigmoid"),
    "VGELU": _function("gelu"),
    "VSILU": _function("silu"),
    "VGELUE": _function("gelue"),
    "VRELU": (Phase(run="move", a="rectified"),),
    "VQUANT": (
        Phase(scan="scale"),
        Phase(run="scale", s1="inverse", to="pack"),
        Phase(run="move", a="x", to="single"),
    ),
    "RMAX": (Phase(scan="greatest"),),
    "RSUM": (Phase(scan="sum"),),
    "RSSQ": (Phase(run="square", to="sum"),),
    "ARGMAX": (Phase(scan="place"),),
    "SRECIP": (Phase(run="reciprocal", a="x", to="x"),),
    "SRSQRT": (Phase(run="rsqrt", a="x", to="x"),),
    "SOFTMAX": (*_SHARES, Phase(run="softmax", s1="k", s2="x")),
    "SOFTMUL": (*_SHARES, Phase(run="softmax", s1="k", s2="x", chain=(Step("weigh"),))),
    "LAYERNORM": (
        Phase(scan="centred"),
        Phase(run="scale", a="x", s1="share", to="x"),
        Phase(run="affine", a="x", s1="one", to="m"),
        Phase(run="square_centred", to="sum"),
        *_ROOT,
        Phase(run="normalise"),
    ),
    "RMSNORM": (Phase(run="square", to="sum"), *_ROOT, Phase(run="normalise_rms")),
}
#: What may still follow in a chain; the place of nothing is 0.
CHAINS: tuple[tuple[Step, ...], ...] = tuple(
    dict.fromkeys([(), *(each.chain[i:] for some in PHASES.values() for each in some for i in range(len(each.chain)))])
)
CHAIN_BITS = (len(CHAINS) - 1).bit_length()

_FLAGS = (
    *("greatest", "place", "sum", "centred", "scans", "scan_to_m", "runs", "vector", "gather", "rectified", "final"),
    *("s0_eps", "s1_x", "s1_k", "s1_share", "s1_one", "s1_log2e", "s2_x", "b_first", "b_second", "b_late", "c"),
    *("to_x", "to_m", "to_k", "adds", "writes", "early", "counts"),
)
#: Those of VQUANT.
_QUANTISES = ("scale", "s1_inverse", "packs", "single")


def phase_layout(params: PimParams) -> StructLayout:
    """A phase as the hardware has it.

    Operand ``b`` is due at one of three moments. ``early`` results come after the first multiplication, ``counts`` says
    that the pass multiplies a vector, ``chain`` what follows. Results of ``packs`` and ``single`` are among those that
    it ``writes``.
    """
    flags = (*_FLAGS, *(_QUANTISES if params.int8 else ()))
    return StructLayout({**dict.fromkeys(flags, 1), "op": OP_BITS, "chain": CHAIN_BITS})


def phases_of(params: PimParams) -> dict[str, tuple[Phase, ...]]:
    """The phases of the vector instructions that a system has."""
    return {
        name: phases
        for name, phases in PHASES.items()
        if not INSTRUCTIONS[name].needs or getattr(params, INSTRUCTIONS[name].needs)
    }


def states(params: PimParams) -> list[tuple[str, Phase]]:
    """All phases, one instruction's after the other: the place of a phase is its state."""
    return [(name, phase) for name, phases in phases_of(params).items() for phase in phases]


def state_bits(params: PimParams) -> int:
    """Of a state."""
    return (len(states(params)) - 1).bit_length()


def early(name: str, phase: Phase) -> bool:
    """Results of a phase of an instruction leave the lanes after the first multiplication."""
    alone = phase.to == "write" and len(PHASES[name]) == 1
    return bool(phase.run) and pass_named(phase.run).short and (alone or phase.to in ("pack", "single"))


def due(run: str) -> dict[str, int]:
    """When a pass wants its vector operands: at the first adder, at the first multiplier, or late; and ``c``."""
    moments = {"a0": "b_first", "m0": "b_second", "m2": "b_late", "a5": "c"}
    steps = pass_named(run).steps if run else ()
    return {moments[unit]: 1 for unit, operand in steps if operand.removeprefix("-") in ("b", "c")}


def phase_fields(name: str, phase: Phase) -> dict[str, int]:
    """The fields of :func:`phase_layout` for a phase of an instruction."""
    found: dict[str, int] = {}
    if phase.scan:
        found |= {"scans": 1, phase.scan: 1, "scan_to_m": int(phase.scanned == "m")}
    if phase.run:
        vector = phase.a != "x"
        multiplies = any(
            unit.startswith("m") and operand != "1"
            for run in (phase.run, *(step.run for step in phase.chain))
            for unit, operand in pass_named(run).steps
        )
        targets = {"write": ("writes",), "sum": ("adds",), "pack": ("writes", "packs"), "single": ("writes", "single")}
        found |= dict.fromkeys(targets.get(phase.to, (f"to_{phase.to}",)), 1)
        found |= {"runs": 1, "op": OPCODES[phase.run], "chain": CHAINS.index(phase.chain)}
        found |= {"vector": int(vector), "counts": int(vector and multiplies)}
        found |= {name: int(phase.a == name) for name in ("gather", "rectified")}
        found |= {"s0_eps": int(phase.s0 == "eps"), f"s1_{phase.s1}": 1, "s2_x": int(phase.s2 == "x")}
        found |= due(phase.run) | {"early": int(early(name, phase))}
    found["final"] = int(phase is PHASES[name][-1])
    return found


def chain_fields() -> Iterator[dict[str, int]]:
    """For each chain its first pass's operation code, when that wants operand ``b``, and the chain that is left."""
    for chain in CHAINS:
        left = CHAINS.index(chain[1:]) if chain else 0
        run = chain[0].run if chain else ""
        yield {"op": OPCODES[run] if run else 0, "b": due(run).get("b_late", 0), "left": left}


def decode_phase(m: Module, params: PimParams, state: Value, name: str) -> View:
    """The fields of a state."""
    layout = phase_layout(params)
    found = View(layout, Signal(layout.size, name=name))
    with m.Switch(state):
        for i, each in enumerate(states(params)):
            with m.Case(i):
                m.d.comb += found.as_value().eq(layout.const(phase_fields(*each)).as_value())
    return found


def start_fields(m: Module, params: PimParams, opcode: Value, name: str) -> View:
    """By opcode: the first state; whether operand ``b`` is the vector a, and operand ``c`` is the vector b."""
    layout = StructLayout({"state": state_bits(params), "b_is_a": 1, "c_is_b": 1})
    found = View(layout, Signal(layout.size, name=name))
    owners = [owner for owner, _ in states(params)]
    with m.Switch(opcode):
        for instruction, phases in phases_of(params).items():
            values = {"state": owners.index(instruction), "b_is_a": int(not has_b(instruction))}
            values["c_is_b"] = int(phases[0].run == "axpy")
            with m.Case(INSTRUCTIONS[instruction].code):
                m.d.comb += found.as_value().eq(layout.const(values).as_value())
    return found


def has_b(name: str) -> bool:
    """An instruction has a second address of its own."""
    return any(operand.fields == ("b",) and operand.kind == "sram" for operand in INSTRUCTIONS[name].operands)
