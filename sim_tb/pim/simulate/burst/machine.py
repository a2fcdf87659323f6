"""The simulator, taken up in any state, for one segment: what is learnt is what it does."""

from __future__ import annotations

import numpy as np

from hdl.params import ToolError
from hdl.params.pim import PimParams
from hdl.pim.vector.context import context_count
from sim_tb.pim.simulate.burst.canonical import Canon, Places, fixed, has_moving, latest, moving
from sim_tb.pim.simulate.burst.complete import check_complete
from sim_tb.pim.simulate.burst.learnt import Learnt, Linear
from sim_tb.pim.simulate.burst.ledger import Ledger, Numbers
from sim_tb.pim.simulate.burst.moves import Moves
from sim_tb.pim.simulate.burst.segment import BEGINS, CLOSES, Segment
from sim_tb.pim.simulate.burst.stepper import Stepper
from sim_tb.pim.simulate.burst.tick import Bounds, Interval, exact, slope
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.issuer import Ended
from sim_tb.pim.simulate.statistics import Span
from sim_tb.pim.simulate.system import CLEARED, STARTS
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Machine"]

#: Clocks of a segment beyond which nothing will end it but the end of time.
LONGEST = 1 << 24
#: Clocks since a refresh was over for which states move with it.
AFTERWARDS = 32
#: Clocks until a refresh is due within which it is likely to be in the way of a segment.
SOON = 300
#: What is learnt of a segment, the shape of the next state, and whether clocks of that move with refreshes.
Found = tuple[Learnt, State, bool]
#: Clocks of an interval are counted from so many intervals on, so that none is below zero.
BEFORE = 64


