"""The simulator, taken up in any state, for one segment: what is learnt is what it does."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdl.params import ToolError
from hdl.params.pim import FAULTS, PimParams
from hdl.pim.vector.context import context_count
from sim_tb.pim.simulate.burst.canonical import FAR, Canon, Places
from sim_tb.pim.simulate.burst.learnt import Learnt
from sim_tb.pim.simulate.burst.moves import Moves
from sim_tb.pim.simulate.burst.segment import BEGINS, CLOSES, Segment
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core import run
from sim_tb.pim.simulate.core.arrays import Numbers, new_account, new_state, record, row_of, system
from sim_tb.pim.simulate.core.ledger import totals_of
from sim_tb.pim.simulate.core.native import Pinned
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Machine", "Shape"]

#: Clocks of an interval are counted from so many intervals on, so that none is below zero.
BEFORE = 64
#: Segments whose instructions are kept as integers, some 10 KB each.
KEPT = 2000
KINDS = {"": run.INSTRUCTION, BEGINS: run.BEGINNING, CLOSES: run.CLOSING}


class Shape(NamedTuple):
    """A state without its places.

    Parameters
    ----------
    numbers : bytes
        As :mod:`sim_tb.pim.simulate.core.cut` cuts it.
    loaded : int
        Accumulators that hold something, as :class:`hdl.params.pim.AccumulatorUse` has them.
    ranks : tuple of int
        Those of its rows.
    owes : bool
        A refresh is due and has not come.
    """

    numbers: bytes
    loaded: int
    ranks: tuple[int, ...]
    owes: bool


class Machine:
    """Channels, vector unit and issuer of a system for a segment at a time.

    Parameters
    ----------
    params : PimParams
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.system, self.endless = Pinned.of(system(params)), Pinned.of(system(params, refreshes=False))
        self.canon = Canon(params, int(self.system[at.LOW]) + 1)
        self.interval = params.timing.trefi
        self.contexts = context_count(params)
        self.state, self.account = Pinned.of(new_state(params, 0)), Pinned.of(new_account(params))
        self.log, self.shape, self.places, self.info = (
            Pinned.of(np.zeros(most, np.int64)) for most in (at.ENTRY << 14, 1 << 18, 1 << 14, 64)
        )
        self.orders = params.channels * (params.banks + 1)
        self._arrays: dict[bytes, Numbers] = {}
        self._records: dict[Segment, Numbers] = {}

    @property
    def totals(self) -> int:
        """How many figures there are."""
        return totals_of(self.params.channels)

    def begin(self, clocks: int, inputs: int) -> tuple[Shape, Places, int, Numbers]:
        """The state so many clocks after reset, before the first program, and what counts until then."""
        params, totals = self.params, np.zeros(self.totals, np.int64)
        self.state[:], self.account[:] = new_state(params, inputs), new_account(params)
        orders = np.zeros(self.orders, np.int64)
        arrays = self.state, self.system, self.account, totals, self.log, orders, self.places, self.shape
        until = run.native.begin(*arrays, clocks)
        places = self.canon.places(self.places)
        return self._shape(places, 0), places, int(until), totals

    def run(
        self, shape: Shape, places: Places, until: int, segment: Segment, rows: int, *, last: bool
    ) -> tuple[Learnt, Shape, Places, int]:
        """What a segment does; the next state: its shape, its places, and clocks until a refresh is due.

        Parameters
        ----------
        shape, places : Shape, Places
        until : int
            Clocks until the next refresh is due; or ``FAR``, as if none ever was, for a shape that owes none.
        segment : Segment
        rows : int
            How much further its rows are.
        last : bool
            No program follows.

        Raises
        ------
        ToolError
            If the segment does not end.
        """
        records, loaded = self._program(segment, rows, shape.loaded)
        totals, info = np.zeros(self.totals, np.int64), self.info
        params = self.system if until != FAR else self.endless
        ranks, where, numbers = self._joined(shape, places)
        orders = where[len(where) - self.orders :].copy()
        how = run.native.segment(
            self.state,
            params,
            self.account,
            totals,
            records,
            self.log,
            ranks,
            where,
            numbers,
            orders,
            self.places,
            self.shape,
            self._now(until),
            until,
            KINDS[segment.event],
            last,
            info,
        )
        if how == run.STUCK:
            raise ToolError("The program does not end: it waits for what does not come.")
        if how != run.FINE:
            raise ToolError("More happens at once than the simulator has room for.")
        clocks, least, left, mark, ended, error, earlier, later, gives, *given = info.tolist()
        after = self.canon.places(self.places)
        vector = totals[(self.params.channels + 1) * 9 + self.params.channels]
        learnt = Learnt(
            first=until - earlier if least < 0 else least,
            last=until + later if least < 0 else NEVER,
            clocks=clocks,
            moves=Moves.of(places, segment, rows, self.contexts, after),
            gives=tuple(given[:gives]),
            mark=mark if mark >= 0 else None,
            ends=(ended, error) if ended >= 0 else None,
            vector=int(vector),
            counts=self._arrays.setdefault(totals.tobytes(), totals),
        )
        return learnt, self._shape(after, loaded), after, left

    def ranked(self, shape: Shape, places: Places) -> Shape:
        """The shape where rows are at these places, and may have other distances."""
        if self.canon.ranks(places.rows) == shape.ranks:
            return shape
        ranks, where, numbers = self._joined(shape, places)
        orders = where[len(where) - self.orders :].copy()
        until = self.interval or FAR
        run.native.ranked(
            self.state,
            self.system,
            self.account,
            ranks,
            where,
            numbers,
            orders,
            self.places,
            self.shape,
            self._now(until),
            until,
        )
        return self._shape(places, shape.loaded)

    def finish(self, shape: Shape, places: Places, until: int, clocks: int) -> Numbers:
        """What counts in the clocks after the last program."""
        totals = np.zeros(self.totals, np.int64)
        run.native.finish(
            self.state,
            self.system,
            self.account,
            totals,
            self.log,
            *self._joined(shape, places),
            self._now(until),
            until,
            clocks,
        )
        return totals

    def taken_up(self, shape: Shape, places: Places, until: int, now: int) -> tuple[Numbers, Numbers]:
        """The numbers of a state at a clock, and those of its ledger."""
        run.native.join(self.state, self.system, self.account, now, until, *self._joined(shape, places))
        return self.state, self.account

    def _joined(self, shape: Shape, places: Places) -> tuple[Numbers, Numbers, Numbers]:
        """What a state is joined from: ranks, places and numbers, each a row of its own."""
        numbers = np.frombuffer(shape.numbers, np.int32).astype(np.int64)
        return row_of((len(shape.ranks), *shape.ranks)), self.canon.array(places), numbers

    def _now(self, until: int) -> int:
        return BEFORE * self.interval - max(until, 0)

    def _shape(self, places: Places, loaded: int) -> Shape:
        """The shape that was cut."""
        numbers = self.shape[: self.shape[0] + 1].astype(np.int32).tobytes()
        return Shape(numbers, loaded, self.canon.ranks(places.rows), bool(self.state[at.OWES]))

    def _program(self, segment: Segment, rows: int, loaded: int) -> tuple[Numbers, int]:
        """The instructions of a segment, their rows so much further; and the accumulators that hold something then."""
        found = self._records.get(segment)
        if found is None:
            if len(self._records) >= KEPT:
                self._records.clear()
            found = self._records[segment] = _records(segment)
        records = found
        for number, use in segment.uses:
            if use.reads & ~loaded:
                records = records.copy()
                records[number * at.RECORD_SIZE + at.R_FAULT] = FAULTS["ACCUMULATOR"].code
                break
            loaded = use.after(loaded)
        if rows:
            if records is found:
                records = records.copy()
            fields = records.reshape(-1, at.RECORD_SIZE)
            fields[:, at.R_OPERATION + 2] += rows * fields[:, at.R_ROWED]
        return records, loaded


def _records(segment: Segment) -> Numbers:
    """The instructions of a segment, one after the other."""
    numbers: list[int] = []
    for each in () if segment.event else segment.members:
        for one in (*each.before, each):
            numbers += record(
                one.prepared,
                one.part,
                inner=one.inner,
                goes_on=one.goes_on,
                fenced=one.fenced,
                wraps=one.wraps,
                scalar=one.scalar,
                absent=one.absent,
            )
    return row_of(numbers)
