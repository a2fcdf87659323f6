"""The baseline PE: a multiplier and an adder."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value

from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement

__all__ = ["MacPE"]

#: Gates of the recoder, in XOR delays.
RECODE_DELAY = 2.0


class MacPE(ProcessingElement):
    """Multiply two operands and accumulate: ``acc <= (clear ? 0 : acc) + a * b`` in every step.

    ``params.multiplier`` says how: as operators that synthesis maps to its own multiplier and adder (``inferred``), or
    as Booth partial products and sum on one heap with a single carry-propagate addition (``fused``). ``acc`` is the
    sum, modulo 2**accumulator; for the ports see :class:`hdl.pe.base.ProcessingElement`.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params, a_bits=params.a.width, acc_bits=params.accumulator)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        acc = Signal(self.params.accumulator, name="sum", reset_less=True)
        kept = Signal(self.params.accumulator)
        m.d.comb += [kept.eq(Mux(clear, 0, acc)), self.acc.eq(acc)]
        total = self._fused(m, kept, a, b) if self.params.multiplier == "fused" else self._inferred(kept, a, b)
        with m.If(self.en):
            m.d.sync += acc.eq(total)
        return m

    def _inferred(self, kept: Value, a: Value, b: Value) -> Value:
        """A product and a sum, as operators."""
        product = (a.as_signed() if self.params.a.signed else a) * (b.as_signed() if self.params.b.signed else b)
        return kept + product

    def _fused(self, m: Module, kept: Value, a: Value, b: Value) -> Value:
        """Partial products and sum on one heap, and a single carry-propagate addition."""
        width = self.params.accumulator
        encoding = Booth(self.params.a)
        products = PartialProducts(encoding, self.params.b)
        digits = Cat(Signal(name=f"digit_wire{i}") for i in range(encoding.bits))
        m.d.comb += digits.eq(encoding.recode(m, a))
        heap = BitHeap(width)
        heap.add(kept)
        for column in range(width):
            if (-products.excess >> column) & 1:
                heap.add(Const(1, 1), column)
        products.add(m, heap, digits, b, arrival=RECODE_DELAY)
        heap.reduce(m, lambda column: 2)
        columns = heap.columns
        x, y = (Cat(bits[i] if i < len(bits) else Const(0, 1) for bits in columns) for i in range(2))
        return x + y
