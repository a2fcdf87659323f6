"""Operand formats: integers of 2 to 16 bits, signed (``s8``) or unsigned (``u4``)."""

from __future__ import annotations

import re
from dataclasses import dataclass

__all__ = ["MAX_WIDTH", "MIN_WIDTH", "IntegerFormat", "OperandFormat"]

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
        """Read ``s8`` or ``u12``. Raises ValueError with what is legal."""
        match = re.fullmatch(r"([su])(\d{1,3})", text) if isinstance(text, str) else None
        if match is None:
            raise ValueError(
                f"operand format must be 's' or 'u' and a width of {MIN_WIDTH} to {MAX_WIDTH} bits, not {text!r}"
            )
        return cls(width=int(match[2]), signed=match[1] == "s")

    def __str__(self) -> str:
        return f"{'s' if self.signed else 'u'}{self.width}"
