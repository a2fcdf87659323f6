"""A program's instructions, as they are in each iteration of its loops."""

from __future__ import annotations

from collections.abc import Sequence

from hdl.params.pim import FIELDS, IllegalWord, Instruction, PimParams, decode
from hdl.params.pim.loops import advanced, steps
from hdl.params.pim.opcode import FENCE
from sim_tb.pim.simulate.prepare import Prepared, prepare

__all__ = ["Listing", "Loops"]

#: Open loops, the outermost first: the place of the LOOP, and the iteration.
Loops = Sequence[Sequence[int]]


class Listing:
    """The program memory. What has been prepared once is kept.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words.
    """

    def __init__(self, params: PimParams, program: Sequence[int]) -> None:
        self.params = params
        self.program = program
        self.length = len(program)
        self._decoded: dict[int, Instruction | None] = {}
        self._prepared: dict[tuple[int | None, ...], Prepared] = {}

    def written(self, pc: int) -> Instruction | None:
        """An instruction as it stands in the program; None where there is none."""
        if pc not in self._decoded:
            try:
                self._decoded[pc] = decode(self.program[pc])
            except IllegalWord:
                self._decoded[pc] = None
            one = self._decoded[pc]
            if one is not None and one.op.needs and not getattr(self.params, one.op.needs):
                self._decoded[pc] = None
        return self._decoded[pc]

    def fenced(self, pc: int) -> bool:
        """It waits until every unit is idle, whatever it is."""
        return bool(self.program[pc] >> (FIELDS["flags"].low + FENCE.bit) & 1)

    def turns(self, place: int) -> int:
        """How often a loop runs."""
        loop = self.written(place)
        return loop["n"] if loop else 0

    def advanced(self, pc: int, loops: Loops) -> Instruction | None:
        """An instruction with the addresses of this iteration."""
        one = self.written(pc)
        if one is None or not loops:
            return one and advanced(self.params, one, [])
        moved, rows = self.split(loops)
        return advanced(self.params, one, moved, rows=rows)

    def wraps(self, pc: int, loops: Loops) -> int:
        """Rows that an instruction's column has moved on to: they are taken off it one by one."""
        one = self.written(pc)
        if one is None or not one.op.moves_rows:
            return 0
        moved, rows = self.split(loops)
        if not (one.advance or rows):
            return 0
        columns = [each["row"] for level, each in enumerate(moved) if one.advances("row", level)]
        column = one.values.get("col", 0) + sum(by % self.params.row_cols for by in (*columns, rows))
        return column // self.params.row_cols

    def split(self, loops: Loops) -> tuple[list[dict[str, int]], int]:
        """How far addresses have moved with each loop that tags name; and all rows, in columns, with that around."""
        found, rows = [], 0
        for place, turn in loops:
            loop = self.written(place)
            assert loop is not None
            moved = {name: turn * by for name, by in steps(self.params, loop).items()}
            if "rows" in loop.flags:
                rows = moved["row"] % (self.params.row_cols << 16)
            else:
                found.append(moved)
        return found, rows

    def prepared(self, pc: int, one: Instruction, scalar: int | None) -> Prepared:
        """An instruction of a place, with the addresses of this iteration, as the issuer works on it."""
        key = (pc, *one.values.values(), scalar)
        found = self._prepared.get(key)
        if found is None:
            found = self._prepared[key] = prepare(self.params, one, scalar)
        return found
