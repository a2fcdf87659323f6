"""Operands as arrays: drawn at random, or from whatever else gives tiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt

from gen.operands import USUAL, Operands
from hdl.params import EngineParams, OperandFormat

__all__ = ["Drawn", "Stimuli", "normal", "uniform"]

Matrix = npt.NDArray[Any]


def uniform(form: OperandFormat, shape: tuple[int, ...], rng: np.random.Generator) -> Matrix:
    """Every value of a format equally often: int64, or uint64 where the format has no sign."""
    kind = np.int64 if form.signed else np.uint64
    return rng.integers(form.min, form.max, size=shape, dtype=kind, endpoint=True)


def normal(form: OperandFormat, sigma: float, shape: tuple[int, ...], rng: np.random.Generator) -> Matrix:
    """Rounded numbers (int64) from a normal distribution around 0; those outside of the format are drawn anew."""
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
        """Integers of shapes (rows, k) and (k, cols), within the engine's formats."""


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
        shapes = ((params.a, (params.rows, k)), (params.b, (k, params.cols)))
        if self.operands.kind == "uniform":
            a, b = (uniform(form, shape, rng) for form, shape in shapes)
            return a, b
        spread = self.operands.sigma_of(params.a) / params.a.max  # B's is as large a part of its range
        a, b = (normal(form, spread * form.max, shape, rng) for form, shape in shapes)
        return a, b
