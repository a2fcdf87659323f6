"""A register slice: the two-entry buffer that cuts every combinational path of a stream."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["StreamSlice"]


class StreamSlice(Part):
    """Two-entry buffer with registered valid and ready.

    Full throughput: a beat enters and a beat leaves in every cycle. Latency one cycle. After reset it is empty.

    Parameters
    ----------
    width : int
        Bits of data.
    drops : bool
        It has ``drop``.

    Members
    -------
    i_data, i_last, i_valid, i_ready : the stream that enters
    o_data, o_last, o_valid, o_ready : the stream that leaves
    drop : In(1)
        The beat that is offered is discarded. A port of its own, as ``o_ready`` is late where this is early.
    room : Out(1)
        At least one entry will be free in the next cycle, whatever enters in this one.
    """

    role = roles.SLICE
    sized = True

    resets = True

    def __init__(self, width: int, *, drops: bool = False) -> None:
        self.width = width
        self.drops = drops
        self.module = f"slice_{width}" + ("_drop" if drops else "")
        super().__init__(
            {
                "i_data": In(width),
                "i_last": In(1),
                "i_valid": In(1),
                "i_ready": Out(1),
                "o_data": Out(width),
                "o_last": Out(1),
                "o_valid": Out(1),
                "o_ready": In(1),
                **({"drop": In(1)} if drops else {}),
                "room": Out(1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        front = Signal(self.width + 1, reset_less=True)
        back = Signal(self.width + 1, reset_less=True)
        front_valid = Signal()
        back_free = Signal(init=1)
        arriving = Cat(self.i_data, self.i_last)
        push = Signal()
        m.d.comb += [
            push.eq(self.i_valid & back_free),
            self.i_ready.eq(back_free),
            self.o_valid.eq(front_valid),
            Cat(self.o_data, self.o_last).eq(front),
        ]
        advance = Signal()  # the front entry is empty or leaves
        free = ~front_valid | self.drop if self.drops else ~front_valid
        m.d.comb += advance.eq(free | self.o_ready)
        with m.If(advance):
            m.d.sync += front.eq(Mux(back_free, arriving, back))
            m.d.sync += front_valid.eq(push | ~back_free)
        with m.If(back_free & ~advance):  # what goes to the front at once is not taken here as well
            m.d.sync += back.eq(arriving)
        m.d.comb += self.room.eq(advance | (back_free & ~push))
        m.d.sync += back_free.eq(self.room)
        return m
