"""A two-layer network in integers: its parameters, its inference on any multiplier, and the quantisation of it.

Activations are never negative (pixels, and what a ReLU leaves), weights are symmetric around zero. There are no biases.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from hdl.params import EngineParams, OperandFormat
from sim_tb.golden import Matrix
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.workload import Machine, Multiply, Outputs, at_once, multiply_numpy

__all__ = ["Network", "Placement", "requantise"]

#: Fraction bits of the factor between the results of one layer and the operands of the next.
SHIFT = 24


def requantise(values: Matrix, factor: int, top: int) -> Matrix:
    """ReLU, scale by ``factor / 2^SHIFT``, round half up, and saturate at ``top``."""
    scaled = (np.maximum(values, 0) * factor + (1 << (SHIFT - 1))) >> SHIFT
    result: Matrix = np.minimum(scaled, top)
    return result


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
    name: ClassVar = "digits"
    against: ClassVar = "NumPy"

    @property
    def topology(self) -> Topology:
        """Both layers."""
        sizes = (self.weights1.shape, self.weights2.shape)
        layers = (Product(f"layer{i}", "Gemm", len(self.labels), k, n) for i, (k, n) in enumerate(sizes, start=1))
        return Topology(self.name, tuple(layers))

    @property
    def macs(self) -> int:
        """Multiply-accumulates."""
        return self.topology.macs

    async def run(self, machine: Machine) -> Outputs:
        """Classify all images on an engine."""
        return {"logits": await self.logits(machine.multiply)}

    def expected(self) -> Outputs:
        """The logits of an inference in NumPy."""
        return {"logits": at_once(self.logits(multiply_numpy))}

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """How many images, and how many of them were right."""
        return {
            "images": len(self.labels),
            "accuracy": self.accuracy(outputs["logits"]),
            "accuracy_numpy": self.accuracy(self.expected()["logits"]),
            "accuracy_float": self.float_accuracy,
        }

    async def logits(self, multiply: Multiply) -> Matrix:
        """Classify all images: an array of shape (images, classes)."""
        hidden = await multiply(self.images, self.weights1)
        return await multiply(requantise(hidden, self.factor, self.top), self.weights2)

    def accuracy(self, logits: Matrix) -> float:
        """Share of the images whose label has the greatest logit."""
        return float((logits.argmax(axis=1) == self.labels).mean())

    def save(self, path: Path) -> None:
        """Store the network in a file."""
        with path.open("wb") as file:
            np.savez(file, **vars(self))

    @classmethod
    def load(cls, path: Path) -> Network:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            values = dict(data)
        return cls(**{name: value.item() if value.ndim == 0 else value for name, value in values.items()})


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
        """Added to weights where their format has no sign; taken off the results again, in software."""
        return 0 if self.weight.signed else 1 << (self.weight.width - 1)

    @property
    def weight_top(self) -> int:
        """Greatest magnitude of a weight."""
        return self.offset - 1 if self.offset else self.weight.max
