"""A nest as text, in normal form."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby, takewhile

from hdl.params.nest import ELEMENTS, OTHER, RESULT, SKIPPING, Line, Loop, Nest, Statement

__all__ = ["expression", "header", "print_nest", "statement_text", "target"]

INDENT = "  "


def print_nest(nest: Nest) -> str:
    """The text of a nest: two spaces a level, loops that can share a line on one, signs of assignment aligned."""
    return "".join(f"{line}\n" for line in _block(nest.lines, 0, ""))


def header(loops: Sequence[Loop]) -> str:
    """The line of loops that share it."""
    sizes = ", ".join(loop.index if loop.size is None else f"{loop.index} {loop.size}" for loop in loops)
    return " ".join(part for part in (loops[0].kind, sizes, loops[0].mode) if part)


def target(statement: Statement) -> str:
    """What stands left of the sign."""
    return "C[m,n]" if statement.targets == (RESULT,) else ", ".join(statement.targets)


def expression(statement: Statement) -> str:
    """What stands right of the sign."""
    arguments = list(statement.operands)
    if statement.primitive == "encode":
        arguments = [ELEMENTS[statement.recoded], statement.encoder]
    elif statement.primitive == "map":
        arguments.append(ELEMENTS[OTHER[statement.recoded]])
    elif statement.primitive == "shift":
        arguments.append("w" if statement.bits == 1 else f"{statement.bits}w")
    text = f"{statement.primitive} {', '.join(arguments)}"
    return f"{text} over {', '.join(statement.over)}" if statement.over else text


def statement_text(statement: Statement) -> str:
    """A statement on its own."""
    if not statement.targets:
        return expression(statement)
    return f"{target(statement)} {'+=' if statement.accumulate else '='} {expression(statement)}"


def _block(lines: Sequence[Line], depth: int, indent: str) -> list[str]:
    text: list[str] = []
    for loop, group in groupby(lines, key=lambda line: line.loops[depth] if len(line.loops) > depth else None):
        inside = list(group)
        if loop is None:
            text += [indent + line for line in _statements([line.statement for line in inside])]
            continue
        together = _together(inside, depth)
        text.append(indent + header(inside[0].loops[depth : depth + together]))
        text += _block(inside, depth + together, indent + INDENT)
    return text


def _together(lines: Sequence[Line], depth: int) -> int:
    """How many loops share a line: of one kind and mode, with nothing between them; a skipping loop stands alone."""
    first = lines[0].loops[depth]
    if first.mode == SKIPPING:
        return 1
    shared = takewhile(lambda loop: (loop.kind, loop.mode) == (first.kind, first.mode), lines[0].loops[depth:])
    count = 0
    for place, loop in enumerate(shared, depth):
        if any(len(line.loops) <= place or line.loops[place] != loop for line in lines):
            break
        count += 1
    return count


def _statements(statements: Sequence[Statement]) -> list[str]:
    width = max(len(target(statement)) for statement in statements)
    sign = 2 if any(statement.accumulate for statement in statements) else 1
    return [
        f"{target(statement):<{width}} {'+=' if statement.accumulate else '=':>{sign}} {expression(statement)}"
        if statement.targets
        else expression(statement)
        for statement in statements
    ]
