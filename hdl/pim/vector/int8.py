"""Bf16 numbers as integers of 8 bits, and the scale of such a vector."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import BF16, FP32
from hdl.lib.shared import Part

__all__ = ["ToInt8", "inverse", "scale_of"]

#: Bits of an integer, and of the greatest magnitude less one.
INTEGER = 8
#: Exponent fields of the numbers from 1/2 to 1 and from 64 to 128, whose integers are 0 or 1 and 64 to 127.
LEAST, MOST = 126, 133


class ToInt8(Part):
    """The nearest integer, ties to even, at most 127 in magnitude; NaNs are 0.

    Members
    -------
    x : In(16)
        A bf16 number below 128 in magnitude, or NaN.
    o : Out(8)
        Two's complement.
    """

    module = "vector_int8"
    clocked = False

    def __init__(self) -> None:
        super().__init__({"x": In(BF16.width), "o": Out(INTEGER)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        exponent = self.x[BF16.fraction : -1]
        some = Signal()
        above = Signal(len(exponent))
        # The number times 2^8; of numbers that have an integer the exponent's low bits say how far it is shifted.
        fixed = Signal(2 * INTEGER - 1)
        magnitude = Signal(INTEGER)
        significand = Cat(Const(0, INTEGER - 1), self.x[: BF16.fraction], Const(1, 1))
        whole, rest = fixed[INTEGER:], fixed[:INTEGER]
        rounds_up = rest[-1] & (rest[:-1].any() | whole[0])
        m.d.comb += [
            above.eq(exponent - LEAST),
            some.eq(above <= MOST - LEAST),
            fixed.eq(significand >> (Const(MOST % 8, 3) - exponent[:3])[:3]),
            magnitude.eq(whole + rounds_up),
        ]
        saturated = Mux(magnitude[-1], (1 << (INTEGER - 1)) - 1, magnitude)
        m.d.comb += self.o.eq(Mux(some, Mux(self.x[-1], -saturated, saturated), 0))
        return m


def scale_of(greatest: Value) -> Value:
    """The scale of a vector in single precision, from its greatest magnitude in bf16: a power of two, or NaN."""
    exponent = greatest[BF16.fraction : -1]
    scale = Mux(exponent < INTEGER - 1, 1, exponent - (INTEGER - 2))[: len(exponent)]
    return Mux(exponent.all(), FP32.nan, Cat(Const(0, FP32.fraction), scale, Const(0, 1)))


def inverse(scale: Value) -> Value:
    """1 / x of such a scale."""
    exponent = scale[FP32.fraction : -1]
    return Cat(scale[: FP32.fraction], (2 * FP32.bias - exponent)[: len(exponent)], Const(0, 1))
