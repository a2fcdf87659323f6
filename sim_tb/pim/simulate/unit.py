"""What channels, feeder and collector have in common: jobs in a queue, one after another at work."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable
from typing import Any, Generic, TypeVar

from sim_tb.pim.simulate.work import NEVER

__all__ = ["Job", "State", "Unit", "left", "nobody"]

#: What a part remembers: numbers, and tuples of them; clocks as distances from the present one.
State = tuple[Any, ...]
Job = TypeVar("Job", bound=tuple[int, ...])


class Unit(Generic[Job]):
    """Takes jobs from a queue, one after the other.

    A unit decides ahead of the clock as far as it knows what it needs; whatever others can see is marked with its
    clock. The end of a job is an event of its own.

    Attributes
    ----------
    depth : int
        Jobs that the queue holds.
    wake : int
        The clock in which :meth:`step` has to be called.
    queue : deque of (clock, job)
        Jobs that wait, and from when on they are there.
    valid : bool
        A job is at work.
    ends : int
        The clock in which it ends, or ``NEVER``.
    base : int
        Nothing is decided for a clock before this one.
    quiet_from : int
        Where nothing is at work and nothing waits: from when on the unit is not busy.
    freed : callable
        Called with a clock: there is room for a job, or a job has ended.
    """

    depth = 2

    def __init__(self) -> None:
        self.freed: Callable[[int], None] = nobody
        self.wake = NEVER
        self.queue: deque[tuple[int, Job]] = deque()
        self.valid = False
        self.ends = NEVER
        self.base = 0
        self.quiet_from = 0

    @property
    def full(self) -> bool:
        """The queue takes no further job."""
        return len(self.queue) >= self.depth

    def push(self, job: Job, clock: int) -> None:
        """A job, there from a clock on."""
        self.queue.append((clock, job))
        if not self.valid and clock < self.wake:
            self.wake = clock

    def poke(self, clock: int) -> None:
        """What a job may wait for is there in a clock."""
        if self.valid and self.ends == NEVER and clock < self.wake:
            self.wake = clock

    def step(self, clock: int) -> None:
        """Go ahead as far as possible; ``clock`` is the present one."""
        raise NotImplementedError

    def _turn(self, clock: int) -> None:
        """End the job at work; begin the next one, if it is there."""
        if self.valid:
            self.valid = False
            self.ends = NEVER
            self.base = max(self.base, clock + 1)
            self._over(clock)
            self.freed(clock + 1)
        if self.queue and self.queue[0][0] <= clock:
            self.valid = True
            self._begin(self.queue.popleft()[1], clock)
            self.freed(clock + 1)

    def _begin(self, job: Job, clock: int) -> None:
        """A job begins to be at work in the next clock."""
        raise NotImplementedError

    def _over(self, clock: int) -> None:
        """The job at work ends in this clock."""

    def common(self, now: int) -> State:
        """The part of its state that all units have."""
        queue = tuple((max(0, clock - now), *job) for clock, job in self.queue)
        ends = self.ends - now if self.ends < NEVER else -1
        return self.valid, ends, max(0, self.base - now), max(0, self.quiet_from - now), queue

    def resume(self, state: State, now: int) -> None:
        """Undo :meth:`common`; the unit looks around in the present clock."""
        valid, ends, base, quiet, queue = state
        self.valid = bool(valid)
        self.ends = now + ends if ends >= 0 else NEVER
        self.base, self.quiet_from = now + base, now + quiet
        self.queue = deque((now + clock, self._job(job)) for clock, *job in queue)
        self.wake = now

    def _job(self, fields: Iterable[Any]) -> Job:
        """A job from its fields."""
        raise NotImplementedError


def left(clocks: Iterable[int], now: int) -> State:
    """Clocks as distances; those that have passed as 0."""
    return tuple([clock - now if clock > now else 0 for clock in clocks])


def nobody(_: int) -> None:
    """Who has not been told whom to tell."""