class Machine:
    """Channels, vector unit and issuer of a system for a segment at a time.

    Parameters
    ----------
    params : PimParams
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.units = _units(params, 0)
        check_complete(self.units)
        self.issuer = Stepper(params, self.units)
        self.canon = Canon(params, self.units.memory.low + 1)
        self.ledger = Ledger(params)
        self.interval = params.timing.trefi
        self._arrays: dict[bytes, Numbers] = {}

    def begin(self, clocks: int, inputs: int) -> tuple[State, Places, int, Numbers]:
        """The state so many clocks after reset, before the first program, and what counts until then."""
        self.units = units = _units(self.params, inputs)
        self.issuer = Stepper(self.params, units)
        self.ledger = ledger = Ledger(self.params)
        self._advance(clocks)
        ledger.take(units, [(0, NEVER)], clocks)
        shape, places, until = self.canon.cut(units.state(clocks), ((),) * self.params.channels)
        return (shape, 0, ledger.state()), places, until, np.array(ledger.totals, np.int64)

    def run(self, shape: State, places: Places, until: int, segment: Segment, *, last: bool, moves: bool) -> Found:
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
        found = None
        far = bool(self.interval) and until > SOON and not (moves or segment.event)
        if far and not any(channel[3][0] for channel in shape[0][: self.params.channels]):
            found = self._run(shape, places, until, segment, last=last, moves=False, far=True)
        found = found or self._run(shape, places, until, segment, last=last, moves=moves, far=False)
        assert found is not None
        return found

    def _run(
        self, shape: State, places: Places, until: int, segment: Segment, *, last: bool, moves: bool, far: bool
    ) -> Found | None:
        """The same; ``far``: as if no refresh was ever due again, and nothing if it would have been in the way."""
        units, issuer, ledger = self.units, self.issuer, self.ledger
        bounds = Bounds()
        first = self._take_up(shape, places, until, bounds, moves=moves, far=far)
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

        issuer.ended, issuer.rests = ended.append, rests
        issuer.take_up(segment, shape[1], first)
        now = first
        if segment.event == CLOSES:
            ledger.close()
        else:
            if segment.event == BEGINS:
                issuer.begin(first + STARTS, 0)
                resting.append((first, first + STARTS + 1))
            now = self._go(first + LONGEST)
            if far:
                bounds.least = self._latest(now) + 1 - first - until
                if bounds.least > 0:
                    return None
            for channel in units.channels if self.interval else ():
                self._stays(channel, now, far=far)
            ledger.take(units, resting, now)
        flows = bounds.flows
        reached, after, left = self.canon.cut(units.state(now), places.banks)
        state = reached, issuer.loaded, ledger.state()
        moves = False
        if flows:
            state = self._fixed(state, left)
            moves = has_moving(state)
        totals = ledger.totals
        learnt = Learnt(
            least=until + bounds.least,
            most=until + bounds.most,
            until=until,
            clocks=_linear(now - first),
            moves=Moves.of(places, segment, context_count(self.params), after),
            gives=tuple(issuer.gives),
            mark=_linear(issuer.marks[0][0] - first) if issuer.marks else None,
            ends=(_linear(ended[0].clock - first), ended[0].error) if ended else None,
            vector=_linear(ledger.busy[-2]),
            counts=self._shared([_linear(each)[0] for each in totals]),
            slopes=self._shared([slope(each) for each in totals] if flows else [0] * len(totals)),
        )
        return learnt, state, moves

    def finish(self, shape: State, places: Places, until: int, clocks: int, *, moves: bool) -> Numbers:
        """What counts in the clocks after the last program."""
        first = self._take_up(shape, places, until, Bounds(), moves=moves)
        self._advance(first + clocks)
        self.ledger.take(self.units, [(first, NEVER)], first + clocks)
        self.ledger.finish()
        return np.array([_linear(each)[0] for each in self.ledger.totals], np.int64)

    def _fixed(self, state: State, until: int) -> State:
        """The state without numbers that move; or as it is, if it would move with a refresh long after that."""
        found = fixed(state, until, self.interval)
        late = latest(found) > self.params.timing.trfc + AFTERWARDS
        return fixed(state, until, 0) if late else found  # type: ignore[no-any-return]

    def _shared(self, numbers: list[int]) -> Numbers:
        """Numbers as an array, the same one for all that are equal."""
        found = np.array(numbers, np.int64)
        return self._arrays.setdefault(found.tobytes(), found)

    # --- state -------------------------------------------------------------------------------------------------------
    def _take_up(
        self, shape: State, places: Places, until: int, bounds: Bounds, *, moves: bool, far: bool = False
    ) -> int:
        """Be in a state; returns the present clock."""
        units, interval = self.units, self.interval
        now = BEFORE * interval - until if interval else 0
        if moves:
            shape = moving(shape, (BEFORE - 1) * Interval.of(interval, bounds) - now)
        for channel in units.channels:
            channel.interval = interval
            channel.bursts.clear()
            channel.ahead.clear()
            channel.spans.clear()
        units.memory.spans.clear()
        units.mover.spans.clear()
        units.feeder.words = units.collector.words = units.mover.words = 0
        units.restore(self.canon.join(shape[0], places, until), now)
        self.ledger.restore(shape[2], now, units)
        for channel in units.channels if interval else ():
            channel.interval = 0 if far else Interval.of(interval, bounds)
        return now

    def _latest(self, now: int) -> int:
        """The last clock that something was decided for: a refresh that is due later is not in the way."""
        found = now
        for channel in self.units.channels:
            if channel.bursts:
                found = max(found, channel.bursts[-1][0])
            if channel.ends < NEVER:
                found = max(found, channel.ends)
        return found

    def _stays(self, channel: Channel, now: int, *, far: bool) -> None:
        """The next refresh to become due is the next one wherever it may move."""
        if far:
            channel.interval = self.interval
            return
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
            units.step(clock, lambda: issuer.wake)
        if clock < issuer.clock:
            units.step(clock, lambda: issuer.clock)
        self._advance(issuer.clock)
        return issuer.clock

    def _advance(self, until: int) -> None:
        """All that units do before a clock."""
        units = self.units
        while (clock := units.wake()) < until:
            units.step(clock, lambda: until)


def _linear(number: int) -> Linear:
    return int.__add__(number, 0), slope(number)


def _units(params: PimParams, inputs: int) -> Units:
    """Units whose vector unit goes on by exact clocks: it counts its own."""
    units = Units(params, inputs)
    skip = units.vector.skip
    units.vector.skip = lambda clocks: skip(exact(clocks))  # type: ignore[method-assign]
    return units
