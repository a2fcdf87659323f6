"""The ports of the SRAM: what is served in a clock."""

from __future__ import annotations

from collections.abc import Callable

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.collector import Collector
from sim_tb.pim.simulate.feeder import Feeder
from sim_tb.pim.simulate.mover import Mover
from sim_tb.pim.simulate.start import Start
from sim_tb.pim.simulate.unit import State, nobody
from sim_tb.pim.simulate.vector import VectorUnit
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Memory"]


class Memory:
    """Serves vector unit and data mover after feeder and collector, and moves both on in time.

    The low bits of a word's address choose its bank; a port is served if no port before it asks for one of its banks.
    Reads are those of the feeder, the vector unit's, the mover's; writes those of the collector, the vector unit, the
    mover.

    Parameters
    ----------
    params : PimParams
    vector : VectorUnit
    mover : Mover
    feeder : Feeder
    collector : Collector

    Attributes
    ----------
    wake : int
        The clock in which :meth:`step` has to be called.
    start : Start or None
        The instruction that begins in this clock.
    time : int
        The clock that the vector unit is in.
    spans : list of (clock, clock)
        When the vector unit was at work: the first clock and the one past the last.
    changed : callable
        Called with a clock: the vector unit or the mover shows something else from then on.
    gives : callable
        Called with the number of the scalar register that is written in this clock.
    """

    def __init__(
        self, params: PimParams, vector: VectorUnit, mover: Mover, feeder: Feeder, collector: Collector
    ) -> None:
        words = params.vector_lanes // params.lanes
        banks = 4 * words
        self.low = banks - 1
        everyone = (1 << banks) - 1
        #: By the bank of the first word, the banks of a beat.
        self.beats = [((1 << words) - 1 << i | (1 << words) - 1 << i >> banks) & everyone for i in range(banks)]
        self.vector, self.mover, self.feeder, self.collector = vector, mover, feeder, collector
        self.changed: Callable[[int], None] = nobody
        self.gives: Callable[[int], None] = nobody
        self.start: Start | None = None
        self.time = 0
        self.due = NEVER  # the vector unit has something to do
        self.shown = False  # others see something new of it
        self.spans: list[tuple[int, int]] = []

    @property
    def wake(self) -> int:
        """The clock in which something happens."""
        return min(self.due, self.mover.wake)

    def begin(self, clock: int, start: Start) -> None:
        """A vector instruction begins in this clock."""
        self.start = start
        self.due = clock

    def step(self, clock: int, horizon: int) -> None:
        """A clock; several where nothing else happens before ``horizon``, and nothing that others see changes."""
        while True:
            if self.mover.wake <= clock:
                self._move(clock, horizon, *self._serve(clock))
                return
            self._serve(clock)
            if self.shown or self.due >= min(horizon, self.mover.wake):
                return
            clock = self.due

    def _serve(self, clock: int) -> tuple[int, int]:
        """A clock of all but the mover; which banks are asked for by then, to be read and to be written."""
        low = self.low
        requests, writes = self.feeder.accesses, self.collector.accesses
        while requests and requests[0][0] < clock:
            requests.popleft()
        while writes and writes[0][0] < clock:
            writes.popleft()
        reading = writing = 0
        if requests and requests[0][0] == clock:
            reading = 1 << (requests[0][1] & low)
        if writes and writes[0][0] == clock:
            writing = 1 << (writes[0][1] & low)
        return self._calculate(clock, reading, writing) if self.due <= clock else (reading, writing)

    def _move(self, clock: int, horizon: int, reading: int, writing: int) -> None:
        """The mover's turn, in as many clocks as nobody asks for anything."""
        mover, accesses = self.mover, (self.feeder.accesses, self.collector.accesses)
        if (reading if mover.out else writing) >> (mover.address & self.low) & 1:
            mover.wake = clock + 1
            return
        for each in accesses:
            horizon = min(horizon, next((when for when, _ in each if when > clock), NEVER))
        mover.moved(clock, max(1, min(mover.most(), min(horizon, self.due) - clock)))
        if not mover.left:
            self.changed(mover.quiet_from)

    def _calculate(self, clock: int, reading: int, writing: int) -> tuple[int, int]:
        """A clock of the vector unit; which banks are asked for by then, to be read and to be written."""
        vector, beats, low = self.vector, self.beats, self.low
        if self.time < clock:
            vector.skip(clock - self.time)
        granted = 0
        for port, address in vector.requests():
            wants = beats[address & low]
            if not wants & reading:
                granted |= 1 << port
            reading |= wants
        written = False
        word = vector.write()
        if word is not None:
            wants = beats[word & low]
            written = not wants & writing
            writing |= wants
        if vector.done:
            self.gives(vector.target)
        turns = vector.turns
        ready, active, gives = turns.ready, turns.active, turns.gives
        start, self.start = self.start, None
        vector.clock(granted, written, start)
        self.time = clock + 1
        self.due = min(self.time + vector.rest(), NEVER)
        self.shown = ready != turns.ready or active != turns.active or (gives > 0) != (turns.gives > 0)
        if self.shown:
            self.changed(clock + 1)
            if (active > 0) != (turns.active > 0):
                if turns.active:
                    self.spans.append((clock + 1, NEVER))
                else:
                    self.spans[-1] = self.spans[-1][0], clock + 1
        return reading, writing

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """What vector unit and mover depend on, before the clock ``now``; clocks as distances from it."""
        if self.time < now:
            self.vector.skip(now - self.time)
            self.time = now
        return self.vector.state(), self.mover.state(now)

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, before the clock ``now``."""
        vector, mover = state
        self.vector.restore(vector)
        self.mover.restore(mover, now)
        self.time = self.due = now
        if self.vector.active:
            self.spans.append((now, NEVER))
