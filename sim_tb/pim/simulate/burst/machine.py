"""The simulator, taken up in any state, for one segment: what is learnt is what it does."""

from __future__ import annotations

import numpy as np

from hdl.params import ToolError
from hdl.params.pim import PimParams
from hdl.pim.vector.context import context_count
from sim_tb.pim.simulate.burst.canonical import FAR, Canon, Places
from sim_tb.pim.simulate.burst.complete import check_complete
from sim_tb.pim.simulate.burst.learnt import Learnt
from sim_tb.pim.simulate.burst.ledger import Ledger, Numbers
from sim_tb.pim.simulate.burst.moves import Moves
from sim_tb.pim.simulate.burst.segment import BEGINS, CLOSES, Segment
from sim_tb.pim.simulate.burst.stepper import Stepper
from sim_tb.pim.simulate.issuer import Ended
from sim_tb.pim.simulate.statistics import Span
from sim_tb.pim.simulate.system import CLEARED, STARTS
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Machine"]

#: Clocks of a segment beyond which nothing will end it but the end of time.
LONGEST = 1 << 24
#: In place of the least clocks until a refresh: it is for that one alone.
EXACT = -1
#: Clocks of an interval are counted from so many intervals on, so that none is below zero.
BEFORE = 64


class Machine:
    """Channels, vector unit and issuer of a system for a segment at a time.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    stands : (int, Places, int) or None
        The state that the units are in, if that is known: number of its shape, places, clocks until a refresh is due.
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.units = Units(params, 0)
        check_complete(self.units)
        self.issuer = Stepper(params, self.units)
        self.canon = Canon(params, self.units.memory.low + 1)
        self.ledger = Ledger(params)
        self.interval = params.timing.trefi
        self.contexts = context_count(params)
        self.stands: tuple[int, Places, int] | None = None
        self._state: State = ()
        self._arrays: dict[bytes, Numbers] = {}

    def begin(self, clocks: int, inputs: int) -> tuple[State, Places, int, Numbers]:
        """The state so many clocks after reset, before the first program, and what counts until then."""
        self.units = units = Units(self.params, inputs)
        self.issuer = Stepper(self.params, units)
        self.ledger = ledger = Ledger(self.params)
        self.stands = None
        self._advance(clocks)
        ledger.take(units, [(0, NEVER)], clocks)
        shape, places, until = self.canon.cut(units.state(clocks), ((),) * self.params.channels)
        return (shape, 0, ledger.state()), places, until, np.array(ledger.totals, np.int64)

    def run(
        self, shape: State, state: tuple[int, Places, int], segment: Segment, *, last: bool
    ) -> tuple[Learnt, State, Places, int]:
        """What a segment does; the next state: its shape, its places, and clocks until a refresh is due.

        Parameters
        ----------
        shape : State
        state : (int, Places, int)
            The number of the shape, places, clocks until the next refresh is due; or ``FAR``, as if none ever was, for
            a shape that owes none.
        segment : Segment
        last : bool
            No program follows.

        Raises
        ------
        ToolError
            If the segment does not end.
        """
        units, issuer, ledger = self.units, self.issuer, self.ledger
        _, places, until = state
        first = self._take_up(shape, state)
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
        now, least = first, 0
        if segment.event == CLOSES:
            ledger.close()
        else:
            if segment.event == BEGINS:
                issuer.begin(first + STARTS, 0)
                resting.append((first, first + STARTS + 1))
            refreshes = [channel.refreshes for channel in units.channels]
            now = self._go(first + LONGEST)
            # A refresh due after all that was decided is not in the way; one owed from before always is.
            least = max(now, *[channel.decided() for channel in units.channels]) + 1 - first
            owed = any((each + 1) * self.interval <= first for each in refreshes)
            if until != FAR and (least > until or owed):
                least = EXACT
            ledger.take(units, resting, now)
        self._state = units.state(now)
        reached, after, left = self.canon.cut(self._state, places.banks)
        learnt = Learnt(
            least=least,
            clocks=now - first,
            moves=Moves.of(places, segment, self.contexts, after),
            gives=tuple(issuer.gives),
            mark=issuer.marks[0][0] - first if issuer.marks else None,
            ends=(ended[0].clock - first, ended[0].error) if ended else None,
            vector=ledger.busy[-2],
            counts=self._shared(ledger.totals),
        )
        return learnt, (reached, issuer.loaded, ledger.state()), after, left

    def finish(self, shape: State, places: Places, until: int, clocks: int) -> Numbers:
        """What counts in the clocks after the last program."""
        first = self._take_up(shape, (-1, places, until))
        self._advance(first + clocks)
        self.ledger.take(self.units, [(first, NEVER)], first + clocks)
        self.ledger.finish()
        return np.array(self.ledger.totals, np.int64)

    def _shared(self, numbers: list[int]) -> Numbers:
        """Numbers as an array, the same one for all that are equal."""
        found = np.array(numbers, np.int64)
        return self._arrays.setdefault(found.tobytes(), found)

    def _take_up(self, shape: State, state: tuple[int, Places, int]) -> int:
        """Be in a state, with nothing counted; returns the present clock."""
        units, (_, places, until) = self.units, state
        stands, self.stands = self.stands == state, None
        now = self.ledger.now if stands else BEFORE * self.interval - max(until, 0)
        for channel in units.channels:
            channel.bursts.clear()
            channel.ahead.clear()
            channel.spans.clear()
            channel.begins.clear()
            channel.interval = self.interval if until != FAR else 0
        units.memory.spans.clear()
        units.mover.spans.clear()
        units.feeder.words = units.collector.words = units.mover.words = 0
        # Units go on as if they had been taken up, so that they have decided just as much.
        units.restore(self._state if stands else self.canon.join(shape[0], places, until), now)
        if stands:
            self.ledger.clear()
        else:
            self.ledger.restore(shape[2], now, units)
        return now

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
