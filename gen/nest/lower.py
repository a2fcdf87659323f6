"""From a nest to the engine that the hardware library builds for it: found by structure, whatever the names."""

from __future__ import annotations

import math
from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from gen.nest.canonical import BUILT, nest_of
from gen.nest.check import check, place
from gen.nest.encoders import digit_count
from gen.nest.printer import header, statement_text
from hdl.params.errors import ConfigError, Problem
from hdl.params.formats import OperandFormat
from hdl.params.nest import INDICES, SKIPPING, Line, Loop, Nest, Statement

__all__ = ["MULTIPLIER", "lower"]

#: How the multiplier of the scheme ``mac`` recodes; the key ``encoder`` is not for it.
MULTIPLIER = "booth"


def lower(nest: Nest, *, a: OperandFormat | None = None) -> dict[str, str | int]:
    """The fields of ``EngineParams`` whose engine is this nest: array, scheme, rows, cols, encoder, and depth if any.

    It is the inverse of :func:`gen.nest.canonical.nest_of`. Names of values do not matter, nor the order of ``space``
    loops that stand in the same step.

    Parameters
    ----------
    a : OperandFormat or None
        If given, the loop over w must have the digits of this format.

    Raises
    ------
    ConfigError
        If the nest is wrong, or no engine is built like this: with the nearest one, and where the nest differs.
    """
    flow = check(nest)
    encode = nest.lines[nest.find("encode")[0]].statement
    rows, cols, depth, digits = (_size(nest, index) for index in "mnkw")
    if a is not None and digits != digit_count(encode.encoder, a):
        message = f"{a} has {digit_count(encode.encoder, a)} digits under {encode.encoder!r}, not {digits}"
        raise ConfigError([Problem(_at(nest, "w"), message)])
    split = " x ".join("k" if size is None else f"k {size}" for size in flow.splits["k"])
    if flow.splits["k"][:1] != (None,):
        message = (
            f"an engine takes tiles of any K: the outermost loop over k must be 'time k' without a size, not '{split}'"
        )
        raise ConfigError([Problem(_at(nest, "k"), message)])
    if len(flow.splits["k"]) > 2 or any(len(flow.splits[index]) != 1 for index in "mnw"):
        index = next((index for index in "mnw" if len(flow.splits[index]) != 1), "k")
        message = f"{index} is split further than in any engine: m, n and w are one loop each, k two at most"
        raise ConfigError([Problem(_at(nest, index), message)])
    nearest: tuple[float, tuple[str, str], Nest] | None = None
    for array, scheme in BUILT:
        other = nest_of(array, scheme, rows, cols, depth=depth, encoder=encode.encoder, digits=digits)
        distance = _distance(_shape(nest), _shape(other))
        if not distance:
            if scheme == "mac" and encode.encoder != MULTIPLIER:
                message = f"the multiplier of 'mac' recodes by {MULTIPLIER!r}, not by {encode.encoder!r}"
                raise ConfigError([Problem(place(encode, statement_text(encode)), message, f"write {MULTIPLIER!r}")])
            fields: dict[str, str | int] = {"array": array, "scheme": scheme, "rows": rows, "cols": cols}
            skips = any(loop.mode == SKIPPING for line in nest.lines for loop in line.loops)
            if len(flow.splits["k"]) > 1 and not skips:
                fields["depth"] = depth
            return {**fields, "encoder": encode.encoder}
        if nearest is None or distance < nearest[0]:
            nearest = distance, (array, scheme), other
    assert nearest is not None
    _, (array, scheme), other = nearest
    message = f"no engine is built like this; the nearest is {scheme!r} on {array!r}, which differs"
    summary = Problem("nest", message, _way(nest, (array, scheme), other))
    raise ConfigError([summary, *_differences(nest, other)])


def _way(nest: Nest, engine: tuple[str, str], other: Nest) -> str:
    """The rewrites that lead from a nest to an engine, if some do."""
    for start in range(len(BUILT[engine])):
        result = nest
        try:
            for rewrite in BUILT[engine][start:]:
                result = rewrite.apply(result)
        except ConfigError:
            continue
        if _shape(result) == _shape(other):
            return f"apply {', then '.join(repr(rewrite.name) for rewrite in BUILT[engine][start:])}"
    return ""


