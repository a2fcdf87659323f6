"""Operands, shifted to the weight of the digits that they are multiplied by."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params.encoders import DIGIT_BITS
from hdl.params.sparse import SparseShape

__all__ = ["Shift", "shifted"]


def shifted(m: Module, shape: SparseShape, word: Value, by: Value) -> Value:
    """An operand, of ``shape.operand`` bits, shifted by ``by`` digits."""
    digit = DIGIT_BITS[shape.params.encoder]
    signed = shape.operand.signed
    for level, bit in enumerate(by):
        number = word.as_signed() if signed else word
        width = min(len(word) + (digit << level), shape.operand.width)
        left = Signal(width - signed, name=f"shifted{level}")  # the sign stays what it is
        m.d.comb += left.eq(Mux(bit, number << (digit << level), number))
        word = Cat(left, word[-1]) if signed else left
    return word


class Shift(Part):
    """One operand shifted. Combinational.

    Members
    -------
    word : In(factor.width)
    by : In(shift_bits)
        The shift, in digits.
    o : Out(operand.width)
    """

    module = "shift"
    role = roles.SPARSE
    clocked = False

    def __init__(self, shape: SparseShape) -> None:
        self.shape = shape
        super().__init__({"word": In(shape.factor.width), "by": In(shape.shift_bits), "o": Out(shape.operand.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.o.eq(shifted(m, self.shape, self.word, self.by))
        return m
