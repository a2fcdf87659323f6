"""Addresses inside loops: what an instruction's operands are in a given iteration."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from hdl.params.pim.encoding import Instruction
from hdl.params.pim.system import PimParams

__all__ = ["advanced", "steps"]


def steps(params: PimParams, loop: Instruction) -> dict[str, int]:
    """How far each member of ``ADVANCING`` moves in an iteration of a LOOP: ``row`` in columns, the others in words."""
    columns = loop["row"] * params.row_cols + loop["col"]
    return {"row": columns, "a": loop["a"], "b": loop["b"], "d": loop["d"]}


def advanced(
    params: PimParams, one: Instruction, moved: Sequence[Mapping[str, int]], *, rows: int = 0, wrap: bool = True
) -> Instruction:
    """An instruction with the addresses that it has inside loops.

    Parameters
    ----------
    params : PimParams
    one : Instruction
        As it stands in the program.
    moved : sequence of mappings
        For each enclosing loop that tags name, the outermost first: how far each member of ``ADVANCING`` has moved,
        which is the iteration (from 0) times the step.
    rows : int
        How far a loop with flag ``rows`` around them has moved all rows, in columns.
    wrap : bool
        Addresses are modulo their field's width, as in the controller. Otherwise they can be any integer.
    """
    if not one.advance and not (rows and one.op.moves_rows):
        return one
    values = dict(one.values)
    for operand in one.op.operands:
        if not operand.advances or operand.name == "col":
            continue
        by = sum(each[operand.advances] for level, each in enumerate(moved) if one.advances(operand.name, level))
        if operand.name == "row":
            row, col = divmod(values.get("col", 0) + by + rows, params.row_cols)
            values["row"] += row
            if "col" in values:
                values["col"] = col
        else:
            values[operand.name] += by
        if wrap:
            values[operand.name] %= 1 << operand.width
    return replace(one, values=values)
