"""What hardware a nest asks for: for every primitive its width, its copies and how often it works."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, replace

from gen.nest.check import Flow, flow_of
from gen.nest.cycles import Cycles, cycles, planes_kept, shares_steps, steps_kept
from gen.nest.encoders import Density, density
from gen.nest.printer import target
from gen.nest.tile import Range, Tile, loop_sizes, widths
from hdl.params.nest import SKIPPING, Line, Nest

__all__ = ["Row", "Table", "render", "table"]


@dataclass(frozen=True)
class Row:
    """One primitive.

    Parameters
    ----------
    primitive : str
    value : str
        What it writes.
    inputs : int
        Numbers that go into one copy, its own sum included.
    outputs : int
        Numbers that come out: 2 for a carry-save pair.
    bits : int or None
        Bits of each output.
    copies : int
        Product of the ``space`` loops around it.
    operations : float
        How often all copies together work in a tile: times the product of the ``time`` loops; where zeros are skipped,
        the mean.
    """

    primitive: str
    value: str
    inputs: int
    outputs: int
    bits: int | None
    copies: int
    operations: float


@dataclass(frozen=True)
class Table:
    """The primitives of a nest in order, and the cycles of a tile; what skips zeros together, ``row`` or ``column``."""

    rows: tuple[Row, ...]
    cycles: Cycles
    together: str = ""


def table(
    nest: Nest,
    tile: Tile,
    *,
    sigma: float | None = None,
    accumulator: int | None = None,
    k_limit: int | None = None,
) -> Table:
    """The table of a nest for a tile.

    Parameters
    ----------
    sigma : float or None
        Operands that are recoded are normal with this standard deviation; None for all values equally likely.
    accumulator : int or None
        Bits of C, if more than needed.
    k_limit : int or None
        Greatest K that the widths must do for, if not the tile's.
    """
    flow = flow_of(nest)
    sizes = loop_sizes(nest, flow, tile)
    encode = nest.encode
    digits = density(encode.statement.encoder, tile.operand(nest.recoded), sigma)
    ranges = widths(nest, flow, replace(tile, k=k_limit or tile.k), accumulator)
    rows = []
    for number, line in enumerate(nest.lines):
        pairs = list(zip(line.loops, line.keys, strict=True))
        copies = math.prod(sizes[key] for loop, key in pairs if loop.kind == "space")
        steps = math.prod(sizes[key] for loop, key in pairs if loop.kind == "time")
        skips = [depth for depth, loop in enumerate(line.loops) if loop.mode == SKIPPING]
        if skips and line is encode:
            rows.append(Row("sparse", "digits not zero", 1, 1, None, copies, float(copies * steps)))
        operations = float(copies * steps)
        if skips and line is not encode:
            operations = _kept(nest, flow, tile, line, digits)
        rows.append(_row(line, flow, number, ranges[number], copies, operations))
    together = {"m": "row", "n": "column"}[nest.own] if shares_steps(nest) else ""
    return Table(tuple(rows), cycles(nest, flow, tile, digits), together)


def _row(line: Line, flow: Flow, number: int, span: Range | None, copies: int, operations: float) -> Row:
    statement = line.statement
    outputs = len(statement.targets)
    joined = math.prod(loop.size or 1 for loop in flow.inputs[number])
    inputs = max(1, len(statement.operands)) * joined + (outputs if statement.accumulate else 0)
    value = target(statement) or ", ".join(statement.operands)
    return Row(statement.primitive, value, inputs, outputs, span.bits if span else None, copies, operations)


def _kept(nest: Nest, flow: Flow, tile: Tile, line: Line, digits: Density) -> float:
    """Mean operations of a line in a loop that skips zeros."""
    sizes = loop_sizes(nest, flow, tile)
    pairs = list(zip(line.loops, line.keys, strict=True))
    around = math.prod(sizes[key] for _, key in pairs if key[0] in "mn")
    skipped = next(loop for loop in line.loops if loop.mode == SKIPPING)
    lanes = [key for key in sizes if key[0] == skipped.index and key[1] > 0]
    if all(key in line.keys for key in lanes):
        return around * tile.k * sum(planes_kept(nest, flow, tile, digits))
    # One step serves all lanes, and there are as many as the busiest lane needs.
    columns = math.prod(sizes[key] for loop, key in pairs if loop.index in "mn" and loop.kind == "time")
    return around * steps_kept(nest, flow, tile, digits)[0] / columns


def render(found: Table) -> str:
    """The table as text."""
    heading = ("primitive", "gives", "in:out", "bits", "copies", "operations")
    cells: list[Sequence[str]] = [heading]
    for row in found.rows:
        ratio = f"{row.inputs}:{row.outputs}" if row.primitive in ("half_reduce", "add") else ""
        bits = "" if row.bits is None else str(row.bits)
        cells.append((row.primitive, row.value, ratio, bits, f"{row.copies:,}", f"{row.operations:,.0f}"))
    wide = [max(len(line[i]) for line in cells) for i in range(len(heading))]
    text = "".join(
        "  ".join(
            cell.ljust(width) if i < 2 else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(line, wide, strict=True))
        ).rstrip()
        + "\n"
        for line in cells
    )
    return f"{text}{_cycles(found.cycles, found.together)}\n"


def _cycles(found: Cycles, together: str) -> str:
    if found.row == found.dense:
        return f"{found.dense:,} cycles a tile"
    if together:
        return f"{found.tile:,.0f} cycles a tile: of {found.dense:,} steps, those in which some {together} has a digit"
    return (
        f"{found.tile:,.0f} cycles a tile: {found.row:,.0f} for a row's digits that are not zero (of {found.dense:,}), "
        f"{found.tile - found.row:,.0f} waiting for the slowest row"
    )
