"""Small tools the rewrites are made of."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import NoReturn

from gen.nest.check import place
from gen.nest.printer import statement_text
from hdl.params.errors import ConfigError, Problem
from hdl.params.nest import Line, Loop, Nest

__all__ = ["fresh_name", "fresh_pair", "moved", "put", "refuse", "with_statement", "without"]

PAIRS = (("s", "c"), ("t", "u"), ("f", "g"), ("i", "j"))
NAMES = ("x", "y", "z", "v", "r")


def refuse(rewrite: str, message: str, line: Line | None = None, hint: str = "") -> NoReturn:
    """A rewrite does not apply: which property fails, and where."""
    where = rewrite
    if line is not None:
        statement = line.statement
        text = statement_text(statement)
        where += f", '{text}'" if place(statement, text).startswith("'") else f", {place(statement, text)} '{text}'"
    raise ConfigError([Problem(where, message, hint)])


def put(nest: Nest, lines: Iterable[Line]) -> Nest:
    """A nest of other lines."""
    return replace(nest, lines=tuple(lines))


def moved(line: Line, loops: Iterable[Loop]) -> Line:
    """The same statement in other loops."""
    return replace(line, loops=tuple(loops))


def with_statement(line: Line, **changes: object) -> Line:
    """The same place with a changed statement."""
    return replace(line, statement=replace(line.statement, **changes))  # type: ignore[arg-type]


def without(loops: Sequence[Loop], indices: str) -> tuple[Loop, ...]:
    """The loops that are not over any of these indices."""
    return tuple(loop for loop in loops if loop.index not in indices)


def fresh_pair(nest: Nest) -> tuple[str, str]:
    """Two names for a pair that the nest does not use."""
    taken = _names(nest)
    free = [pair for pair in PAIRS if not taken & set(pair)]
    free += [(f"s{i}", f"c{i}") for i in range(len(taken) + 1) if not taken & {f"s{i}", f"c{i}"}]
    return free[0]


def fresh_name(nest: Nest, *also: str) -> str:
    """A name that the nest does not use, nor those given."""
    taken = _names(nest) | set(also)
    return next(name for name in (*NAMES, *(f"x{i}" for i in range(len(taken) + 1))) if name not in taken)


def _names(nest: Nest) -> set[str]:
    return {name for line in nest.lines for name in line.statement.targets}
