"""What PEs multiply: the digits of one operand, and the other operand."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value

from hdl.arith.heap import BitHeap
from hdl.arith.step import Step
from hdl.params import EngineParams
from hdl.params.axes import Recoded

__all__ = ["Factors"]

#: Gates of the recoder, in XOR delays.
RECODE_DELAY = 2.0


class Factors:
    """The two operands of a product as they reach a PE, and its partial products.

    Axes say which operand is recoded, and whether that is done in the PE or before.

    Attributes
    ----------
    encoding : Encoding
        Of the operand that is recoded.
    products : PartialProducts
        Of its digits with the other operand.
    most : int
        The greatest product, with its excess.
    a_bits, b_bits : int
        Wires of an operand of A, and of B, as they reach the PE: the operand, or its digits.
    arrival : float
        XOR delays after which the digits are there.
    """

    def __init__(self, params: EngineParams) -> None:
        axes, step = params.axes, Step.of(params)
        self.products, self.most = step.products, step.most
        self.encoding = step.products.encoding
        self.of_b = axes.recoded is Recoded.B
        self.in_pe = axes.recodes_in_pe
        wires = self.encoding.operand.width if self.in_pe else self.encoding.bits
        self.a_bits, self.b_bits = (step.b.width, wires) if self.of_b else (wires, step.b.width)
        self.arrival = RECODE_DELAY if self.in_pe and not self.encoding.plain else 0.0

    def digits(self, m: Module, a: Value, b: Value, name: str = "") -> tuple[Value, Value]:
        """The wires of the digits, and the operand that they choose multiples of; ``name`` tells products apart."""
        recoded, other = (b, a) if self.of_b else (a, b)
        if not self.in_pe:
            return recoded, other
        digits = Cat(Signal(name=f"digit_wire{name}{i}") for i in range(self.encoding.bits))
        m.d.comb += digits.eq(self.encoding.recode(m, recoded))
        return digits, other

    def add(self, m: Module, heap: BitHeap, a: Value, b: Value) -> None:
        """Put the product, with the excess of its partial products, on a heap."""
        digits, other = self.digits(m, a, b)
        self.products.add(m, heap, digits, other, self.arrival)
