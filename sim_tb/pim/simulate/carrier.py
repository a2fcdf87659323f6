"""What feeder and collector have in common: words between SRAM and the channels, one a clock."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from typing import Any

from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.unit import Job, State, Unit, nobody
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Carrier"]


class Carrier(Unit[Job]):
    """Carries a job's words; SRAM never keeps it waiting.

    Parameters
    ----------
    channels : sequence of Channel

    Attributes
    ----------
    accesses : deque of (clock, int)
        Clocks in which it reads or writes SRAM, with the word.
    words : int
        Words carried so far.
    ended : callable
        Called with a clock: from then on the oldest job that has to do with SRAM counts no longer.
    """

    def __init__(self, channels: Sequence[Channel]) -> None:
        super().__init__()
        self.channels = channels
        self.ended: Callable[[int], None] = nobody
        self.job: Job | None = None
        self.accesses: deque[tuple[int, int]] = deque()
        self.words = 0

    def step(self, clock: int) -> None:
        """Go ahead as far as possible; ``clock`` is the present one."""
        while self.accesses and self.accesses[0][0] < clock:
            self.accesses.popleft()
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

    def _go(self) -> bool:
        """Carry words as long as it is known when they can go; False if it is not for the next one."""
        raise NotImplementedError

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """All that what follows depends on, clocks as distances from the present one."""
        work: State = ()
        if self.valid and self.job is not None:
            work = (*self._place(), *self.job)
        accesses = tuple((clock - now, word) for clock, word in self.accesses if clock >= now)
        return self.common(now), work, accesses

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``."""
        common, work, accesses = state
        self.resume(common, now)
        if self.valid:
            self.job = self._job(self._stand(work))
        self.accesses = deque((now + clock, word) for clock, word in accesses)

    def _place(self) -> State:
        """How far it is with the job at work."""
        raise NotImplementedError

    def _stand(self, work: State) -> Sequence[Any]:
        """Be as far as :meth:`_place` says, whose numbers come first; the rest, which are the job's fields."""
        raise NotImplementedError
