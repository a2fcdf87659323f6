"""From a nest to the engine that the hardware library builds for it: its axes, and their name among the presets."""

from __future__ import annotations

import math
from dataclasses import fields
from typing import Any

from gen.nest.canonical import BUILT, nest_of
from gen.nest.check import place
from gen.nest.encoders import digit_count
from gen.nest.printer import header, statement_text
from gen.nest.structure import differences, same
from gen.nest.to_axes import axes_of
from hdl.params.axes import Axes, KForm
from hdl.params.built import unbuilt
from hdl.params.engine import MAX_SIZE
from hdl.params.errors import ConfigError, Problem
from hdl.params.formats import OperandFormat
from hdl.params.nest import Nest
from hdl.params.presets import name_of, named_like, preset

__all__ = ["MULTIPLIER", "lower"]

#: How a multiplier recodes; the key ``encoder`` is not for it.
MULTIPLIER = "booth"
#: What the copies of a loop over an index are.
COPIES = {"m": "rows", "n": "columns", "k": "steps of K in space"}


def lower(nest: Nest, *, a: OperandFormat | None = None, b: OperandFormat | None = None) -> dict[str, Any]:
    """The fields of ``EngineParams`` whose engine is this nest.

    These are array and scheme, or else ``point``, the axes of an engine without a name; rows, cols and encoder; and
    depth, where there is k in space. It is the inverse of :func:`gen.nest.engines.engine_nest`. Names of values do not
    matter, nor the order of ``space`` loops that stand in the same step.

    Parameters
    ----------
    a, b : OperandFormat or None
        The loop over w must have the digits of the format of the operand that is recoded, if that is given.

    Raises
    ------
    ConfigError
        If the nest is wrong, or no engine is built like this: with the properties that nothing is built for, the
        nearest engine, and where the nest differs from it.
    """
    axes = axes_of(nest)
    encode = nest.lines[nest.find("encode")[0]].statement
    rows, cols, digits = (_size(nest, index) for index in "mnw")
    _small(nest, {"m": rows, "n": cols, "k": axes.k.steps})
    operand = a if nest.recoded == "A" else b
    if operand is not None and digits != digit_count(encode.encoder, operand):
        loop = next(loop for line in nest.lines for loop in line.over("w"))
        message = f"{operand} has {digit_count(encode.encoder, operand)} digits under {encode.encoder!r}, not {digits}"
        raise ConfigError([Problem(place(loop, header([loop])), message)])
    if reasons := unbuilt(axes):
        problems = [Problem("nest", f"no engine is built like this: {text}") for text in reasons]
        raise ConfigError([*problems, *_nearest(nest, axes, rows, cols, encode.encoder, digits)])
    if axes.multiplies and encode.encoder != MULTIPLIER:
        message = f"a multiplier recodes by {MULTIPLIER!r}, not by {encode.encoder!r}"
        raise ConfigError([Problem(place(encode, statement_text(encode)), message, f"write {MULTIPLIER!r}")])
    name = name_of(axes)
    found: dict[str, Any] = {"point": axes} if name is None else {"array": name[0], "scheme": name[1]}
    found |= {"rows": rows, "cols": cols}
    if axes.k.form is not KForm.NONE if name is None else preset(*name).deep:
        found["depth"] = axes.k.steps
    return {**found, "encoder": encode.encoder}


def _size(nest: Nest, index: str) -> int:
    """Steps of all loops over an index."""
    loops = max((line.over(index) for line in nest.lines), key=len)
    return math.prod(loop.size or 1 for loop in loops)


def _small(nest: Nest, copies: dict[str, int]) -> None:
    """No more rows, columns or steps of K in space than an engine may have."""
    problems = []
    for index, count in copies.items():
        if count > MAX_SIZE:
            loop = next(loop for line in nest.lines for loop in line.over(index) if loop.size == count)
            message = f"an engine has 1 to {MAX_SIZE:,} {COPIES[index]}, not {count:,}"
            problems.append(Problem(place(loop, header([loop])), message))
    if problems:
        raise ConfigError(problems)


def _nearest(nest: Nest, axes: Axes, rows: int, cols: int, encoder: str, digits: int) -> list[Problem]:
    """The engine to which rewrites lead, or that of which fewest axes differ; and where the nest differs from it."""
    depth = axes.k.steps
    others = {name: nest_of(*name, rows, cols, depth=depth, encoder=encoder, digits=digits) for name in BUILT}
    ways = {name: _way(nest, name, other) for name, other in others.items()}
    name = min(BUILT, key=lambda name: (not ways[name], _apart(axes, named_like(name, axes))))
    summary = Problem("nest", f"the nearest engine is {name[1]!r} on {name[0]!r}", ways[name])
    return [summary, *differences(nest, others[name])]


def _apart(one: Axes, other: Axes) -> int:
    """Axes on which two engines differ."""
    return sum(getattr(one, axis.name) != getattr(other, axis.name) for axis in fields(Axes))


def _way(nest: Nest, engine: tuple[str, str], other: Nest) -> str:
    """The rewrites that lead from a nest to an engine, if some do."""
    for start in range(len(BUILT[engine])):
        result = nest
        try:
            for rewrite in BUILT[engine][start:]:
                result = rewrite.apply(result)
        except ConfigError:
            continue
        if same(result, other):
            return f"apply {', then '.join(repr(rewrite.name) for rewrite in BUILT[engine][start:])}"
    return ""
