"""The bits of an operand's magnitude as digits, each with the operand's sign."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.arith.digits import Encoding
from hdl.params import OperandFormat

__all__ = ["SignMagnitude"]


class SignMagnitude(Encoding):
    """Digits in {-1, 0, 1}, all of one sign: few of them are not zero in a small operand of either sign.

    The magnitude of a negative operand has the operand's own bits up to and including its lowest one, and inverted bits
    above it, so that no carry has to be added. The highest digit is -1 in the least value alone. An unsigned operand is
    its own magnitude.
    """

    digit_bits = 1

    def __init__(self, operand: OperandFormat) -> None:
        super().__init__(operand)
        self.plain = not operand.signed
        self.fields = [("one",)] * operand.width
        if operand.signed:
            self.fields = [*[("one", "neg")] * (operand.width - 1), ("minus",)]

    def recode(self, m: Module, value: Value, name: str = "") -> Value:
        if not self.operand.signed:
            return value
        sign, wires, below = value[-1], list[Value](), Const(0, 1)
        for i, bit in enumerate(value[:-1]):
            one = bit ^ (sign & below)
            wires += [one, one & sign]
            below, lower = Signal(name=f"below{name}{i + 1}"), below
            m.d.comb += below.eq(bit | lower)
        return Cat(*wires, sign & ~below)
