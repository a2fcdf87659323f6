"""All that the issuer hands work to, and what it sees of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.board import Board
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.collector import Collector
from sim_tb.pim.simulate.feeder import Feeder
from sim_tb.pim.simulate.memory import Memory
from sim_tb.pim.simulate.mover import Mover
from sim_tb.pim.simulate.prepare import Part
from sim_tb.pim.simulate.start import Start
from sim_tb.pim.simulate.unit import State, Unit
from sim_tb.pim.simulate.vector import VectorUnit
from sim_tb.pim.simulate.work import NEVER, Work

__all__ = ["Units"]


class Units:
    """Channels, feeder, collector, data mover, vector unit and the ports of the SRAM, and what is known of their words.

    Parameters
    ----------
    params : PimParams
    inputs : int
        Words that the host has for IN.
    """

    def __init__(self, params: PimParams, inputs: int) -> None:
        self.channels = [Channel(params, number) for number in range(params.channels)]
        self.feeder = Feeder(params, self.channels)
        self.collector = Collector(params, self.channels)
        self.vector = VectorUnit(params)
        self.mover = Mover(inputs)
        self.memory = Memory(params, self.vector, self.mover, self.feeder, self.collector)
        self.board = Board()
        for each in self.channels:
            each.left, each.answered = self.feeder.poke, self.collector.poke
        self.feeder.ended, self.collector.ended = self.board.feed_ended, self.board.collect_ended
        self._queues: tuple[Unit[Any], ...] = (*self.channels, self.feeder, self.collector)

    def report(self, changed: Callable[[int], None], gives: Callable[[int], None]) -> None:
        """Who is told from which clock on something shows, and into which scalar register a number is written."""
        for each in self._queues:
            each.freed = changed
        self.memory.changed = changed
        self.memory.gives = gives

    def forget(self, clock: int) -> None:
        """Forget what has happened before a clock, while all are idle."""
        for channel in self.channels:
            channel.bursts = [each for each in channel.bursts if each[0] >= clock - 1]
            channel.ahead = [each for each in channel.ahead if each[0] >= clock - 1]
            channel.spans.clear()
            channel.begins.clear()
        self.memory.spans.clear()
        self.mover.spans.clear()
        self.feeder.words = self.collector.words = self.mover.words = 0

    # --- what the issuer sees ----------------------------------------------------------------------------------------
    def idle_from(self) -> int:
        """The first clock in which all are idle, as far as known."""
        quiet = self.mover.quiet_from
        for each in self._queues:
            if each.valid or each.queue:
                return NEVER
            if each.quiet_from > quiet:
                quiet = each.quiet_from
        return NEVER if self.vector.active else quiet

    def free_from(self, clock: int, first: int, past: int, write: bool, collected: bool) -> int:
        """The first clock from this one on in which a range of SRAM is in nobody's way, as far as known."""
        busy = self.mover.quiet_from, self.vector.active
        return self.board.free_from(clock, (first, past), write, collected, *busy)

    # --- what it tells them ------------------------------------------------------------------------------------------
    def accept(self, part: Part, work: Work, clock: int) -> bool:
        """Hand work to the channels of its mask, if all have room."""
        mask = work.mask
        channels = [each for each in self.channels if mask >> each.number & 1]
        if (
            any(each.full for each in channels)
            or (work.feed and self.feeder.full)
            or (work.collect and self.collector.full)
        ):
            return False
        for each in channels:
            each.push(work.operation, clock + 1)
        if work.feed:
            self.feeder.push(work.feed, clock + 1)
            if part.reads and not work.feed.zero:
                self.board.feed(part.reads)
        if work.collect and part.writes:
            self.collector.push(work.collect, clock + 1)
            self.board.collect(part.writes)
        return True

    def move(self, clock: int, part: Part, out: bool) -> None:
        """IN or OUT begins."""
        words = part.reads if out else part.writes
        assert words is not None
        self.board.moved = (*words, not out)
        self.mover.start(clock, out, words[0], words[1] - words[0])

    def calculate(self, clock: int, part: Part, start: Start) -> None:
        """A vector instruction begins."""
        self.board.vectors[self.vector.slot] = tuple(each for each in part.ranges if each is not None)
        self.memory.begin(clock, start)

    # --- time --------------------------------------------------------------------------------------------------------
    def wake(self) -> int:
        """The next clock in which something happens."""
        return min(self.memory.wake, *[each.wake for each in self._queues])

    def step(self, clock: int, horizon: Callable[[], int]) -> None:
        """All that happens in a clock; nobody else does anything before the clock that ``horizon`` says.

        The order makes that each sees the others as they were before this clock.
        """
        for each in self.channels:
            if each.wake <= clock:
                each.step(clock)
        if self.feeder.wake <= clock:
            self.feeder.step(clock)
        if self.memory.wake <= clock:
            self.memory.step(clock, min(horizon(), *[each.wake for each in self._queues]))
        if self.collector.wake <= clock:
            self.collector.step(clock)

    # --- state -------------------------------------------------------------------------------------------------------
    def _parts(self) -> Sequence[Channel | Feeder | Collector | Memory]:
        return (*self.channels, self.feeder, self.collector, self.memory)

    def state(self, now: int) -> State:
        """All that what follows depends on, before the clock ``now``; clocks as distances from it."""
        vector = self.vector
        board = self.board.state(now, self.mover.quiet_from, vector.active, vector.counted)
        return (*(each.state(now) for each in self._parts()), board)

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, before the clock ``now``."""
        *states, board = state
        for each, own in zip(self._parts(), states, strict=True):
            each.restore(own, now)
        self.board.restore(board, now)
