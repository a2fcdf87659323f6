"""Operands of a clip, as tiles: what a netlist multiplies while its energy is measured."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from hdl.params import EngineParams
from sim_tb.golden import Matrix

__all__ = ["Patches"]


@dataclass(frozen=True)
class Patches:
    """Neighbouring rows of patches, and the filters: what a layer's tiles are cut out of.

    Parameters
    ----------
    what : str
        In words.
    sent : int64 array of shape (m, k)
    weights : int64 array of shape (k, n)
    """

    what: str
    sent: Matrix
    weights: Matrix

    @property
    def digest(self) -> str:
        """Of all numbers."""
        state = hashlib.sha256(self.what.encode())
        for each in (self.sent, self.weights):
            state.update(str(each.shape).encode() + np.ascontiguousarray(each, np.int64).tobytes())
        return state.hexdigest()

    def words(self, params: EngineParams) -> str:
        """What they are."""
        return self.what

    def tile(self, params: EngineParams, k: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        """Rows from anywhere, and steps from the first one on; what is too small begins anew."""
        m, inner = self.sent.shape
        rows = (rng.integers(m) + np.arange(params.rows)) % m
        steps, columns = np.arange(k) % inner, np.arange(params.cols) % self.weights.shape[1]
        return self.sent[np.ix_(rows, steps)], self.weights[np.ix_(steps, columns)]
