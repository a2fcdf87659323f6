"""Weights of 8 bits: the scale is the least that does, integers are the nearest, and nothing else changes."""

from __future__ import annotations

from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gen.pim.elements import numbers
from gen.pim.model.quantise import Quantised, quantise, quantised
from hdl.params import ConfigError
from tests.pim.compile import toys

#: The bits of finite bf16 numbers that are zero or normal.
BITS = st.integers(0, 0xFFFF).filter(lambda bits: 0 < bits >> 7 & 0xFF < 0xFF or not bits & 0x7FFF)


def exactly(bits: int) -> Fraction:
    return Fraction(float(numbers(np.array(bits, np.uint16))))


def nearest(x: Fraction) -> int:
    """Python's own rounding: ties to even."""
    return round(x)


@given(st.lists(st.lists(BITS, min_size=3, max_size=3), min_size=1, max_size=5))
def test_each_output_as_exact_arithmetic_has_it(rows):
    found = quantise(np.array(rows, np.uint16))
    for output in range(3):
        weights = [exactly(row[output]) for row in rows]
        bits = int(found.scales[output])
        scale, greatest = exactly(bits), max(abs(weight) for weight in weights)
        values = found.values[:, output].tolist()
        if not greatest:
            assert (bits, set(values)) == (0, {0})
            continue
        assert greatest <= 127 * scale
        assert bits == 0x0080 or greatest > 127 * exactly(bits - 1)
        assert values == [nearest(weight / scale) for weight in weights]


def test_ties_go_to_even():
    """With a scale of 1."""
    weights = np.array([[127.0], [0.5], [1.5], [2.5], [-0.5], [-3.5]], np.float32)
    found = quantise((weights.view(np.uint32) >> 16).astype(np.uint16))
    assert found.scales.tolist() == [0x3F80]
    assert found.values[:, 0].tolist() == [127, 0, 2, 2, 0, -4]


def test_zeros_and_order_change_nothing():
    """So that a matrix may be quantised before it is laid out, or behind."""
    rng = np.random.default_rng(8)
    weights = toys.random_weights(toys.gpt2(), rng)["0.up"]
    found = quantise(weights)
    rows, columns = rng.permutation(weights.shape[0]), rng.permutation(weights.shape[1])
    wider = np.pad(weights[np.ix_(rows, columns)], ((0, 3), (0, 2)))
    again = quantise(wider)
    assert np.array_equal(again.values[:-3, :-2], found.values[np.ix_(rows, columns)])
    assert np.array_equal(again.scales, [*found.scales[columns], 0, 0])
    assert not again.values[-3:].any()


@pytest.mark.parametrize("bits", [0x7F80, 0xFF80, 0x7FC0, 0xFFC1])
def test_what_is_no_number_is_refused(bits):
    weights = np.array([[0x3F80, 0x3F80], [0x3F80, bits]], np.uint16)
    with pytest.raises(ConfigError, match="has a weight of output 1 that is infinite or NaN"):
        quantise(weights)


@pytest.mark.parametrize("tied", [False, True])
def test_matrices_and_nothing_else(tied):
    decoder = toys.gpt2(tie_word_embeddings=tied)
    weights = toys.random_weights(decoder, np.random.default_rng(9))
    found = quantised(decoder, weights)
    matrices = {name for name, each in found.items() if isinstance(each, Quantised)}
    assert matrices == {"output", *(f"{i}.{each.name}" for i in range(2) for each in decoder.layer_matrices())}
    assert set(found) == {*weights, "output"}
    assert all(found[name] is weights[name] for name in weights if name not in matrices)
    assert found["output"].values.shape == (decoder.width, decoder.vocabulary)
