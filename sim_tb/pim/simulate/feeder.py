"""From SRAM to the channels: when each word is read."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.carrier import Carrier
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.work import NEVER, Feed, word_channels

__all__ = ["Feeder"]


class Feeder(Carrier[Feed]):
    """Reads words, one a clock, as the channels have room for them.

    Parameters
    ----------
    params : PimParams
    channels : sequence of Channel
    """

    def __init__(self, params: PimParams, channels: Sequence[Channel]) -> None:
        super().__init__(channels)
        self.slots = word_channels(params)
        self.address = self.start = self.left = self.index = self.who = self.more = 0

    def _begin(self, job: Feed, clock: int) -> None:
        self.job = job
        self.address = self.start = job.address
        self.left, self.index, self.who, self.more = job.words, 0, 0, job.more
        self.base = clock + 1

    def _over(self, clock: int) -> None:
        assert self.job is not None
        if not self.job.zero:
            self.ended(clock + 1)

    def _go(self) -> bool:
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
                    self.accesses.append((when, self.address))
                    self.words += 1
            self.base = when + 1
            self.quiet_from = max(self.quiet_from, when + 1)
            self.address = self.address + (job.half < 0 or self.index + job.half & 1) & 0xFFFF
            self.left -= 1
            self.index += 1
            if not self.left:
                if not self.more and (not job.each or self.who == len(channels) - 1):
                    self.ends = when
                    return True
                self.start = self.address = self.start + job.stride & 0xFFFF
                self.left = job.words
                if job.each:
                    self.who += 1
                else:
                    self.index, self.more = 0, self.more - 1

    def _room(self, targets: Sequence[Channel]) -> int:
        """The first clock from ``base`` on in which all have room, as far as known."""
        when = self.base
        while True:
            least = when
            for each in targets:
                when = each.room_from(when)
            if when in (least, NEVER):
                return when

    # --- state -------------------------------------------------------------------------------------------------------
    def _place(self) -> State:
        return self.address, self.start, self.left, self.index, self.who, self.more

    def _stand(self, work: State) -> Sequence[Any]:
        self.address, self.start, self.left, self.index, self.who, self.more, *job = work
        return job

    def _job(self, fields: Iterable[Any]) -> Feed:
        return Feed(*fields)
