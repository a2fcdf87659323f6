from __future__ import annotations

import numpy as np
import pytest

from gen.nest.encoders import DIGIT_BITS, ENCODERS, density, digit_count, digit_ranges, encode
from hdl.arith.encoding import encoding
from hdl.params import ConfigError, OperandFormat

S8 = OperandFormat(8, signed=True)
SIGMAS = (None, 10, 20, 30, 40, 50)
#: Mean digits that are not zero of an INT8 operand, by exact enumeration: uniform, then normal by standard deviation.
MEANS = {
    "booth": (3.000, 1.925, 2.294, 2.530, 2.673, 2.769),
    "ent": (2.918, 1.762, 2.115, 2.335, 2.490, 2.605),
    "naf": (2.777, 1.731, 2.063, 2.259, 2.397, 2.500),
    "sign_magnitude": (3.504, 1.890, 2.344, 2.619, 2.815, 2.968),
}


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("signed", [True, False])
@pytest.mark.parametrize("width", range(2, 13))
def test_digits_are_the_value(encoder, width, signed):
    operand = OperandFormat(width, signed)
    values = np.arange(operand.min, operand.max + 1)
    digits = encode(values, encoder, operand)
    assert digits.shape == (1 << width, digit_count(encoder, operand))
    assert (digits @ (1 << DIGIT_BITS[encoder] * np.arange(digits.shape[1])) == values).all()
    limit = 2 if DIGIT_BITS[encoder] == 2 else 1
    assert abs(digits).max() <= limit


@pytest.mark.parametrize("encoder", sorted(MEANS))
def test_mean_digits(encoder):
    assert tuple(round(density(encoder, S8, sigma).mean, 3) for sigma in SIGMAS) == MEANS[encoder]


def test_mean_bits():
    assert density("bit_serial", S8).mean == pytest.approx(4.0)


def test_histograms():
    assert np.multiply(density("ent", S8).counts, 256) == pytest.approx([1, 15, 60, 108, 72])
    assert np.multiply(density("booth", S8).counts, 256) == pytest.approx([1, 12, 54, 108, 81])


@pytest.mark.parametrize(("sigma", "planes"), [(10, (0.750, 0.718, 0.294, 0.000)), (30, (0.750, 0.740, 0.688, 0.157))])
def test_density_of_planes(sigma, planes):
    assert tuple(round(plane, 3) for plane in density("ent", S8, sigma).planes) == planes


@pytest.mark.parametrize(
    ("value", "booth", "ent"),
    [
        (91, [-1, -1, 2, 1], [-1, -1, 2, 1]),
        (124, [0, -1, 0, 2], [0, -1, 0, 2]),
        (127, [-1, 0, 0, 2], [-1, 0, 0, 2]),
        (-128, [0, 0, 0, -2], [0, 0, 0, -2]),
        (-1, [-1, 0, 0, 0], [-1, 0, 0, 0]),
        (-3, [1, -1, 0, 0], [1, -1, 0, 0]),
    ],
)
def test_examples(value, booth, ent):
    assert encode(np.array(value), "booth", S8).tolist() == booth
    assert encode(np.array(value), "ent", S8).tolist() == ent


@pytest.mark.parametrize("encoder", ENCODERS)
@pytest.mark.parametrize("width", range(2, 17))
@pytest.mark.parametrize("signed", [True, False])
def test_as_many_digits_as_the_hardware_has(encoder, width, signed):
    operand = OperandFormat(width, signed)
    assert digit_count(encoder, operand) == encoding(encoder, operand).digits
    assert DIGIT_BITS[encoder] == encoding(encoder, operand).digit_bits


def test_naf_has_the_fewest_digits():
    values = np.arange(-128, 128)
    fewest = (encode(values, "naf", S8) != 0).sum(1)
    for encoder in ("booth", "ent"):
        assert (fewest <= (encode(values, encoder, S8) != 0).sum(1)).all()


@pytest.mark.parametrize(("value", "digits"), [(5, [1, 0, 1, 0]), (-5, [-1, 0, -1, 0]), (-8, [0, 0, 0, -1])])
def test_sign_magnitude(value, digits):
    assert encode(np.array(value), "sign_magnitude", OperandFormat(4, signed=True)).tolist() == digits


def test_ranges():
    assert digit_ranges("booth", OperandFormat(4, signed=False)) == [(-2, 1), (-2, 2), (0, 1)]
    assert digit_ranges("bit_serial", OperandFormat(2, signed=True)) == [(0, 1), (-1, 0)]
    assert digit_ranges("sign_magnitude", OperandFormat(3, signed=True)) == [(-1, 1), (-1, 1), (-1, 0)]


def test_wrong_requests():
    with pytest.raises(ConfigError) as unknown:
        digit_count("both", S8)
    assert str(unknown.value) == (
        "encoder: must be one of booth, ent, naf, bit_serial, sign_magnitude, not 'both' (did you mean 'booth'?)"
    )
    with pytest.raises(ConfigError) as outside:
        encode(np.array([128]), "booth", S8)
    assert str(outside.value) == "A: must hold values of s8, -128 to 127"
