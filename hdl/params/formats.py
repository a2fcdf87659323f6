"""Operand formats: integers of 2 to 16 bits, signed (``s8``) or unsigned (``u4``), and floating-point numbers."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["FLOATS", "MAX_WIDTH", "MIN_WIDTH", "FloatOperand", "IntegerFormat", "OperandFormat"]

MIN_WIDTH = 2
MAX_WIDTH = 16


@dataclass(frozen=True, order=True)
class IntegerFormat:
    """Integers of ``width`` bits.

    Parameters
    ----------
    width : int
        Bits, at least 1.
    signed : bool
        Two's complement if true.
    """

    width: int
    signed: bool

    @property
    def min(self) -> int:
        """The least value."""
        return -(1 << (self.width - 1)) if self.signed else 0

    @property
    def max(self) -> int:
        """The greatest value."""
        return (1 << (self.width - 1)) - 1 if self.signed else (1 << self.width) - 1

    @property
    def reach(self) -> int:
        """What the values of operands are a part of: one more than the greatest."""
        return self.max + 1


@dataclass(frozen=True, order=True)
class OperandFormat(IntegerFormat):
    """The format of an operand.

    Parameters
    ----------
    width : int
        Bits, 2 to 16.
    signed : bool
        Two's complement if true.

    Raises
    ------
    ValueError
        If the width is out of range.
    """

    def __post_init__(self) -> None:
        if isinstance(self.width, bool) or not isinstance(self.width, int):
            raise ValueError(f"operand width must be an integer, not {self.width!r}")
        if not MIN_WIDTH <= self.width <= MAX_WIDTH:
            raise ValueError(f"operand width must be {MIN_WIDTH} to {MAX_WIDTH} bits, not {self.width}")

    @classmethod
    def parse(cls, text: str) -> OperandFormat:
        """Read ``s8``, ``u12``, ``bf16`` or ``fp16``. Raises ValueError with what is legal."""
        if isinstance(text, str) and text in FLOATS:
            return FLOATS[text]
        match = re.fullmatch(r"([su])(\d{1,3})", text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(
                f"operand format must be 's' or 'u' and a width of {MIN_WIDTH} to {MAX_WIDTH} bits, "
                f"or {' or '.join(FLOATS)}, not {text!r}"
            )
        return OperandFormat(width=int(match[2]), signed=match[1] == "s")

    def __str__(self) -> str:
        return f"{'s' if self.signed else 'u'}{self.width}"


@dataclass(frozen=True, order=True)
class FloatOperand(OperandFormat):
    """The format of a floating-point operand: IEEE 754 patterns of sign, biased exponent and fraction.

    To all that only moves an operand it is its pattern, an unsigned integer.

    Parameters
    ----------
    name : str
    exponent, fraction : int
        Bits of either.
    subnormal : bool
        Its subnormal numbers count; otherwise each is a zero.
    """

    name: str
    exponent: int
    fraction: int
    subnormal: bool

    def __post_init__(self) -> None:
        """It may be wider than an integer: results are numbers of such a format, too."""

    @classmethod
    def of(cls, name: str, exponent: int, fraction: int, *, subnormal: bool) -> FloatOperand:
        """The format with so many bits."""
        return cls(1 + exponent + fraction, False, name, exponent, fraction, subnormal)

    @property
    def reach(self) -> int:
        """What the values of operands are a part of: 1, as they are scaled for networks."""
        return 1

    @property
    def bias(self) -> int:
        """The biased exponent of 1."""
        return (1 << (self.exponent - 1)) - 1

    @property
    def one(self) -> int:
        """The bits of 1."""
        return self.bias << self.fraction

    @property
    def infinity(self) -> int:
        """The bits of +infinity; those of NaN lie above them, and below is the greatest finite number."""
        return ((1 << self.exponent) - 1) << self.fraction

    @property
    def minus(self) -> int:
        """The bit of the sign."""
        return 1 << (self.width - 1)

    def __str__(self) -> str:
        return self.name


#: All floating-point formats of operands, by name. Of bf16 and its sums, which are fp32, subnormal numbers are as far
#: from all others as no training goes; those of fp16 are not.
FLOATS = {
    each.name: each
    for each in (
        FloatOperand.of("bf16", 8, 7, subnormal=False),
        FloatOperand.of("fp16", 5, 10, subnormal=True),
    )
}
