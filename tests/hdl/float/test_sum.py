"""Operands of floating-point engines, their exact products, and sums in one step, bit for bit."""

from __future__ import annotations

from functools import cache

import numpy as np
import pytest
from amaranth.hdl import Module
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import BF16, FP32, FloatFormat
from hdl.arith.float.product import Product
from hdl.arith.float.sum import Sum
from hdl.arith.float.widen import Widen
from hdl.lib.shared import Part, place
from hdl.params import FLOATS, ConfigError
from sim_tb.golden.float import bits
from sim_tb.golden.float.matrix import multiply_exactly, numbers, sum_of
from tests.golden.float import exact
from tests.golden.float.numbers import SPECIAL, bf16_set, fp32_pairs
from tests.hdl.float.bench import Bench, Words, verilog

pytestmark = pytest.mark.sim
SEED = 5
#: Exponents, and significands of addends and sum: of all, every pair is tried.
SMALL = ((4, 4, 4, 4), (3, 5, 5, 5), (2, 2, 2, 2), (3, 2, 4, 5), (4, 4, 2, 4), (2, 6, 3, 6))
HALF = FloatFormat(5, 11)
MULTIPLIERS = ("fused", "inferred")


class Units(Part):
    """Products of bf16 and of fp16 operands, and sums of fp32 numbers and of all small ones."""

    module = "sum_units"
    clocked = False

    def __init__(self) -> None:
        products = {f"{name}_{how}": Out(width) for name, width in (("bf16", 24), ("fp16", 30)) for how in MULTIPLIERS}
        small = {self.of(formats): Out(formats[0] + formats[3]) for formats in SMALL}
        super().__init__({"x": In(32), "y": In(32), "total": Out(32), "mixed": Out(32), **products, **small})

    @staticmethod
    def of(formats: tuple[int, ...]) -> str:
        return "small_" + "_".join(map(str, formats))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        m.d.comb += self.total.eq(place(m, "total_unit", Sum(), x=self.x, y=self.y).o)
        short = FloatFormat(8, 22)
        m.d.comb += self.mixed.eq(place(m, "mixed_unit", Sum(FP32, short), x=self.x, y=self.y[2:]).o)
        wide = [place(m, f"widen{i}", Widen(HALF), value=each[:16]).o for i, each in enumerate((self.x, self.y))]
        for how in MULTIPLIERS:
            whole = {"x": self.x[:16], "y": self.y[:16]}
            product = place(m, f"bf16_unit_{how}", Product(BF16, multiplier=how), **whole)
            m.d.comb += getattr(self, f"bf16_{how}").eq(product.o)
            part = Product(FloatFormat(6, 11), multiplier=how)
            product = place(m, f"fp16_unit_{how}", part, x=wide[0], y=wide[1])
            m.d.comb += getattr(self, f"fp16_{how}").eq(product.o)
        for formats in SMALL:
            x, y, form = (FloatFormat(formats[0], size) for size in formats[1:])
            inputs = {"x": self.x[: x.width], "y": self.y[: y.width]}
            m.d.comb += getattr(self, self.of(formats)).eq(
                place(m, f"{self.of(formats)}_unit", Sum(x, y, form), **inputs).o
            )
        return m


@cache
def units() -> Bench:
    return Bench(Units())


def canonical(patterns: Words, exponent: int, significand: int) -> Words:
    """What a sum takes: a zero has no fraction, a NaN the highest bit of it."""
    fraction = significand - 1
    low, biased = patterns % (1 << fraction), patterns >> fraction & ~(-1 << exponent)
    quiet = 1 << (fraction - 1)
    kept = np.where(biased == 0, 0, np.where((biased == (1 << exponent) - 1) & (low != 0), quiet, low))
    return (patterns - low + kept).astype(np.uint32)


def wrong(found: Words, expected: Words, *operands: Words) -> list[tuple[str, ...]]:
    """The first differences, with their operands."""
    assert found.shape == expected.shape
    places = np.nonzero(found != expected)[0][:5]
    return [tuple(hex(each[i]) for each in (*operands, found, expected)) for i in places]


