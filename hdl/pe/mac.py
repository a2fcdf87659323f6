"""The baseline PE: a multiplier and an adder."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.booth import booth_bits, recode
from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProducts
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["MacPE"]

#: Gates of the recoder, in XOR delays.
RECODE_DELAY = 2.0


class MacPE(Part):
    """Multiply two registered operands and accumulate.

    ``acc <= (clear ? 0 : acc) + a * b`` in every cycle with ``en``, on operands that arrived in the cycle with ``en``
    before. ``params.multiplier`` says how: as operators that synthesis maps to its own multiplier and adder
    (``inferred``), or as Booth partial products and sum on one heap with a single carry-propagate addition (``fused``).

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with this step's product. While ``clear_out`` is high, ``acc`` holds the finished sum.
    a_in, a_out, b_in, b_out
        Operands, one step from input to output.
    acc : Out(accumulator)
        The sum, modulo 2**accumulator.
    """

    module = "pe"

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        super().__init__(
            {
                "en": In(1),
                "clear_in": In(1),
                "clear_out": Out(1),
                "a_in": In(params.a.width),
                "a_out": Out(params.a.width),
                "b_in": In(params.b.width),
                "b_out": Out(params.b.width),
                "acc": Out(params.accumulator),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        a = Signal(params.a.width, reset_less=True)
        b = Signal(params.b.width, reset_less=True)
        clear = Signal(reset_less=True)
        acc = Signal(params.accumulator, reset_less=True)
        kept = Signal(params.accumulator)
        m.d.comb += kept.eq(Mux(clear, 0, acc))
        total = self._fused(m, kept, a, b) if params.multiplier == "fused" else self._inferred(kept, a, b)
        with m.If(self.en):
            m.d.sync += [a.eq(self.a_in), b.eq(self.b_in), clear.eq(self.clear_in), acc.eq(total)]
        m.d.comb += [self.a_out.eq(a), self.b_out.eq(b), self.clear_out.eq(clear), self.acc.eq(acc)]
        return m

    def _inferred(self, kept: Value, a: Value, b: Value) -> Value:
        """A product and a sum, as operators."""
        product = (a.as_signed() if self.params.a.signed else a) * (b.as_signed() if self.params.b.signed else b)
        return kept + product

    def _fused(self, m: Module, kept: Value, a: Value, b: Value) -> Value:
        """Partial products and sum on one heap, and a single carry-propagate addition."""
        width = self.params.accumulator
        products = PartialProducts(self.params.a, self.params.b)
        digits = Cat(Signal(name=f"digit_wire{i}") for i in range(booth_bits(self.params.a)))
        m.d.comb += digits.eq(recode(a, self.params.a))
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
