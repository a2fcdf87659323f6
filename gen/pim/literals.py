"""Decimal numbers as bits of bf16 and single precision, and back: one rounding, exact integers on the way."""

from __future__ import annotations

import math
from fractions import Fraction

__all__ = ["bf16_bits", "fp32_bits", "shortest", "value_of"]

#: Bits of the fraction; all formats have 8 bits of exponent.
FRACTION = {16: 7, 32: 23}
BIAS = 127


def bf16_bits(value: Fraction | float) -> int:
    """The 16 bits of the nearest bf16 number, ties to even. Raises ValueError where there is none near."""
    return _bits(value, 16)


def fp32_bits(value: Fraction | float) -> int:
    """The 32 bits of the nearest single-precision number, ties to even. Raises ValueError where there is none near."""
    return _bits(value, 32)


def _bits(value: Fraction | float, width: int) -> int:
    fraction = FRACTION[width]
    special = {math.inf: 255 << fraction, -math.inf: 511 << fraction}
    if isinstance(value, float):
        if math.isnan(value):
            return 255 << fraction | 1 << (fraction - 1)
        if value in special:
            return special[value]
        sign = math.copysign(1, value) < 0
    else:
        sign = value < 0
    magnitude = abs(Fraction(value))
    if not magnitude:
        return sign << (width - 1)
    exponent = _floor_log2(magnitude)
    scaled = magnitude / Fraction(2) ** exponent * (1 << fraction)
    significand = round(scaled)  # ties to even, and exact
    if significand == 2 << fraction:
        exponent, significand = exponent + 1, significand >> 1
    if exponent > BIAS:
        raise ValueError(f"the value is beyond the greatest {_name(width)} number")
    if exponent < 1 - BIAS:
        raise ValueError(f"the value is below the least {_name(width)} number that counts, 2^{1 - BIAS}")
    return sign << (width - 1) | (exponent + BIAS - 1 << fraction) + significand


def value_of(bits: int, width: int) -> float:
    """The number that bits stand for."""
    fraction = FRACTION[width]
    sign = -1.0 if bits >> (width - 1) else 1.0
    exponent, rest = bits >> fraction & 255, bits & ((1 << fraction) - 1)
    if exponent == 255:
        return math.nan if rest else sign * math.inf
    significand = rest + ((exponent > 0) << fraction)
    return sign * math.ldexp(significand, max(exponent, 1) - BIAS - fraction)


def shortest(bits: int, width: int) -> str:
    """The shortest decimal that gives the bits back; an empty text where no decimal does."""
    value = value_of(bits, width)
    if math.isnan(value) or math.isinf(value):
        text = "nan" if math.isnan(value) else str(value)
        return text if _bits(value, width) == bits else ""
    if value == 0:
        return "-0.0" if bits else "0.0"
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        try:
            same = _bits(Fraction(text), width) == bits
        except ValueError:
            continue
        if same:
            return text if any(sign in text for sign in ".e") else f"{text}.0"
    return ""  # below the least normal number


def _floor_log2(value: Fraction) -> int:
    guess = value.numerator.bit_length() - value.denominator.bit_length()
    return guess if Fraction(2) ** guess <= value else guess - 1


def _name(width: int) -> str:
    return "bf16" if width == 16 else "single-precision"