def _size(nest: Nest, index: str) -> int:
    """Steps of all loops over an index that have a size; engines have no other loop over m, n or w."""
    loops = max((line.over(index) for line in nest.lines), key=len, default=())
    if index in "mn" and any(loop.size is None for loop in loops):
        message = f"engines have a fixed number of {'rows' if index == 'm' else 'columns'}: give this loop a size"
        raise ConfigError([Problem(_at(nest, index), message)])
    return math.prod(loop.size for loop in loops if loop.size is not None)


def _at(nest: Nest, index: str) -> str:
    loop = next(loop for line in nest.lines for loop in line.over(index))
    return place(loop, header([loop]))


@dataclass(frozen=True)
class _Shape:
    """What of a line decides its hardware: the statement without names, and the loops as far as their order matters."""

    statement: Statement
    space: frozenset[Loop]
    time: tuple[Loop, ...]
    apart: frozenset[Loop]
    split: tuple[Loop, ...]


def _shape(nest: Nest) -> list[_Shape]:
    return [_line_shape(line) for line in nest.lines]


def _line_shape(line: Line) -> _Shape:
    statement = line.statement
    plain = Statement(
        ("C",) if statement.targets == ("C",) else ("",) * len(statement.targets),
        statement.primitive,
        ("",) * len(statement.operands) if statement.targets else statement.operands,
        statement.accumulate,
        tuple(sorted(statement.over)),
        statement.encoder,
        statement.bits,
    )
    depth = next((i for i, loop in enumerate(line.loops) if loop.mode == SKIPPING), 0)
    # Copies in lockstep are the same hardware whichever loop is outside; around a loop that skips they run apart.
    return _Shape(
        plain,
        frozenset(loop for loop in line.loops if loop.kind == "space"),
        tuple(loop for loop in line.loops if loop.kind == "time"),
        frozenset(loop for loop in line.loops[:depth] if loop.kind == "space"),
        tuple(loop for index in INDICES for loop in line.over(index)),
    )


def _distance(one: list[_Shape], other: list[_Shape]) -> float:
    """0 if the same; else first by statements that differ, then by loops that do."""
    if one == other:
        return 0
    statements = Counter(shape.statement for shape in one)
    statements.subtract(Counter(shape.statement for shape in other))
    different = sum(map(abs, statements.values()))
    loops = sum(len({*mine.split} ^ {*theirs.split}) for mine, theirs in zip(one, other, strict=False))
    return 1 + 100 * different + loops


def _differences(nest: Nest, other: Nest) -> list[Problem]:
    """Where a nest is not its nearest engine."""
    mine, theirs = _shape(nest), _shape(other)
    problems = []
    for number, (line, shape) in enumerate(zip(nest.lines, mine, strict=True)):
        text = statement_text(line.statement)
        where = place(line.statement, text)
        same = [i for i, match in enumerate(theirs) if match.statement == shape.statement]
        if not same:
            problems.append(Problem(where, f"there is no '{text}' there"))
            continue
        match = other.lines[number if number in same else same[0]]
        if _line_shape(match) != shape:
            primitive = line.statement.primitive
            problems.append(Problem(where, f"{primitive!r} stands in {_around(line)}, there in {_around(match)}"))
    missing = Counter(shape.statement for shape in theirs)
    missing.subtract(Counter(shape.statement for shape in mine))
    for line in other.lines:
        plain = _line_shape(line).statement
        if missing[plain] > 0:
            missing[plain] -= 1
            problems.append(Problem("nest", f"there it has '{statement_text(line.statement)}' in {_around(line)}"))
    return problems or [Problem("nest", "its statements stand in another order")]


def _around(line: Line) -> str:
    """The loops around a line, those of one kind together."""
    groups = groupby(line.loops, key=lambda loop: (loop.kind, loop.mode))
    return " / ".join(f"'{header(list(group))}'" for _, group in groups) or "no loop"
