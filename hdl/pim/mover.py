"""The data mover: words between the host's streams and SRAM."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.bus.slice import StreamSlice
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS

__all__ = ["MOVE_BITS", "Mover"]

#: Of the count of IN and OUT: fields ``n`` and ``col``.
MOVE_BITS = 18


class Mover(Part):
    """Executes IN and OUT, one at a time, a word a clock where host and SRAM keep up.

    Members
    -------
    start : In(1), out, address, count : In
        An IN, or an OUT, of ``count`` words begins; only while not busy.
    cancel : In(1)
        End the present instruction, done or not.
    s_axis_tdata, s_axis_tvalid, s_axis_tready, m_axis_tdata, m_axis_tlast, m_axis_tvalid, m_axis_tready
        The host's streams of words; ``m_axis_tlast`` marks an instruction's last word.
    r_*, w_*
        Ports of the SRAM (:class:`hdl.pim.sram.Sram`).
    busy : Out(1)
        Until the last word is in SRAM, or has been taken by the host.
    waits : Out(1)
        For the host, in this clock.
    """

    module = "mover"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        word = params.word_bits
        super().__init__(
            {
                **{
                    name: In(1)
                    for name in ("start", "cancel", "out", "s_axis_tvalid", "m_axis_tready", "r_ready", "w_ready")
                },
                "address": In(ADDRESS_BITS),
                "count": In(MOVE_BITS),
                "s_axis_tdata": In(word),
                "s_axis_tready": Out(1),
                "m_axis_tdata": Out(word),
                "m_axis_tlast": Out(1),
                "m_axis_tvalid": Out(1),
                "r_valid": Out(1),
                "r_addr": Out(ADDRESS_BITS),
                "r_data": In(word),
                "w_valid": Out(1),
                "w_addr": Out(ADDRESS_BITS),
                "w_data": Out(word),
                "busy": Out(1),
                "waits": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        word = self.params.word_bits
        receives = Signal()
        sends = Signal()
        address = Signal(ADDRESS_BITS, reset_less=True)
        left = Signal(MOVE_BITS, reset_less=True)
        arrives = Signal()
        final = Signal(name="final_word")
        enter = place(
            m,
            "enter",
            StreamSlice(word),
            i_data=self.s_axis_tdata,
            i_last=0,
            i_valid=self.s_axis_tvalid,
            o_ready=receives & self.w_ready,
        )
        leave = place(
            m,
            "leave",
            StreamSlice(word),
            i_data=self.r_data,
            i_last=final,
            i_valid=arrives,
            o_ready=self.m_axis_tready,
        )
        moves = Signal()
        m.d.comb += [
            self.s_axis_tready.eq(enter.i_ready),
            self.m_axis_tdata.eq(leave.o_data),
            self.m_axis_tlast.eq(leave.o_last),
            self.m_axis_tvalid.eq(leave.o_valid),
            self.w_valid.eq(receives & enter.o_valid),
            self.w_addr.eq(address),
            self.w_data.eq(enter.o_data),
            self.r_valid.eq(sends & leave.room),
            self.r_addr.eq(address),
            moves.eq((self.w_valid & self.w_ready) | (self.r_valid & self.r_ready)),
            self.busy.eq(receives | sends | ((arrives | leave.o_valid) & ~self.cancel)),
            self.waits.eq((receives & ~enter.o_valid) | (leave.o_valid & ~self.m_axis_tready)),
        ]
        m.d.sync += [arrives.eq(self.r_valid & self.r_ready), final.eq(left == 1)]
        with m.If(moves):
            m.d.sync += [address.eq(address + 1), left.eq(left - 1)]
            with m.If(left == 1):
                m.d.sync += [receives.eq(0), sends.eq(0)]
        with m.If(self.cancel):
            m.d.sync += [receives.eq(0), sends.eq(0)]
        with m.Elif(self.start):
            m.d.sync += [receives.eq(~self.out), sends.eq(self.out), address.eq(self.address), left.eq(self.count)]
        return m
