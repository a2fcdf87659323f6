"""Adding a constant to a small number."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Pipeline, check_latency, round_up, shift_right
from hdl.arith.float.format import FP32
from hdl.lib.shared import Part
from hdl.params import ConfigError, Problem

__all__ = ["Offset"]


class Offset(Part):
    """``o = x + constant``, rounded to nearest even, for x of at most one half.

    It is a fraction of an adder: x never takes the sum out of the constant's binade, so that the exponent is known, and
    nothing is swapped or normalised.

    Parameters
    ----------
    constant : int
        Fp32 bits of a number of at least 1, so far from powers of two that no x reaches one.
    latency : int
        Steps from operand to sum, 1 or 2.

    Members
    -------
    en : In(latency)
        Bit i: what is in step i moves on; otherwise the registers behind that step keep what they hold.
    x : In(32)
        Fp32, at most one half in magnitude. Of NaN and of greater numbers the sum is any number.
    o : Out(32)
        ``latency`` steps later.

    Raises
    ------
    ConfigError
        If the constant is too small or too near a power of two, or there is no such latency.
    """

    STAGES = 2

    def __init__(self, constant: int, latency: int = STAGES) -> None:
        check_latency("offset", latency, self.STAGES)
        self.constant = constant
        self.latency = latency
        self.exponent = constant >> FP32.fraction & FP32.special
        self.significand = constant & ((1 << FP32.fraction) - 1) | 1 << FP32.fraction
        # Distance to the binade's ends, in units of the last place, against that of one half.
        room = min(self.significand - (1 << FP32.fraction), (2 << FP32.fraction) - self.significand)
        half = (1 << FP32.fraction) >> max(self.exponent - FP32.bias + 1, 0)
        if not FP32.bias <= self.exponent < FP32.bias + FP32.fraction or room <= half:
            raise ConfigError([Problem("float.offset", f"the constant {constant:#x} is too near a power of two")])
        self.module = f"offset_{constant:x}_{latency}"
        super().__init__({"en": In(latency), "x": In(FP32.width), "o": Out(FP32.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        behind = Pipeline(m, self.en, self.STAGES, self.latency)
        sign, exponent, fraction = self.x[-1], self.x[FP32.fraction : -1], self.x[: FP32.fraction]
        # Bits of x below the last place of the constant, for x in [1/4, 1/2]; one of them at least is a guard bit.
        half = FP32.bias - 1
        below = self.exponent - half
        value = Cat(fraction, exponent.any())
        distance = Signal(FP32.exponent)
        m.d.comb += distance.eq(half - exponent)
        aligned, sticky = shift_right(m, value, distance, "aligned")
        s1 = behind(
            1,
            addend=Cat(sticky | aligned[: below - 1].any(), aligned[below - 1 :]),
            subtract=sign ^ (self.constant >> (FP32.width - 1)),
        )
        total = Signal(FP32.significand + 2)
        inverted = s1.addend ^ s1.subtract.replicate(len(s1.addend))
        extended = Cat(inverted, s1.subtract.replicate(len(total) - len(inverted)))
        m.d.comb += total.eq((self.significand << 2) + extended + s1.subtract)
        rounded = Signal(FP32.fraction)
        m.d.comb += rounded.eq(total[2:-1] + round_up(total[2], total[:2]))
        s2 = behind(2, fraction=rounded)
        m.d.comb += self.o.eq(Cat(s2.fraction, Const(self.constant >> FP32.fraction, FP32.exponent + 1)))
        return m
