"""A two-layer network in integers: its parameters, its inference on any multiplier, and the quantisation of it.

Activations are never negative (pixels, and what a ReLU leaves), weights are symmetric around zero. There are no biases.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from hdl.params import EngineParams, OperandFormat
from sim_tb.golden import Matrix
from sim_tb.workloads.classifier import Classifier
from sim_tb.workloads.workload import Multiply, multiply_numpy

__all__ = ["Network", "Placement", "requantise"]

#: Fraction bits of the factor between the results of one layer and the operands of the next.
SHIFT = 24


def requantise(values: Matrix, factor: int, top: int) -> Matrix:
    """ReLU, scale by ``factor / 2^SHIFT``, round half up, and saturate at ``top``."""
    scaled = (np.maximum(values, 0) * factor + (1 << (SHIFT - 1))) >> SHIFT
    result: Matrix = np.minimum(scaled, top)
    return result


@dataclass(frozen=True)
class Network(Classifier):
    """A quantised network, with quantised pixels. For the other parameters see :class:`Classifier`.

    Parameters
    ----------
    factor : int
        Of :func:`requantise` between the layers.
    top : int
        Greatest activation.
    """

    factor: int
    top: int
    name: ClassVar = "digits"

    @property
    def numpy(self) -> Multiply:
        """Exact products."""
        return multiply_numpy

    async def logits(self, multiply: Multiply) -> Matrix:
        """Classify all images: an array of shape (images, classes)."""
        hidden = await multiply(self.images, self.weights1)
        return await multiply(requantise(hidden, self.factor, self.top), self.weights2)

    def scores(self, logits: Matrix) -> Matrix:
        """The logits themselves."""
        return logits


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
