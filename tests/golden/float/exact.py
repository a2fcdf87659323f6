"""Floating point one number at a time, from fractions: the third opinion on hardware and golden model.

A format is (bits of the exponent, bits of the significand with its hidden one).
"""

from __future__ import annotations

from fractions import Fraction

Format = tuple[int, int]
BF16, FP32 = (8, 8), (8, 24)


def parts(bits: int, form: Format) -> tuple[int, int, int]:
    """Sign, biased exponent and fraction."""
    exponent, significand = form
    return (
        bits >> (exponent + significand - 1),
        bits >> (significand - 1) & ~(-1 << exponent),
        bits % (1 << (significand - 1)),
    )


def number(bits: int, form: Format) -> Fraction | float:
    """The number: a fraction, an infinity or NaN; what is subnormal is zero."""
    sign, exponent, fraction = parts(bits, form)
    bias = (1 << (form[0] - 1)) - 1
    if exponent == 2 * bias + 1:
        return float("nan") if fraction else float("-inf" if sign else "inf")
    value = Fraction((1 << (form[1] - 1)) + fraction) * Fraction(2) ** (exponent - bias - form[1] + 1)
    return 0 * value if exponent == 0 else -value if sign else value


def nan(form: Format) -> int:
    return ((1 << form[0]) - 1 << (form[1] - 1)) | 1 << (form[1] - 2)


def infinity(form: Format) -> int:
    return ((1 << form[0]) - 1) << (form[1] - 1)


def rounded(value: Fraction, negative: bool, form: Format) -> int:
    """To nearest even with an endless exponent, then zero or infinity beyond the range; ``negative`` for a zero."""
    exponent, significand = form
    bias = (1 << (exponent - 1)) - 1
    sign = int(negative if value == 0 else value < 0) << (exponent + significand - 1)
    if value == 0:
        return sign
    magnitude = abs(value)
    power = magnitude.numerator.bit_length() - magnitude.denominator.bit_length()
    power -= magnitude < Fraction(2) ** power
    whole = round(magnitude * Fraction(2) ** (significand - 1 - power))  # Python rounds fractions to nearest even
    if whole == 1 << significand:
        whole, power = whole // 2, power + 1
    if power > bias:
        return sign | infinity(form)
    if power < 1 - bias:
        return sign
    return sign | (power + bias) << (significand - 1) | whole - (1 << (significand - 1))


def add(x: int, y: int, form: Format) -> int:
    a, b = number(x, form), number(y, form)
    if isinstance(a, float) or isinstance(b, float):
        total = (
            float(a) + float(b) if isinstance(a, float) and isinstance(b, float) else a if isinstance(a, float) else b
        )
        return nan(form) if total != total else infinity(form) | (total < 0) << (sum(form) - 1)
    signs = parts(x, form)[0], parts(y, form)[0]
    # A zero sum is negative only where both operands are.
    return rounded(a + b, all(signs), form)


def multiply(x: int, y: int, form: Format, result: Format | None = None) -> int:
    result = result or form
    a, b = number(x, form), number(y, form)
    negative = parts(x, form)[0] != parts(y, form)[0]
    if a != a or b != b:
        return nan(result)
    if isinstance(a, float) or isinstance(b, float):
        return nan(result) if a == 0 or b == 0 else infinity(result) | negative << (sum(result) - 1)
    return rounded(a * b, negative, result)


def narrow(x: int, wide: Format, form: Format) -> int:
    value = number(x, wide)
    if isinstance(value, float):
        return nan(form) if value != value else infinity(form) | (value < 0) << (sum(form) - 1)
    return rounded(value, bool(parts(x, wide)[0]), form)
