"""The product of two significands as bits of equal right, to be compressed or added up."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import OperandFormat

__all__ = ["product_heap"]


class Significand(OperandFormat):
    """A significand as an operand of a multiplication: unsigned, and of any width."""

    def __post_init__(self) -> None:
        """It may be wider than an engine's operands."""


def product_heap(m: Module, x: Value, y: Value) -> BitHeap:
    """A heap of ``x * y``: Booth's partial products, with digits of ``x``."""
    booth = Booth(Significand(len(x), signed=False))
    products = PartialProducts(booth, Significand(len(y), signed=False))
    digits = Cat(Signal(name=f"digit_wire{i}") for i in range(booth.bits))
    m.d.comb += digits.eq(booth.recode(m, x))
    heap = BitHeap(len(x) + len(y))
    for column in range(heap.width):
        if (-products.excess >> column) & 1:
            heap.add(Const(1, 1), column)
    products.add(m, heap, digits, y)
    return heap
