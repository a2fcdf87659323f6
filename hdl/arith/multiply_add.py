"""One multiplication and addition, p + a * b, for PEs that hand sums on: as one number, or in carry-save form."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.arith.carry_save import carry_columns, propagate, reduce_to_groups
from hdl.arith.encoding import encoding
from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import EngineParams

__all__ = ["CarrySave", "MultiplyAdd", "Plain", "multiply_add"]

#: Gates of the recoder, in XOR delays.
RECODE_DELAY = 2.0


class MultiplyAdd:
    """The arithmetic of a PE, without its registers. Sums are modulo 2**width.

    Attributes
    ----------
    width : int
        Bits of a sum.
    a_bits : int
        Wires of an operand of A: the operand itself, or its digits.
    columns : tuple of int
        The column of each bit of a sum: bit i counts 2**columns[i].
    excess : int
        What each step adds beyond its product.
    """

    width: int
    a_bits: int
    columns: tuple[int, ...]
    excess: int

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        """The sum p + a * b + excess, ``len(columns)`` bits; without ``p`` the product alone."""
        raise NotImplementedError


class Plain(MultiplyAdd):
    """Sums are single numbers: each step ends with a carry-propagate addition.

    ``params.multiplier`` says how: as operators that synthesis maps to its own multiplier and adder (``inferred``), or
    as Booth partial products and sum on one heap with a single carry-propagate addition (``fused``).

    Parameters
    ----------
    exact : bool
        Nothing is added in excess. Otherwise the constants that stand for the sign bits of the partial products are
        left to whoever finishes the sum.
    """

    def __init__(self, params: EngineParams, width: int, *, exact: bool) -> None:
        self.params = params
        self.width = width
        self.a_bits = params.a.width
        self.columns = tuple(range(width))
        self.booth = Booth(params.a)
        self.products = PartialProducts(self.booth, params.b)
        self.constant = -self.products.excess if exact else 0
        self.excess = 0 if exact or params.multiplier == "inferred" else self.products.excess

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        if self.params.multiplier == "inferred":
            product = (a.as_signed() if self.params.a.signed else a) * (b.as_signed() if self.params.b.signed else b)
            return (product if p is None else p + product)[: self.width]
        digits = Cat(Signal(name=f"digit_wire{i}") for i in range(self.booth.bits))
        m.d.comb += digits.eq(self.booth.recode(m, a))
        heap = BitHeap(self.width)
        if p is not None:
            heap.add(p)
        for column in range(self.width):
            if (self.constant >> column) & 1:
                heap.add(Const(1, 1), column)
        self.products.add(m, heap, digits, b, arrival=RECODE_DELAY)
        return propagate(m, heap)


class CarrySave(MultiplyAdd):
    """Sums are sum bits, and above them the carry bits of some columns (see :mod:`hdl.arith.carry_save`).

    Operands of A are digits. Every term is a number of bits that count positive, as signs are left to the excess: where
    ``width`` holds the greatest sum with its excess, no carry ever leaves it, and the bits count the sum in any wider
    word, too. Where it does not, the sum is right modulo 2**width.

    Attributes
    ----------
    most : int
        The greatest product, with its excess.
    """

    def __init__(self, params: EngineParams, width: int) -> None:
        digits = encoding(params.encoder, params.a)
        self.products = PartialProducts(digits, params.b)
        self.width = width
        self.a_bits = digits.bits
        self.excess = self.products.excess
        self.most = params.product_range[1] + self.excess
        self.carries = carry_columns(width, min(self.products.columns, width), params.carry_every)
        self.columns = (*range(width), *self.carries)

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        heap = BitHeap(self.width)
        if p is not None:
            for column, bit in zip(self.columns, p, strict=True):
                heap.add(bit, column)
        self.products.add(m, heap, a, b)
        return Cat(*reduce_to_groups(m, heap, self.carries))


def multiply_add(params: EngineParams, width: int) -> MultiplyAdd:
    """The arithmetic of PEs that hand sums on."""
    return CarrySave(params, width) if params.axes.saves_carries else Plain(params, width, exact=False)
