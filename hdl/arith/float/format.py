"""Binary floating-point formats and the rules that all units share.

Numbers are IEEE 754 patterns: sign, biased exponent, fraction. Subnormal numbers don't exist: an operand below the
least normal number counts as a zero of its sign, and so does a result. Rounding is to nearest, ties to even; overflow
gives an infinity; every NaN that leaves a unit is the same one, positive and quiet.

A unit takes operands in every step. Each of its steps has an enable, so that one without an element is not clocked:
most of the power of such units is that of clock pins.
"""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params import ConfigError, Problem

__all__ = ["BF16", "FP32", "FloatFormat"]


@dataclass(frozen=True)
class FloatFormat:
    """A format.

    Parameters
    ----------
    exponent : int
        Bits of the exponent, at least 2.
    significand : int
        Bits of the significand with its hidden one, at least 2.

    Raises
    ------
    ConfigError
        Naming everything that is out of range.
    """

    exponent: int
    significand: int

    def __post_init__(self) -> None:
        bits = {"exponent": self.exponent, "significand": self.significand}
        problems = [
            Problem(f"float.{name}", f"must be an integer of at least 2, not {value!r}")
            for name, value in bits.items()
            if isinstance(value, bool) or not isinstance(value, int) or value < 2
        ]
        if problems:
            raise ConfigError(problems)

    @property
    def fraction(self) -> int:
        """Bits of the fraction."""
        return self.significand - 1

    @property
    def width(self) -> int:
        """Bits of a number."""
        return self.exponent + self.significand

    @property
    def bias(self) -> int:
        """The biased exponent of 1."""
        return (1 << (self.exponent - 1)) - 1

    @property
    def special(self) -> int:
        """The biased exponent of infinities and NaN."""
        return (1 << self.exponent) - 1

    @property
    def one(self) -> int:
        """The bits of 1."""
        return self.bias << self.fraction

    @property
    def infinity(self) -> int:
        """The bits of +infinity."""
        return self.special << self.fraction

    @property
    def nan(self) -> int:
        """The bits of the one NaN that units give."""
        return self.infinity | 1 << (self.fraction - 1)

    @property
    def minus_zero(self) -> int:
        """The bits of -0, which changes nothing where it is added."""
        return 1 << (self.width - 1)

    def __str__(self) -> str:
        return f"e{self.exponent}m{self.fraction}"


BF16 = FloatFormat(exponent=8, significand=8)
FP32 = FloatFormat(exponent=8, significand=24)
