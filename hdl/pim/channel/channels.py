"""All channels, and the two ways between them and SRAM."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.channel.channel import Channel, phy_members, phy_outputs
from hdl.pim.channel.collector import Collector, collect_job, granules
from hdl.pim.channel.feeder import ADDRESS_BITS, Feeder, feed_job
from hdl.pim.channel.operation import operation

__all__ = ["Channels"]


class Channels(Part):
    """Takes an instruction's operation for all channels of a mask at once, with the words that it moves.

    Members
    -------
    op, mask : In, feeds, collects : In(1), feed, collect : In, op_valid, op_ready
        An operation for the channels of a mask, and jobs for feeder and collector that go with it. ``op_ready`` depends
        on mask, ``feeds`` and ``collects``.
    c{i}_cmd_*, c{i}_w*, c{i}_rdata, c{i}_rvalid
        The channels' ports, see :class:`hdl.pim.channel.channel.Channel`.
    r_*, w_*
        Ports of the SRAM, the second with a mask.
    feed_done, collect_done : Out(1)
        The oldest job has read, has written all of its words in SRAM.
    busy : Out(1)
    """

    module = "channels"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        super().__init__(
            {
                "op": In(operation(params).size),
                "mask": In(params.channels),
                "feeds": In(1),
                "collects": In(1),
                "feed": In(feed_job(params).size),
                "collect": In(collect_job(params).size),
                "op_valid": In(1),
                "op_ready": Out(1),
                **phy_members(params),
                "r_valid": Out(1),
                "r_addr": Out(ADDRESS_BITS),
                "r_ready": In(1),
                "r_data": In(params.word_bits),
                "w_valid": Out(1),
                "w_addr": Out(ADDRESS_BITS),
                "w_data": Out(params.word_bits),
                "w_mask": Out(granules(params)),
                **{name: Out(1) for name in ("feed_done", "collect_done", "busy")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        room = Signal(params.channels)
        ready = Signal(params.channels)
        answers = Signal(params.channels * params.word_bits)
        accepted = Signal()
        feeder = place(
            m,
            "feeder",
            Feeder(params),
            job=self.feed,
            job_valid=accepted & self.feeds,
            room=room,
            r_ready=self.r_ready,
            r_data=self.r_data,
        )
        collector = place(
            m,
            "collector",
            Collector(params),
            job=self.collect,
            job_valid=accepted & self.collects,
            ready=ready,
            data=answers,
        )
        channel = Channel(params)
        channels = []
        for i in range(params.channels):
            channels.append(
                place(
                    m,
                    f"channel{i}",
                    channel,
                    op=self.op,
                    op_valid=accepted & self.mask[i],
                    push=feeder.push[i],
                    data=feeder.data[i * params.word_bits :][: params.word_bits],
                    pop=collector.pop[i],
                    rdata=getattr(self, f"c{i}_rdata"),
                    rvalid=getattr(self, f"c{i}_rvalid"),
                )
            )
            for name in phy_outputs(params):
                m.d.comb += getattr(self, f"c{i}_{name}").eq(getattr(channels[i], name))
        takes = Cat(*(each.op_ready for each in channels))
        m.d.comb += [
            room.eq(Cat(*(each.w_room for each in channels))),
            ready.eq(Cat(*(each.r_ready for each in channels))),
            answers.eq(Cat(*(each.r_data for each in channels))),
            self.op_ready.eq(
                (~self.mask | takes).all() & (~self.feeds | feeder.job_ready) & (~self.collects | collector.job_ready)
            ),
            accepted.eq(self.op_valid & self.op_ready),
            self.r_valid.eq(feeder.r_valid),
            self.r_addr.eq(feeder.r_addr),
            self.w_valid.eq(collector.w_valid),
            self.w_addr.eq(collector.w_addr),
            self.w_data.eq(collector.w_data),
            self.w_mask.eq(collector.w_mask),
            self.feed_done.eq(feeder.done),
            self.collect_done.eq(collector.done),
            self.busy.eq(feeder.busy | collector.busy | Cat(*(each.busy for each in channels)).any()),
        ]
        return m
