"""States of the units without addresses: what is equal wherever the same happens in other rows and other SRAM words.

What a state says of time depends on addresses only by what they are compared with. So a state is cut into two: a
*shape*, in which rows are ranks, SRAM words are banks of the SRAM, and ranges of SRAM that are in use have no place at
all; and the *places*, the rows and ranges themselves. A shape and the relations of its places to those of what comes
next determine the time that it takes.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any, NamedTuple

from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.simulate.board import Range
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.work import Operation

__all__ = ["BANKED", "FAR", "ROWED", "Canon", "Places"]

#: Commands whose operations go to rows.
ROWED = frozenset(COMMANDS[name].code for name in ("ACT", "ACT_AB", "RD_SB", "WR_SB", "WR_ELEM", "MAC_AB", "SCALE_AB"))
#: Commands whose operations go to a bank of their own.
BANKED = frozenset(COMMANDS[name].code for name in ("ACT", "PRE", "RD_SB", "WR_SB"))
#: Commands whose operations go on from column to column.
RUNS = frozenset(COMMANDS[name].code for name in ("RD_SB", "WR_SB", "MAC_AB"))
#: An operation that has nothing left to decide.
DONE = Operation(*(0,) * 6)

#: In place of the clocks until the next refresh is due: none ever is.
FAR = -1

Ranges = tuple[Range, ...]


class Places(NamedTuple):
    """Where a state is.

    Parameters
    ----------
    rows : tuple of int
        Rows that are open or wanted, in their order.
    feeds, collects : tuple of Range
        SRAM words of the jobs of feeder and collector.
    moved : Range or None
        Of the data mover's job.
    vectors : tuple of (int, tuple of Range)
        Of each instruction in the vector unit, by its number.
    banks : tuple of tuples of int
        For each channel its banks in the order that the shape has them in; empty where that is their own.
    """

    rows: tuple[int, ...] = ()
    feeds: Ranges = ()
    collects: Ranges = ()
    moved: Range | None = None
    vectors: tuple[tuple[int, Ranges], ...] = ()
    banks: tuple[tuple[int, ...], ...] = ()

    def lifted(self, rows: int) -> Places:
        """All rows so many further."""
        return self._replace(rows=tuple([row + rows for row in self.rows]))


class Canon:
    """Cuts states of the units of a system, and joins them again.

    Parameters
    ----------
    params : PimParams
    banks : int
        Banks of the SRAM, a power of two.

    Attributes
    ----------
    apart : int
        Rows that are so far apart that no operation gets from one to the other.
    """

    def __init__(self, params: PimParams, banks: int) -> None:
        self.params = params
        self.low = banks - 1
        self.interval = params.timing.trefi
        self.apart = 4096 // params.row_cols + 2

    # --- cut ---------------------------------------------------------------------------------------------------------
    def cut(self, state: State, before: Sequence[tuple[int, ...]]) -> tuple[State, Places, int]:
        """The shape of a state, its places, and the clocks until the next refresh is due (``FAR`` if none ever is).

        Parameters
        ----------
        state : State
        before : sequence of tuples of int
            The orders of banks so far, by channel.
        """
        channels, (feeder, collector, memory, board) = state[: self.params.channels], state[self.params.channels :]
        rows = sorted({row for channel in dict.fromkeys(channels) for row in _rows(channel)})
        ranks = dict(zip(rows, self._ranks(rows), strict=True)) | {-1: -1}
        until = FAR
        if channels[0][3]:
            until = (min(channel[3][0] for channel in channels) - 1) % self.interval + 1
        feeds, collects, moved, vectors = board
        # Many channels are in the same state.
        states = list(zip(channels, before, strict=True))
        own = {each: self._turned(self._channel(each[0], ranks, until), each[1]) for each in dict.fromkeys(states)}
        turned = [own[each] for each in states]
        shape = (
            *(channel for channel, _ in turned),
            self._feeder(feeder),
            self._collector(collector),
            self._memory(memory),
            (
                tuple(over for _, _, over in feeds),
                tuple(over for _, _, over in collects),
                moved[2:],
                tuple((slot, *(write for _, _, write in ranges)) for slot, *ranges in vectors),
            ),
        )
        places = Places(
            tuple(rows),
            tuple(each[:2] for each in feeds),
            tuple(each[:2] for each in collects),
            moved[:2] or None,
            tuple((slot, tuple(each[:2] for each in ranges)) for slot, *ranges in vectors),
            tuple([order for _, order in turned]),
        )
        return shape, places, until

    def _ranks(self, rows: Sequence[int]) -> list[int]:
        """Rows with all that are far apart just as far apart."""
        found = [0] if rows else []
        for before, row in pairwise(rows):
            found.append(found[-1] + min(self.apart, row - before))
        return found

    def ranked(self, shape: State, places: Places) -> State | None:
        """The shape with the ranks that rows have at these places; None if it has them."""
        channels = shape[: self.params.channels]
        old, new = sorted({row for channel in channels for row in _rows(channel)}), self._ranks(places.rows)
        if old == new:
            return None
        rows = dict(zip(old, new, strict=True)) | {-1: -1}
        return (*(_reranked(channel, rows) for channel in channels), *shape[self.params.channels :])

    def _channel(self, state: State, ranks: Mapping[int, int], until: int) -> State:
        common, (*work, begun), ((*rows, together), ready, bank_ready, activates), tick, *rest = state
        writes, reads, loads = rest
        valid, ends, base, quiet, queue = common
        owed, answers, pops = reads
        queue = tuple((clock, *self._operation(job, ranks)) for clock, *job in queue)
        if valid:
            work = self._operation(work, ranks) if ends == -1 else DONE
        # Nothing is decided for a clock before base: whatever is over by then is over.
        late = _late(pops, base)
        return (
            (valid, ends, base, 0 if (valid or queue) and quiet <= base else quiet, queue),
            (*work, 0 if begun <= base else begun),
            (
                (*(ranks[row] for row in rows), together),
                _after(ready, base),
                tuple([_after(each, base) for each in bank_ready]),
                _after(activates, base),
            ),
            ((until - tick[0]) // self.interval if tick else 0,),
            writes,
            (owed - len(pops) + len(late), answers, late),
            loads,
        )

    def _turned(self, channel: State, before: tuple[int, ...]) -> tuple[State, tuple[int, ...]]:
        """A channel with its banks in an order of their own: those that operations name, then all by what they have."""
        common, work, ((*rows, together), ready, bank_ready, activates), *rest = channel
        (*others, queue), (*job, begun) = common, work
        named = [bank for code, bank, *_ in ([job] if job and others[1] == -1 else []) if code in BANKED]
        named += [bank for _, code, bank, *_ in queue if code in BANKED]
        zeros = (0,) * self.params.banks
        marks = list(zip(rows, *(each or zeros for each in bank_ready), strict=True))
        if not named and marks.count(marks[0]) == len(marks):
            return channel, ()
        first = list(dict.fromkeys(named))
        left = [bank for bank in before or range(self.params.banks) if bank not in first]
        left.sort(key=marks.__getitem__)
        order = (*first, *left)
        place = {bank: index for index, bank in enumerate(order)}
        rows = [rows[bank] for bank in order]
        bank_ready = tuple([tuple([each[bank] for bank in order]) if each else () for each in bank_ready])
        queue = tuple([(clock, *_banked(each, place)) for clock, *each in queue])
        job = _banked(job, place) if job else ()
        banks = (*rows, together), ready, bank_ready, activates
        return ((*others, queue), (*job, begun), banks, *rest), order

    def _operation(self, job: Sequence[int], ranks: Mapping[int, int]) -> tuple[int, ...]:
        return self.operation(job)._replace(row=ranks[job[2]] if job[0] in ROWED else 0)

    def operation(self, job: Sequence[int]) -> Operation:
        """An operation without what its time does not depend on; its row stays."""
        code, bank, row, col, _, times, buffers, _, products = job
        # Columns matter where they go on in the next row.
        across = code in RUNS and col + times > self.params.row_cols
        bank, col = bank if code in BANKED else 0, col if across else 0
        return Operation(code, bank, row, col, 0, times, buffers, products=products)

    def _feeder(self, state: State) -> State:
        (*common, queue), work, requests = state
        queue = tuple((clock, *self._feed(job)) for clock, *job in queue)
        if work:
            address, start, left, index, who, more, *job = work
            if common[1] != -1:
                work = (0, 0, 0, 0, 0, 0, *(0,) * (len(job) - 1), job[-1])
            else:
                work = (address & self.low, start & self.low, left, index, who, more, *self._feed(job))
        return (*common, queue), work, tuple((clock, word & self.low) for clock, word in requests)

    def _feed(self, job: Iterable[int]) -> tuple[int, ...]:
        mask, address, words, stride, *rest = job
        return (mask, address & self.low, words, stride & self.low, *rest)

    def _collector(self, state: State) -> State:
        (*common, queue), work, writes = state
        queue = tuple((clock, mask, address & self.low, *rest) for clock, mask, address, *rest in queue)
        if work:
            left, index, turn, mask, address, *rest = work
            work = (0,) * len(work) if common[1] != -1 else (left, index, turn, mask, address & self.low, *rest)
        return (*common, queue), work, tuple((clock, word & self.low) for clock, word in writes)

    def _memory(self, state: State) -> State:
        vector, (*mover, place) = state
        return vector, (*mover, (place[0] & self.low, *place[1:]) if place else ())

    # --- join --------------------------------------------------------------------------------------------------------
    def join(self, shape: State, places: Places, until: int) -> State:
        """A state of this shape at these places, with a refresh due in so many clocks."""
        channels, (feeder, collector, memory, board) = shape[: self.params.channels], shape[self.params.channels :]
        ranks = sorted({row for channel in channels for row in _rows(channel)})
        rows = dict(zip(ranks, places.rows, strict=True)) | {-1: -1}
        feeds, collects, moved, vectors = board
        states = list(zip(channels, places.banks, strict=True))
        own = {each: self._placed(each[0], rows, each[1], until) for each in dict.fromkeys(states)}
        return (
            *(own[each] for each in states),
            feeder,
            collector,
            memory,
            (
                tuple((*each, over) for each, over in zip(places.feeds, feeds, strict=True)),
                tuple((*each, over) for each, over in zip(places.collects, collects, strict=True)),
                (*(places.moved or ()), *moved),
                tuple(
                    (slot, *((*each, write) for each, write in zip(ranges, writes, strict=True)))
                    for (slot, ranges), (_, *writes) in zip(places.vectors, vectors, strict=True)
                ),
            ),
        )

    def _placed(self, shape: State, rows: Mapping[int, int], order: tuple[int, ...], until: int) -> State:
        common, work, (opened, ready, bank_ready, activates), (owed,), *rest = _reranked(shape, rows)
        if order:
            (*others, queue), (*job, begun) = common, work
            place = dict(enumerate(order))
            common = (*others, tuple([(clock, *_banked(each, place)) for clock, *each in queue]))
            work = (*(_banked(job, place) if job else ()), begun)
            *opened, together = opened
            opened = (*_back(opened, order), together)
            bank_ready = tuple([_back(each, order) if each else () for each in bank_ready])
        banks = opened, ready or (0,) * (len(COMMANDS) + 1), bank_ready, activates or (0,) * 4
        return (common, work, banks, (until - owed * self.interval,), *rest)


def _banked(job: Sequence[int], place: Mapping[int, int]) -> tuple[int, ...]:
    """An operation with another number for its bank, if it has one of its own."""
    code, bank, *rest = job
    return code, place[bank] if code in BANKED else bank, *rest


def _back(values: Sequence[int], order: Sequence[int]) -> tuple[int, ...]:
    """What banks have, by their numbers."""
    found = dict(zip(order, values, strict=True))
    return tuple([found[bank] for bank in range(len(order))])


def _reranked(shape: State, rows: Mapping[int, int]) -> State:
    """A channel with other rows."""
    common, (*work, begun), ((*opened, together), *waits), *rest = shape
    *others, queue = common
    queue = tuple((clock, *_moved(job, rows)) for clock, *job in queue)
    work = _moved(work, rows) if work and common[1] == -1 else work
    opened = [rows[row] for row in opened]
    return (*others, queue), (*work, begun), ((*opened, together), *waits), *rest


def _after(clocks: Sequence[int], base: int) -> tuple[int, ...]:
    """Clocks, with 0 for those that are over; nothing if all are."""
    found = tuple([clock if clock > base else 0 for clock in clocks])
    return found if any(found) else ()


def _late(clocks: Sequence[int], base: int) -> tuple[int, ...]:
    """Clocks that are not over, of some in their order."""
    return tuple([clock for clock in clocks if clock > base])


def _rows(channel: State) -> list[int]:
    """The rows of a channel's state or shape."""
    (_, ends, _, _, queue), (*work, _), ((*rows, _), *_), *_ = channel
    jobs = [job for _, *job in queue]
    if work and ends == -1:
        jobs.append(work)
    return [row for row in rows if row >= 0] + [job[2] for job in jobs if job[0] in ROWED]


def _moved(job: Any, rows: Mapping[int, int]) -> tuple[int, ...]:
    code, bank, row, *rest = job
    return code, bank, rows[row] if code in ROWED else row, *rest
