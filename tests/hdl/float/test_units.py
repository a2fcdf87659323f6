"""Adders, multipliers, conversion and maximum under Verilator, bit for bit against the golden model."""

from __future__ import annotations

import numpy as np
import pytest

from hdl.arith.float.add import Adder
from hdl.arith.float.format import BF16, FP32, FloatFormat
from hdl.arith.float.multiply import Multiplier
from hdl.arith.float.narrow import Narrow
from hdl.params import ConfigError
from sim_tb.golden import float as golden
from tests.golden.float import exact
from tests.golden.float.numbers import SPECIAL, bf16_set, fp32_pairs
from tests.hdl.float.bench import Bench
from tests.hdl.float.parts import SMALL, Bf16Units, Fp32Units, SmallUnits, bench

pytestmark = pytest.mark.sim
SEED = 3


def differences(found: np.ndarray, expected: np.ndarray, *operands: np.ndarray) -> list[tuple[str, ...]]:
    """The first few differences, with their operands."""
    assert found.shape == expected.shape
    wrong = np.nonzero(found != expected)[0][:5]
    return [tuple(hex(each[i]) for each in (*operands, found, expected)) for i in wrong]


def test_bf16_exhaustively() -> None:
    """Every bf16 number with 1,024 others: 67 million products and sums."""
    rng = np.random.default_rng(SEED)
    others = bf16_set(rng, 1 << 10)
    every = np.arange(1 << 16, dtype=np.uint32)
    compared, rows = 0, 64
    for begin in range(0, len(others), rows):
        block = others[begin : begin + rows]
        x, y = np.tile(every, len(block)), np.repeat(block, len(every))
        padding = np.zeros(4, np.uint32)
        found = bench(Bf16Units).run(x=np.concatenate([x, padding]), y=np.concatenate([y, padding]))
        values = golden.widen(every)[None, :], golden.widen(block)[:, None]
        for name, latency, function in (("product", 3, golden.multiply), ("total", 4, golden.add)):
            expected = golden.bits(function(*values)).ravel()
            assert not differences(found[name][latency : latency + len(x)], expected, x, y), f"{name}, seed {SEED}"
            compared += len(x)
    assert len(np.unique(others)) == 1 << 10
    assert compared == 2 << 26


