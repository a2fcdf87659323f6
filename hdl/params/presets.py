"""The named points of the axes: what ``array`` and ``scheme`` of a configuration stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from functools import cache
from typing import Any

import hdl.params.axes as ax
from hdl.params.errors import Problem, not_one_of

__all__ = [
    "ARRAYS",
    "BASELINE",
    "BUILDS",
    "FIRST",
    "NAMED",
    "SCHEMES",
    "SUPPORTED",
    "UNROLL",
    "Preset",
    "is_baseline",
    "name_of",
    "named_axes",
    "named_like",
    "nearest",
    "not_built",
    "offered",
    "preset",
    "preset_axes",
    "presets",
    "schemes_of",
    "to_compare",
    "unknown_name",
]

#: Steps of K that OPT4E takes at once.
UNROLL = 4

_BY_PLANES = ax.Digits(1, ax.Order.PLANES)
#: Schemes, on the array on which results stay and both operands are handed over. A chain or tree over k of one step
#: stands for as many as the key ``depth`` says, here and in the arrays.
_SCHEMES = {
    "mac": ax.Axes(encode=ax.Encode.PE, sum=ax.Sum(ax.Carries.PROPAGATE), adders=ax.Adders.OWN),
    "opt1": ax.Axes(),
    "opt2": ax.Axes(sum=ax.Sum(per_weight=True)),
    "opt3": ax.Axes(
        digits=_BY_PLANES, skip=ax.Skip.ROWS, encode=ax.Encode.PE, sum=ax.Sum(per_weight=True), adders=ax.Adders.ROW
    ),
    "opt4c": ax.Axes(digits=_BY_PLANES, skip=ax.Skip.ROWS, sum=ax.Sum(per_weight=True), adders=ax.Adders.ROW),
    "opt4e": ax.Axes(
        k=ax.KSpace(ax.KForm.TREE, UNROLL),
        digits=_BY_PLANES,
        skip=ax.Skip.ROWS,
        sum=ax.Sum(per_weight=True),
        adders=ax.Adders.ROW,
    ),
    "laconic": ax.Axes(
        k=ax.KSpace(ax.KForm.TREE), digits=ax.Digits(1, ax.Order.OPERANDS), skip=ax.Skip.LANES, recoded=ax.Recoded.BOTH
    ),
}
#: What another array changes.
_ARRAYS: dict[str, Mapping[str, Any]] = {
    "systolic_os": {},
    "systolic_ws": {"stays": ax.Stays.WEIGHTS, "b": None, "k": ax.KSpace(ax.KForm.CHAIN), "adders": ax.Adders.COLUMN},
    "cube": {"k": ax.KSpace(ax.KForm.CHAIN)},
    "adder_tree": {
        "stays": ax.Stays.WEIGHTS,
        "a": ax.Travel.BROADCAST,
        "b": None,
        "k": ax.KSpace(ax.KForm.TREE),
        "adders": ax.Adders.COLUMN,
    },
    "matrix_2d": {"a": ax.Travel.BROADCAST},
}
#: The axes that come first in deciding which array an engine is like.
ARRANGEMENT = ("stays", "a", "b")
#: What gains and costs are measured against, and the first scheme to be measured against that.
BASELINE, FIRST = "mac", "opt1"
ARRAYS, SCHEMES = tuple(_ARRAYS), tuple(_SCHEMES)
#: The schemes that have a name on each array.
BUILDS: dict[str, tuple[str, ...]] = {
    "systolic_os": ("mac", "opt1", "opt3", "opt4c", "opt4e"),
    "systolic_ws": ("mac", "opt1"),
    "cube": ("mac", "opt1"),
    "adder_tree": ("mac", "opt1", "opt2"),
    "matrix_2d": ("mac", "opt1", "opt2", "opt3", "opt4c", "opt4e", "laconic"),
}
#: Array and scheme of every engine that has a name.
NAMED = tuple((array, scheme) for array, schemes in BUILDS.items() for scheme in schemes)
SUPPORTED = frozenset(NAMED)


def unknown_name(kind: str, name: object, where: str = "") -> list[Problem]:
    """The problem of a name that no ``array``, or no ``scheme``, has; ``where`` it stands, if not under that key."""
    return not_one_of(where or kind, name, {"array": ARRAYS, "scheme": SCHEMES}[kind])


def not_built(array: str, scheme: str) -> str:
    """Why two known names stand for no engine; empty if they do."""
    has = BUILDS[array]
    return "" if scheme in has else f"{scheme!r} is not built on array {array!r}, which has {', '.join(has)}"


def offered() -> dict[str, dict[str, bool]]:
    """For every array, whether each scheme has a name on it."""
    return {array: {scheme: scheme in BUILDS[array] for scheme in SCHEMES} for array in ARRAYS}


def is_baseline(scheme: str) -> bool:
    """It is the scheme that gains and costs are measured against."""
    return scheme == BASELINE


def to_compare(scheme: str) -> str:
    """The scheme with which one is compared first: the baseline, and that one with the first of the others."""
    return FIRST if is_baseline(scheme) else BASELINE


def schemes_of(array: str) -> tuple[str, ...]:
    """The schemes that have a name on an array."""
    return BUILDS[array]


@dataclass(frozen=True)
class Preset:
    """A named point.

    Parameters
    ----------
    axes : Axes
    deep : bool
        The steps of K in space are the key ``depth`` of a configuration; in ``axes`` there is one.
    """

    axes: ax.Axes
    deep: bool


@cache
def preset(array: str, scheme: str) -> Preset:
    """What two names of ``SUPPORTED`` stand for."""
    axes = replace(_SCHEMES[scheme], **_ARRAYS[array])
    return Preset(axes, deep=axes.k.form is not ax.KForm.NONE and axes.k.steps == 1)


@cache
def preset_axes(array: str, scheme: str, depth: int) -> ax.Axes:
    """The axes of two names of ``SUPPORTED``, with ``depth`` steps of K in space where that counts."""
    found = preset(array, scheme)
    return replace(found.axes, k=ax.KSpace(found.axes.k.form, depth)) if found.deep else found.axes


def presets() -> dict[str, dict[str, Preset]]:
    """What every engine that has a name stands for: by array, and by scheme."""
    return {array: {scheme: preset(array, scheme) for scheme in schemes} for array, schemes in BUILDS.items()}


def name_of(axes: ax.Axes) -> tuple[str, str] | None:
    """The names, array and scheme, of axes; None where they have none."""
    return next((name for name in NAMED if preset_axes(*name, axes.k.steps) == axes), None)


def nearest(axes: ax.Axes) -> tuple[str, str]:
    """The names, array and scheme, of the engine from which the fewest axes differ; first of all its arrangement."""
    return min(NAMED, key=lambda name: _apart(axes, named_like(name, axes)))


def named_axes(steps: int) -> tuple[ax.Axes, ...]:
    """The axes of every named engine, with some steps of K in space where it lets them be chosen."""
    return tuple(preset_axes(*name, steps) for name in NAMED)


def named_like(name: tuple[str, str], axes: ax.Axes) -> ax.Axes:
    """The axes of a named engine, with the steps of K in space of others where it lets them be chosen."""
    return preset_axes(*name, axes.k.steps)


def _apart(one: ax.Axes, other: ax.Axes) -> tuple[int, int]:
    """Axes of the arrangement, and of all, on which two engines differ."""
    apart = [axis.name for axis in fields(ax.Axes) if getattr(one, axis.name) != getattr(other, axis.name)]
    return len([name for name in apart if name in ARRANGEMENT]), len(apart)
