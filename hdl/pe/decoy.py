"""A multiplier with an adder and two accumulators: one for the sum, one for products that nobody wants."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal

from hdl.pe.accumulate import AccumulatePE

__all__ = ["DecoyPE"]


class DecoyPE(AccumulatePE):
    """As :class:`hdl.pe.accumulate.AccumulatePE` of a single number, with a flag above the operand of A.

    Where the flag is set, the product is added to the dummy accumulator, which nothing clears and nothing reads, and
    the sum stays as it is; a sum that begins in that step is zero. For the ports see
    :class:`hdl.pe.base.ProcessingElement`.
    """

    flags = 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        word, b, clear = self.operands(m)
        a, decoy = word[: -self.flags], word[-1]
        (form,) = self.sums
        (real,) = self._registers(0, form)
        dummy = Signal(form.width, name="dummy", reset_less=True)
        kept = self._kept(m, clear, [real])
        either = Signal(form.width, name="kept_either")
        m.d.comb += either.eq(Mux(decoy, dummy, kept))
        (total,) = self.adding.add(m, self.en, a, b, self.sums, [either])
        with m.If(self.en):
            m.d.sync += real.eq(Mux(decoy, kept, total))
        with m.If(self.en & decoy):
            m.d.sync += dummy.eq(total)
        m.d.comb += self.acc.eq(real)
        return m
