"""The course of a program: its instructions in the order in which the issuer works on them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

import numpy as np

from hdl.params.pim import FAULTS, Instruction, PimParams
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core.arrays import Numbers, record, row_of
from sim_tb.pim.simulate.listing import Listing
from sim_tb.pim.simulate.prepare import NOTHING, Part, Prepared, takes_scalars
from sim_tb.pim.simulate.scalars import Scalars

__all__ = ["Ahead", "Course"]

#: Instructions that are looked at ahead, at most; and kept as integers.
AHEAD, KEPT = 256, 4000
#: Instructions of the issuer that read or set scalar registers.
SETS = ("SETR", "SKEEP")


@dataclass(frozen=True)
class Ahead:
    """What the issuer works on next, as far as it is known.

    Parameters
    ----------
    numbers : int64 array of shape (records * ``RECORD_SIZE``,)
        Instructions, and parts of a VMM, one after the other; the issuer writes into them when each is handed on.
    places : tuple of int
        For each of them the place of the instruction.
    tag : int
        Of the last one, if that is a MARK.
    """

    numbers: Numbers
    places: tuple[int, ...]
    tag: int = 0

    def field(self, name: int, past: int) -> Numbers:
        """A field of the first ones."""
        return self.numbers.reshape(-1, at.RECORD_SIZE)[:past, name]


class Course:
    """Goes through programs ahead of time.

    It stops before what only the vector unit decides: an instruction that uses a scalar register is known once all
    numbers are there.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words.
    scalars : sequence of int
        The scalar registers at first; 0 where there are fewer.
    results : iterable of int
        What instructions that give a scalar give, in their order.

    Attributes
    ----------
    scalars : Scalars
    loaded : int
        Accumulators that hold something, as :class:`hdl.params.pim.AccumulatorUse` has them.
    """

    def __init__(
        self, params: PimParams, program: Sequence[int], scalars: Sequence[int], results: Iterable[int]
    ) -> None:
        self.params = params
        self.listing = Listing(params, program)
        self.scalars = Scalars(scalars)
        self.loaded = 0
        self._results: Iterator[int] = iter(results)
        self._pc = 0
        self._loops: list[list[int]] = []
        # A register may still be written; the next instruction waits for that.
        self._giving = self._awaiting = False
        self._records: dict[tuple[int, bool, int], Numbers] = {}

    def begin(self, pc: int) -> None:
        """A program starts."""
        self._pc, self._loops = pc, []

    def give(self, registers: Iterable[int]) -> None:
        """Registers have been written, in this order."""
        for register in registers:
            self.scalars[register] = next(self._results, None)

    def ahead(self) -> Ahead:
        """What comes next, from where the last one ended on; the program may end before its end.

        Raises
        ------
        ConfigError
            If an instruction uses a result that is not given.
        """
        found: list[Numbers] = []
        places: list[int] = []
        tag = 0
        while len(found) < AHEAD:
            pc = self._pc
            one, numbers, ends = self._next()
            found.append(numbers)
            places += [pc] * (len(numbers) // at.RECORD_SIZE)
            if one is not None and one.op.name == "MARK":
                tag = one["tag"]
            if ends:
                break
        return Ahead(np.concatenate(found), tuple(places), tag)

    def _next(self) -> tuple[Instruction | None, Numbers, bool]:
        """The next instruction, and whether nothing further is known."""
        pc, listing = self._pc, self.listing
        if pc >= listing.length:
            return None, self._record(NOTHING, absent=True), True
        fenced, wraps = listing.fenced(pc), listing.wraps(pc, self._loops)
        one = listing.advanced(pc, self._loops)
        if one is None:
            return None, self._record(NOTHING, fenced=fenced, wraps=wraps), True
        if self._waits(one):
            self._awaiting = True
            return one, self._record(Prepared(one, 0, Part(())), fenced=fenced, wraps=wraps, awaits=True), True
        self._giving &= not self._awaiting
        self._awaiting = False
        self.scalars.check(one, pc)
        prepared = listing.prepared(one, self.scalars.integer(one))
        numbers = self._kept(prepared, fenced=fenced, wraps=wraps)
        fault = self._fault(prepared)
        if fault:
            if fault != prepared.fault:
                numbers = numbers.copy()
                numbers[at.R_FAULT] = fault
            return one, numbers, True
        self.loaded = prepared.use.after(self.loaded)
        self._giving |= prepared.start is not None and prepared.start.gives
        self.scalars.set_by(one)
        self._pc = listing.follow(pc, one, self._loops)
        return one, numbers, one.op.name in ("HALT", "MARK")

    def _waits(self, one: Instruction) -> bool:
        """Scalar registers decide what it is or does, and they may still be written, or nobody knows them."""
        if self._awaiting or not (one.by_register or one.op.name in SETS):
            return False
        return self._giving or self.scalars.unknown_to(one)

    def _fault(self, prepared: Prepared) -> int:
        """The lowest code of what is wrong, or 0."""
        one, fault = prepared.one, prepared.fault
        if fault in (FAULTS["OPCODE"].code, FAULTS["LOOP"].code):
            return fault
        if self.listing.misplaced(one, self._loops):
            return FAULTS["LOOP"].code
        if not fault and prepared.use.reads & ~self.loaded:
            return FAULTS["ACCUMULATOR"].code
        return fault

    # --- records -----------------------------------------------------------------------------------------------------
    def _kept(self, prepared: Prepared, *, fenced: bool, wraps: int) -> Numbers:
        """An instruction as integers; what the listing keeps is made once."""
        key = id(prepared), fenced, wraps
        found = self._records.get(key)
        if found is None:
            if len(self._records) >= KEPT:
                self._records.clear()
            found = self._records[key] = self._record(prepared, fenced=fenced, wraps=wraps)
        return found

    @staticmethod
    def _record(
        prepared: Prepared, *, fenced: bool = False, wraps: int = 0, absent: bool = False, awaits: bool = False
    ) -> Numbers:
        """An instruction as integers, with its parts if it is a VMM."""
        parts, scalar = prepared.parts, takes_scalars(prepared.one)
        numbers = record(
            prepared,
            prepared.part,
            inner=False,
            goes_on=bool(parts),
            fenced=fenced,
            wraps=wraps,
            scalar=scalar,
            absent=absent,
            awaits=awaits,
        )
        for number, part in enumerate(parts, 1):
            more = number < len(parts)
            alone = replace(prepared, parts=(part,))
            numbers += record(alone, part, inner=True, goes_on=more, fenced=False, wraps=0, scalar=False, absent=False)
        return row_of(numbers)
