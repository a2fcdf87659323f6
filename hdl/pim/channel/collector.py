"""From the channels to SRAM: the words that operations read."""

from __future__ import annotations

from amaranth.hdl import Array, Const, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import ELEMENT_BITS, PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS, slot_place
from hdl.pim.channel.job_queue import JobQueue
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["Collector", "collect_job", "granules"]


def granules(params: PimParams) -> int:
    """Parts of an SRAM word that are written apart from each other: one for each channel that has elements in it."""
    return max(1, params.lanes // params.banks)


def collect_job(params: PimParams) -> StructLayout:
    """A job: ``count`` words of each channel of ``mask`` to SRAM words ``address`` on; of a slot, each to its place.

    ``more`` slots follow, each ``stride`` words after the one before.
    """
    more = params.number_bits["acc"]
    stride = ADDRESS_BITS if more else 0
    widths = {"mask": params.channels, "address": ADDRESS_BITS, "count": COUNT_BITS, "slot": 1}
    return StructLayout(widths | {"more": more, "stride": stride})


class Collector(Part):
    """Takes words from the channels' queues, one a clock, slot by slot and of each one channel after the other.

    It writes them to SRAM.

    Members
    -------
    job, job_valid, job_ready
        Jobs (:func:`collect_job`), done in their order.
    ready : In, pop : Out, data : In
        Per channel: a word is there; it is taken; and appears one clock later, the channels' words side by side.
    w_valid, w_addr, w_data, w_mask : Out
        A write port of the SRAM that never has to wait; the mask has a bit for each granule.
    done : Out(1)
        The words of a job, the oldest one, have all been written.
    busy : Out(1)
    """

    module = "collector"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        super().__init__(
            {
                "job": In(collect_job(params).size),
                "job_valid": In(1),
                "job_ready": Out(1),
                "ready": In(params.channels),
                "pop": Out(params.channels),
                "data": In(params.channels * params.word_bits),
                "w_valid": Out(1),
                "w_addr": Out(ADDRESS_BITS),
                "w_data": Out(params.word_bits),
                "w_mask": Out(granules(params)),
                "done": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        jobs = JobQueue(m, self, collect_job(params))
        job, valid, ended = jobs.job, jobs.valid, jobs.ended
        index = Signal(COUNT_BITS)
        who = Signal(params.channels)  # the lowest channel that is left, one-hot
        takes = Signal()
        last = Signal()
        whole = Signal()
        m.d.comb += [
            who.eq(job.mask & (~job.mask + 1)),
            takes.eq(valid & (who & self.ready).any()),
            self.pop.eq(Mux(takes, who, 0)),
            last.eq(index + 1 == job.count),
            whole.eq(takes & last & ((job.mask & ~who) == 0)),
            ended.eq(whole & ~job.more.any()),
            self.busy.eq(valid | jobs.waits | self.w_valid),
        ]
        m.d.sync += [
            self.w_valid.eq(takes),
            self.w_addr.eq(job.address + index + Mux(job.slot, self._select(who, self._words()), 0)),
            self.w_mask.eq(Mux(job.slot, self._select(who, self._masks()), -1)),
            self.done.eq(ended),
        ]
        with m.If(takes):
            m.d.sync += index.eq(Mux(last, 0, index + 1))
            with m.If(last):
                m.d.sync += job.mask.eq(job.mask & ~who)
        if len(job.more):
            everyone = Signal(params.channels, reset_less=True)
            with m.If(whole):  # the next slot
                m.d.sync += [job.mask.eq(everyone), job.more.eq(job.more - 1), job.address.eq(job.address + job.stride)]
            with m.If(jobs.free):
                m.d.sync += everyone.eq(jobs.behind.mask)
        with m.If(jobs.free):
            m.d.sync += index.eq(0)
        jobs.advance(m)
        self._steer(m, who, job.slot)
        return m

    def _words(self) -> list[int]:
        return [slot_place(self.params, channel)[0] for channel in range(self.params.channels)]

    def _masks(self) -> list[int]:
        if granules(self.params) == 1:
            return [1] * self.params.channels
        starts = (slot_place(self.params, channel)[1] for channel in range(self.params.channels))
        return [1 << start // self.params.banks for start in starts]

    def _select(self, who: Value, constants: list[int]) -> Value:
        """The constant of the channel whose bit is set."""
        found: Value = Const(0, max(constants).bit_length() or 1)
        for channel, constant in enumerate(constants):
            found = found | Mux(who[channel], constant, 0)
        return found

    def _steer(self, m: Module, who: Value, slot: Value) -> None:
        """The word of the channel that was asked; a slot's elements in every granule, of which the mask takes one."""
        params = self.params
        was = Signal(range(max(2, params.channels)))
        was_slot = Signal()
        m.d.sync += [was.eq(self._select(who, list(range(params.channels)))), was_slot.eq(slot)]
        words = [self.data[i * params.word_bits :][: params.word_bits] for i in range(params.channels)]
        word = Signal(params.word_bits)
        m.d.comb += word.eq(Array(words)[was])
        if granules(params) > 1:
            part = word[: params.banks * ELEMENT_BITS]
            m.d.comb += self.w_data.eq(Mux(was_slot, part.replicate(granules(params)), word))
        else:
            m.d.comb += self.w_data.eq(word)
