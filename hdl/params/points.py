"""Points of the axes: which of the legal ones the hardware library builds, and the engines beside one."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from functools import cache

from hdl.params.axes import AT_ONCE, STEPS, Axes, Digits, KSpace, legal
from hdl.params.built import unbuilt
from hdl.params.engine import EngineParams
from hdl.params.presets import name_of, nearest, schemes_of

__all__ = ["array_of", "beside", "buildable", "named_beside", "structures"]


@cache
def buildable(steps: Sequence[int] = STEPS, at_once: Sequence[int] = AT_ONCE) -> tuple[Axes, ...]:
    """Those of :func:`hdl.params.axes.legal` that the hardware library builds."""
    return tuple(axes for axes in legal(steps, at_once) if not unbuilt(axes))


def structures(points: Iterable[Axes]) -> tuple[Axes, ...]:
    """The points that differ in structure, one of each: not in how many steps of K, or digits, are done at once.

    The last one stands for those of one structure, or the last one that has a name.
    """
    found: dict[Axes, Axes] = {}
    for axes in points:
        at_once = axes.digits.at_once
        few = Digits(min(at_once, 2), axes.digits.order) if at_once else axes.digits
        structure = replace(axes, k=KSpace(axes.k.form), digits=few)
        if name_of(axes) or structure not in found or not name_of(found[structure]):
            found[structure] = axes
    return tuple(found.values())


def array_of(params: EngineParams) -> str:
    """The array of an engine, or the nearest one of an engine without a name."""
    return params.array if params.point is None else nearest(params.point)[0]


def beside(params: EngineParams, scheme: str) -> EngineParams:
    """The engine of a scheme on the same array, or on the nearest one that has a name; all else as it is.

    Raises
    ------
    ConfigError
        If the array does not have the scheme.
    """
    return replace(params, point=None, array=array_of(params), scheme=scheme)


def named_beside(params: EngineParams) -> list[EngineParams]:
    """The engines of all schemes on the same array, or on the nearest one that has a name; all else as it is."""
    return [beside(params, scheme) for scheme in schemes_of(array_of(params))]
