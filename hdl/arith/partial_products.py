"""Partial products of digits and an operand, as bits on a heap."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.digits import Digit, Encoding
from hdl.arith.heap import BitHeap
from hdl.params.formats import IntegerFormat

__all__ = ["PartialProduct", "PartialProducts"]


@dataclass(frozen=True)
class PartialProduct:
    """The product of one digit and an operand ``b``, as bits that count positive; columns from the digit's weight on.

    One that may be negative is written in one's complement with its sign bit inverted, plus a correction bit for a
    negative digit. That avoids every sign extension, and adds 2**sign_column. Where a digit is never positive, its
    correction is a constant, and part of what is added.

    Parameters
    ----------
    fields : tuple of str
        The wires of the digit, see :class:`hdl.arith.digits.Encoding`.
    b : IntegerFormat
    """

    #: Gates from a digit and the operand to a partial product, in XOR delays.
    DELAY = 2.0

    fields: tuple[str, ...]
    b: IntegerFormat

    @property
    def magnitude_bits(self) -> int:
        """Bits of the digit, without its sign, times b."""
        return self.b.width + ("two" in self.fields)

    @property
    def sign_column(self) -> int:
        """The column of the inverted sign bit; where there is none, the one above all bits."""
        return self.magnitude_bits - self.b.signed

    @property
    def width(self) -> int:
        """Columns that it reaches."""
        return self.sign_column + (self.b.signed or "neg" in self.fields)

    @property
    def columns(self) -> tuple[int, ...]:
        """The column of each bit of :meth:`bits`."""
        return (*((0,) if "neg" in self.fields else ()), *range(self.width))

    @property
    def excess(self) -> int:
        """What its bits count beyond the product."""
        top = 1 << self.sign_column
        return top - 1 if "minus" in self.fields else top if self.width > self.sign_column else 0

    @property
    def most(self) -> int:
        """The greatest value of its bits: the greatest product, with its excess."""
        high = 2 if "two" in self.fields else 1
        digits = (-1, 0) if "minus" in self.fields else (-high if "neg" in self.fields else 0, high)
        return max(digit * value for digit in digits for value in (self.b.min, self.b.max)) + self.excess

    def bits(self, m: Module, name: str, digit: Digit, b: Value, room: int | None = None) -> Value:
        """The correction bit, where there is one, and above it the product: the ``room`` columns that count."""
        value = b.as_signed() if self.b.signed else b
        terms = Mux(digit.one, value, 0)
        if digit.two is not None:
            terms = terms | Mux(digit.two, value << 1, 0)
        magnitude = Signal(self.magnitude_bits, name=f"magnitude{name}")
        m.d.comb += magnitude.eq(terms)
        low, sign = magnitude[: self.sign_column], magnitude[self.sign_column :]

        def named(word: Value) -> Value:
            word = word[:room]
            product = Signal(len(word), name=f"pp{name}")
            m.d.comb += product.eq(word)
            return product

        if "minus" in self.fields:
            return Cat(named(~low), sign)
        if digit.neg is None:
            return Cat(low, named(~sign)) if self.b.signed else low
        inverted = ~(sign ^ digit.neg) if self.b.signed else ~digit.neg
        return Cat(digit.neg, named(Cat(low ^ digit.neg.replicate(len(low)), inverted)))


class PartialProducts:
    """The partial products of a recoded operand ``a`` and an operand ``b``.

    Parameters
    ----------
    encoding : Encoding
        The encoding of ``a``.
    b : IntegerFormat

    Attributes
    ----------
    planes : list of PartialProduct
        Those of each digit, the lowest first.
    bits : int
        Bits that they put on a heap.
    columns : int
        Columns that they reach, from 0 on.
    excess : int
        What they add beyond the product.
    """

    def __init__(self, encoding: Encoding, b: IntegerFormat) -> None:
        self.encoding = encoding
        self.planes = [PartialProduct(tuple(fields), b) for fields in encoding.fields]
        self.bits = sum(len(plane.columns) for plane in self.planes)
        self.columns = max(self.offset(i) + plane.width for i, plane in enumerate(self.planes))
        self.excess = sum(plane.excess << self.offset(i) for i, plane in enumerate(self.planes))

    def offset(self, i: int) -> int:
        """The column in which digit i counts 1."""
        return self.encoding.digit_bits * i

    def add(self, m: Module, heap: BitHeap, digits: Value, b: Value, arrival: float = 0) -> None:
        """Put all partial products on a heap; the wires of the digits arrive after ``arrival`` XOR delays."""
        for i, (plane, digit) in enumerate(zip(self.planes, self.encoding.split(digits), strict=True)):
            bits = plane.bits(m, str(i), digit, b, heap.width - self.offset(i))
            product = int("neg" in plane.fields)  # the correction bit stands before it
            heap.add(bits[:product], self.offset(i), arrival)
            heap.add(bits[product:], self.offset(i), arrival + plane.DELAY)
