"""OPT2: partial products of equal weight are summed apart (Wu et al., HPCA 2025)."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.digits import Digit
from hdl.arith.encoding import encoding
from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProduct, PartialProducts
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement

__all__ = ["Opt2PE", "WeightSum"]

#: Columns to a carry bit above those of the products. Longer groups would take longer than the full adder below them.
GROUP_ABOVE = 8


@dataclass(frozen=True)
class WeightSum:
    """A carry-save accumulator for the products of the digits of one weight.

    Parameters
    ----------
    product : PartialProduct
    offset : int
        The column in which the digit counts 1.
    width : int
        Sum bits, from that column on.
    carries : tuple of int
        Columns of the carry bits above them, counted from ``offset``.
    """

    product: PartialProduct
    offset: int
    width: int
    carries: tuple[int, ...]

    @classmethod
    def of(cls, params: EngineParams, product: PartialProduct, offset: int) -> WeightSum:
        """As wide as the accumulator from that column on: what leaves it changes nothing modulo 2**accumulator.

        No fewer bits would do, whatever K is: all terms count positive, with an excess that grows with every step.
        """
        width = params.accumulator - offset
        top = min(product.width, width)
        return cls(product, offset, width, carry_columns(width, top, params.carry_every, GROUP_ABOVE))

    @property
    def columns(self) -> tuple[int, ...]:
        """The column of each of its bits in the accumulator."""
        return tuple(self.offset + column for column in (*range(self.width), *self.carries))

    def add(self, m: Module, name: str, kept: Value, digit: Digit, b: Value) -> Value:
        """The sum ``kept`` with the product of a digit and an operand."""
        heap = BitHeap(self.width)
        for column, bit in zip((*range(self.width), *self.carries), kept, strict=True):
            heap.add(bit, column)
        for column, bit in zip(self.product.columns, self.product.bits(m, name, digit, b), strict=True):
            heap.add(bit, column, self.product.DELAY)
        return Cat(*reduce_to_groups(m, heap, self.carries, f"plane{name}_"))


class Opt2PE(ProcessingElement):
    """Multiply each digit with the operand, and add the products to accumulators of their own, weight by weight.

    No product is shifted, and each accumulator begins at the column of its weight: one level of full adders a step. The
    finished sum is that of the bits of ``acc`` in their columns, minus :attr:`excess` for every step since (and with)
    ``clear``, modulo 2**accumulator: the drain shifts and combines the weights. Operands of A are digits. For the ports
    see :class:`hdl.pe.base.ProcessingElement`.

    Attributes
    ----------
    planes : list of WeightSum
        The accumulators, the lowest weight's first.
    columns : tuple of int
        The column of each bit of ``acc``.
    excess : int
        What each step adds beyond its product.
    """

    finish = 3  # the sums of all weights are many words

    def __init__(self, params: EngineParams) -> None:
        self.encoding = encoding(params.encoder, params.a)
        products = PartialProducts(self.encoding, params.b)
        self.excess = products.excess
        self.planes = [WeightSum.of(params, each, products.offset(i)) for i, each in enumerate(products.planes)]
        self.columns = tuple(column for plane in self.planes for column in plane.columns)
        super().__init__(params, a_bits=self.encoding.bits, acc_bits=len(self.columns))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        digits = self.encoding.split(a)
        sums = []
        for i, (plane, digit) in enumerate(zip(self.planes, digits, strict=True)):
            acc = Signal(len(plane.columns), name=f"acc{i}", reset_less=True)
            kept = Signal(len(plane.columns), name=f"kept{i}")
            m.d.comb += kept.eq(Mux(clear, 0, acc))
            total = plane.add(m, str(i), kept, digit, b)
            with m.If(self.en):
                m.d.sync += acc.eq(total)
            sums.append(acc)
        m.d.comb += self.acc.eq(Cat(sums))
        return m
