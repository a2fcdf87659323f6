"""Functions of the golden model against float64, over all bf16 inputs."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import numpy as np
import pytest

from sim_tb.golden import float as golden

X = golden.widen(np.arange(1 << 16))
#: The same numbers, in float64.
EXACT = golden.flush(X).astype(np.float64)
#: Largest relative error in fp32 (measured: 6.19e-6, 5.36e-6, 2.14e-5, 1.13e-5), and after rounding to bf16.
FP32_BOUND = {"exp": 6.5e-6, "reciprocal": 5.6e-6, "rsqrt": 2.2e-5, "sigmoid": 1.2e-5}
BF16_BOUND = 4.0e-3
LEAST, GREATEST = 2.0**-126, (2 - 2**-23) * 2.0**127


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    """Infinities and NaN among the inputs are meant."""
    with np.errstate(all="ignore"):
        yield


def sigmoid(x: np.ndarray) -> np.ndarray:
    return 1 / (1 + np.exp(-x))


def gelu(x: np.ndarray) -> np.ndarray:
    return x * sigmoid(2 * np.sqrt(2 / np.pi) * (x + 0.044715 * x**3))


EXACTLY: dict[str, Callable[[np.ndarray], np.ndarray]] = {
    "exp": np.exp,
    "reciprocal": lambda x: 1 / x,
    "rsqrt": lambda x: 1 / np.sqrt(x),
    "sigmoid": sigmoid,
}


@pytest.mark.parametrize("name", EXACTLY)
def test_relative_error(name: str) -> None:
    found, expected = getattr(golden, name)(X), EXACTLY[name](EXACT)
    assert (np.isnan(found) == np.isnan(expected)).all()
    # At the very ends of the range an error decides between a number and none.
    inside = (np.abs(expected) > LEAST * 1.0001) & (np.abs(expected) < GREATEST * 0.999)
    assert inside.sum() > 32_000
    for result, bound in ((found, FP32_BOUND[name]), (golden.widen(golden.narrow(found)), BF16_BOUND)):
        error = np.abs(result.astype(np.float64) / expected - 1)[inside].max()
        assert bound / 2 < error <= bound, error
    assert (found[np.abs(expected) < LEAST * 0.9999] == 0).all()
    huge = np.abs(expected) > GREATEST * 1.001
    assert np.isinf(found[huge]).all()
    assert (np.sign(found) == np.sign(expected))[huge].all()


@pytest.mark.parametrize(("name", "exactly"), [("gelu", gelu), ("silu", lambda x: x * sigmoid(x))])
def test_error_of_activations(name: str, exactly: Callable[[np.ndarray], np.ndarray]) -> None:
    found = getattr(golden, name)(X)
    # Where x^3 overflows in float64 as well, the result is x or 0.
    expected = np.where(np.abs(EXACT) > 1e30, np.maximum(EXACT, 0), exactly(EXACT))
    expected[np.isinf(EXACT)] = np.array([np.inf, np.nan])
    assert (np.isnan(found) == np.isnan(expected)).all()
    known = np.isfinite(expected)
    assert known.sum() == (1 << 16) - 2 * 128
    for result, bound in ((found, 1e-5), (golden.widen(golden.narrow(found)), 5e-3)):
        error = (np.abs(result.astype(np.float64) - expected) / np.maximum(1, np.abs(EXACT)))[known]
        assert bound / 3 < error[np.isfinite(error)].max() <= bound
        # Rounded to bf16 the very greatest number is infinite.
        assert (~np.isfinite(error)).sum() <= 2


@pytest.mark.parametrize(
    ("name", "x", "expected"),
    [
        ("exp", [0.0, -0.0, np.inf, -np.inf, 89.0, -88.0], [1, 1, np.inf, 0, np.inf, 0]),
        ("reciprocal", [0.0, -0.0, np.inf, -np.inf, -4.0, 2.0**-126], [np.inf, -np.inf, 0, 0, -0.25, 2.0**126]),
        ("rsqrt", [0.0, -0.0, np.inf, -1.0, 4.0, 2.0**-126], [np.inf, -np.inf, 0, np.nan, 0.5, 2.0**63]),
        ("sigmoid", [0.0, np.inf, -np.inf, 100.0, -100.0], [0.5, 1, 0, 1, 0]),
        ("gelu", [0.0, np.inf, -np.inf, 50.0, -50.0, 3e38], [0, np.inf, np.nan, 50, 0, 3e38]),
        ("silu", [0.0, np.inf, -np.inf, 200.0, -200.0, 3e38], [0, np.inf, np.nan, 200, 0, 3e38]),
    ],
)
def test_special_values(name: str, x: list[float], expected: list[float]) -> None:
    found = golden.widen(golden.narrow(getattr(golden, name)(np.array(x, np.float32))))
    rounded = golden.widen(golden.narrow(np.array(expected, np.float32)))
    np.testing.assert_array_equal(found, rounded)
    assert np.isnan(getattr(golden, name)(np.array([np.nan], np.float32))).all()


def test_split() -> None:
    from sim_tb.golden.float.functions import split

    t = np.concatenate([X, np.linspace(-300, 300, 100_001, dtype=np.float32)])
    integer, rest = split(t)
    near = np.abs(t) < 256
    assert near.sum() > 90_000
    assert (integer[near] + rest[near].astype(np.float64) == golden.flush(t)[near]).all()
    assert (np.abs(rest[near]) <= 0.5).all()
    assert (np.abs(integer[~near & ~np.isnan(t)]) > 256).all()
