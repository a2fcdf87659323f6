"""Engines composed of axes: few of them, in which any two choices meet that meet anywhere."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from itertools import combinations, cycle, product
from typing import Any

from hdl.params import Axes, ConfigError, EngineParams, OperandFormat
from hdl.params.axes import KForm
from hdl.params.built import unbuilt

__all__ = ["Choices", "chosen", "engines", "points"]

#: Values of axes by the name of the axis.
Choices = Mapping[str, Sequence[Any]]
#: What changes from engine to engine beside the axes.
SIZES = [(3, 2), (1, 3), (2, 1), (9, 2), (1, 1)]
FORMATS = [("s4", "s5"), ("u3", "s4"), ("s3", "u5"), ("u4", "u4"), ("s12", "s3"), ("s5", "s8")]
OTHER: dict[str, list[Any]] = {
    "encoder": ["booth", "ent", "naf", "bit_serial", "sign_magnitude", "ent", "naf"],
    "multiplier": ["fused", "inferred", "fused"],
    "carry_every": [2, 1, 4, 8, 2],
    "accumulator": [22, 24, 33],
    "preload": [False, False, True],
    "reset_data": [False, True, False, False, False],
}
STEPS = [3, 2, 1, 4, 3]


def points(choices: Choices) -> list[Axes]:
    """All that are built."""
    found = []
    for values in product(*choices.values()):
        try:
            axes = Axes(**dict(zip(choices, values, strict=True)))
        except ConfigError:
            continue
        if not unbuilt(axes):
            found.append(axes)
    return found


def chosen(choices: Choices) -> list[Axes]:
    """Few points, in which any two choices meet that meet anywhere."""

    def pairs(axes: Axes) -> set[tuple[Any, ...]]:
        return set(combinations([(name, getattr(axes, name)) for name in choices], 2))

    left = [(axes, pairs(axes)) for axes in points(choices)]
    taken, met = [], set()
    while left:
        axes, found = max(left, key=lambda each: len(each[1] - met))
        taken.append(axes)
        met |= found
        left = [each for each in left if each[1] - met]
    return taken


def engines(choices: Choices, formats: Sequence[tuple[str, str]] = FORMATS) -> list[EngineParams]:
    """An engine for each of those points; all else comes round beside them.

    Digits that cannot be done so many at a time are done one at a time.
    """
    others = zip(*map(cycle, OTHER.values()), strict=False)
    result = []
    for axes, size, form, steps, values in zip(
        chosen(choices), cycle(SIZES), cycle(formats), cycle(STEPS), others, strict=False
    ):
        k = axes.k if axes.k.form is KForm.NONE else replace(axes.k, steps=steps)
        a, b = map(OperandFormat.parse, form)
        values = {"rows": size[0], "cols": size[1], "a": a, "b": b, **dict(zip(OTHER, values, strict=True))}
        point = replace(axes, k=k)
        try:
            result.append(EngineParams(point=point, **values))
        except ConfigError:
            result.append(EngineParams(point=replace(point, digits=replace(axes.digits, at_once=1)), **values))
    return result
