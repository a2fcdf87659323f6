"""Start values of reciprocals and reciprocal square roots, from the bits of the operand."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import FP32
from hdl.arith.float.multiply import SCALE_INFINITE, SCALE_WIDTH, SCALE_ZERO
from hdl.lib.shared import Part

__all__ = ["START_ONE", "START_WIDTH", "Seed", "start_number"]

#: A start value in [1/2, 2): the lowest bit of its exponent, and 7 bits of its fraction.
START_WIDTH = 8
START_ONE = 0x80
#: "Magic" constants, the start value of an operand whose bits are all zero.
RECIPROCAL_MAGIC = 198
RSQRT_MAGIC = 157
#: The scale's power of two where the exponent field is zero.
RECIPROCAL_POWER = 127
ROOT_POWER = 60


def start_number(start: Value) -> Value:
    """A start value as an fp32 number."""
    return Cat(Const(0, 16), start, Const(0b0111111, 7), Const(0, 1))


class Seed(Part):
    """Take exponent and sign from a number and start an approximation of the rest. Combinational.

    With d = m * 2^e the reciprocal is 1/m * 2^-e, m in [1/2, 1), the reciprocal square root of v = m * 4^e is
    1/sqrt(m) * 2^-e, m in [1, 4). The start value is a constant less the bits of m (less half of them), as in the
    well-known bit trick: 0.794/m within 2.8 %, 1.25/sqrt(m) within 3.3 %.

    A zero gives a factor of infinity and an infinity a factor of zero, each with its sign. NaN stays NaN, and so does
    the root of a negative number.

    Members
    -------
    reciprocal, rsqrt : In(1)
        What to start, one at most. Neither: ``m`` is ``d``, the start value and the factor are 1.
    d : In(32)
        Fp32, as units give it: never subnormal.
    m : Out(32)
        Fp32.
    start : Out(8)
        See :func:`start_number`.
    scale : Out(11)
        Sign and 2^-e, with the power of two that :mod:`hdl.arith.float.program` leaves to it: a factor of 2 for the
        reciprocal, of 1/8 for the root.
    """

    module = "seed"
    clocked = False

    def __init__(self) -> None:
        super().__init__(
            {
                "reciprocal": In(1),
                "rsqrt": In(1),
                "d": In(FP32.width),
                "m": Out(FP32.width),
                "start": Out(START_WIDTH),
                "scale": Out(SCALE_WIDTH),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        sign, exponent, fraction = self.d[-1], self.d[FP32.fraction : -1], self.d[: FP32.fraction]
        seeds, zero, infinite, imaginary, nan, odd = (
            Signal(name=name) for name in ("seeds", "zero", "infinite", "imaginary", "nan", "odd")
        )
        special, some = exponent.all(), fraction.any()
        m.d.comb += [
            seeds.eq(self.reciprocal | self.rsqrt),
            zero.eq(~exponent.any()),
            infinite.eq(special & ~some),
            imaginary.eq(self.rsqrt & sign & ~zero),
            nan.eq((special & some) | imaginary),
            odd.eq(~exponent[0]),  # the exponent without its bias
        ]
        new_exponent = Mux(self.rsqrt, Cat((~odd).replicate(FP32.exponent - 1), odd), FP32.bias - 1)
        # A multiplier begins with the fraction: it comes straight from d, whatever the rest will be.
        m.d.comb += self.m.eq(
            Cat(
                fraction[:-1],
                fraction[-1] | imaginary,
                Mux(seeds & ~nan, new_exponent[: FP32.exponent], exponent | imaginary.replicate(FP32.exponent)),
                sign & ~seeds,
            )
        )

        bits = Cat(fraction, odd)[-START_WIDTH + 1 :]  # the highest bits of m
        start = Signal(START_WIDTH, name="start_value")
        m.d.comb += start.eq(Mux(self.rsqrt, RSQRT_MAGIC - bits, RECIPROCAL_MAGIC - fraction[-START_WIDTH + 1 :]))
        m.d.comb += self.start.eq(Mux(seeds, start, START_ONE))

        power = Signal(range(SCALE_ZERO, SCALE_INFINITE + 1))
        # -3 - (exponent - 127 - odd) / 2, and 1 - (exponent - 126).
        finite = Mux(self.rsqrt, ROOT_POWER + odd - exponent[1:], RECIPROCAL_POWER - exponent)
        m.d.comb += power.eq(Mux(zero, SCALE_INFINITE, Mux(infinite, SCALE_ZERO, finite)))
        m.d.comb += self.scale.eq(Mux(seeds, Cat(power, sign), 0))
        return m
