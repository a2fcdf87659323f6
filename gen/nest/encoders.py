"""Encoders: operands as digits, and how many of those are not zero.

Every encoder writes x as the sum of digit w times 2**(bits * w), lowest digit first.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from hdl.params import encoders
from hdl.params.encoders import DIGIT_BITS, ENCODERS
from hdl.params.errors import ConfigError, Problem, near_name
from hdl.params.formats import OperandFormat

__all__ = ["DIGIT_BITS", "ENCODERS", "Density", "density", "digit_count", "digit_ranges", "encode", "nonzero_patterns"]

Integers = NDArray[np.int64]


def digit_count(encoder: str, operand: OperandFormat) -> int:
    """Digits that hold every value of a format: an unsigned one may need a digit more for its carry."""
    return encoders.digit_count(_known(encoder), operand)


def encode(values: Integers, encoder: str, operand: OperandFormat) -> Integers:
    """The digits of ``values`` in a new last axis.

    Each encoder's function below says which digits it gives.
    """
    values = np.asarray(values, dtype=np.int64)
    if values.size and (values.min() < operand.min or values.max() > operand.max):
        raise ConfigError([Problem("A", f"must hold values of {operand}, {operand.min} to {operand.max}")])
    planes = _PLANES[_known(encoder)](values, operand)
    return np.stack(planes, axis=-1)


def _booth(x: Integers, operand: OperandFormat) -> list[Integers]:
    """Modified Booth: radix 4, digits -2 to 2."""
    bits = x << 1  # a zero below the lowest bit; the shifts right extend the sign
    return [
        -2 * (bits >> (i + 2) & 1) + (bits >> (i + 1) & 1) + (bits >> i & 1)
        for i in range(0, 2 * digit_count("booth", operand), 2)
    ]


def _ent(x: Integers, operand: OperandFormat) -> list[Integers]:
    """EN-T: the magnitude in digits -1, 0, 1 and 2, every digit with the sign of the operand."""
    sign, magnitude = np.where(x < 0, -1, 1), np.abs(x)
    carry = np.zeros_like(x)
    planes = []
    for i in range(digit_count("ent", operand)):
        value = (magnitude >> 2 * i & 3) + carry
        carry = (value >= 3).astype(np.int64)
        planes.append(sign * (value - 4 * carry))
    return planes


def _naf(x: Integers, operand: OperandFormat) -> list[Integers]:
    """The digits of the non-adjacent form in pairs, which leaves the fewest that are not zero."""
    sign, magnitude = np.where(x < 0, -1, 1), np.abs(x)
    triple = 3 * magnitude
    plus, minus = (triple & ~magnitude) >> 1, (magnitude & ~triple) >> 1
    return [sign * ((plus >> i & 3) - (minus >> i & 3)) for i in range(0, 2 * digit_count("naf", operand), 2)]


def _bits(x: Integers, operand: OperandFormat) -> list[Integers]:
    """The bits of two's complement; the highest counts negative in a signed format."""
    planes = [x >> i & 1 for i in range(operand.width)]
    if operand.signed:
        planes[-1] = -planes[-1]
    return planes


def _magnitude(x: Integers, operand: OperandFormat) -> list[Integers]:
    """The bits of the magnitude, each with the sign of the operand."""
    return [np.sign(x) * (np.abs(x) >> i & 1) for i in range(operand.width)]


_PLANES = {"booth": _booth, "ent": _ent, "naf": _naf, "bit_serial": _bits, "sign_magnitude": _magnitude}


@cache
def _all_digits(encoder: str, operand: OperandFormat) -> Integers:
    return encode(np.arange(operand.min, operand.max + 1), encoder, operand)


def digit_ranges(encoder: str, operand: OperandFormat) -> list[tuple[int, int]]:
    """The least and the greatest value of every digit."""
    digits = _all_digits(encoder, operand)
    return [(int(plane.min()), int(plane.max())) for plane in digits.T]


@dataclass(frozen=True)
class Density:
    """How often digits are not zero.

    Parameters
    ----------
    planes : tuple of float
        For each weight, the probability that the digit is not zero.
    counts : tuple of float
        The probability that an operand has 0, 1, 2, ... digits that are not zero.
    """

    planes: tuple[float, ...]
    counts: tuple[float, ...]

    @property
    def mean(self) -> float:
        """Mean number of digits of an operand that are not zero."""
        return sum(self.planes)


@cache
def density(encoder: str, operand: OperandFormat, sigma: float | None = None) -> Density:
    """Exact density, of values that are all equally likely or normal.

    Parameters
    ----------
    sigma : float or None
        Standard deviation of a normal distribution around 0, of which what lies outside the format's range is drawn
        anew and the rest rounded; None for the uniform distribution.
    """
    nonzero, weights = nonzero_patterns(encoder, operand, sigma)
    counts = np.bincount(nonzero.sum(axis=1), weights=weights, minlength=nonzero.shape[1] + 1)
    return Density(tuple(map(float, weights @ nonzero)), tuple(map(float, counts)))


@cache
def nonzero_patterns(
    encoder: str, operand: OperandFormat, sigma: float | None
) -> tuple[NDArray[np.bool_], NDArray[np.float64]]:
    """Which digits are not zero, of shape (values, digits), and the probability of each value, see :func:`density`."""
    nonzero = _all_digits(encoder, operand) != 0
    if sigma is None:
        weights = np.ones(len(nonzero))
    else:
        bounds = [min(max(x - 0.5, operand.min), operand.max) for x in range(operand.min, operand.max + 2)]
        edges = [math.erf(bound / (sigma * math.sqrt(2))) for bound in bounds]
        weights = np.diff(edges)
    return nonzero, weights / weights.sum()


def _known(encoder: str) -> str:
    if encoder not in ENCODERS:
        message = f"must be one of {', '.join(ENCODERS)}, not {encoder!r}"
        raise ConfigError([Problem("encoder", message, near_name(encoder, ENCODERS))])
    return encoder
