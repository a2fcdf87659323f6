"""The baseline PE: a multiplier and an adder."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal

from hdl.arith.multiply_add import Plain
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement

__all__ = ["MacPE"]


class MacPE(ProcessingElement):
    """Multiply two operands and accumulate: ``acc <= (clear ? 0 : acc) + a * b`` in every step.

    For how it multiplies see :class:`hdl.arith.multiply_add.Plain`. ``acc`` is the sum, modulo 2**accumulator; for the
    ports see :class:`hdl.pe.base.ProcessingElement`.
    """

    finish = 0

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params, a_bits=params.a.width, acc_bits=params.accumulator)
        self.arithmetic = Plain(params, params.accumulator, exact=True)
        self.columns, self.excess = self.arithmetic.columns, self.arithmetic.excess

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        acc = Signal(self.params.accumulator, name="sum", reset_less=True)
        kept = Signal(self.params.accumulator)
        m.d.comb += [kept.eq(Mux(clear, 0, acc)), self.acc.eq(acc)]
        total = self.arithmetic.add(m, a, b, kept)
        with m.If(self.en):
            m.d.sync += acc.eq(total)
        return m
