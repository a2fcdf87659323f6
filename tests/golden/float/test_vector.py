"""Sums and softmax of the golden model against float64."""

from __future__ import annotations

import numpy as np
import pytest

from sim_tb.golden import float as golden

SEED = 5


def random(rng: np.random.Generator, scale: float, *shape: int) -> np.ndarray:
    """Normal bf16 numbers."""
    return golden.narrow((scale * rng.standard_normal(shape)).astype(np.float32))


def exactly(x: np.ndarray) -> np.ndarray:
    return golden.widen(x).astype(np.float64)


@pytest.mark.parametrize("n", [*range(1, 18), 31, 32, 33, 128, 1000, 1024, 8192])
@pytest.mark.parametrize("scale", [1.0, 0.125])
def test_softmax(n: int, scale: float) -> None:
    rng = np.random.default_rng(SEED + n)
    for spread in (0.5, 4, 30):
        x = random(rng, spread / scale, 8, n)
        power = np.exp(scale * (exactly(x) - exactly(x).max(-1, keepdims=True)))
        expected = power / power.sum(-1, keepdims=True)
        found = exactly(golden.softmax(x, np.float32(scale)))
        assert (np.abs(found - expected) <= 5e-3 * expected.max(-1, keepdims=True)).all()
        assert (np.abs(found.sum(-1) - 1) <= 4e-3).all()
        seen = expected > 1e-6
        assert (np.abs(found - expected)[seen] <= 6e-3 * expected[seen]).all()


def test_softmax_of_special_vectors() -> None:
    one = golden.narrow(np.array([7.0], np.float32))
    assert exactly(golden.softmax(one)).tolist() == [1]
    constant = golden.narrow(np.full(48, -3.0, np.float32))
    assert np.abs(exactly(golden.softmax(constant)) * 48 - 1).max() < 4e-3
    infinite = golden.narrow(np.array([1, -np.inf, 1, -np.inf], np.float32))
    assert exactly(golden.softmax(infinite)).tolist() == [0.5, 0, 0.5, 0]
    # Infinity less infinity is not a number.
    for values in ([1, np.inf, 2], [-np.inf] * 3, [1, np.nan]):
        assert np.isnan(exactly(golden.softmax(golden.narrow(np.array(values, np.float32))))).all()


@pytest.mark.parametrize("k", [16, 64, 1024, 8192])
def test_dot(k: int) -> None:
    rng = np.random.default_rng(SEED + k)
    a, b = random(rng, 1, 2, 50, k)
    products = exactly(a) * exactly(b)
    found = exactly(golden.narrow(golden.dot(a, b)))
    assert (np.abs(found - products.sum(-1)) <= 1e-2 * np.sqrt((products**2).sum(-1))).all()


def test_order_of_sums() -> None:
    """Rounding shows the order: 2^24 swallows a 1 that is added to it, but not a 2."""
    big, one = np.float32(2.0**24), np.float32(1)
    assert golden.tree(np.array([one, one, big, -big], np.float32)) == 2
    assert golden.tree(np.array([big, one, one, -big], np.float32)) == 1
    assert golden.tree(np.array([big, one, -big, one, one], np.float32)) == 2
    beats = np.array([big, one, one, one, -big], np.float32)
    assert golden.accumulate(beats, interleave=1) == 0
    assert golden.accumulate(beats, interleave=4) == 3
    assert golden.accumulate(np.array([one], np.float32), start=big) == big
    rng = np.random.default_rng(SEED)
    values = rng.standard_normal((3, 77)).astype(np.float32)
    assert (golden.total(values, 4) != golden.total(values, 32)).any()
    np.testing.assert_allclose(golden.total(values), values.astype(np.float64).sum(-1), rtol=1e-5)
