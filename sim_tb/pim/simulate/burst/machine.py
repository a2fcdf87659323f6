"""The simulator, taken up in any state, for one segment: what is learnt is what it does."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from hdl.params import ToolError
from hdl.params.pim import Instruction, PimParams
from hdl.pim.vector.context import context_count
from sim_tb.pim.simulate.burst.canonical import Canon, Places
from sim_tb.pim.simulate.burst.moves import Moves
from sim_tb.pim.simulate.burst.ledger import Ledger, Numbers
from sim_tb.pim.simulate.burst.segment import Segment
from sim_tb.pim.simulate.burst.tick import FAR, Bounds, Interval
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.issuer import FETCH, Ended, Issuer
from sim_tb.pim.simulate.prepare import Prepared
from sim_tb.pim.simulate.statistics import Span
from sim_tb.pim.simulate.system import CLEARED, STARTS
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Learnt", "Machine"]

#: Clocks of an interval are counted from so many intervals on, so that none is below zero.
BEFORE = 64


@dataclass(frozen=True, slots=True)
class Learnt:
    """What a segment does in a state, for refreshes due in a range of clocks.

    Parameters
    ----------
    least, most : int
        Clocks until the next refresh is due for which it does this.
    clocks : int
    shape : State
        Of the next state.
    moves : Moves
        How its places come from those of the state and the segment.
    gives : tuple of int
        Scalar registers that are written, in order.
    mark : int
        The clock of a MARK, or -1.
    ends : (int, int) or None
        The program has ended: the clock, and the code of what was wrong.
    vector : int
        Clocks in which the vector unit was at work.
    counts : array of int64
        What has been added to the statistics.
    """

    least: int
    most: int
    clocks: int
    shape: State
    moves: Moves
    gives: tuple[int, ...]
    mark: int
    ends: tuple[int, int] | None
    vector: int
    counts: Numbers


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

    def all_rows(self, place: int) -> bool:
        return False


class _Stepper(Issuer):
    """An issuer that stops at the next boundary."""

    def __init__(self, params: PimParams, units: Units) -> None:
        super().__init__(params, (), (), (), units)
        self.single = _Single()
        self.listing = self.single  # type: ignore[assignment]
        self.given: Prepared | None = None
        self.goes_on = self.stopped = False
        self.gives: list[int] = []

    def take_up(self, segment: Segment, loaded: int, clock: int) -> None:
        """Begin a segment in a clock."""
        self.single.segment, self.given = segment, segment.prepared
        self.single.length = 0 if segment.absent else 1 << 62
        self.pc = self.error = self.index = 0
        self.loops = [[0, 0]] if segment.prepared.one.op.name == "ENDL" else []
        self.loaded, self.goes_on = loaded, segment.goes_on
        self.waiting, self.stopped, self.gives = False, False, []
        self.clock = self.wake = clock
        self.stage = FETCH
        self.one, self.prepared = segment.prepared.one, segment.prepared
        self.number = -1
        if segment.inner:
            super()._expand()
        else:
            super()._fetch(clock)

    def _give(self, register: int) -> None:
        self.gives.append(register)

    def _prepare(self, one: Instruction) -> Prepared:
        assert self.given is not None
        return self.given

    def _stop(self, clock: int) -> bool:
        self.stopped = True
        self.wake = NEVER
        return False

    def _expand(self) -> bool:
        return self._stop(0) if self.goes_on else super()._expand()

    _STAGES = (*Issuer._STAGES[:FETCH], _stop, *Issuer._STAGES[FETCH + 1 :])


class Machine:
    """Channels, vector unit and issuer of a system for a segment at a time.

    Parameters
    ----------
    params : PimParams
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.units = Units(params, 0)
        self.issuer = _Stepper(params, self.units)
        self.canon = Canon(params, self.units.memory.low + 1)
        self.ledger = Ledger(params.timing, params.channels)
        self.interval = params.timing.trefi

    def begin(self, clocks: int, inputs: int) -> tuple[State, Places, int, Numbers]:
        """The state in which the first program begins, so many clocks after reset, and what counts until then."""
        self.units = units = Units(self.params, inputs)
        self.issuer = _Stepper(self.params, units)
        self.ledger = ledger = Ledger(self.params.timing, self.params.channels)
        self._advance(clocks)
        ledger.take(units, [(0, NEVER)], clocks)
        shape, places, until = self.canon.cut(units.state(clocks))
        return (shape, 0, ledger.state()), places, until, ledger.totals

    def run(self, shape: State, places: Places, until: int, segment: Segment, *, last: bool) -> Learnt:
        """What a segment does.

        Parameters
        ----------
        shape, places : State, Places
        until : int
            Clocks until the next refresh is due.
        segment : Segment
        last : bool
            No program follows.

        Raises
        ------
        ToolError
            If the segment does not end.
        """
        units, issuer, ledger = self.units, self.issuer, self.ledger
        first = self._take_up(shape, places, until)
        before, vector = ledger.totals, ledger.busy[-2]
        bounds = self._traced()
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
        now = self._go()
        for channel in units.channels if self.interval else ():
            bounds.limit(*self._room(channel, now))
            channel.interval = self.interval
        ledger.take(units, resting, now)
        after, reached, _ = self.canon.cut(units.state(now))
        return Learnt(
            least=max(until + bounds.least, -FAR),
            most=until + bounds.most,
            clocks=now - first,
            shape=(after, issuer.loaded, ledger.state()),
            moves=Moves.of(places, segment, self._slot(segment), reached),
            gives=tuple(issuer.gives),
            mark=issuer.marks[0][0] - first if issuer.marks else -1,
            ends=(ended[0].clock - first, ended[0].error) if ended else None,
            vector=ledger.busy[-2] - vector,
            counts=ledger.totals - before,
        )

    def finish(self, shape: State, places: Places, until: int, clocks: int) -> Numbers:
        """What counts in the clocks after the last program."""
        first = self._take_up(shape, places, until)
        before = self.ledger.totals
        self._advance(first + clocks)
        self.ledger.take(self.units, [(first, NEVER)], first + clocks)
        self.ledger.finish()
        return self.ledger.totals - before

    def _slot(self, segment: Segment) -> int:
        """The number of the segment's vector instruction, which was the last one to begin; or -1."""
        prepared, contexts = segment.prepared, context_count(self.params)
        return (self.units.vector.slot - 1) % contexts if prepared.start and not prepared.fault else -1

    # --- state -------------------------------------------------------------------------------------------------------
    def _take_up(self, shape: State, places: Places, until: int) -> int:
        """Be in a state; returns the present clock."""
        units = self.units
        now = BEFORE * self.interval - until if self.interval else 0
        for channel in units.channels:
            channel.bursts.clear()
            channel.spans.clear()
        units.memory.spans.clear()
        units.mover.spans.clear()
        units.restore(self.canon.join(shape[0], places, until), now)
        self.ledger.restore(shape[2], now)
        return now

    def _traced(self) -> Bounds:
        """From here on comparisons with refreshes are remembered."""
        bounds = Bounds()
        if self.interval:
            for channel in self.units.channels:
                channel.interval = Interval.of(self.interval, bounds)
        return bounds

    def _room(self, channel: Channel, now: int) -> tuple[int, int]:
        """How far refreshes could shift with the next one still the next one in this clock."""
        until = ((channel.refreshes + 1) * self.interval - now - 1) % self.interval + 1
        return 1 - until, self.interval - until

    # --- time --------------------------------------------------------------------------------------------------------
    def _go(self) -> int:
        """Go on to the next boundary, and return its clock."""
        units, issuer = self.units, self.issuer
        while True:
            clock = min(issuer.wake, units.wake())
            if clock >= NEVER:
                raise ToolError("The program does not end: it waits for what does not come.")
            if issuer.wake <= clock:
                issuer.step(clock)
                if issuer.stopped:
                    break
            units.step(clock, issuer.wake)
        if clock < issuer.clock:
            units.step(clock, issuer.clock)
        self._advance(issuer.clock)
        return int(issuer.clock)

    def _advance(self, until: int) -> None:
        """All that units do before a clock."""
        units = self.units
        while (clock := units.wake()) < until:
            units.step(clock, until)
