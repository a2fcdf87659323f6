"""What makes operands of sums: scale, residual, rounding, saturation; in integers alone."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from hdl.params import ConfigError, Problem
from sim_tb.golden import Matrix

__all__ = ["MULT_BITS", "SHIFT_BITS", "Tail"]

#: Widths of the factors of sums (unsigned), and of shifts.
MULT_BITS, SHIFT_BITS = 16, 6


@dataclass(frozen=True)
class Tail:
    """Results of a layer's sums: ``round((sum * mult + other * plus) / 2^shift)``, saturated to 8 bits with sign.

    Rounding is to the nearest, half away from zero. With ``relu`` sums below zero count as zero.

    Parameters
    ----------
    mult, shift, plus : integer arrays of shape (n,)
        For each channel: factor of the sum (16 bits), places of the shift (6 bits), and factor of the other operand
        (32 bits), zero where none is added.
    relu : bool

    Raises
    ------
    ConfigError
        With everything that is out of range.
    """

    mult: Matrix
    shift: Matrix
    plus: Matrix
    relu: bool

    def __post_init__(self) -> None:
        problems = []
        for name, bits in (("mult", MULT_BITS), ("shift", SHIFT_BITS), ("plus", 32)):
            values = getattr(self, name)
            if values.dtype.kind not in "iu" or values.shape != self.mult.shape or values.ndim != 1:
                problems.append(Problem(name, f"must be integers of shape {self.mult.shape}, not {values.dtype}"))
            elif values.size and not 0 <= values.min() <= values.max() < 1 << bits:
                problems.append(Problem(name, f"must be from 0 to {(1 << bits) - 1}, not up to {values.max()}"))
        if problems:
            raise ConfigError(problems)

    def results(self, sums: Matrix, other: Matrix) -> Matrix:
        """int64 results of sums and of other operands, both of shape (..., n)."""
        kept = np.maximum(sums, 0) if self.relu else sums
        exact = kept * self.mult + other * self.plus
        twice = np.int64(2) * np.abs(exact) + (np.int64(1) << self.shift)
        result: Matrix = np.clip(np.sign(exact) * (twice >> (self.shift + 1)), -128, 127)
        return result
