"""The product of an operand of A and one of B, by which of them is taken apart into digits, and where."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Signal, Value

from hdl.arith.digits import Digit
from hdl.arith.encoding import encoding
from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProducts
from hdl.arith.step import StepDigits
from hdl.params import EngineParams
from hdl.params.axes import Recoded

__all__ = ["MULTIPLIER", "RECODE_DELAY", "Addend", "Factors", "Products"]

#: Gates of a recoder, in XOR delays.
RECODE_DELAY = 2.0
#: How a multiplier recodes for itself.
MULTIPLIER = "booth"


@dataclass(frozen=True)
class Addend:
    """What one product adds to one sum: the products of some digits, as bits that count positive.

    Parameters
    ----------
    digits : tuple of int
        Which digits.
    offset : int
        The column in which the lowest of them counts 1.
    reach : int
        Columns that they reach, from ``offset`` on.
    excess : int
        What they count beyond the product, in units of column ``offset``.
    most : int
        The greatest value, with the excess.
    """

    digits: tuple[int, ...]
    offset: int
    reach: int
    excess: int
    most: int


@dataclass(frozen=True)
class Factors:
    """The digits of one operand, and the other operand."""

    digits: list[Digit]
    other: Value


class Products:
    """Products as bits for heaps.

    Parameters
    ----------
    params : EngineParams
        Its axes say which operand is recoded, and whether that is done in every PE.

    Attributes
    ----------
    of_b : bool
        The digits are those of B.
    encoding : Encoding
        Of the digits.
    in_time : StepDigits or None
        The same, where not all digits of an operand are done at once.
    partial : PartialProducts
    range : tuple of int
        The least and the greatest product of a step: of two operands, or of some digits and the other operand, shifted
        to their weight, where digits follow each other in time.
    a_bits, b_bits : int
        Wires of the operands as PEs take them: digits, or the operand itself.
    """

    def __init__(self, params: EngineParams) -> None:
        axes = params.axes
        self.of_b = axes.recoded is Recoded.B
        self.inside = axes.recodes_in_pe
        recoded, other = (params.b, params.a) if self.of_b else (params.a, params.b)
        self.encoding = encoding(MULTIPLIER if axes.multiplies else params.encoder, recoded)
        self.range = params.product_range
        self.partial = PartialProducts(self.encoding, other)
        self.in_time: StepDigits | None = None
        if axes.digits.at_once is not None:
            self.encoding = self.in_time = StepDigits(self.encoding, axes.digits.at_once)
            self.partial = PartialProducts(self.encoding, self.in_time.weighted(other))
            self.range = self.partial.range
        wires = recoded.width if self.inside else self.encoding.bits
        bits = self.partial.b.width
        self.a_bits, self.b_bits = (bits, wires) if self.of_b else (wires, bits)

    @property
    def excess(self) -> int:
        """What all digits together count beyond the product."""
        return self.partial.excess

    def addends(self, *, per_weight: bool) -> list[Addend]:
        """One for each digit, or one of all digits."""
        planes, offset = self.partial.planes, self.partial.offset
        if per_weight:
            return [Addend((i,), offset(i), each.width, each.excess, each.most) for i, each in enumerate(planes)]
        every = tuple(range(len(planes)))
        return [Addend(every, 0, self.partial.columns, self.excess, self.range[1] + self.excess)]

    def sum_bits(self, count: int) -> int:
        """Bits that hold any sum of so many products, with a sign if one may be negative."""
        low, high = (count * end for end in self.range)
        return max(high.bit_length(), (~low).bit_length()) + 1 if low < 0 else high.bit_length()

    def factors(self, m: Module, name: str, a: Value, b: Value) -> Factors:
        """The factors of one product, from operands as PEs take them."""
        recoded, other = (b, a) if self.of_b else (a, b)
        if self.inside and not self.encoding.plain:
            digits = Cat(Signal(name=f"digit_wire{name}{i}") for i in range(self.encoding.bits))
            m.d.comb += digits.eq(self.encoding.recode(m, recoded))
            recoded = digits
        return Factors(self.encoding.split(recoded), other)

    def add(self, m: Module, heap: BitHeap, name: str, factors: Factors, addend: Addend) -> None:
        """Put the products of some digits on a heap whose column 0 is that of ``addend.offset``."""
        arrival = RECODE_DELAY if self.inside else 0
        for i in addend.digits:
            plane, shift = self.partial.planes[i], self.partial.offset(i) - addend.offset
            bits = plane.bits(m, f"{name}{i}", factors.digits[i], factors.other)
            correction = len(bits) - plane.width  # its bit stands before the product
            heap.add(bits[:correction], shift, arrival)
            heap.add(bits[correction:], shift, arrival + plane.DELAY)
