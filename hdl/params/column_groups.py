"""Which engines may have groups of columns that take operands of A of their own."""

from __future__ import annotations

from collections.abc import Callable, Iterator

from hdl.params.axes import Axes
from hdl.params.errors import Problem

__all__ = ["group_problems"]

#: When all columns must be one group: whether axes have the property, and what it is.
RULES: tuple[tuple[Callable[[Axes], bool], str], ...] = (
    (
        lambda axes: axes.weights_stay,
        "where a block of B stays: rows follow each other in time, and columns have other weights instead",
    ),
    (
        lambda axes: axes.hands_a_over,
        "where operands of A are handed over: those of later groups would wait in registers of their own",
    ),
    (
        lambda axes: axes.digits.order is not None,
        "where digits follow each other in time: what makes them holds an operand of A for each row",
    ),
    (lambda axes: axes.chain, "where sums pass through chains over k: their copies take operands at different times"),
)


def group_problems(groups: int, cols: object, axes: Axes) -> Iterator[Problem]:
    """Why an engine with these axes can't have its columns in so many groups; nothing if it can."""
    if groups == 1:
        return
    if isinstance(cols, int) and cols > 0 and cols % groups:
        nearest = min((count for count in range(1, cols + 1) if cols % count == 0), key=lambda n: abs(n - groups))
        message = f"must divide the {cols} columns, not {groups}"
        yield Problem("engine.column_groups", message, f"the nearest legal value is {nearest}")
    for has, text in RULES:
        if has(axes):
            yield Problem("engine.column_groups", f"must be 1 {text}")
