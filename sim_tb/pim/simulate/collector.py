"""From the channels to SRAM: when each word is written."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from hdl.params.pim import PimParams
from sim_tb.pim.simulate.carrier import Carrier
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.work import Collect

__all__ = ["Collector"]


class Collector(Carrier[Collect]):
    """Takes words, one a clock, slot by slot and of each one channel after the other, and writes them.

    Parameters
    ----------
    params : PimParams
    channels : sequence of Channel
    """

    def __init__(self, params: PimParams, channels: Sequence[Channel]) -> None:
        super().__init__(channels)
        self.places = [channel * params.banks // params.lanes for channel in range(params.channels)]
        self.mask = self.index = self.turn = 0

    def _begin(self, job: Collect, clock: int) -> None:
        self.job = job
        self.mask, self.index, self.turn = job.mask, 0, 0
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
            place = self.turn * job.stride + (self.places[number] if job.slot else 0)
            self.accesses.append((when + 1, job.address + self.index + place & 0xFFFF))
            self.words += 1
            self.base = when + 1
            self.index += 1
            if self.index == job.words:
                self.index = 0
                self.mask &= self.mask - 1
                if not self.mask:
                    if self.turn == job.more:
                        self.ends = when
                        return True
                    self.turn += 1
                    self.mask = job.mask

    # --- state -------------------------------------------------------------------------------------------------------
    def _place(self) -> State:
        return self.mask, self.index, self.turn

    def _stand(self, work: State) -> Sequence[Any]:
        self.mask, self.index, self.turn, *job = work
        return job

    def _job(self, fields: Iterable[Any]) -> Collect:
        return Collect(*fields)