def test_fp32() -> None:
    """A million random pairs, and all pairs of special numbers."""
    rng = np.random.default_rng(SEED)
    left, right = (each.ravel() for each in np.meshgrid(SPECIAL, SPECIAL))
    x, y = (np.concatenate(pair) for pair in zip((left, right), fp32_pairs(rng, 1_000_000), strict=True))
    power, sign = rng.integers(-512, 512, len(x)), rng.integers(0, 2, len(x))
    power = np.where(rng.random(len(x)) < 0.7, power // 16, power)
    scale = ((power & 0x3FF) | sign << 10).astype(np.uint32)
    padding = np.zeros(4, np.uint32)
    inputs = {"x": x, "y": y, "scale": scale}
    found = bench(Fp32Units).run(**{name: np.concatenate([value, padding]) for name, value in inputs.items()})
    a, b = golden.floats(x), golden.floats(y)
    top_a, top_b = golden.widen(x >> 16), golden.widen(y >> 16)
    product = golden.bits(golden.multiply(a, b))
    expected = {
        "total": golden.bits(golden.add(a, b)),
        "inferred": product,
        "fused": product,
        "scaled": golden.bits(golden.multiply(a, np.where(sign, -b, b), power)),
        "mixed": golden.bits(golden.multiply(a, top_b)),
        "rounded": golden.narrow(a).astype(np.uint32),
        "greatest": golden.bits(golden.maximum(a, b)),
        "greater": golden.bits(golden.maximum(top_a, top_b)) >> 16,
    }
    for name, values in expected.items():
        latency = Fp32Units.latency[name]
        assert not differences(found[name][latency : latency + len(x)], values, x, y), f"{name}, seed {SEED}"
        counts = {"nan": (values & 0x7FFF == 0x7FC0) if name in ("rounded", "greater") else values == 0x7FC00000}
        assert all(count.sum() > 1_000 for count in counts.values())


@pytest.mark.parametrize("form", SMALL, ids=str)
@pytest.mark.parametrize("unit", ["add", "multiply"])
def test_small_formats_exhaustively(form: exact.Format, unit: str) -> None:
    """All pairs of numbers of a small format, against fractions: with any number of stages the result is the same."""
    count, latency = 1 << sum(form), SMALL[form]
    x, y = (np.concatenate([each.ravel(), np.zeros(4)]).astype(np.uint32) for each in np.indices((count, count)))
    found = bench(SmallUnits).run(x=x, y=y)[f"{unit}_{form[0]}_{form[1]}"]
    function = getattr(exact, unit)
    expected = np.array([function(i, j, form) for i in range(count) for j in range(count)])
    latency = min(latency, 4)
    assert not differences(found[latency : latency + count**2], expected, x, y)


def test_conversion_and_exact_product_of_small_formats() -> None:
    x, y = (np.concatenate([each.ravel(), [0]]).astype(np.uint32) for each in np.indices((256, 64)))
    found = bench(SmallUnits).run(x=x, y=y)
    narrow = np.array([exact.narrow(int(i), (4, 4), (4, 3)) for i in x[:-1]])
    assert not differences(found["narrow"][1:], narrow, x)
    left, right, result = (3, 4), (3, 3), (3, 8)

    def product(i: int, j: int) -> int:
        widened = i << 4, j << 5  # into the result's format, which holds both
        return exact.multiply(*widened, result)

    expected = np.array([product(int(i) & 127, int(j)) for i, j in zip(x[:-1], y[:-1], strict=True)])
    assert left[0] == right[0] == result[0]
    assert not differences(found["exact"][1:], expected, x, y)


def test_enable() -> None:
    """While it is low nothing changes, whatever the operands do."""
    rng = np.random.default_rng(SEED)
    x, y = fp32_pairs(rng, 4_000)
    en = rng.integers(0, 2, 4_000).astype(np.uint32)
    steps = np.nonzero(en)[0]
    junk = np.where(en[:, None] == 1, np.stack([x, y], 1), rng.integers(0, 1 << 32, (4_000, 2)))
    found = bench(Fp32Units).run(en=en, x=junk[:, 0], y=junk[:, 1], scale=0)
    total, product = (
        golden.bits(f(golden.floats(x[steps]), golden.floats(y[steps]))) for f in (golden.add, golden.multiply)
    )
    for name, expected, latency in (("total", total, 4), ("inferred", product, 3), ("fused", product, 3)):
        assert len(steps) > 1_900
        assert not differences(found[name][steps[latency:]], expected[:-latency])
        # Outputs hold between enabled steps.
        held = np.nonzero(en[steps[latency] : -1] == 0)[0] + steps[latency]
        assert (found[name][held] == found[name][held + 1]).all()


def test_steps_without_an_element_keep_what_they_hold() -> None:
    """Each step of a unit has an enable: elements pass through with gaps between them, and gaps change nothing."""
    rng = np.random.default_rng(SEED)
    x, y = fp32_pairs(rng, 2_000)
    total = golden.bits(golden.add(golden.floats(x), golden.floats(y)))
    product = golden.bits(golden.multiply(golden.floats(x), golden.floats(y)))
    for unit, expected in ((Adder(), total), (Adder(latency=2), total), (Multiplier(), product)):
        valid = rng.random(len(x)) < 0.4
        en = sum(np.roll(valid, step).astype(np.uint32) << step for step in range(unit.latency))
        found = Bench(unit).run(en=en, x=x, y=y)["o"]
        ends = np.nonzero(valid[: -unit.latency])[0] + unit.latency
        assert not differences(found[ends], expected[ends - unit.latency])
        still = np.setdiff1d(np.arange(ends[0] + 1, len(x)), ends)
        assert len(still) > 900
        assert (found[still] == found[still - 1]).all()


def test_formats() -> None:
    assert (BF16.width, BF16.bias, BF16.nan, BF16.infinity, BF16.one) == (16, 127, 0x7FC0, 0x7F80, 0x3F80)
    assert (FP32.width, FP32.nan, FP32.minus_zero, FP32.one) == (32, 0x7FC00000, 0x80000000, 0x3F800000)
    assert str(FP32) == "e8m23"
    with pytest.raises(ConfigError) as error:
        FloatFormat(exponent=1, significand=True)
    assert [problem.where for problem in error.value.problems] == ["float.exponent", "float.significand"]
    with pytest.raises(ConfigError, match="differ in width"):
        Multiplier(BF16, FloatFormat(5, 8))
    with pytest.raises(ConfigError, match="did you mean 'fused'"):
        Multiplier(multiplier="fussed")
    with pytest.raises(ConfigError, match="can't be narrowed"):
        Narrow(BF16, FP32)
    with pytest.raises(ConfigError, match="latency"):
        Adder(latency=5)
