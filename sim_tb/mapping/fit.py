"""Area and clock of an engine of any size, from those of a few small ones."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdl.params import EngineParams

__all__ = ["Fit", "Measured", "fit"]

Floats = NDArray[np.float64]
#: Terms of the model: what there is once, for each row, for each column, and for each PE.
TERMS = 4


@dataclass(frozen=True)
class Measured:
    """What synthesis found of an engine.

    Parameters
    ----------
    params : EngineParams
    area : float
        Of the whole engine with every memory, in the library's unit.
    clock : float
        Its shortest clock period, in the library's unit.
    """

    params: EngineParams
    area: float
    clock: float


@dataclass(frozen=True)
class Fit:
    """A model of engines that differ in rows and columns only.

    An engine consists of parts that occur once, once a row, once a column, and once a PE, so its area is a sum of four
    terms. The clock is the slowest that was measured: all of its paths are in small engines, too.

    Parameters
    ----------
    terms : tuple of float
    clock : float
    area_error, clock_error : float
        The mean error, as a share, of a model made without the engine that it is asked about.
    """

    terms: tuple[float, ...]
    clock: float
    area_error: float
    clock_error: float

    def area(self, params: EngineParams) -> float:
        """The area of an engine."""
        return float(_features(params) @ np.array(self.terms))


def fit(measured: Sequence[Measured]) -> Fit:
    """The model of some engines of one kind, of more than four sizes."""
    if len(measured) <= TERMS:
        raise ValueError(f"{TERMS} terms need more than {len(measured)} engines")
    errors = []
    for index, left_out in enumerate(measured):
        others = [*measured[:index], *measured[index + 1 :]]
        area = float(_features(left_out.params) @ _terms(others))
        clock = max(each.clock for each in others)
        errors.append((abs(area / left_out.area - 1), abs(clock / left_out.clock - 1)))
    area_error, clock_error = np.mean(errors, axis=0)
    terms = tuple(map(float, _terms(measured)))
    return Fit(terms, max(each.clock for each in measured), float(area_error), float(clock_error))


def _features(params: EngineParams) -> Floats:
    """How often each term occurs; where a block of B stays, its steps of K are the rows."""
    rows, cols = params.depth if params.weight_stationary else params.rows, params.cols
    return np.array([1.0, rows, cols, rows * cols])


def _terms(measured: Sequence[Measured]) -> Floats:
    """The terms whose relative errors are the least."""
    areas = np.array([each.area for each in measured])
    features = np.array([_features(each.params) for each in measured]) / areas[:, None]
    terms: Floats = np.linalg.lstsq(features, np.ones(len(areas)), rcond=None)[0]
    return terms
