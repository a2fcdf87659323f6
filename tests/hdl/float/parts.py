"""The parts under test, several to a model."""

from __future__ import annotations

from functools import cache

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.accumulate import Accumulator, RunningMaximum
from hdl.arith.float.add import Adder
from hdl.arith.float.control import LaneControl
from hdl.arith.float.format import BF16, FP32, FloatFormat
from hdl.arith.float.lane import Lane
from hdl.arith.float.maximum import Maximum
from hdl.arith.float.multiply import SCALE_WIDTH, Multiplier
from hdl.arith.float.narrow import Narrow
from hdl.arith.float.passes import OP_BITS, LaneShape
from hdl.arith.float.tree import MaximumTree, SumTree
from hdl.lib.shared import Part, place
from tests.hdl.float.bench import Bench

#: Small formats, of which all pairs of numbers are tried, and the latency of the units for them.
SMALL = {(4, 4): 1, (3, 5): 2, (2, 2): 3, (3, 2): 3, (2, 6): 3}
TAG_BITS = 6
#: What a lane's control shows of itself.
SHOWN = ("short_free", "y_valid", "y_tag", "moves")


def all_of(en: Value, steps: int) -> Value:
    """One enable for all steps of a unit."""
    return en.replicate(steps)


class Bf16Units(Part):
    """Product and sum of two bf16 numbers, in fp32."""

    module = "bf16_units"

    def __init__(self) -> None:
        super().__init__({"en": In(1), "x": In(16), "y": In(16), "product": Out(32), "total": Out(32)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        product = place(m, "multiplier", Multiplier(BF16, BF16, FP32, 3), en=all_of(self.en, 3), x=self.x, y=self.y)
        x, y = Cat(Const(0, 16), self.x), Cat(Const(0, 16), self.y)
        total = place(m, "adder", Adder(FP32, 4), en=all_of(self.en, 4), x=x, y=y)
        m.d.comb += [self.product.eq(product.o), self.total.eq(total.o)]
        return m


class Fp32Units(Part):
    """All units of two fp32 numbers."""

    module = "fp32_units"
    latency = {
        "total": 4,
        "inferred": 3,
        "fused": 3,
        "scaled": 3,
        "mixed": 2,
        "rounded": 1,
        "greatest": 0,
        "greater": 0,
    }

    def __init__(self) -> None:
        outputs = {name: Out(16 if name in ("rounded", "greater") else 32) for name in self.latency}
        super().__init__({"en": In(1), "x": In(32), "y": In(32), "scale": In(SCALE_WIDTH), **outputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        both = {"x": self.x, "y": self.y}
        scaled = Multiplier(latency=3, scaled=True)
        for name, part, inputs in (
            ("total", Adder(FP32, 4), both),
            ("inferred", Multiplier(latency=3), both),
            ("fused", Multiplier(latency=3, multiplier="fused"), both),
            ("scaled", scaled, both | {"scale": self.scale}),
            ("mixed", Multiplier(FP32, BF16, FP32, 2, multiplier="fused"), both | {"y": self.y[16:]}),
            ("rounded", Narrow(), {"x": self.x}),
            ("greatest", Maximum(FP32), {"x": self.x, "y": self.y}),
            ("greater", Maximum(BF16), {"x": self.x[16:], "y": self.y[16:]}),
        ):
            latency = self.latency[name]
            enables = {"en": all_of(self.en, latency)} if latency else {}
            m.d.comb += getattr(self, name).eq(place(m, f"unit_{name}", part, **enables, **inputs).o)
        return m


class SmallUnits(Part):
    """Sum and product in formats so small that all pairs can be tried."""

    module = "small_units"

    def __init__(self) -> None:
        outputs = {
            f"{unit}_{exponent}_{significand}": Out(exponent + significand)
            for unit in ("add", "multiply")
            for exponent, significand in SMALL
        }
        super().__init__({"en": In(1), "x": In(8), "y": In(8), "narrow": Out(7), "exact": Out(11), **outputs})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        for (exponent, significand), latency in SMALL.items():
            form = FloatFormat(exponent, significand)
            inputs = {"en": all_of(self.en, latency), "x": self.x[: form.width], "y": self.y[: form.width]}
            style = "fused" if significand % 2 else "inferred"
            for unit, part in (
                ("add", Adder(form, latency)),
                ("multiply", Multiplier(form, form, form, latency, multiplier=style)),
            ):
                name = f"{unit}_{exponent}_{significand}"
                m.d.comb += getattr(self, name).eq(place(m, f"unit_{name}", part, **inputs).o)
        narrow = place(m, "unit_narrow", Narrow(FloatFormat(4, 4), FloatFormat(4, 3)), en=self.en, x=self.x)
        exact = Multiplier(FloatFormat(3, 4), FloatFormat(3, 3), FloatFormat(3, 8), 1, multiplier="fused")
        product = place(m, "unit_exact", exact, en=self.en, x=self.x[:7], y=self.y[:6])
        m.d.comb += [self.narrow.eq(narrow.o), self.exact.eq(product.o)]
        return m


class OneLane(Part):
    """A lane and its control."""

    resets = True

    def __init__(self, shape: LaneShape) -> None:
        self.shape = shape
        self.module = f"one_lane_{shape.adder}{shape.multiplier}{shape.splitter}_{shape.style}"
        super().__init__(
            {
                "en": In(1),
                "valid": In(1),
                "op": In(OP_BITS),
                "whole": In(1),
                "tag": In(TAG_BITS),
                **{f"s{i}": In(32) for i in range(3)},
                "a": In(32),
                "b": In(16),
                "c": In(16),
                "y": Out(32),
                "o": Out(16),
                "short_free": Out(1),
                "y_valid": Out(1),
                "y_tag": Out(TAG_BITS),
                "moves": Out(shape.full + 1),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        operation = {name: getattr(self, name) for name in ("en", "valid", "op", "whole", "tag", "s0", "s1", "s2")}
        control = place(m, "control", LaneControl(self.shape, TAG_BITS), **operation)
        operands = {name: getattr(self, name) for name in "abc"}
        lane = place(m, "lane", Lane(self.shape), **operands, **LaneControl.connect(control))
        m.d.comb += [self.y.eq(lane.y), self.o.eq(lane.o)]
        m.d.comb += [getattr(self, name).eq(getattr(control, name)) for name in SHOWN]
        return m


class Reductions(Part):
    """Trees and accumulators: sums of 32 and of 5 numbers, greatest of 7, and a bank's scalar product."""

    module = "reductions"
    resets = True
    #: Latency of the adders of each accumulator.
    ACCUMULATORS = (1, 2, 3, 4)

    def __init__(self) -> None:
        accumulators = {
            f"{what}{count}": Out(width)
            for count in self.ACCUMULATORS
            for what, width in (("total", 32), ("done", 1), ("ready", 1))
        }
        super().__init__(
            {
                "en": In(1),
                "x": In(32 * 32),
                "valid": In(1),
                "first": In(1),
                "last": In(1),
                "sum32": Out(32),
                "sum5": Out(32),
                "greatest7": Out(16),
                "running": Out(16),
                "dot": Out(32),
                "dot_done": Out(1),
                **accumulators,
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        numbers = [self.x[32 * i : 32 * (i + 1)] for i in range(32)]
        top7 = Cat(number[16:] for number in numbers[:7])
        for name, part, x in (
            ("sum32", SumTree(32), self.x),
            ("sum5", SumTree(5, adder=2), self.x[: 5 * 32]),
            ("greatest7", MaximumTree(7), top7),
        ):
            m.d.comb += getattr(self, name).eq(place(m, f"tree_{name}", part, en=all_of(self.en, part.latency), x=x).o)
        inputs = {"en": self.en, "valid": self.valid}
        running = place(m, "maximum", RunningMaximum(), **inputs, first=self.first, x=numbers[0][16:])
        m.d.comb += self.running.eq(running.o)
        for count in self.ACCUMULATORS:
            sums = place(m, f"sum_{count}", Accumulator(adder=count), **inputs, last=self.last, x=numbers[0])
            for name in ("total", "done", "ready"):
                m.d.comb += getattr(self, f"{name}{count}").eq(getattr(sums, name))
        self._bank(m, numbers)
        return m

    def _bank(self, m: Module, numbers: list[Value]) -> None:
        """Four products of bf16 numbers a step, their sum, and the sum over time."""
        product = Multiplier(BF16, BF16, FP32, 1)
        products = [
            place(m, f"product{i}", product, en=self.en, x=numbers[i][:16], y=numbers[i][16:]).o for i in range(4)
        ]
        column = place(m, "column", SumTree(4, adder=1), en=all_of(self.en, 2), x=Cat(products))
        valid, last = Signal(3), Signal(3)
        with m.If(self.en):
            m.d.sync += [valid.eq(Cat(self.valid, valid)), last.eq(Cat(self.last, last))]
        total = place(m, "bank", Accumulator(adder=1), en=self.en, valid=valid[-1], last=last[-1], x=column.o)
        m.d.comb += [self.dot.eq(total.total), self.dot_done.eq(total.done)]


@cache
def bench(part: type[Part], *arguments: object) -> Bench:
    """A part, built once."""
    return Bench(part(*arguments))
