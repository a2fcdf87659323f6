"""One element's share of the vector unit: a chain of adders and multipliers."""

from __future__ import annotations

from itertools import accumulate

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.add import Adder
from hdl.arith.float.format import BF16, FP32
from hdl.arith.float.multiply import Multiplier
from hdl.arith.float.narrow import Narrow
from hdl.arith.float.offset import Offset
from hdl.arith.float.passes import CONSTANTS, LaneShape
from hdl.arith.float.seed import Seed, start_number
from hdl.arith.float.split import Split
from hdl.lib.delay import delay
from hdl.lib.shared import Part, place

__all__ = ["CONTROLS", "Lane"]

#: Control signals of a lane: the unit at whose operands each is due, and its width. A word of 32 bits is an operand
#: that all lanes share.
CONTROLS: dict[str, tuple[str, int]] = {
    "a0_word": ("a0", 32),
    "a0_takes_b": ("a0", 1),
    "a0_negates": ("a0", 1),
    "seed_reciprocal": ("m0", 1),
    "seed_rsqrt": ("m0", 1),
    "m0_word": ("m0", 32),
    "m0_takes_b": ("m0", 1),
    "m0_takes_start": ("m0", 1),
    "m0_takes_itself": ("m0", 1),
    "split_takes_integer": ("split", 1),
    "a1_word": ("a1", 32),
    "m1_takes_f": ("m1", 1),
    "a2_word": ("a2", 32),
    "a4_word": ("a4", 32),
    "a4_takes_a3": ("a4", 1),
    "m2_takes_y": ("m2", 1),
    "m2_takes_b": ("m2", 1),
    "a5_word": ("a5", 32),
    "a5_takes_c": ("a5", 1),
    "m3_word": ("m3", 32),
    "m3_takes_start": ("m3", 1),
}


class Lane(Part):
    """Units in a chain; see :mod:`hdl.arith.float.passes` for what passes they make and how long those take.

    Parameters
    ----------
    shape : LaneShape

    Members
    -------
    en : In(shape.full + 1)
        Bit i: the element in step i moves on; otherwise the registers behind that step keep what they hold.
    a : In(32)
        Fp32; a bf16 operand has 16 zeros below it.
    b, c : In(16)
        Bf16, due a number of steps after ``a`` that depends on the pass.
    (controls) : In
        :data:`CONTROLS`, as :class:`hdl.arith.float.control.LaneControl` gives them.
    full : In(1)
        What comes out is the result of a long pass.
    y : Out(32)
        Fp32 result, ``shape.latency(pass)`` steps after ``a``.
    o : Out(16)
        The same in bf16, one step later.
    """

    def __init__(self, shape: LaneShape | None = None) -> None:
        self.shape = shape = shape or LaneShape()
        self.module = f"lane_{shape.adder}{shape.multiplier}{shape.splitter}_{shape.style}"
        super().__init__(
            {
                "en": In(shape.full + 1),
                "a": In(FP32.width),
                "b": In(BF16.width),
                "c": In(BF16.width),
                **{name: In(width) for name, (_, width) in CONTROLS.items()},
                "full": In(1),
                "y": Out(FP32.width),
                "o": Out(BF16.width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        shape = self.shape
        b, c = (Cat(Const(0, FP32.width - BF16.width), operand) for operand in (self.b, self.c))
        one = Const(CONSTANTS["1"], FP32.width)

        def steps(unit: str) -> Value:
            """The enables of a unit's steps."""
            return self.en[shape.start_of(unit) : shape.end_of(unit)]

        def add(name: str, x: Value, y: Value) -> Value:
            return place(m, name, Adder(FP32, shape.adder), en=steps(name), x=x, y=y).o

        def multiply(name: str, x: Value, y: Value) -> Value:
            part = Multiplier(latency=shape.multiplier, multiplier=shape.style)
            return place(m, name, part, en=steps(name), x=x, y=y).o

        def wait(first: str, last: str, *values: Value) -> list[Value]:
            """Values due at the operands of ``first``, at those of ``last``: side by side, with one enable."""
            begin, end = shape.start_of(first), shape.start_of(last)
            waited = delay(m, f"{first}_to_{last}", self.en[begin:end], Cat(values), end - begin)
            places = accumulate((len(value) for value in values), initial=0)
            return [waited[place:][: len(value)] for place, value in zip(places, values, strict=False)]

        addend = Signal(FP32.width)
        m.d.comb += addend.eq(Mux(self.a0_takes_b, b, self.a0_word))
        a0 = add("a0", self.a, Cat(addend[:-1], addend[-1] ^ self.a0_negates))
        seed = place(m, "seed", Seed(), reciprocal=self.seed_reciprocal, rsqrt=self.seed_rsqrt, d=a0)
        other = Mux(self.m0_takes_start, start_number(seed.start), Mux(self.m0_takes_b, b, self.m0_word))
        m0 = multiply("m0", seed.m, Mux(self.m0_takes_itself, a0, other))
        # Beside the chain go what seed and split took, and numbers that are needed again.
        start, scale = wait("m0", "split", seed.start, seed.scale)
        split = place(
            m,
            "split",
            Split(shape.splitter),
            en=steps("split"),
            takes_integer=self.split_takes_integer,
            t=m0,
            scale_in=scale,
        )
        (start,) = wait("split", "a1", start)
        start, scale, f1 = wait("a1", "m1", start, split.scale, split.rest)
        a1 = add("a1", split.rest, self.a1_word)
        m1 = multiply("m1", a1, Mux(self.m1_takes_f, f1, start_number(start)))
        start, scale = wait("m1", "a4", start, scale)
        y = add("a2", m1, self.a2_word)
        a3 = place(m, "a3", Offset(CONSTANTS["power_c"], shape.latency_of("a3")), en=steps("a3"), x=f1).o
        begin, end = shape.end_of("a3"), shape.start_of("a4")
        waited = delay(m, "a3_a4", self.en[begin:end], a3, end - begin)
        a4 = add("a4", y, Mux(self.a4_takes_a3, waited, self.a4_word))
        start, scale, y2 = wait("a4", "m2", start, scale, y)
        m2 = multiply("m2", a4, Mux(self.m2_takes_y, y2, Mux(self.m2_takes_b, b, one)))
        a5 = add("a5", m2, Mux(self.a5_takes_c, c, self.a5_word))
        start, scale = wait("m2", "m3", start, scale)
        m3 = place(
            m,
            "m3",
            Multiplier(latency=shape.multiplier, multiplier=shape.style, scaled=True),
            en=steps("m3"),
            x=a5,
            y=Mux(self.m3_takes_start, start_number(start), self.m3_word),
            scale=scale,
        )
        m.d.comb += self.y.eq(Mux(self.full, m3.o, m0))
        m.d.comb += self.o.eq(place(m, "narrow", Narrow(), en=self.en[-1], x=self.y).o)
        return m
