"""Loads of global buffers that wait behind other operations, and go on while banks work."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import TYPE_CHECKING, Any

from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.simulate.bus import GIVES, TAKES
from sim_tb.pim.simulate.unit import State, left
from sim_tb.pim.simulate.work import NEVER, Operation

if TYPE_CHECKING:
    from sim_tb.pim.simulate.channel import Channel

__all__ = ["Loads"]

MAC_AB, WR_GB = COMMANDS["MAC_AB"].code, COMMANDS["WR_GB"].code


class Loads:
    """Which WR_GB of a channel's queue goes on, and the clocks in which the bus of commands is free for it.

    One goes on if no operation before it takes words or reads a buffer that it writes. It is picked in one clock, and
    sends words from the next one on, one in a clock that the operation at work has no command in, and none while that
    one reads.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    pick : int
        The place in the queue of the one that is picked, or -1.
    look : int
        From which clock on there may be something new to see.
    ready : list of int
        For each buffer, from when on a MAC may read it.
    """

    def __init__(self, params: PimParams) -> None:
        self.arrives = params.timing.cwl_reg + params.timing.tbl
        self.pick = -1
        self.look = 0
        self.ready = [0] * params.buffers
        self._takes = self._gives = False
        self._reads = 0
        # What was searched has changed.
        self._stale = False
        # Commands of the operation at work: the first clock, the distance, the last clock.
        self._busy: list[tuple[int, int, int]] = []

    # --- the operation at work ---------------------------------------------------------------------------------------
    def begin(self, job: Operation) -> None:
        """An operation is taken from the queue, and is at work from the next clock on."""
        self.pick, self._stale = max(-1, self.pick - 1), True
        self._takes, self._gives = job.code in TAKES, job.code in GIVES
        self._reads = job.buffers if job.code == MAC_AB else 0

    def end(self) -> None:
        """No operation is at work."""
        self._takes = self._gives = False
        self._reads, self._stale = 0, True

    def occupy(self, first: int, step: int, many: int) -> None:
        """The operation at work, or a refresh, has commands in these clocks."""
        self._busy.append((first, step, first + (many - 1) * step))

    def wrote(self, when: int, buffers: int) -> None:
        """A word of some buffers leaves in a clock."""
        for i in range(len(self.ready)):
            if buffers >> i & 1:
                self.ready[i] = when + self.arrives

    def filled(self, buffers: int) -> int:
        """From when on a MAC may read buffers."""
        return max((clock for i, clock in enumerate(self.ready) if buffers >> i & 1), default=0)

    # --- those that wait ---------------------------------------------------------------------------------------------
    def step(self, channel: Channel, clock: int) -> int:
        """One of a channel's operations sends a word in this clock, if it can, or is picked.

        Called once the commands of the operation at work in this clock are known. Returns the next clock in which there
        may be something to do.
        """
        queue = channel.queue
        if self.look <= clock:
            self.look = clock + 1
            if self.pick < 0:
                self._stale = False
                self._find(queue, clock)
            elif self._ready(channel) <= clock and self._free(clock):
                there, job = queue[self.pick]
                queue[self.pick] = there, job._replace(word=job.word + 1, times=job.times - 1)
                channel.send_ahead(clock, job.word)
                self.wrote(clock, job.buffers)
                if job.times == 1:
                    self.pick, self._stale = -1, True
        if self.pick >= 0:
            return NEVER if self._gives else max(clock + 1, self._ready(channel))
        if self._stale and any(job.code == WR_GB for _, job in queue):
            return clock + 1
        return min((there for there, _ in queue if there > clock), default=NEVER)

    def _ready(self, channel: Channel) -> int:
        """From when on the next word may be sent, as far as it is not the operation at work that forbids it."""
        return max(channel.banks.ready[WR_GB], channel.arrivals[0]) if channel.arrivals else NEVER

    def _find(self, queue: Iterable[tuple[int, Operation]], clock: int) -> None:
        """Pick one, if there is one that can go on."""
        reads = self._reads
        free = not self._takes
        for place, (there, job) in enumerate(queue):
            if not free or there > clock:
                return
            if job.code == WR_GB and job.times and not job.buffers & reads:
                self.pick = place
                return
            free = job.code not in TAKES or (job.code == WR_GB and not job.times)
            if job.code == MAC_AB:
                reads |= job.buffers

    def _free(self, clock: int) -> bool:
        """The operation at work neither reads nor has a command in a clock."""
        self._busy = [each for each in self._busy if each[2] >= clock]
        taken = any(first <= clock and (clock - first) % step == 0 for first, step, _ in self._busy)
        return not (taken or self._gives)

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """All that what follows depends on, clocks as distances from the present one."""
        busy = []
        for first, step, last in self._busy:
            while first < now <= last:
                first += step
            if first >= now:
                busy.append((first - now, step, last - now))
        return self.pick, self._takes, self._gives, self._reads, left(self.ready, now), tuple(busy)

    def restore(self, state: Sequence[Any], now: int) -> None:
        """Be in a state that :meth:`state` has given, ``now``."""
        self.pick, self._takes, self._gives, self._reads, ready, busy = state
        self.look, self._stale = now, True
        self.ready = [now + clock for clock in ready]
        self._busy = [(now + first, step, now + last) for first, step, last in busy]
