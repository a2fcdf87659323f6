"""What is at work in the vector unit: instructions, their ages, and what their phases wait for."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.job import Job
from sim_tb.pim.simulate.stages import Plan
from sim_tb.pim.simulate.start import Start

__all__ = ["NEVER", "Turns"]

#: More clocks than any program takes.
NEVER = 1 << 60


class Turns:
    """Instructions begin in a ring of numbers; of those that want the same the oldest one goes first.

    Sets of instructions are bit masks.

    Parameters
    ----------
    params : PimParams
    plans : dict of Plan
    count : int
        Instructions at the same time.

    Attributes
    ----------
    now : int
        The clock.
    ready, slot, active, done, target
        As :class:`sim_tb.pim.simulate.vector.VectorUnit` has them.
    gives : int
        Those that will give a scalar.
    jobs : list of Job
        By number; only those of active instructions are of any meaning.
    numbers, sums, vectors, scans : int
        Those whose phase waits for the lanes, with a number, with a vector that is added up or with another vector; and
        for the scan.
    """

    def __init__(self, params: PimParams, plans: dict[str, Plan], count: int) -> None:
        self._params = params
        self._plans = plans
        self._count = count
        self._idle = Job()
        self.jobs = [self._idle] * count
        self.now = 0
        self.slot = self.active = self.gives = self.target = 0
        self.ready, self.done = True, False
        self.numbers = self.sums = self.vectors = self.scans = 0
        self._oldest = 0
        # The oldest one's number is that of an instruction that has ended.
        self._stale = False
        # Those whose phase is complete in this clock. By clock, those of which a part comes to its end.
        self._complete = 0
        self._ends: dict[int, list[int]] = {}

    def pick(self, wants: int) -> int:
        """The oldest one of a set that is not empty."""
        oldest, count = self._oldest, self._count
        turned = wants >> oldest | wants << count - oldest
        return ((turned & -turned).bit_length() - 1 + oldest) % count

    def ends_at(self, clock: int, which: int) -> None:
        """A part of an instruction's phase comes to its end in that clock."""
        self._ends.setdefault(clock, []).append(which)

    def clock(self, start: Start | None) -> None:
        """Advance by one clock, after the lanes and the scan."""
        now = self.now
        ended = self._ends.pop(now, None)
        if ended or self._complete or start or self._stale:
            self._turn(ended or [], start)
        self.now = now + 1

    def _turn(self, ended: list[int], start: Start | None) -> None:
        """Instructions begin, go on and end."""
        active, slot = self.active, self.slot
        complete, self._complete = self._complete, 0
        for which in _members(complete):
            job = self.jobs[which]
            if job.stage.final:
                self.jobs[which] = self._idle
                self.active &= ~(1 << which)
                self.gives &= ~(1 << which)
            else:
                job.begin(job.number + 1)
                self._wait(which, job)
        for which in ended:
            job = self.jobs[which]
            job.left -= 1
            if not job.left:
                self._complete |= 1 << which
        if start:
            self.jobs[slot] = job = Job.of(self._plans[start.opcode], self._params, start)
            self.active |= 1 << slot
            self.gives |= job.gives << slot
            self._wait(slot, job)
            self.slot = (slot + 1) % self._count
        self._grow_older(active, slot, begins=start is not None)
        self._give()

    def _grow_older(self, active: int, slot: int, *, begins: bool) -> None:
        """The oldest one's number moves on, a step a clock; ``active`` and ``slot`` are those of this clock."""
        # Where they meet, all numbers were in use, or none: one that begins where the oldest one was is the newest.
        if (begins and active > 0) if self._oldest == slot else not active >> self._oldest & 1:
            self._oldest = (self._oldest + 1) % self._count
        self._stale = self._oldest != self.slot and not self.active >> self._oldest & 1

    def _give(self) -> None:
        """What can be seen from outside."""
        self.ready = not self.active >> self.slot & 1
        self.target = 0
        giving = [self.jobs[i] for i in _members(self._complete & self.gives) if self.jobs[i].stage.final]
        for job in giving:
            self.target |= job.target
        self.done = bool(giving)

    def _wait(self, which: int, job: Job) -> None:
        """Its phase waits for the lanes, and for the scan."""
        stage, bit = job.stage, 1 << which
        if stage.scans:
            self.scans |= bit
        if stage.sums:
            self.sums |= bit
        elif stage.vector:
            self.vectors |= bit
        elif stage.runs:
            self.numbers |= bit

    # --- waits -------------------------------------------------------------------------------------------------------
    def rest(self) -> int:
        """Clocks until something ends."""
        if self._complete:
            return 0
        return min(self._ends, default=NEVER) - self.now

    def skip(self, clocks: int) -> None:
        """Advance by clocks in which nothing ends or begins."""
        self.now += clocks
        while self._stale and clocks:
            self._grow_older(self.active, self.slot, begins=False)
            clocks -= 1

    # --- states ------------------------------------------------------------------------------------------------------
    def counted(self, which: int) -> int:
        """An instruction's number in states, where they count from that of the next one on; -1 stays."""
        return (which - self.slot) % self._count if which >= 0 else which

    def _counted(self, mask: int) -> int:
        """A set of instructions as states have it."""
        return (mask >> self.slot | mask << self._count - self.slot) & (1 << self._count) - 1

    def state(self) -> Iterator[int]:
        """Integers that determine what becomes of the instructions."""
        yield self.counted(self._oldest)
        sets = self.active, self._complete, self.numbers, self.sums, self.vectors, self.scans
        yield from map(self._counted, sets)
        for number in _members(self._counted(self.active)):
            yield from self.jobs[(number + self.slot) % self._count].state()
        ends = sorted(
            (clock - self.now, self.counted(which)) for clock, several in self._ends.items() for which in several
        )
        yield len(ends)
        for end in ends:
            yield from end

    def restore(self, values: Iterator[int]) -> None:
        """Take a state; the clock is 0."""
        self.now = 0
        self.slot, self._oldest, self.active, self._complete = 0, *(next(values) for _ in range(3))
        self.numbers, self.sums, self.vectors, self.scans = (next(values) for _ in range(4))
        self.jobs = [self._idle] * self._count
        self.gives = 0
        for which in _members(self.active):
            self.jobs[which] = job = Job.restored(self._plans, values)
            self.gives |= job.gives << which
        self._ends = {}
        for _ in range(next(values)):
            self.ends_at(next(values), next(values))
        self._stale = self._oldest != self.slot and not self.active >> self._oldest & 1
        self._give()


def _members(mask: int) -> Iterator[int]:
    """The numbers in a set."""
    while mask:
        lowest = mask & -mask
        yield lowest.bit_length() - 1
        mask ^= lowest
