"""The scalar registers, and the one instruction that compares them."""

from __future__ import annotations

from amaranth.hdl import Array, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.greater import Greater
from hdl.lib.shared import Part, place
from hdl.params.pim import SCALARS

__all__ = ["Scalars"]


class Scalars(Part):
    """Registers of 32 bits, written by SETR, SKEEP, the vector unit and the host: the first of these that wants to.

    Members
    -------
    r, s, t : In(4), at_r, at_s, at_t : Out(32)
        Registers, and what is in them.
    value : In(32)
        Of SETR the number, of SKEEP what is added to a place.
    set : In(1)
        SETR into register r.
    keep : In(1)
        SKEEP of registers r and s, which have been there for a clock.
    result_en : In(1), result_at, result : In
        A result of the vector unit.
    host_en : In(1), host_at, host_in : In, host_out : Out
        The host's access.
    """

    module = "scalars"
    resets = True

    def __init__(self) -> None:
        super().__init__(
            {
                **{name: In(4) for name in ("r", "s", "t", "result_at", "host_at")},
                **{name: In(1) for name in ("set", "keep", "result_en", "host_en")},
                **{name: In(32) for name in ("value", "result", "host_in")},
                **{name: Out(32) for name in ("at_r", "at_s", "at_t", "host_out")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        registers = Array(Signal(32, name=f"scalar{i}") for i in range(SCALARS))
        next_r = Signal(4)
        next_s = Signal(4)
        greater = place(m, "greater", Greater(), x=self.at_s, y=self.at_r)
        better = Signal()
        at = Signal(32, name="place", reset_less=True)
        m.d.comb += [
            *(next_r.eq(self.r + 1), next_s.eq(self.s + 1)),
            *(self.at_r.eq(registers[self.r]), self.at_s.eq(registers[self.s]), self.at_t.eq(registers[self.t])),
            self.host_out.eq(registers[self.host_at]),
        ]
        m.d.sync += [better.eq(greater.o), at.eq(registers[next_s] + self.value)]
        with m.If(self.set):
            m.d.sync += registers[self.r].eq(self.value)
        with m.Elif(self.keep), m.If(better):
            m.d.sync += [registers[self.r].eq(self.at_s), registers[next_r].eq(at)]
        with m.Elif(self.result_en):
            m.d.sync += registers[self.result_at].eq(self.result)
        with m.Elif(self.host_en):
            m.d.sync += registers[self.host_at].eq(self.host_in)
        return m
