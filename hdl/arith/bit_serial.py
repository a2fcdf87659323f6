"""The bits of an operand as digits."""

from __future__ import annotations

from amaranth.hdl import Module, Value

from hdl.arith.digits import Encoding
from hdl.params import OperandFormat

__all__ = ["BitSerial"]


class BitSerial(Encoding):
    """The bits of two's complement; the highest bit of a signed operand counts negative."""

    digit_bits = 1
    plain = True

    def __init__(self, operand: OperandFormat) -> None:
        super().__init__(operand)
        self.fields = [("one",)] * (operand.width - 1) + [("minus",) if operand.signed else ("one",)]

    def recode(self, m: Module, value: Value, name: str = "") -> Value:
        return value
