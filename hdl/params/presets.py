"""The named points of the axes: what ``array`` and ``scheme`` of a configuration stand for."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Any

from hdl.params.axes import (
    Adders,
    Axes,
    Carries,
    Digits,
    Encode,
    KForm,
    KSpace,
    Order,
    Recoded,
    Skip,
    Stays,
    Sum,
    Travel,
)

__all__ = [
    "ARRAYS",
    "BASELINE",
    "BUILDS",
    "FIRST",
    "SCHEMES",
    "SUPPORTED",
    "UNROLL",
    "Preset",
    "name_of",
    "not_built",
    "preset",
    "preset_axes",
]

#: Steps of K that OPT4E takes at once.
UNROLL = 4

_BY_PLANES = Digits(1, Order.PLANES)
#: Schemes, on the array on which results stay and both operands are handed over. A chain or tree over k of one step
#: stands for as many as the key ``depth`` says, here and in the arrays.
_SCHEMES = {
    "mac": Axes(encode=Encode.PE, sum=Sum(Carries.PROPAGATE), adders=Adders.OWN),
    "opt1": Axes(),
    "opt2": Axes(sum=Sum(per_weight=True)),
    "opt3": Axes(digits=_BY_PLANES, skip=Skip.ROWS, encode=Encode.PE, sum=Sum(per_weight=True), adders=Adders.ROW),
    "opt4c": Axes(digits=_BY_PLANES, skip=Skip.ROWS, sum=Sum(per_weight=True), adders=Adders.ROW),
    "opt4e": Axes(
        k=KSpace(KForm.TREE, UNROLL),
        digits=_BY_PLANES,
        skip=Skip.ROWS,
        sum=Sum(per_weight=True),
        adders=Adders.ROW,
    ),
    "laconic": Axes(k=KSpace(KForm.TREE), digits=Digits(1, Order.OPERANDS), skip=Skip.LANES, recoded=Recoded.BOTH),
}
#: What another array changes.
_ARRAYS: dict[str, Mapping[str, Any]] = {
    "systolic_os": {},
    "systolic_ws": {"stays": Stays.WEIGHTS, "b": None, "k": KSpace(KForm.CHAIN), "adders": Adders.COLUMN},
    "cube": {"k": KSpace(KForm.CHAIN)},
    "adder_tree": {
        "stays": Stays.WEIGHTS,
        "a": Travel.BROADCAST,
        "b": None,
        "k": KSpace(KForm.TREE),
        "adders": Adders.COLUMN,
    },
    "matrix_2d": {"a": Travel.BROADCAST},
}
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
SUPPORTED = frozenset((array, scheme) for array, schemes in BUILDS.items() for scheme in schemes)


def not_built(array: str, scheme: str) -> str:
    """Why two known names stand for no engine; empty if they do."""
    has = BUILDS[array]
    return "" if scheme in has else f"{scheme!r} is not built on array {array!r}, which has {', '.join(has)}"


@dataclass(frozen=True)
class Preset:
    """A named point.

    Parameters
    ----------
    axes : Axes
    deep : bool
        The steps of K in space are the key ``depth`` of a configuration; in ``axes`` there is one.
    """

    axes: Axes
    deep: bool


@cache
def preset(array: str, scheme: str) -> Preset:
    """What two names of ``SUPPORTED`` stand for."""
    axes = replace(_SCHEMES[scheme], **_ARRAYS[array])
    return Preset(axes, deep=axes.k.form is not KForm.NONE and axes.k.steps == 1)


@cache
def preset_axes(array: str, scheme: str, depth: int) -> Axes:
    """The axes of two names of ``SUPPORTED``, with ``depth`` steps of K in space where that counts."""
    found = preset(array, scheme)
    return replace(found.axes, k=KSpace(found.axes.k.form, depth)) if found.deep else found.axes


def name_of(axes: Axes) -> tuple[str, str] | None:
    """The names, array and scheme, of axes; None where they have none."""
    named = ((array, scheme) for array, schemes in BUILDS.items() for scheme in schemes)
    return next((name for name in named if preset_axes(*name, axes.k.steps) == axes), None)
