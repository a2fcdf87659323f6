"""A program's instructions, as they are in each iteration of its loops."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import suppress
from typing import Any

from hdl.params.pim import FIELDS, LEVELS, IllegalWord, Instruction, PimParams, decode
from hdl.params.pim.loops import advanced, steps
from hdl.params.pim.opcode import FENCE
from sim_tb.pim.simulate.prepare import Prepared, prepare

__all__ = ["Listing", "Loops"]

#: Open loops, the outermost first: the place of the LOOP, and the iteration.
Loops = Sequence[Sequence[int]]


class Listing:
    """The program memory. What has been prepared once is kept, for whatever place has the same instruction.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words.
    """

    def __init__(self, params: PimParams, program: Sequence[int]) -> None:
        self.params = params
        self._decoded: dict[int, Instruction | None] = {}
        self._turns: dict[tuple[int, ...], tuple[Instruction | None, int]] = {}
        self._prepared: dict[tuple[Any, ...], Prepared] = {}
        self.load(program)

    def load(self, program: Sequence[int]) -> None:
        """Another program."""
        self.program = program
        self.length = len(program)

    def written(self, pc: int) -> Instruction | None:
        """An instruction as it stands in the program; None where there is none."""
        word = self.program[pc]
        if word not in self._decoded:
            one = None
            with suppress(IllegalWord):
                one = decode(word)
            legal = one is not None and (not one.op.needs or getattr(self.params, one.op.needs))
            self._decoded[word] = one if legal else None
        return self._decoded[word]

    def fenced(self, pc: int) -> bool:
        """It waits until every unit is idle, whatever it is."""
        return bool(self.program[pc] >> (FIELDS["flags"].low + FENCE.bit) & 1)

    def turns(self, place: int) -> int:
        """How often a loop runs."""
        loop = self.written(place)
        return loop["n"] if loop else 0

    def advanced(self, pc: int, loops: Loops) -> Instruction | None:
        """An instruction with the addresses of this iteration."""
        return self._turn(pc, loops)[0]

    def wraps(self, pc: int, loops: Loops) -> int:
        """Rows that an instruction's column has moved on to: they are taken off it one by one."""
        return self._turn(pc, loops)[1]

    def _turn(self, pc: int, loops: Loops) -> tuple[Instruction | None, int]:
        program = self.program
        key = (program[pc], *[number for place, turn in loops for number in (program[place], turn)])
        found = self._turns.get(key)
        if found is None:
            found = self._turns[key] = self._advanced(pc, loops), self._wraps(pc, loops)
        return found

    def _advanced(self, pc: int, loops: Loops) -> Instruction | None:
        one = self.written(pc)
        if one is None or not loops:
            return one and advanced(self.params, one, [])
        moved, rows = self.split(loops)
        return advanced(self.params, one, moved, rows=rows)

    def _wraps(self, pc: int, loops: Loops) -> int:
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

    def misplaced(self, one: Instruction, loops: Loops) -> bool:
        """It is a LOOP for which there is no room, or an ENDL without a loop."""
        if one.op.name != "LOOP":
            return one.op.name == "ENDL" and not loops
        named, _ = self.split(loops)
        return bool(loops) if "rows" in one.flags else len(named) == LEVELS

    def follow(self, pc: int, one: Instruction, loops: list[list[int]]) -> int:
        """Open or close a loop, if that is what an instruction does; returns where the program goes on."""
        if one.op.name == "LOOP":
            loops.append([pc, 0])
        elif one.op.name == "ENDL":
            place, turn = loops[-1]
            if turn + 1 < self.turns(place):
                loops[-1][1] += 1
                return place + 1
            loops.pop()
        return pc + 1

    def prepared(self, one: Instruction, scalar: int | None) -> Prepared:
        """An instruction with the addresses of this iteration, as the issuer works on it."""
        key = (one.op.code, one.flags, scalar, *one.values.values())
        found = self._prepared.get(key)
        if found is None:
            found = self._prepared[key] = prepare(self.params, one, scalar)
        return found
