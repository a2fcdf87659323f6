"""A floating-point multiplier: exact product of the significands, one rounding."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields, Pipeline, check_latency, pack, round_up
from hdl.arith.float.format import FP32, FloatFormat
from hdl.arith.float.significands import product_heap
from hdl.lib.shared import Part
from hdl.params import ConfigError, Problem, near_name

__all__ = ["MULTIPLIERS", "SCALE_INFINITE", "SCALE_WIDTH", "SCALE_ZERO", "Multiplier"]

#: How the significands are multiplied.
MULTIPLIERS = ("inferred", "fused")
#: A scale is a power of two, in two's complement, and above it the sign of the factor.
SCALE_WIDTH = 11
#: Powers that stand for a factor of infinity and of zero; so do all above 255 and below -256.
SCALE_INFINITE = 511
SCALE_ZERO = -512


class Multiplier(Part):
    """``o = x * y``, rounded to nearest even; see :mod:`hdl.arith.float.format` for what all units have in common.

    Where the result has room for the product of both significands, as fp32 has for bf16 operands, nothing is rounded
    and no hardware for it is built. Infinity times zero is NaN.

    Parameters
    ----------
    x, y, form : FloatFormat
        Formats of the operands and of the result; their exponents are equally wide.
    latency : int
        Steps from operands to product, 1 to 3.
    scaled : bool
        The product is also multiplied by a power of two, and by a sign. The range is checked once, after all of it.
    multiplier : str
        ``inferred``: operands wait in registers for a ``*`` in the second stage, which synthesis maps to its own
        multiplier and simulators run fastest. ``fused``: Booth partial products (of x) and their compressor tree in the
        first stage, the carry-propagate addition in the second: a clock period shorter by a third for 2 % more area.

    Members
    -------
    en : In(latency)
        Bit i: what is in step i moves on; otherwise the registers behind that step keep what they hold.
    x, y : In(x.width), In(y.width)
    scale : In(11), where ``scaled``
        A power of two, 10 bits in two's complement, and above it the sign of the factor. Powers above 255 make the
        factor an infinity, powers below -256 a zero.
    o : Out(form.width)
        ``latency`` steps later.

    Raises
    ------
    ConfigError
        If the exponents differ in width, or there is no such latency or multiplier.
    """

    STAGES = 3

    def __init__(
        self,
        x: FloatFormat = FP32,
        y: FloatFormat = FP32,
        form: FloatFormat = FP32,
        latency: int = STAGES,
        *,
        scaled: bool = False,
        multiplier: str = "inferred",
    ) -> None:
        check_latency("multiplier", latency, self.STAGES)
        problems = []
        if not x.exponent == y.exponent == form.exponent:
            problems.append(Problem("float.multiply", f"the exponents of {x}, {y} and {form} differ in width"))
        if multiplier not in MULTIPLIERS:
            names = " or ".join(MULTIPLIERS)
            problems.append(
                Problem("float.multiplier", f"must be {names}, not {multiplier!r}", near_name(multiplier, MULTIPLIERS))
            )
        if problems:
            raise ConfigError(problems)
        self.x_form = x
        self.y_form = y
        self.form = form
        self.latency = latency
        self.scaled = scaled
        self.multiplier = multiplier
        self.module = f"multiply_{x}_{y}_{form}_{latency}_{multiplier}" + ("_scaled" if scaled else "")
        scale = {"scale": In(SCALE_WIDTH)} if scaled else {}
        super().__init__(
            {"en": In(latency), "x": In(x.width), "y": In(y.width), **scale, "o": Out(form.width)},
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        form = self.form
        behind = Pipeline(m, self.en, self.STAGES, self.latency)
        x, y = Fields(m, self.x, self.x_form, "x"), Fields(m, self.y, self.y_form, "y")
        width = self.x_form.significand + self.y_form.significand

        sign, power = x.sign ^ y.sign, Const(0, 1)
        infinite, zero = x.infinite | y.infinite, x.zero | y.zero
        exponents = range(-(1 << form.exponent), 2 << form.exponent)
        if self.scaled:
            power, sign = self.scale[:-1].as_signed(), sign ^ self.scale[-1]
            infinite = infinite | (self.scale[-3:-1] == 0b01)
            zero = zero | (self.scale[-3:-1] == 0b10)
            exponents = range(exponents.start + SCALE_ZERO, exponents.stop + SCALE_INFINITE)
        exponent = Signal(exponents, name="exponent")
        m.d.comb += exponent.eq(x.exponent + y.exponent + power - form.bias)
        # The hidden bits are ones: the product of a zero is not looked at.
        factors = Cat(x.fraction, Const(1, 1)), Cat(y.fraction, Const(1, 1))
        fused = self.multiplier == "fused"
        terms = self._rows(m, *factors) if fused else {"left": x.fraction, "right": y.fraction}
        s1 = behind(
            1,
            **terms,
            sign=sign,
            exponent=exponent,
            zero=zero,
            infinite=infinite,
            nan=x.nan | y.nan | (infinite & zero),
        )
        product = Signal(width)
        if fused:
            m.d.comb += product.eq(s1.low + self._spread(s1.high))
        else:
            m.d.comb += product.eq(Cat(s1.left, Const(1, 1)) * Cat(s1.right, Const(1, 1)))
        s2 = behind(
            2, product=product, sign=s1.sign, exponent=s1.exponent, zero=s1.zero, infinite=s1.infinite, nan=s1.nan
        )
        # The product lies in [1, 4): its highest bit says whether it needs a shift.
        carry = s2.product[-1]
        fraction = Signal(width - 1)
        m.d.comb += fraction.eq(Mux(carry, s2.product[:-1], Cat(Const(0, 1), s2.product[:-2])))
        lost = width - form.significand
        kept = fraction[lost:] if lost >= 0 else Cat(Const(0, -lost), fraction)
        s3 = behind(
            3,
            o=pack(
                m,
                form,
                sign=s2.sign,
                exponent=s2.exponent + carry,
                fraction=kept,
                up=round_up(kept[0], fraction[:lost]) if lost > 0 else Const(0, 1),
                zero=s2.zero,
                infinite=s2.infinite,
                nan=s2.nan,
            ),
        )
        m.d.comb += self.o.eq(s3.o)
        return m

    def _rows(self, m: Module, x: Value, y: Value) -> dict[str, Value]:
        """The product as two rows of bits that are still to be added; ``high`` has bits in some columns only."""
        heap = product_heap(m, x, y)
        heap.reduce(m, lambda column: 2)
        columns = heap.columns
        self._twice = [len(bits) > 1 for bits in columns]
        low = Cat(bits[0] if bits else Const(0, 1) for bits in columns)
        return {"low": low, "high": Cat(bits[1] for bits in columns if len(bits) > 1)}

    def _spread(self, high: Value) -> Value:
        """The bits of ``high`` in their columns."""
        bits = iter(high)
        return Cat(next(bits) if twice else Const(0, 1) for twice in self._twice)
