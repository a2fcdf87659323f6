"""The encoders, by name, and the recoder that stands at the edge of an array."""

from __future__ import annotations

from amaranth.hdl import Module
from amaranth.lib.wiring import In, Out

from hdl.arith.bit_serial import BitSerial
from hdl.arith.digits import Encoding
from hdl.arith.radix4 import Booth, EnT, Naf
from hdl.arith.sign_magnitude import SignMagnitude
from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import OperandFormat

__all__ = ["ENCODINGS", "Recoder", "encoding"]

ENCODINGS: dict[str, type[Encoding]] = {
    "booth": Booth,
    "ent": EnT,
    "naf": Naf,
    "bit_serial": BitSerial,
    "sign_magnitude": SignMagnitude,
}


def encoding(encoder: str, operand: OperandFormat) -> Encoding:
    """The encoding of operands of a format by one of :data:`ENCODINGS`."""
    return ENCODINGS[encoder](operand)


class Recoder(Part):
    """Recode one operand. Combinational.

    Parameters
    ----------
    encoder : str
        One of :data:`ENCODINGS`.
    operand : OperandFormat

    Members
    -------
    value : In(operand.width)
    digits : Out(encoding.bits)
        See :meth:`hdl.arith.digits.Encoding.split`.
    """

    module = "recode"
    role = roles.RECODE
    clocked = False

    def __init__(self, encoder: str, operand: OperandFormat) -> None:
        self.encoding = encoding(encoder, operand)
        super().__init__({"value": In(operand.width), "digits": Out(self.encoding.bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.digits.eq(self.encoding.recode(m, self.value))
        return m
