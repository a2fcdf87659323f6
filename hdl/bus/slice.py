"""A register slice: the two-entry buffer that cuts every combinational path of a stream."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

__all__ = ["StreamSlice"]


class StreamSlice(wiring.Component):
    """Two-entry buffer with registered valid and ready.

    Full throughput: a beat enters and a beat leaves in every cycle. Latency one cycle. After reset it is empty.

    Parameters
    ----------
    width : int
        Bits of payload.

    Members
    -------
    i_data, i_valid, i_ready : the stream that enters
    o_data, o_valid, o_ready : the stream that leaves
    room : Out(1)
        At least one entry will be free in the next cycle, whatever enters in this one.
    """

    def __init__(self, width: int) -> None:
        self.width = width
        super().__init__(
            {
                "i_data": In(width),
                "i_valid": In(1),
                "i_ready": Out(1),
                "o_data": Out(width),
                "o_valid": Out(1),
                "o_ready": In(1),
                "room": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        front = Signal(self.width, reset_less=True)
        back = Signal(self.width, reset_less=True)
        front_valid = Signal()
        back_free = Signal(init=1)
        push = Signal()
        pop = Signal()
        m.d.comb += [
            push.eq(self.i_valid & back_free),
            pop.eq(front_valid & self.o_ready),
            self.i_ready.eq(back_free),
            self.o_valid.eq(front_valid),
            self.o_data.eq(front),
        ]
        advance = Signal()  # the front entry is empty or leaves
        m.d.comb += advance.eq(~front_valid | self.o_ready)
        with m.If(advance):
            m.d.sync += front.eq(Mux(back_free, self.i_data, back))
            m.d.sync += front_valid.eq(push | ~back_free)
        with m.If(back_free):
            m.d.sync += back.eq(self.i_data)
        back_free_next = Signal()
        m.d.comb += back_free_next.eq(Mux(back_free, advance | ~push, advance))
        m.d.sync += back_free.eq(back_free_next)
        m.d.comb += self.room.eq(back_free_next)
        return m
