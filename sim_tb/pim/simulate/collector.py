"""From the channels to SRAM: when each word is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.work import NEVER, Collect

__all__ = ["Collector"]


class Collector:
    """Takes words, one a clock and one channel after the other, and writes them; SRAM never keeps it waiting.

    It goes ahead of the clock as far as it knows of words. A job's end is an event of its own.

    Parameters
    ----------
    params : PimParams
    channels : sequence of Channel

    Attributes
    ----------
    wake : int
        The clock in which :meth:`step` has to be called.
    queue : deque of (clock, Collect)
        Jobs that wait, and from when on they are there.
    quiet_from : int
        Where nothing is at work and nothing waits: from when on it is not busy.
    writes : deque of (clock, int)
        Clocks in which it writes, with the SRAM word.
    words : int
        Words written so far.
    freed, ended : callable
        Called with a clock: there is room for a job, or nothing is left to do; the oldest job is over.
    """

    def __init__(self, params: PimParams, channels: Sequence[Channel]) -> None:
        self.channels = channels
        self.places = [channel * params.banks // params.lanes for channel in range(params.channels)]
        self.freed: Callable[[int], None] = _nobody
        self.ended: Callable[[int], None] = _nobody
        self.wake = NEVER
        self.queue: deque[tuple[int, Collect]] = deque()
        self.job: Collect | None = None
        self.mask = self.index = 0
        self.base = 0
        self.ends = NEVER
        self.quiet_from = 0
        self.writes: deque[tuple[int, int]] = deque()
        self.words = 0

    @property
    def valid(self) -> bool:
        """A job is at work."""
        return self.job is not None

    def push(self, job: Collect, clock: int) -> None:
        """A job, there from a clock on."""
        self.queue.append((clock, job))
        if self.job is None and clock < self.wake:
            self.wake = clock

    def poke(self, clock: int) -> None:
        """A channel has a word from a clock on."""
        if self.job is not None and self.ends == NEVER and clock < self.wake:
            self.wake = clock

    def step(self, clock: int) -> None:
        """Go ahead as far as possible; ``clock`` is the present one."""
        while self.writes and self.writes[0][0] < clock:
            self.writes.popleft()
        while True:
            if self.job is None or self.ends <= clock:
                self._load(clock)
                if self.job is None:
                    self.wake = self.queue[0][0] if self.queue else NEVER
                    return
            if self.ends == NEVER and not self._go():
                self.wake = NEVER
                return
            if self.ends > clock:
                self.wake = self.ends
                return

    def _load(self, clock: int) -> None:
        """End a job; begin the next one, if it is there."""
        if self.job is not None:
            self.ended(clock + 2)
            self.job = None
            self.ends = NEVER
            self.quiet_from = clock + 2
            self.freed(clock + 1)
        if self.queue and self.queue[0][0] <= clock:
            self.job = self.queue.popleft()[1]
            self.mask, self.index = self.job.mask, 0
            self.base = clock + 1
            self.freed(clock + 1)

    def _go(self) -> bool:
        """Words as long as there are; False if there is none that is known of."""
        job = self.job
        assert job is not None
        while True:
            number = (self.mask & -self.mask).bit_length() - 1
            channel = self.channels[number]
            if not channel.answers:
                return False
            when = max(self.base, channel.answers[0])
            channel.pop(when)
            place = self.places[number] if job.slot else 0
            self.writes.append((when + 1, job.address + self.index + place & 0xFFFF))
            self.words += 1
            self.base = when + 1
            self.index += 1
            if self.index == job.count:
                self.index = 0
                self.mask &= self.mask - 1
                if not self.mask:
                    self.ends = when
                    return True


def _nobody(clock: int) -> None:
    """Who has not been told whom to tell."""
