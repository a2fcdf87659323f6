"""The nest of each engine: the conventional nest of its array, and the rewrites that make the scheme of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from gen.nest import rewrites
from gen.nest.encoders import DIGIT_BITS
from hdl.params.errors import ConfigError, Problem, near_name
from hdl.params.nest import BROADCAST, RESULT, Line, Loop, Nest, Statement

__all__ = [
    "ARRAYS",
    "BUILT",
    "OPT1",
    "OPT2",
    "OPT3",
    "OPT4C",
    "OPT4E",
    "SCHEMES",
    "Rewrite",
    "chain",
    "conventional",
    "nest_of",
]


@dataclass(frozen=True)
class Rewrite:
    """A rewrite with its name, and why it keeps the result."""

    name: str
    apply: Callable[[Nest], Nest]
    moves: str
    legal: str


OPT1 = Rewrite(
    "OPT1",
    rewrites.opt1,
    "'add' moves out of the loops over k; 'half_reduce' accumulates in its place.",
    "addition modulo 2^W is associative and commutative, so s + c may be added up once, after the last k.",
)
OPT2 = Rewrite(
    "OPT2",
    rewrites.opt2,
    "w moves out of the loops over k, and 'shift' with it.",
    "a shift by the weight distributes over the sum over k, and no carry has mixed the weights before.",
)
OPT3 = Rewrite(
    "OPT3",
    rewrites.opt3,
    "w moves from space to time; the loop over k inside it skips zeros.",
    "planes of different weight only meet in C, so they may follow each other; a digit that is zero adds nothing.",
)
OPT4C = Rewrite(
    "OPT4C",
    rewrites.opt4c,
    "'encode' and the skipping of zeros move out of space n.",
    "digits of A[m,k] do not depend on n, so all columns skip the same steps.",
)
OPT4E = Rewrite(
    "OPT4E",
    rewrites.opt4e,
    "k is split into time k and space k 4; one 'half_reduce' takes all four lanes.",
    "the sum over k may be taken in any order, so each lane skips its own zeros.",
)
SHARE_ENCODE = Rewrite(
    "share encode",
    rewrites.share_encode,
    "'encode' moves out of space n.",
    "digits of A[m,k] do not depend on n.",
)
DRAIN = Rewrite(
    "drain",
    rewrites.drain,
    "the final 'add' is shared: its loop over rows (or, plane by plane, over columns) moves from space to time.",
    "the pairs wait in their registers, so they may be added one after another.",
)

ARRAYS = ("systolic_os", "systolic_ws", "cube", "adder_tree", "matrix_2d")
SCHEMES = ("mac", "opt1", "opt2", "opt3", "opt4c", "opt4e")

_PLANAR = {
    "mac": (),
    "opt1": (OPT1, SHARE_ENCODE, DRAIN),
    "opt2": (OPT1, OPT2, SHARE_ENCODE, DRAIN),
    "opt3": (OPT1, OPT2, OPT3, DRAIN),
    "opt4c": (OPT1, OPT2, OPT3, OPT4C, DRAIN),
    "opt4e": (OPT1, OPT2, OPT3, OPT4C, OPT4E, DRAIN),
}
#: The rewrites behind every (array, scheme) that the notation can express and the hardware library builds.
BUILT: dict[tuple[str, str], tuple[Rewrite, ...]] = {
    **{("systolic_os", scheme): steps for scheme, steps in _PLANAR.items() if scheme != "opt2"},
    **{("matrix_2d", scheme): steps for scheme, steps in _PLANAR.items()},
    ("systolic_ws", "mac"): (),
    ("systolic_ws", "opt1"): (OPT1, SHARE_ENCODE),
    ("cube", "mac"): (),
    ("cube", "opt1"): (OPT1, SHARE_ENCODE, DRAIN),
    ("adder_tree", "mac"): (),
    ("adder_tree", "opt1"): (OPT1, SHARE_ENCODE),
    ("adder_tree", "opt2"): (OPT1, OPT2, SHARE_ENCODE),
}


def nest_of(
    array: str, scheme: str, rows: int, cols: int, *, depth: int = 1, encoder: str = "booth", digits: int = 4
) -> Nest:
    """The nest of an engine; see :func:`conventional` and :func:`chain`."""
    nest = conventional(array, rows, cols, depth=depth, encoder=encoder, digits=digits)
    for rewrite in chain(array, scheme):
        nest = rewrite.apply(nest)
    return nest


def chain(array: str, scheme: str) -> tuple[Rewrite, ...]:
    """The rewrites from the conventional nest of an array to a scheme. Raises ConfigError."""
    if (array, scheme) in BUILT:
        return BUILT[array, scheme]
    for key, value, legal in (("array", array, ARRAYS), ("scheme", scheme, SCHEMES)):
        if value not in legal:
            message = f"must be one of {', '.join(legal)}, not {value!r}"
            raise ConfigError([Problem(key, message, near_name(value, legal))])
    schemes = ", ".join(name for at, name in BUILT if at == array)
    raise ConfigError([Problem("scheme", f"{scheme!r} is not built on array {array!r}, which has {schemes}")])


def conventional(array: str, rows: int, cols: int, *, depth: int = 1, encoder: str = "booth", digits: int = 4) -> Nest:
    """An array of multiply-accumulate PEs: every primitive stands inside the loops over k.

    Parameters
    ----------
    array : str
    rows, cols : int
        M and N of a tile.
    depth : int
        K in space, on the arrays that have it: ``systolic_ws``, ``cube``, ``adder_tree``.
    encoder : str
        Recoding of A inside the multipliers.
    digits : int
        Digits of an operand.
    """
    mode = BROADCAST if array in ("matrix_2d", "adder_tree") else ""  # all columns see an operand of A at once
    m, n = Loop("space", "m", rows), Loop("space", "n", cols, mode)
    row, k, lane, w = Loop("time", "m", rows), Loop("time", "k"), Loop("space", "k", depth), Loop("space", "w", digits)
    around: dict[str, tuple[Loop, ...]] = {
        "systolic_os": (m, n, k),
        "matrix_2d": (m, n, k),
        "cube": (m, n, k),
        "systolic_ws": (k, row, n),
        "adder_tree": (k, row, n),
    }
    if array not in around:
        raise ConfigError(
            [Problem("array", f"must be one of {', '.join(ARRAYS)}, not {array!r}", near_name(array, ARRAYS))]
        )
    outer = around[array]
    pe = outer if array in ("systolic_os", "matrix_2d") else (*outer, lane)
    lines = [
        Line((*pe, w), Statement(("d",), "encode", encoder=encoder)),
        Line((*pe, w), Statement(("p",), "map", ("d",))),
        Line((*pe, w), Statement(("q",), "shift", ("p",), bits=DIGIT_BITS[encoder])),
        Line(pe, Statement(("s", "c"), "half_reduce", ("q",), over=("w",))),
    ]
    if pe == outer:  # a PE adds to its own result
        lines.append(Line(pe, Statement((RESULT,), "add", ("s", "c"), accumulate=True)))
    elif array == "adder_tree":  # a tree adds all products at once
        lines.append(Line(pe, Statement(("x",), "add", ("s", "c"))))
        lines.append(Line(outer, Statement((RESULT,), "add", ("x",), accumulate=True, over=("k",))))
    else:  # a chain of PEs adds one product after another to a sum that passes through
        lines.append(Line(pe, Statement(("x",), "add", ("s", "c"), accumulate=True)))
        lines.append(Line(outer, Statement((RESULT,), "add", ("x",), accumulate=True)))
    return Nest(tuple(lines))
