"""Operands as arrays: drawn at random, or from whatever else gives tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gen.operands import USUAL, Operands
from hdl.params import EngineParams, FloatOperand, OperandFormat

__all__ = ["Drawn", "Stimuli", "normal", "patterns", "uniform"]

Matrix = npt.NDArray[Any]

#: Bits of exponent by which uniform floating-point numbers of either sign lie around 1.
AROUND_ONE = 12


def patterns(form: FloatOperand, values: Matrix) -> Matrix:
    """The bits (uint64) of finite numbers, rounded to nearest even; what is too small for a format is a zero."""
    single = np.asarray(values, np.float32)
    if form.subnormal:
        return single.astype(np.float16).view(np.uint16).astype(np.uint64)
    lost = 32 - form.width
    whole = single.view(np.uint32).astype(np.uint64)
    kept = whole + (1 << (lost - 1)) - 1 + (whole >> np.uint64(lost) & np.uint64(1))
    return kept >> np.uint64(lost)


def uniform(form: OperandFormat, shape: tuple[int, ...], rng: np.random.Generator) -> Matrix:
    """Every value of a format equally often: int64, or uint64 where the format has no sign.

    Of floating-point numbers the bits: every fraction and sign, with exponents around that of 1 where sums meet, and
    one in a hundred any pattern at all.
    """
    if isinstance(form, FloatOperand):
        exponents = rng.integers(form.bias - AROUND_ONE, form.bias + AROUND_ONE, shape, endpoint=True, dtype=np.uint64)
        rest = rng.integers(0, 1 << form.width, shape, dtype=np.uint64)
        near = rest & ~np.uint64(form.infinity) | exponents << np.uint64(form.fraction)
        found: Matrix = np.where(rng.random(shape) < 0.01, rest, near)
        return found
    kind = np.int64 if form.signed else np.uint64
    return rng.integers(form.min, form.max, size=shape, dtype=kind, endpoint=True)


def normal(form: OperandFormat, sigma: float, shape: tuple[int, ...], rng: np.random.Generator) -> Matrix:
    """Rounded numbers (int64) from a normal distribution around 0; those outside of the format are drawn anew.

    Of floating-point numbers the bits (uint64).
    """
    if isinstance(form, FloatOperand):
        return patterns(form, rng.normal(0.0, sigma, shape))
    values = np.rint(rng.normal(0.0, sigma, shape)).astype(np.int64)
    while (outside := (values < form.min) | (values > form.max)).any():
        values[outside] = np.rint(rng.normal(0.0, sigma, int(outside.sum()))).astype(np.int64)
    return values


class Stimuli(Protocol):
    """Gives tiles of operands."""

    @property
    def digest(self) -> str:
        """Tells these stimuli from all others."""

    def words(self, params: EngineParams) -> str:
        """What they are, in a sentence on figures."""

    def tile(self, params: EngineParams, k: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        """Integers of shapes (a_rows, k) and (k, cols), within the engine's formats."""


@dataclass(frozen=True)
class Drawn:
    """Random numbers, uniform or normal."""

    operands: Operands = USUAL

    @property
    def digest(self) -> str:
        """Kind and standard deviation."""
        return repr(self.operands)

    def words(self, params: EngineParams) -> str:
        """As :mod:`gen.operands` has it."""
        return self.operands.words(params.a)

    def tile(self, params: EngineParams, k: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        """Each number for itself."""
        shapes = ((params.a, (params.a_rows, k)), (params.b, (k, params.cols)))
        if self.operands.kind == "uniform":
            a, b = (uniform(form, shape, rng) for form, shape in shapes)
            return a, b
        spread = self.operands.sigma_of(params.a)
        if not params.floating:
            spread /= params.a.max  # B's is as large a part of its range
        a, b = (normal(form, spread if params.floating else spread * form.max, shape, rng) for form, shape in shapes)
        return a, b
