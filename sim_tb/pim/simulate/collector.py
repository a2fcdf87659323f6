"""From the channels to SRAM: when each word is written."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Sequence
from typing import Any

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.unit import State, Unit, nobody
from sim_tb.pim.simulate.work import NEVER, Collect

__all__ = ["Collector"]


class Collector(Unit[Collect]):
    """Takes words, one a clock and one channel after the other, and writes them; SRAM never keeps it waiting.

    Parameters
    ----------
    params : PimParams
    channels : sequence of Channel

    Attributes
    ----------
    writes : deque of (clock, int)
        Clocks in which it writes, with the SRAM word.
    words : int
        Words written so far.
    ended : callable
        Called with a clock: from then on the oldest job counts no longer.
    """

    def __init__(self, params: PimParams, channels: Sequence[Channel]) -> None:
        super().__init__()
        self.channels = channels
        self.places = [channel * params.banks // params.lanes for channel in range(params.channels)]
        self.ended: Callable[[int], None] = nobody
        self.job: Collect | None = None
        self.mask = self.index = 0
        self.writes: deque[tuple[int, int]] = deque()
        self.words = 0

    def step(self, clock: int) -> None:
        """Go ahead as far as possible; ``clock`` is the present one."""
        while self.writes and self.writes[0][0] < clock:
            self.writes.popleft()
        while True:
            if not self.valid or self.ends <= clock:
                self._turn(clock)
                if not self.valid:
                    self.wake = self.queue[0][0] if self.queue else NEVER
                    return
            if self.ends == NEVER and not self._go():
                self.wake = NEVER
                return
            if self.ends > clock:
                self.wake = self.ends
                return

    def _begin(self, job: Collect, clock: int) -> None:
        self.job = job
        self.mask, self.index = job.mask, 0
        self.base = clock + 1

    def _over(self, clock: int) -> None:
        self.ended(clock + 2)
        self.quiet_from = clock + 2

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
            if self.index == job.words:
                self.index = 0
                self.mask &= self.mask - 1
                if not self.mask:
                    self.ends = when
                    return True

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """All that what follows depends on, clocks as distances from the present one."""
        work: State = ()
        if self.valid and self.job is not None:
            work = (self.mask, self.index, *self.job)
        writes = tuple((clock - now, word) for clock, word in self.writes if clock >= now)
        return self.common(now), work, writes

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``."""
        common, work, writes = state
        self.resume(common, now)
        if self.valid:
            self.mask, self.index, *job = work
            self.job = Collect(*job)
        self.writes = deque((now + clock, word) for clock, word in writes)

    def _job(self, fields: Iterable[Any]) -> Collect:
        return Collect(*fields)
