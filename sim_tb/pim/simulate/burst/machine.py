"""The simulator, taken up in any state, for one segment: what is learnt is what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from hdl.params import ToolError
from hdl.params.pim import Instruction, PimParams
from hdl.pim.vector.context import context_count
from sim_tb.pim.simulate.burst.canonical import Canon, Places, fixed, has_moving, moving
from sim_tb.pim.simulate.burst.ledger import Ledger, Numbers
from sim_tb.pim.simulate.burst.moves import Moves
from sim_tb.pim.simulate.burst.segment import Segment
from sim_tb.pim.simulate.burst.tick import Bounds, Interval, exact, slope
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.issuer import FETCH, Ended, Issuer
from sim_tb.pim.simulate.prepare import Prepared
from sim_tb.pim.simulate.statistics import Span
from sim_tb.pim.simulate.system import CLEARED, STARTS
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Learnt", "Machine"]

#: Clocks of a segment beyond which nothing will end it but the end of time.
LONGEST = 1 << 24
#: Clocks of an interval are counted from so many intervals on, so that none is below zero.
BEFORE = 64


#: A number, and how it grows with each clock that the next refresh is later.
Linear = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a segment does in a state, for refreshes due in a range of clocks.

    Parameters
    ----------
    least, most : int
        Clocks until the next refresh is due for which it does this.
    until : int
        The one for which the numbers below stand; they grow linearly.
    clocks : Linear
    moves : Moves
        How its places come from those of the state and the segment.
    gives : tuple of int
        Scalar registers that are written, in order.
    mark : Linear or None
        The clock of a MARK.
    ends : (Linear, int) or None
        The program has ended: the clock, and the code of what was wrong.
    vector : Linear
        Clocks in which the vector unit was at work.
    counts, slopes : array of int64
        What has been added to the statistics, and how that grows.
    """

    least: int
    most: int
    until: int
    clocks: Linear
    moves: Moves
    gives: tuple[int, ...]
    mark: Linear | None
    ends: tuple[Linear, int] | None
    vector: Linear
    counts: Numbers
    slopes: Numbers

    def at(self, number: Linear, until: int) -> int:
        """One of its numbers, with a refresh due in so many clocks."""
        return number[0] + number[1] * (until - self.until)


class _Single:
    """A listing with a single instruction."""

    def __init__(self) -> None:
        self.length = 1 << 62
        self.segment: Segment | None = None

    def fenced(self, pc: int) -> bool:
        assert self.segment
        return self.segment.fenced

    def wraps(self, pc: int, loops: Any) -> int:
        assert self.segment
        return self.segment.wraps

    def advanced(self, pc: int, loops: Any) -> Instruction | None:
        assert self.segment
        return self.segment.prepared.one

    def turns(self, place: int) -> int:
        return 1

    def split(self, loops: Any) -> tuple[list[dict[str, int]], int]:
        return [], 0


class _Stepper(Issuer):
    """An issuer that stops at the next boundary."""

    def __init__(self, params: PimParams, units: Units) -> None:
        super().__init__(params, (), (), (), units)
        self.single = _Single()
        self.listing = self.single  # type: ignore[assignment]
        self.given: Prepared | None = None
        self.goes_on = self.stopped = False
        self.ahead: list[Segment] = []
        self.gives: list[int] = []

    def take_up(self, segment: Segment, loaded: int, clock: int) -> None:
        """Begin a segment in a clock."""
        self.loaded, self.error = loaded, 0
        self.waiting, self.stopped, self.gives = False, False, []
        self.clock = self.wake = clock
        self.ahead = [*segment.before, segment]
        self._begin()

    def _begin(self) -> None:
        """The next instruction of the segment."""
        segment = self.single.segment = self.ahead.pop(0)
        self.given = self.prepared = segment.prepared
        self.one = segment.prepared.one
        self.single.length = 0 if segment.absent else 1 << 62
        self.pc = self.index = 0
        self.number = -1
        self.loops = [[0, 0]] if self.one.op.name == "ENDL" else []
        self.goes_on = segment.goes_on
        self.stage = FETCH
        if segment.inner:
            super()._expand()
        else:
            super()._fetch(self.clock)

    def _give(self, register: int) -> None:
        self.gives.append(register)

    def _prepare(self, one: Instruction) -> Prepared:
        assert self.given is not None
        return self.given

    def _stop(self, clock: int) -> bool:
        if self.ahead and not self.error:
            self._begin()
            return True
        self.stopped = True
        self.wake = NEVER
        return False

    def _expand(self) -> bool:
        return self._stop(0) if self.goes_on else super()._expand()

    _STAGES = (*Issuer._STAGES[:FETCH], _stop, *Issuer._STAGES[FETCH + 1 :])  # type: ignore[assignment]


