"""The nest of each engine: the conventional nest of its array, and the rewrites that make the scheme of it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

from gen.nest import rewrites
from gen.nest.from_axes import nest_of_axes
from hdl.params.axes import Adders, Axes, Carries, Digits, Encode, KSpace, Recoded, Skip, Sum
from hdl.params.errors import ConfigError, Problem
from hdl.params.nest import Nest
from hdl.params.presets import BASELINE, not_built, preset, preset_axes, presets, unknown_name

__all__ = [
    "BUILT",
    "OPT1",
    "OPT2",
    "OPT3",
    "OPT4C",
    "OPT4E",
    "Rewrite",
    "chain",
    "conventional",
    "nest_of",
    "rewrites_of",
    "start_of",
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


def rewrites_of(axes: Axes) -> tuple[Rewrite, ...]:
    """The rewrites from the conventional nest to these axes, one for each axis that differs; see :func:`start_of`."""
    skips = axes.skips_by_row
    turns = not axes.weights_stay and axes.adders is not Adders.OWN
    steps = (
        (OPT1, axes.saves_carries),
        (OPT2, axes.sum.per_weight),
        (OPT3, skips),
        (OPT4C if skips else SHARE_ENCODE, not axes.recodes_in_pe),
        (OPT4E, skips and axes.tree),
        (DRAIN, turns),
    )
    return tuple(rewrite for rewrite, needed in steps if needed)


def start_of(axes: Axes) -> Axes:
    """The conventional array with the same arrangement: all digits at once, and every primitive in the loops over k."""
    return replace(
        axes,
        k=KSpace() if axes.skips_by_row else axes.k,
        digits=Digits(),
        skip=Skip.NONE,
        encode=Encode.PE,
        sum=Sum(Carries.PROPAGATE),
        adders=Adders.COLUMN if axes.weights_stay else Adders.OWN,
    )


#: The rewrites behind every (array, scheme) that the notation can express and the hardware library builds.
BUILT: dict[tuple[str, str], tuple[Rewrite, ...]] = {
    (array, scheme): rewrites_of(point.axes)
    for array, schemes in presets().items()
    for scheme, point in schemes.items()
    if point.axes.recoded is Recoded.A
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
    _check(unknown_name("array", array) + unknown_name("scheme", scheme))
    if missing := not_built(array, scheme):
        raise ConfigError([Problem("scheme", missing)])
    axes = preset(array, scheme).axes
    if axes.recodes_both:
        raise ConfigError([Problem("scheme", f"{scheme!r} recodes both operands, for which there is no rewrite")])
    return rewrites_of(axes)


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
    _check(unknown_name("array", array))
    start = start_of(preset_axes(array, BASELINE, depth))
    return nest_of_axes(start, rows, cols, encoder=encoder, digits=digits)


def _check(problems: list[Problem]) -> None:
    if problems:
        raise ConfigError(problems)
