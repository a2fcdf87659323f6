"""A two-layer network in integers: its parameters, its inference on any multiplier, and the quantisation of it.

Activations are never negative (pixels, and what a ReLU leaves), weights are symmetric around zero. There are no biases.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdl.params import EngineParams, OperandFormat
from sim_tb.golden import Matrix, gemm

__all__ = ["Multiply", "Network", "multiply_numpy", "numpy_multiplier", "requantise"]

#: Multiplies activations (m x k) with weights (k x n), exactly.
Multiply = Callable[[Matrix, Matrix], Awaitable[Matrix]]

#: Fraction bits of the factor between the results of one layer and the operands of the next.
SHIFT = 24


def requantise(values: Matrix, factor: int, top: int) -> Matrix:
    """ReLU, scale by ``factor / 2^SHIFT``, round half up, and saturate at ``top``."""
    scaled = (np.maximum(values, 0) * factor + (1 << (SHIFT - 1))) >> SHIFT
    result: Matrix = np.minimum(scaled, top)
    return result


async def multiply_numpy(a: Matrix, b: Matrix) -> Matrix:
    """The multiplier that everything is compared with."""
    return a.astype(np.int64) @ b.astype(np.int64)


def numpy_multiplier(params: EngineParams) -> Multiply:
    """The same in the numbers of an engine: floating-point ones in its order of additions."""
    if not params.floating:
        return multiply_numpy

    async def multiply(a: Matrix, b: Matrix) -> Matrix:
        return gemm(params, a, b).astype(np.int64)

    return multiply


@dataclass(frozen=True)
class Network:
    """A quantised network, and the images to classify.

    Parameters
    ----------
    images : int64 array of shape (images, pixels)
        Quantised pixels.
    labels : int64 array of shape (images,)
        What they show.
    weights1, weights2 : int64 arrays of shapes (pixels, hidden) and (hidden, classes)
        Quantised weights.
    factor : int
        Of :func:`requantise` between the layers.
    top : int
        Greatest activation.
    float_accuracy : float
        Share of the images that the network got right before quantisation.
    """

    images: Matrix
    labels: Matrix
    weights1: Matrix
    weights2: Matrix
    factor: int
    top: int
    float_accuracy: float

    async def logits(self, multiply: Multiply) -> Matrix:
        """Classify all images: an array of shape (images, classes)."""
        hidden = await multiply(self.images, self.weights1)
        return await multiply(requantise(hidden, self.factor, self.top), self.weights2)

    def accuracy(self, logits: Matrix) -> float:
        """Share of the images whose label has the greatest logit."""
        return float((logits.argmax(axis=1) == self.labels).mean())

    def save(self, path: Path) -> None:
        """Store the network in an ``.npz`` file."""
        np.savez(path, **vars(self))


@dataclass(frozen=True)
class Placement:
    """Which stream of an engine takes activations, and which takes weights.

    Parameters
    ----------
    params : EngineParams
        The engine.
    """

    params: EngineParams

    @property
    def swapped(self) -> bool:
        """Activations enter as B: where B is the only unsigned operand, which holds them without a wasted sign bit."""
        return self.params.a.signed and not self.params.b.signed

    @property
    def activation(self) -> OperandFormat:
        """Format of activations."""
        return self.params.b if self.swapped else self.params.a

    @property
    def weight(self) -> OperandFormat:
        """Format of weights."""
        return self.params.a if self.swapped else self.params.b

    @property
    def offset(self) -> int:
        """Added to weights where their integer format has no sign; taken off the results again, in software."""
        return 0 if self.weight.signed or self.params.floating else 1 << (self.weight.width - 1)

    @property
    def weight_top(self) -> int:
        """Greatest magnitude of a weight."""
        return self.offset - 1 if self.offset else self.weight.max
