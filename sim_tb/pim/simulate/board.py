"""The scoreboard: which SRAM words instructions at work still read or write."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable

from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Board", "Range"]

#: SRAM words: the first one, and the first one past them.
Range = tuple[int, int]


class Board:
    """Says from when on a range of SRAM words is in nobody's way.

    A read waits for writes to the same words, a write for reads and writes; the collector keeps the order of its own.

    Attributes
    ----------
    feeds, collects : deque of [first, past, clock]
        Ranges of the jobs of feeder and collector, and from when on they count no longer.
    moved : tuple
        The range of the data mover's newest job, and whether it writes.
    vectors : dict
        For each instruction in the vector unit its ranges, and whether it writes each.
    """

    def __init__(self) -> None:
        self.feeds: deque[list[int]] = deque()
        self.collects: deque[list[int]] = deque()
        self.moved: tuple[int, int, bool] = (0, 0, False)
        self.vectors: dict[int, tuple[tuple[int, int, bool], ...]] = {}

    def feed(self, words: Range) -> None:
        """A job of the feeder begins."""
        self.feeds.append([*words, NEVER])

    def collect(self, words: Range) -> None:
        """A job of the collector begins."""
        self.collects.append([*words, NEVER])

    def feed_ended(self, clock: int) -> None:
        """The oldest one counts no longer from a clock on."""
        _end(self.feeds, clock)

    def collect_ended(self, clock: int) -> None:
        """The oldest one counts no longer from a clock on."""
        _end(self.collects, clock)

    def free_from(
        self, clock: int, words: Range, write: bool, collected: bool, moving_until: int, calculating: int
    ) -> int:
        """The first clock from this one on in which a range is in nobody's way, as far as known.

        Parameters
        ----------
        clock : int
        words : Range
        write : bool
            It is to be written.
        collected : bool
            By the collector.
        moving_until : int
            From when on the data mover is not busy.
        calculating : int
            Which instructions of the vector unit are at work, as a mask.
        """
        first, past = words
        for jobs in (*(() if collected else (self.collects,)), *((self.feeds,) if write else ())):
            while jobs and jobs[0][2] <= clock:
                jobs.popleft()
            for begin, end, over in jobs:
                if over > clock and first < end and begin < past:
                    clock = over
        begin, end, writes = self.moved
        if (write or writes) and moving_until > clock and first < end and begin < past:
            clock = moving_until
        for slot, ranges in self.vectors.items():
            if calculating >> slot & 1:
                for begin, end, writes in ranges:
                    if (write or writes) and first < end and begin < past:
                        return NEVER
        return clock

    def state(self, now: int, moving_until: int, calculating: int, counted: Callable[[int], int]) -> State:
        """All that what follows depends on, clocks as distances from the present one.

        Parameters
        ----------
        now : int
        moving_until, calculating : int
            As for :meth:`free_from`.
        counted : callable
            The number that an instruction of the vector unit has in states.
        """
        jobs = tuple(
            tuple((first, past, over - now if over < NEVER else -1) for first, past, over in each if over > now)
            for each in (self.feeds, self.collects)
        )
        vectors = tuple(
            sorted((counted(slot), *each) for slot, each in self.vectors.items() if calculating >> slot & 1)
        )
        return (*jobs, self.moved if moving_until > now else (), vectors)

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``."""
        feeds, collects, moved, vectors = state
        self.feeds, self.collects = (
            deque([first, past, now + over if over >= 0 else NEVER] for first, past, over in jobs)
            for jobs in (feeds, collects)
        )
        self.moved = moved or (0, 0, False)
        self.vectors = {slot: tuple(each) for slot, *each in vectors}


def _end(jobs: deque[list[int]], clock: int) -> None:
    for job in jobs:
        if job[2] == NEVER:
            job[2] = clock
            return
