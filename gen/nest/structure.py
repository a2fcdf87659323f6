"""What of a nest decides its hardware, and where two nests differ in it."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from itertools import groupby

from gen.nest.check import place
from gen.nest.printer import header, statement_text
from hdl.params.errors import Problem
from hdl.params.nest import INDICES, RESULT, SKIPPING, Line, Loop, Nest, Statement

__all__ = ["differences", "same"]


@dataclass(frozen=True)
class _Shape:
    """What of a line decides its hardware: the statement without names, and the loops as far as their order matters."""

    statement: Statement
    space: frozenset[Loop]
    time: tuple[Loop, ...]
    apart: frozenset[Loop]
    split: tuple[Loop, ...]


def same(one: Nest, other: Nest) -> bool:
    """Two nests are the same hardware: but for names, and the order of ``space`` loops that stand in the same step."""
    return _shapes(one) == _shapes(other)


def differences(nest: Nest, other: Nest) -> list[Problem]:
    """Where a nest is not another one: the statements of the first that stand elsewhere or are not there."""
    mine, theirs = _shapes(nest), _shapes(other)
    problems = []
    for number, (line, shape) in enumerate(zip(nest.lines, mine, strict=True)):
        text = statement_text(line.statement)
        where = place(line.statement, text)
        alike = [i for i, match in enumerate(theirs) if match.statement == shape.statement]
        if not alike:
            problems.append(Problem(where, f"there is no '{text}' there"))
            continue
        match = other.lines[number if number in alike else alike[0]]
        if _shape(match) != shape:
            primitive = line.statement.primitive
            problems.append(Problem(where, f"{primitive!r} stands in {_around(line)}, there in {_around(match)}"))
    missing = Counter(shape.statement for shape in theirs)
    missing.subtract(Counter(shape.statement for shape in mine))
    for number, line in enumerate(other.lines):
        plain = theirs[number].statement
        if missing[plain] > 0:
            missing[plain] -= 1
            before = theirs[:number][-1:]
            found = next((own.statement for own, each in zip(nest.lines, mine, strict=True) if each in before), None)
            where, behind = ("nest", "") if found is None else (place(found, statement_text(found)), "behind this, ")
            text = statement_text(line.statement)
            problems.append(Problem(where, f"there '{text}' stands {behind}in {_around(line)}"))
    return problems or [Problem("nest", "its statements stand in another order")]


def _shapes(nest: Nest) -> list[_Shape]:
    return [_shape(line) for line in nest.lines]


def _shape(line: Line) -> _Shape:
    statement = line.statement
    plain = Statement(
        (RESULT,) if statement.targets == (RESULT,) else ("",) * len(statement.targets),
        statement.primitive,
        ("",) * len(statement.operands) if statement.targets else statement.operands,
        statement.accumulate,
        tuple(sorted(statement.over)),
        statement.encoder,
        statement.bits,
        statement.recoded,
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


def _around(line: Line) -> str:
    """The loops around a line, those of one kind together."""
    groups = groupby(line.loops, key=lambda loop: (loop.kind, loop.mode))
    return " / ".join(f"'{header(list(group))}'" for _, group in groups) or "no loop"