def numbers_of(product: Words, significand: int) -> Words:
    """The fp32 patterns of products; every NaN is one."""
    pattern = product.astype(np.uint32) << np.uint32(24 - significand)
    return bits(pattern.view(np.float32))


@pytest.mark.parametrize("formats", SMALL, ids=Units.of)
def test_small_sums_exhaustively(formats: tuple[int, ...]) -> None:
    """Against fractions, every pair of numbers."""
    exponent, *sizes, whole = formats
    every = [np.unique(canonical(np.arange(1 << exponent + size), exponent, size)) for size in sizes]
    x, y = (each.ravel() for each in np.meshgrid(*every))
    found = units().run(x=x.astype(np.uint32), y=y.astype(np.uint32))[Units.of(formats)]
    wide = [each << (whole - size) for each, size in zip((x, y), sizes, strict=True)]
    zero = 1 << exponent + whole - 1
    expected = []
    for one, other in zip(*wide, strict=True):
        total = exact.add(int(one), int(other), (exponent, whole))
        expected.append(0 if total == zero else total)
    assert not wrong(found, np.array(expected, np.uint32), x, y)


def test_fp32_sums() -> None:
    """All pairs of special numbers, and a million others that meet within reach of each other."""
    rng = np.random.default_rng(SEED)
    left, right = (each.ravel() for each in np.meshgrid(SPECIAL, SPECIAL))
    pairs = zip((left, right), fp32_pairs(rng, 1_000_000), strict=True)
    x, y = (canonical(np.concatenate(pair), 8, 24) for pair in pairs)
    found = units().run(x=x, y=y)
    assert not wrong(found["total"], bits(sum_of(x.view(np.float32), y.view(np.float32))), x, y)
    short = canonical(y & np.uint32(0xFFFFFFFC), 8, 24)
    assert not wrong(found["mixed"], bits(sum_of(x.view(np.float32), short.view(np.float32))), x, short)


@pytest.mark.parametrize("name", FLOATS)
def test_products(name: str) -> None:
    """Every operand with 128 others."""
    rng = np.random.default_rng(SEED)
    form = FLOATS[name]
    others = bf16_set(rng, 128)
    if form.subnormal:
        corners = np.array([0, 1, 2, 0x3FF, 0x400, 0x401, 0x7BFF, 0x7C00, 0x7C01, 0x7E00, 0x3C00, 0x3555], np.uint32)
        corners = np.concatenate([corners, corners | 0x8000])
        others = np.concatenate([corners, rng.integers(0, 1 << 16, 128 - len(corners)).astype(np.uint32)])
    x, y = np.tile(np.arange(1 << 16, dtype=np.uint32), len(others)), np.repeat(others, 1 << 16)
    found = units().run(x=x, y=y)
    expected = bits(multiply_exactly(numbers(form, x), numbers(form, y)))
    for how in MULTIPLIERS:
        product = numbers_of(found[f"{name}_{how}"], 2 * (form.fraction + 1))
        assert not wrong(product, expected, x, y), how


def test_broken_sums_are_found() -> None:
    """One gate of either path changed: small numbers tell."""
    text = verilog(Sum(*[FloatFormat(4, 4)] * 3))
    every = canonical(np.arange(256), 4, 4)
    x, y = (each.ravel().astype(np.uint32) for each in np.meshgrid(every, every))
    right = Bench(Sum(*[FloatFormat(4, 4)] * 3)).run(x=x, y=y)["o"]
    for old, new in (
        ("aligned_sticky_2 = ", "aligned_sticky_2 = 1'h0 & "),
        ("difference = ", "difference = 5'h02 | "),
    ):
        assert old in text, old
        changed = Bench(Sum(*[FloatFormat(4, 4)] * 3), text.replace(old, new, 1)).run(x=x, y=y)["o"]
        assert (changed != right).any(), old


def test_formats_that_do_not_fit() -> None:
    with pytest.raises(ConfigError, match="or longer"):
        Sum(FP32, FP32, BF16)
    with pytest.raises(ConfigError, match="or longer"):
        Sum(HALF, FP32, FP32)
    with pytest.raises(ConfigError, match="must be inferred or fused"):
        Product(BF16, multiplier="fussed")
    with pytest.raises(ConfigError, match="fewer bits"):
        Product(FP32, HALF)
