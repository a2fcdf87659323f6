"""From SRAM to the channels: when each word is read."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.work import NEVER, Feed, word_channels

__all__ = ["Feeder"]


class Feeder:
    """Reads words, one a clock, as the channels have room for them; SRAM never keeps it waiting.

    It goes ahead of the clock as far as it knows of room. A job's end is an event of its own.

    Parameters
    ----------
    params : PimParams
    channels : sequence of Channel

    Attributes
    ----------
    wake : int
        The clock in which :meth:`step` has to be called.
    queue : deque of (clock, Feed)
        Jobs that wait, and from when on they are there.
    quiet_from : int
        Where nothing is at work and nothing waits: from when on it is not busy.
    requests : deque of (clock, int)
        Clocks in which it reads, with the SRAM word.
    words : int
        Words read so far.
    freed, ended : callable
        Called with a clock: there is room for a job, or nothing is left to do; the oldest job that reads SRAM is over.
    """

    def __init__(self, params: PimParams, channels: Sequence[Channel]) -> None:
        self.channels = channels
        self.slots = word_channels(params)
        self.freed: Callable[[int], None] = _nobody
        self.ended: Callable[[int], None] = _nobody
        self.wake = NEVER
        self.queue: deque[tuple[int, Feed]] = deque()
        self.job: Feed | None = None
        self.address = self.start = self.left = self.index = self.who = 0
        self.base = 0
        self.ends = NEVER
        self.quiet_from = 0
        self.requests: deque[tuple[int, int]] = deque()
        self.words = 0

    @property
    def valid(self) -> bool:
        """A job is at work."""
        return self.job is not None

    def push(self, job: Feed, clock: int) -> None:
        """A job, there from a clock on."""
        self.queue.append((clock, job))
        if self.job is None and clock < self.wake:
            self.wake = clock

    def poke(self, clock: int) -> None:
        """A channel has room from a clock on."""
        if self.job is not None and self.ends == NEVER and clock < self.wake:
            self.wake = clock

    def step(self, clock: int) -> None:
        """Go ahead as far as possible; ``clock`` is the present one."""
        while self.requests and self.requests[0][0] < clock:
            self.requests.popleft()
        while True:
            if self.job is None or self.ends <= clock:
                self._load(clock)
                if self.job is None:
                    self.wake = self.queue[0][0] if self.queue else NEVER
                    return
            if self.ends == NEVER and not self._go(clock):
                self.wake = NEVER
                return
            if self.ends > clock:
                self.wake = self.ends
                return

    def _load(self, clock: int) -> None:
        """End a job; begin the next one, if it is there."""
        if self.job is not None:
            if not self.job.zero:
                self.ended(clock + 1)
            self.job = None
            self.ends = NEVER
            self.freed(clock + 1)
        if self.queue and self.queue[0][0] <= clock:
            self.job = job = self.queue.popleft()[1]
            self.address = self.start = job.address
            self.left, self.index, self.who = job.count, 0, 0
            self.base = clock + 1
            self.freed(clock + 1)

    def _go(self, clock: int) -> bool:
        """Words as long as there is room; False if there is none that is known of."""
        job, channels = self.job, self.channels
        assert job is not None
        everyone = [each for each in channels if job.mask >> each.number & 1]
        while True:
            targets = everyone
            if job.each:
                targets = [each for each in everyone if each.number == self.who]
            elif job.slot:
                targets = [each for each in everyone if self.slots[self.index] >> each.number & 1]
            when = self._room(targets)
            if when == NEVER:
                return False
            for each in targets:
                each.feed(when)
            if targets:
                self.quiet_from = when + 2
                if not job.zero:
                    self.requests.append((when, self.address))
                    self.words += 1
            self.base = when + 1
            self.quiet_from = max(self.quiet_from, when + 1)
            self.address = self.address + 1 & 0xFFFF
            self.left -= 1
            self.index += 1
            if not self.left:
                if not job.each or self.who == len(channels) - 1:
                    self.ends = when
                    return True
                self.start = self.address = self.start + job.stride & 0xFFFF
                self.left = job.count
                self.who += 1

    def _room(self, targets: Sequence[Channel]) -> int:
        """The first clock from ``base`` on in which all have room, as far as known."""
        when = self.base
        while True:
            least = when
            for each in targets:
                when = each.room_from(when)
            if when in (least, NEVER):
                return when


def _nobody(clock: int) -> None:
    """Who has not been told whom to tell."""
