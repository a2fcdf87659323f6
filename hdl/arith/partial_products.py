"""Partial products of Booth digits and an operand, as bits on a heap."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.booth import Digit, booth_fields, split
from hdl.arith.heap import BitHeap
from hdl.params import OperandFormat

__all__ = ["PartialProducts"]


class PartialProducts:
    """The partial products of a recoded operand ``a`` and an operand ``b``.

    A partial product that may be negative is written in one's complement with its sign bit inverted, plus a correction
    bit for a negative digit. That avoids every sign extension, and adds 2**sign_column to each; the sum of those
    constants is :attr:`excess`.

    Parameters
    ----------
    a, b : OperandFormat

    Attributes
    ----------
    bits : int
        Bits that they put on a heap.
    columns : int
        Columns that they reach, from 0 on.
    excess : int
        What they add beyond the product.
    """

    #: Gates from a digit and the operand to a partial product, in XOR delays.
    DELAY = 2.0

    def __init__(self, a: OperandFormat, b: OperandFormat) -> None:
        self.a = a
        self.b = b
        self.bits = 0
        self.columns = 0
        self.excess = 0
        for i, fields in enumerate(booth_fields(a)):
            magnitude = b.width + ("two" in fields)
            signed = b.signed or "neg" in fields
            sign_column = 2 * i + magnitude - b.signed
            self.bits += magnitude + (signed and not b.signed) + ("neg" in fields)
            self.excess += signed << sign_column
            self.columns = max(self.columns, sign_column + signed)

    def add(self, m: Module, heap: BitHeap, digits: Value, b: Value, arrival: float = 0) -> None:
        """Put all partial products on a heap; the wires of the digits arrive after so many XOR delays."""
        for i, digit in enumerate(split(digits, self.a)):
            if digit.neg is not None:
                heap.add(digit.neg, 2 * i, arrival)
            heap.add(self._product(m, i, b, digit), 2 * i, arrival + self.DELAY)

    def _product(self, m: Module, i: int, b: Value, digit: Digit) -> Value:
        """Digit i times b; its sign bit, where it has one, is inverted."""
        value = b.as_signed() if self.b.signed else b
        terms = Mux(digit.one, value, 0)
        if digit.two is not None:
            terms = terms | Mux(digit.two, value << 1, 0)
        magnitude = Signal(self.b.width + (digit.two is not None), name=f"magnitude{i}")
        m.d.comb += magnitude.eq(terms)
        if digit.neg is None:
            return Cat(magnitude[:-1], ~magnitude[-1]) if self.b.signed else magnitude
        product = Signal(len(magnitude) + (not self.b.signed), name=f"pp{i}")
        low = magnitude[:-1] if self.b.signed else magnitude
        sign = ~(magnitude[-1] ^ digit.neg) if self.b.signed else ~digit.neg
        m.d.comb += product.eq(Cat(low ^ digit.neg.replicate(len(low)), sign))
        return product
