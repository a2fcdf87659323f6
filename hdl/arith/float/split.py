"""Range reduction of a power of two: an integer, and a rest of at most one half."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Pipeline, check_latency, normalise
from hdl.arith.float.format import FP32
from hdl.arith.float.multiply import SCALE_INFINITE, SCALE_WIDTH, SCALE_ZERO
from hdl.lib.shared import Part

__all__ = ["Split"]

#: Bits of the integer: from 2^8 on any power of two is infinite or zero.
INTEGER = 8


class Split(Part):
    """``t = integer + rest`` with the integer nearest to t, halves away from zero; the rest is exact.

    It is built like half an adder: one shift to align, one to normalise, and nothing to round. From 2^8 on the integer
    counts as infinite and the rest is zero. NaN gives the integer 0 and the rest NaN.

    Parameters
    ----------
    latency : int
        Steps from input to output, 1 to 3.

    Members
    -------
    en : In(latency)
        Bit i: what is in step i moves on; otherwise the registers behind that step keep what they hold.
    takes_integer : In(1)
        Otherwise ``t`` and ``scale`` pass unchanged.
    t : In(32)
        Fp32, as units give it: never subnormal.
    scale_in : In(11)
        What to pass on as ``scale`` where there is no integer; see :class:`hdl.arith.float.multiply.Multiplier`.
    rest : Out(32)
        Fp32, +0 where t is an integer; ``latency`` steps later.
    scale : Out(11)
        2**integer, as a multiplier takes it; ``latency`` steps later.

    Raises
    ------
    ConfigError
        If there is no such latency.
    """

    STAGES = 3

    def __init__(self, latency: int = STAGES) -> None:
        check_latency("splitter", latency, self.STAGES)
        self.latency = latency
        self.module = f"split_{latency}"
        super().__init__(
            {
                "en": In(latency),
                "takes_integer": In(1),
                "t": In(FP32.width),
                "scale_in": In(SCALE_WIDTH),
                "rest": Out(FP32.width),
                "scale": Out(SCALE_WIDTH),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        behind = Pipeline(m, self.en, self.STAGES, self.latency)
        half = FP32.bias - 1  # biased exponent of 1/2
        sign, exponent, fraction = self.t[-1], self.t[FP32.fraction : -1], self.t[: FP32.fraction]
        significand = Cat(fraction, exponent.any())

        # Fixed point: INTEGER bits above a fraction of one significand's width.
        nan = Signal()
        keep = Signal()
        far = Signal()
        amount = Signal(INTEGER.bit_length())
        m.d.comb += [
            nan.eq(exponent.all() & fraction.any()),
            keep.eq(~self.takes_integer | nan | (exponent < half)),
            far.eq((exponent > half + INTEGER) & ~keep),
            amount.eq(exponent - half),
        ]
        fixed: Value = Cat(significand, Const(0, INTEGER))
        for i in range(len(amount)):
            shifted = Signal(len(fixed), name=f"shifted_{1 << i}")
            m.d.comb += shifted.eq(Mux(amount[i] & ~keep, Cat(Const(0, 1 << i), fixed[: -(1 << i)]), fixed))
            fixed = shifted
        s1 = behind(
            1,
            fixed=fixed,
            exponent=Mux(keep, exponent, half),
            sign=sign,
            keep=keep,
            far=far,
            split=self.takes_integer,
            scale=self.scale_in,
        )
        # The rest is the fraction, or what it lacks to one. Its exponent is that of 1/2 less the shift to normalise it.
        below = s1.fixed[: FP32.significand]
        up = Signal()
        whole = Signal(INTEGER + 1)
        magnitude = Signal(FP32.significand)
        m.d.comb += [
            up.eq(below[-1] & ~s1.keep),
            whole.eq(s1.fixed[FP32.significand :] + up),
            magnitude.eq(Mux(s1.far, 0, (below ^ up.replicate(len(below))) + up)),
        ]
        early, taken = normalise(m, magnitude, [16, 8], "rest")
        integer = Mux(s1.far, Mux(s1.sign, SCALE_ZERO, SCALE_INFINITE), Mux(s1.sign, -whole, whole))
        s2 = behind(
            2,
            magnitude=early,
            taken=Cat(reversed(taken)),
            exponent=s1.exponent,
            sign=s1.sign ^ up,
            plus_zero=s1.split,
            scale=Mux(s1.split, Cat(integer[: SCALE_WIDTH - 1], Const(0, 1)), s1.scale),
        )
        late, taken = normalise(m, s2.magnitude, [4, 2, 1], "late")
        some = late[-1]
        low = (s2.exponent - Cat(reversed(taken), s2.taken))[: FP32.exponent]
        s3 = behind(
            3,
            rest=Cat(late[:-1], low & some.replicate(FP32.exponent), s2.sign & (some | ~s2.plus_zero)),
            scale=s2.scale,
        )
        m.d.comb += [self.rest.eq(s3.rest), self.scale.eq(s3.scale)]
        return m
