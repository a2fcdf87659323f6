"""Operands of real layers: what an engine multiplies when it computes a network, as tiles that are cut out of it."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np

from gen.operands import KINDS
from gen.stimuli import patterns
from hdl.params import EngineParams, FloatOperand, ToolError
from sim_tb.golden import Matrix
from sim_tb.workloads import digits
from sim_tb.workloads.network import Placement
from sim_tb.workloads.workload import at_once, numpy_multiplier

__all__ = ["Layers", "load"]

#: Height and width of the filters, their number, and of how many patches their components are taken.
PATCH, FILTERS, LEARNT = 7, 64, 4000
#: Of so many lines of a photograph one is used.
LINES = 8
#: Photographs that scikit-image brings along: a cat, and a cup of coffee.
PHOTOGRAPHS = ("chelsea", "coffee")


@dataclass(frozen=True)
class Layers:
    """Matrix products of layers, in an engine's formats.

    Parameters
    ----------
    kind : str
        Of :data:`gen.operands.KINDS`.
    products : tuple of (array, array)
        Integers of shapes (m, k) and (k, n), of which A and B of tiles are parts.
    """

    kind: str
    products: tuple[tuple[Matrix, Matrix], ...]

    @property
    def digest(self) -> str:
        """Of all numbers."""
        state = hashlib.sha256(self.kind.encode())
        for each in self.products:
            for matrix in each:
                state.update(str(matrix.shape).encode() + np.ascontiguousarray(matrix, np.int64).tobytes())
        return state.hexdigest()

    def words(self, params: EngineParams) -> str:
        """What they are."""
        return KINDS[self.kind]

    def tile(self, params: EngineParams, k: int, rng: np.random.Generator) -> tuple[Matrix, Matrix]:
        """Neighbouring rows and columns of one of the products, from anywhere; what is too small begins anew."""
        a, b = self.products[rng.integers(len(self.products))]

        def some(count: int, size: int) -> Matrix:
            return (rng.integers(size) + np.arange(count)) % size

        steps = some(k, a.shape[1])
        return a[np.ix_(some(params.a_rows, a.shape[0]), steps)], b[np.ix_(steps, some(params.cols, b.shape[1]))]


def load(kind: str, params: EngineParams) -> Layers:
    """The layers of a network in the formats of an engine. Raises ToolError where a package is missing."""
    found = _digits(params) if kind == "digits" else _photographs(params)
    place = Placement(params)
    shifted = [(activations, weights + place.offset) for activations, weights in found]
    return Layers(kind, tuple((b.T, a.T) if place.swapped else (a, b) for a, b in shifted))


def _digits(params: EngineParams) -> list[tuple[Matrix, Matrix]]:
    """Both layers of the workload ``digits``."""
    network = digits.prepare(params)
    met: list[tuple[Matrix, Matrix]] = []

    async def multiply(activations: Matrix, weights: Matrix, initial: Matrix | None = None) -> Matrix:
        met.append((activations, weights))
        return await numpy_multiplier(params)(activations, weights)

    at_once(network.logits(multiply))
    return met


def _photographs(params: EngineParams) -> list[tuple[Matrix, Matrix]]:
    """A convolution over each photograph; its filters are the principal components of the photographs' patches."""
    try:
        from skimage import data
    except ImportError:
        raise ToolError("synth.operands 'photographs' needs scikit-image: pip install 'bitloom[photographs]'") from None
    place = Placement(params)
    patches = [_patches(getattr(data, name)()) for name in PHOTOGRAPHS]
    every = np.concatenate(patches).astype(np.float64)
    some = every[:: max(1, len(every) // LEARNT)]
    components = np.linalg.svd(some - some.mean(axis=0), full_matrices=False)[2][:FILTERS].T
    if isinstance(params.a, FloatOperand):
        filters = patterns(params.a, components / np.abs(components).max())
        return [(patterns(params.a, each / 256), filters) for each in patches]
    weights = np.rint(components / np.abs(components).max() * place.weight_top).astype(np.int64)
    return [(each * (place.activation.max + 1) // 256, weights) for each in patches]


def _patches(pixels: Matrix) -> Matrix:
    """Patches of a photograph, one a row, neighbours one after the other; of every few lines, to save memory."""
    windows = np.lib.stride_tricks.sliding_window_view(pixels, (PATCH, PATCH), axis=(0, 1))[::LINES]
    return windows.reshape(-1, pixels.shape[2] * PATCH * PATCH).astype(np.int64)
