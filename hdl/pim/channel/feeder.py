"""From SRAM to the channels: the words that operations write."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import StructLayout
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import PimParams
from hdl.pim.channel.job_queue import JobQueue
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["ADDRESS_BITS", "Feeder", "feed_job", "slot_place"]

#: Of an instruction's SRAM addresses and strides.
ADDRESS_BITS = 16


def feed_job(params: PimParams) -> StructLayout:
    """A job: ``count`` words from ``address`` on for the channels of ``mask``.

    ``each``: every channel has words of its own, ``stride`` after those of the channel before it. ``slot``: the words
    are a slot, and a channel gets those with its elements; ``more`` slots follow, each ``stride`` after the one before.
    ``zero``: as ``slot``, with zeros that are not read. With int8 a slot may be one of ``bytes``: from the upper
    ``half`` of the first word on or the lower one, every half of a word comes on its own, and each byte as both bytes
    of an element.
    """
    return StructLayout(
        {
            "mask": params.channels,
            "address": ADDRESS_BITS,
            "count": COUNT_BITS,
            "stride": ADDRESS_BITS,
            "each": 1,
            "slot": 1,
            "zero": 1,
            "more": params.number_bits["acc"],
            **(dict.fromkeys(("bytes", "half"), 1) if params.int8 else {}),
        }
    )


def slot_place(params: PimParams, channel: int) -> tuple[int, int]:
    """Where a channel's elements are in a slot: the first word, and the first element in it."""
    return divmod(channel * params.banks, params.lanes)


class Feeder(Part):
    """Reads words, one a clock, and pushes them into the channels' queues as these have room.

    Members
    -------
    job, job_valid, job_ready
        Jobs (:func:`feed_job`), done in their order.
    room : In
        Per channel: its queue takes another word.
    r_valid, r_addr : Out, r_ready : In(1), r_data : In
        A read port of the SRAM: data follows a clock after ``r_valid & r_ready``.
    push : Out, data : Out
        Per channel: a word enters its queue. ``data`` has the words of the channels side by side.
    done : Out(1)
        The words of a job, the oldest one, have all been read; jobs of zeros are not reported.
    busy : Out(1)
    """

    module = "feeder"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        word, channels = params.word_bits, params.channels
        super().__init__(
            {
                "job": In(feed_job(params).size),
                "job_valid": In(1),
                "job_ready": Out(1),
                "room": In(channels),
                "r_valid": Out(1),
                "r_addr": Out(ADDRESS_BITS),
                "r_ready": In(1),
                "r_data": In(word),
                "push": Out(channels),
                "data": Out(channels * word),
                "done": Out(1),
                "busy": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        jobs = JobQueue(m, self, feed_job(params))
        job, valid, ended = jobs.job, jobs.valid, jobs.ended
        address = Signal(ADDRESS_BITS, reset_less=True)
        left = Signal(COUNT_BITS, reset_less=True)
        index = Signal(range(max(2, params.slot_words)))  # word of the slot
        who = Signal(params.channels)  # the channel whose turn it is, one-hot
        target = Signal(params.channels)
        goes = Signal()  # the word is on its way, or not needed
        last = Signal()
        slot = job.slot | job.zero
        m.d.comb += [
            target.eq(job.mask & Mux(job.each, who, Mux(slot, self._of_word(index), -1))),
            self.r_valid.eq(valid & ~job.zero & target.any() & (~target | self.room).all()),
            self.r_addr.eq(address),
            goes.eq(valid & (~target.any() | (job.zero & (~target | self.room).all()) | (self.r_valid & self.r_ready))),
            last.eq((left == 1) & (~job.each | who[-1]) & ~job.more.any()),
            ended.eq(goes & last),
            self.done.eq(ended & ~job.zero),
            self.busy.eq(valid | jobs.waits | self.push.any()),
        ]
        m.d.sync += self.push.eq(Mux(goes, target, 0))
        with m.If(goes):
            stays = job.bytes & ~(index[0] ^ job.half) if params.int8 else Const(0, 1)
            m.d.sync += [address.eq(address + (~stays if params.int8 else 1)), left.eq(left - 1), index.eq(index + 1)]
            with m.If(left == 1):
                m.d.sync += [address.eq(job.address + job.stride), job.address.eq(job.address + job.stride)]
                m.d.sync += [left.eq(job.count), who.eq(who << 1)]
                if len(job.more):
                    m.d.sync += [index.eq(0), job.more.eq(job.more - job.slot)]
        with m.If(jobs.free):
            m.d.sync += [address.eq(jobs.behind.address), left.eq(jobs.behind.count), index.eq(0), who.eq(1)]
        jobs.advance(m)
        halves = (job.bytes, index[0] ^ job.half) if params.int8 else (Const(0, 1), Const(0, 1))
        self._steer(m, slot, job.zero, *halves)
        return m

    def _of_word(self, index: Value) -> Value:
        """The channels that have elements in a word of a slot."""
        bits = []
        for channel in range(self.params.channels):
            first = slot_place(self.params, channel)[0]
            words = [index == first + part for part in range(self.params.parts)]
            bits.append(Cat(*words).any())
        return Cat(*bits)

    def _spread(self, m: Module, bytes_: Value, upper: Value) -> Value:
        """The word that was read, or each byte of its lower or upper half twice."""
        params = self.params
        spread = Signal()
        second = Signal()
        m.d.sync += [spread.eq(bytes_), second.eq(upper)]
        half = Mux(second, self.r_data[params.word_bits // 2 :], self.r_data[: params.word_bits // 2])
        twice = Cat(half[8 * i :][:8].replicate(2) for i in range(params.lanes))
        data = Signal(params.word_bits, name="elements")
        m.d.comb += data.eq(Mux(spread, twice, self.r_data))
        return data

    def _steer(self, m: Module, slot: Value, zero: Value, bytes_: Value, upper: Value) -> None:
        """Each channel's word: of a slot, its elements first; of bytes, the ones of a half."""
        params = self.params
        was_slot = Signal()
        was_zero = Signal()
        m.d.sync += [was_slot.eq(slot), was_zero.eq(zero)]
        words = []
        data = self._spread(m, bytes_, upper) if params.int8 else self.r_data
        for channel in range(params.channels):
            first = 16 * slot_place(params, channel)[1]
            word = Mux(was_slot, data[first:], data) if first else data
            words.append(Mux(was_zero, 0, word)[: params.word_bits])
        m.d.comb += self.data.eq(Cat(*words))
