"""The golden model's steps against fractions, one number at a time."""

from __future__ import annotations

import numpy as np
import pytest

from sim_tb.golden import float as golden
from tests.golden.float import exact
from tests.golden.float.numbers import SPECIAL, fp32, fp32_pairs

SEED = 1


def pairs(count: int) -> tuple[np.ndarray, np.ndarray]:
    """All pairs of special numbers, and random ones."""
    x, y = fp32_pairs(np.random.default_rng(SEED), count)
    left, right = np.meshgrid(SPECIAL, SPECIAL)
    return np.concatenate([left.ravel(), x]), np.concatenate([right.ravel(), y])


@pytest.mark.parametrize("name", ["add", "multiply"])
def test_fp32(name: str) -> None:
    x, y = pairs(8_000)
    found = golden.bits(getattr(golden, name)(golden.floats(x), golden.floats(y)))
    expected = [getattr(exact, name)(int(a), int(b), exact.FP32) for a, b in zip(x, y, strict=True)]
    assert len(expected) > 12_000
    wrong = np.nonzero(found != np.array(expected))[0]
    assert not len(wrong), [(hex(x[i]), hex(y[i]), hex(found[i]), hex(expected[i])) for i in wrong[:5]]
    classes = {"zero": found << 1 == 0, "infinite": found & 0x7FFFFFFF == 0x7F800000, "nan": found == 0x7FC00000}
    assert all(each.sum() > 50 for each in classes.values())


def test_a_scale_is_applied_before_the_range_is_checked() -> None:
    x, y = pairs(4_000)
    rng = np.random.default_rng(SEED)
    power = rng.integers(-256, 256, len(x))
    found = golden.bits(golden.multiply(golden.floats(x), golden.floats(y), power))
    for i in range(len(x)):
        a, b = exact.number(int(x[i]), exact.FP32), exact.number(int(y[i]), exact.FP32)
        if isinstance(a, float) or isinstance(b, float):
            expected = exact.multiply(int(x[i]), int(y[i]), exact.FP32)
        else:
            negative = bool((x[i] ^ y[i]) >> 31)
            expected = exact.rounded(exact.Fraction(2) ** int(power[i]) * a * b, negative, exact.FP32)
        assert found[i] == expected, (hex(x[i]), hex(y[i]), power[i])


def test_powers_without_end() -> None:
    """They are factors of infinity and zero."""
    x = np.array([1.5, -1.5, 0.0, np.inf, np.nan], np.float32)
    assert golden.bits(golden.multiply(x, np.float32(1), 256)).tolist() == [
        *(0x7F800000, 0xFF800000, 0x7FC00000, 0x7F800000, 0x7FC00000)
    ]
    assert golden.bits(golden.multiply(x, np.float32(1), -257)).tolist() == [
        *(0x00000000, 0x80000000, 0x00000000, 0x7FC00000, 0x7FC00000)
    ]


def test_bf16_products_are_exact() -> None:
    rng = np.random.default_rng(SEED)
    x, y = rng.integers(0, 1 << 16, (2, 20_000))
    product = golden.multiply(golden.widen(x), golden.widen(y))
    exactly = golden.widen(x).astype(np.float64) * golden.widen(y).astype(np.float64)
    normal = np.isfinite(product) & (np.abs(product) >= 2.0**-126)
    assert normal.sum() > 5_000
    assert (product[normal] == exactly[normal]).all()


def test_narrow() -> None:
    rng = np.random.default_rng(SEED)
    x = np.concatenate([SPECIAL, fp32(rng, 20_000)])
    ties = np.arange(1 << 16, dtype=np.uint32) << np.uint32(16) | np.uint32(0x8000)
    x = np.concatenate([x, ties[::7], ties[::7] + np.uint32(1), ties[::7] - np.uint32(1)])
    found = golden.narrow(golden.floats(x))
    assert found.tolist() == [exact.narrow(int(each), exact.FP32, exact.BF16) for each in x]


def test_there_and_back() -> None:
    x = np.arange(1 << 16)
    back = golden.narrow(golden.widen(x))
    exponent, fraction = x >> 7 & 0xFF, x & 0x7F
    expected = np.where(exponent == 0, x & 0x8000, np.where((exponent == 255) & (fraction > 0), 0x7FC0, x))
    assert (back == expected).all()


def test_maximum() -> None:
    x, y = golden.floats(SPECIAL)[:, None], golden.floats(SPECIAL)[None, :]
    found = golden.maximum(x, y)
    flat_x, flat_y = np.broadcast_arrays(golden.flush(x), golden.flush(y))
    nan = np.isnan(flat_x) | np.isnan(flat_y)
    assert np.isnan(found[nan]).all()
    assert (found[~nan] == np.maximum(flat_x, flat_y)[~nan]).all()
    assert not np.signbit(found[~nan & (found == 0)]).any()
