"""How figures read: grouped digits, four significant places, and a dash for what was not measured."""

from __future__ import annotations

import sys
from typing import Any, TypeGuard

__all__ = [
    "MISSING",
    "count",
    "duration",
    "is_number",
    "percent",
    "quantity",
    "rate",
    "ratio",
    "share",
    "times",
]

MISSING = "–"
#: Decimals of a very small value: it is rounded to zero rather than written with an exponent.
MOST_DECIMALS = 10
PREFIXES = ((1e12, "T"), (1e9, "G"), (1e6, "M"), (1e3, "k"))


def is_number(value: Any) -> TypeGuard[float]:
    """A finite number that a float can hold; JSON's true and false are none."""
    return isinstance(value, int | float) and not isinstance(value, bool) and abs(value) <= sys.float_info.max


def count(value: Any) -> str:
    """A whole number with grouped digits."""
    return f"{value:,.0f}" if is_number(value) else MISSING


def quantity(value: Any, unit: str = "", places: int = 4) -> str:
    """A measured quantity to ``places`` significant places; never with an exponent."""
    if not is_number(value):
        return MISSING
    exponent = int(f"{value:.{places - 1}e}".partition("e")[2])  # of the rounded value
    decimals = min(max(places - 1 - exponent, 0), MOST_DECIMALS) if value else 0
    text = f"{value:,.{decimals}f}".replace("-", "−")
    return f"{text} {unit}" if unit else text


def rate(value: Any, unit: str) -> str:
    """A rate with an SI prefix: 151.2 M MAC/s."""
    if not is_number(value):
        return MISSING
    for scale, prefix in PREFIXES:
        if abs(value) >= scale:
            return f"{quantity(value / scale)} {prefix}{unit}"
    return quantity(value, unit)


def percent(value: Any) -> str:
    """A share of one, as a percentage with one decimal."""
    return f"{100 * value:.1f} %" if is_number(value) else MISSING


def duration(seconds: Any) -> str:
    """Seconds, or minutes and seconds."""
    if not is_number(seconds):
        return MISSING
    if seconds < 120:
        return quantity(seconds, "s", 3)
    return f"{int(seconds // 60)} min {int(seconds % 60)} s"


def ratio(numerator: Any, denominator: Any) -> str:
    """How many times the denominator goes into the numerator."""
    if not (is_number(numerator) and is_number(denominator)) or denominator == 0:
        return MISSING
    return times(numerator / denominator)


def times(value: float) -> str:
    """A ratio with two decimals; one that is very small keeps two digits, one that is very large has no decimals."""
    if abs(value) >= 100:
        return f"{value:,.0f}×"
    return f"{value:.2f}×" if abs(value) >= 0.095 or value == 0 else f"{quantity(value, places=2)}×"


def share(part: Any, whole: Any) -> str:
    """A part as a percentage of the whole."""
    if not (is_number(part) and is_number(whole)) or whole == 0:
        return MISSING
    return percent(part / whole)