class Machine:
    """Channels, vector unit and issuer of a system for a segment at a time.

    Parameters
    ----------
    params : PimParams
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.units = _units(params, 0)
        self.issuer = _Stepper(params, self.units)
        self.canon = Canon(params, self.units.memory.low + 1)
        self.ledger = Ledger(params.timing, params.channels)
        self.interval = params.timing.trefi

    def begin(self, clocks: int, inputs: int) -> tuple[State, Places, int, Numbers]:
        """The state in which the first program begins, so many clocks after reset, and what counts until then."""
        self.units = units = _units(self.params, inputs)
        self.issuer = _Stepper(self.params, units)
        self.ledger = ledger = Ledger(self.params.timing, self.params.channels)
        self._advance(clocks)
        ledger.take(units, [(0, NEVER)], clocks)
        shape, places, until = self.canon.cut(units.state(clocks), ((),) * self.params.channels)
        return (shape, 0, ledger.state()), places, until, np.array(ledger.totals, np.int64)

    def run(
        self, shape: State, places: Places, until: int, segment: Segment, *, last: bool, moves: bool
    ) -> tuple[Learnt, State, bool]:
        """What a segment does, the shape of the next state, and whether clocks of that move with refreshes.

        Parameters
        ----------
        shape, places : State, Places
        until : int
            Clocks until the next refresh is due.
        segment : Segment
        last : bool
            No program follows.
        moves : bool
            Clocks of the shape move with refreshes.

        Raises
        ------
        ToolError
            If the segment does not end.
        """
        units, issuer, ledger = self.units, self.issuer, self.ledger
        bounds = Bounds()
        first = self._take_up(shape, places, until, bounds, moves=moves)
        resting: list[Span] = []
        ended: list[Ended] = []

        def rests(clock: int) -> None:
            if last:
                issuer.stopped, issuer.clock = True, clock
                resting.append((ended[0].clock, NEVER))
            else:
                begins = clock + (CLEARED if ended[0].error else STARTS)
                issuer.begin(begins, 0)
                resting.append((ended[0].clock, begins + 1))

        issuer.marks = []
        issuer.ended, issuer.rests = ended.append, rests
        issuer.take_up(segment, shape[1], first)
        now = self._go(first + LONGEST)
        for channel in units.channels if self.interval else ():
            self._stays(channel, now)
        ledger.take(units, resting, now)
        flows = bounds.flows
        reached, after, left = self.canon.cut(units.state(now), places.banks)
        state = reached, issuer.loaded, ledger.state()
        moves = False
        if flows:
            state = fixed(state, left, self.interval)
            moves = has_moving(state)
        totals = ledger.totals
        learnt = Learnt(
            least=until + bounds.least,
            most=until + bounds.most,
            until=until,
            clocks=_linear(now - first),
            moves=Moves.of(places, segment, self._slot(segment), after),
            gives=tuple(issuer.gives),
            mark=_linear(issuer.marks[0][0] - first) if issuer.marks else None,
            ends=(_linear(ended[0].clock - first), ended[0].error) if ended else None,
            vector=_linear(ledger.busy[-2]),
            counts=np.array([_linear(each)[0] for each in totals], np.int64),
            slopes=np.array([slope(each) for each in totals], np.int64),
        )
        return learnt, state, moves

    def finish(self, shape: State, places: Places, until: int, clocks: int, *, moves: bool) -> Numbers:
        """What counts in the clocks after the last program."""
        first = self._take_up(shape, places, until, Bounds(), moves=moves)
        self._advance(first + clocks)
        self.ledger.take(self.units, [(first, NEVER)], first + clocks)
        self.ledger.finish()
        return np.array([_linear(each)[0] for each in self.ledger.totals], np.int64)

    def _slot(self, segment: Segment) -> int:
        """The number of the segment's vector instruction, which was the last one to begin; or -1."""
        prepared, contexts = segment.prepared, context_count(self.params)
        return (self.units.vector.slot - 1) % contexts if prepared.start and not prepared.fault else -1

    # --- state -------------------------------------------------------------------------------------------------------
    def _take_up(self, shape: State, places: Places, until: int, bounds: Bounds, *, moves: bool) -> int:
        """Be in a state; returns the present clock."""
        units, interval = self.units, self.interval
        now = BEFORE * interval - until if interval else 0
        if moves:
            shape = moving(shape, (BEFORE - 1) * Interval.of(interval, bounds) - now)
        for channel in units.channels:
            channel.interval = interval
            channel.bursts.clear()
            channel.spans.clear()
        units.memory.spans.clear()
        units.mover.spans.clear()
        units.feeder.words = units.collector.words = units.mover.words = 0
        units.restore(self.canon.join(shape[0], places, until), now)
        self.ledger.restore(shape[2], now)
        for channel in units.channels if interval else ():
            channel.interval = Interval.of(interval, bounds)
        return now

    def _stays(self, channel: Channel, now: int) -> None:
        """The next refresh to become due is the next one wherever it may move."""
        until = int((channel.refreshes + 1) * self.interval)
        ahead = -(-(int.__add__(now, 1) - until) // self.interval)
        following = channel.refreshes + 1 + ahead
        if not ((following - 1) * channel.interval <= now < following * channel.interval):
            raise AssertionError("the next refresh is not ahead")

    # --- time --------------------------------------------------------------------------------------------------------
    def _go(self, limit: int) -> int:
        """Go on to the next boundary, and return its clock."""
        units, issuer = self.units, self.issuer
        while True:
            clock = min(issuer.wake, units.wake())
            if clock >= limit:
                raise ToolError("The program does not end: it waits for what does not come.")
            if issuer.wake <= clock:
                issuer.step(clock)
                if issuer.stopped:
                    break
            units.step(clock, issuer.wake)
        if clock < issuer.clock:
            units.step(clock, issuer.clock)
        self._advance(issuer.clock)
        return issuer.clock

    def _advance(self, until: int) -> None:
        """All that units do before a clock."""
        units = self.units
        while (clock := units.wake()) < until:
            units.step(clock, until)


def _linear(number: int) -> Linear:
    return int.__add__(number, 0), slope(number)


def _units(params: PimParams, inputs: int) -> Units:
    """Units whose vector unit goes on by exact clocks: it counts its own."""
    units = Units(params, inputs)
    skip = units.vector.skip
    units.vector.skip = lambda clocks: skip(exact(clocks))  # type: ignore[method-assign]
    return units
