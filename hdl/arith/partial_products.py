"""Partial products of digits and an operand, as bits on a heap."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.digits import Digit, Encoding
from hdl.arith.heap import BitHeap
from hdl.params import OperandFormat

__all__ = ["PartialProducts"]


class PartialProducts:
    """The partial products of a recoded operand ``a`` and an operand ``b``.

    A partial product that may be negative is written in one's complement with its sign bit inverted, plus a correction
    bit for a negative digit. That avoids every sign extension, and adds 2**sign_column to each; the sum of those
    constants is :attr:`excess`. Where a digit is never positive, its correction is a constant, and part of the excess.

    Parameters
    ----------
    encoding : Encoding
        Of ``a``.
    b : OperandFormat

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

    def __init__(self, encoding: Encoding, b: OperandFormat) -> None:
        self.encoding = encoding
        self.b = b
        self.bits = 0
        self.columns = 0
        self.excess = 0
        for i, fields in enumerate(encoding.fields):
            offset = encoding.digit_bits * i
            magnitude = b.width + ("two" in fields)
            sign_column = offset + magnitude - b.signed
            if "minus" in fields:
                signed = b.signed
                self.excess += (1 << sign_column) - (1 << offset)
            else:
                signed = b.signed or "neg" in fields
                self.excess += signed << sign_column
            self.bits += magnitude + (signed and not b.signed) + ("neg" in fields)
            self.columns = max(self.columns, sign_column + signed)

    def add(self, m: Module, heap: BitHeap, digits: Value, b: Value, arrival: float = 0) -> None:
        """Put all partial products on a heap; the wires of the digits arrive after so many XOR delays."""
        for i, (fields, digit) in enumerate(zip(self.encoding.fields, self.encoding.split(digits), strict=True)):
            offset = self.encoding.digit_bits * i
            if "neg" in fields:
                heap.add(digit.neg, offset, arrival)
            product = self._never_positive(m, i, b, digit) if "minus" in fields else self._product(m, i, b, digit)
            heap.add(product, offset, arrival + self.DELAY)

    def _magnitude(self, m: Module, i: int, b: Value, digit: Digit) -> Signal:
        """Digit i, without its sign, times b."""
        value = b.as_signed() if self.b.signed else b
        terms = Mux(digit.one, value, 0)
        if digit.two is not None:
            terms = terms | Mux(digit.two, value << 1, 0)
        magnitude = Signal(self.b.width + (digit.two is not None), name=f"magnitude{i}")
        m.d.comb += magnitude.eq(terms)
        return magnitude

    def _product(self, m: Module, i: int, b: Value, digit: Digit) -> Value:
        """Digit i times b; its sign bit, where it has one, is inverted."""
        magnitude = self._magnitude(m, i, b, digit)
        if digit.neg is None:
            return Cat(magnitude[:-1], ~magnitude[-1]) if self.b.signed else magnitude
        product = Signal(len(magnitude) + (not self.b.signed), name=f"pp{i}")
        low = magnitude[:-1] if self.b.signed else magnitude
        sign = ~(magnitude[-1] ^ digit.neg) if self.b.signed else ~digit.neg
        m.d.comb += product.eq(Cat(low ^ digit.neg.replicate(len(low)), sign))
        return product

    def _never_positive(self, m: Module, i: int, b: Value, digit: Digit) -> Value:
        """Digit i, which is 0 or -1, times b: its one's complement, with the sign bit of b as it is."""
        magnitude = self._magnitude(m, i, b, digit)
        return Cat(~magnitude[:-1], magnitude[-1]) if self.b.signed else ~magnitude
