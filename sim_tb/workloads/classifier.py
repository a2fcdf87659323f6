"""A network of two layers that classifies images, whatever its numbers are."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar, Self

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.workload import Machine, Multiply, Outputs, at_once

__all__ = ["Classifier"]


@dataclass(frozen=True)
class Classifier(ABC):
    """Layers, and the images to classify, as operands of an engine. There are no biases.

    Parameters
    ----------
    images : int64 array of shape (images, pixels)
    labels : int64 array of shape (images,)
        What they show.
    weights1, weights2 : int64 arrays of shapes (pixels, hidden) and (hidden, classes)
    float_accuracy : float
        Share of the images that the network gets right in double precision.
    """

    images: Matrix
    labels: Matrix
    weights1: Matrix
    weights2: Matrix
    float_accuracy: float
    name: ClassVar[str]
    against: ClassVar[str] = "NumPy"

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

    @property
    @abstractmethod
    def numpy(self) -> Multiply:
        """NumPy's multiplier, in the network's numbers."""

    @abstractmethod
    async def logits(self, multiply: Multiply) -> Matrix:
        """Classify all images: an array of shape (images, classes)."""

    @abstractmethod
    def scores(self, logits: Matrix) -> Matrix:
        """What is greatest for the class that an image is taken for."""

    async def run(self, machine: Machine) -> Outputs:
        """Classify all images on an engine."""
        return {"logits": await self.logits(machine.multiply)}

    def expected(self) -> Outputs:
        """The logits of an inference in NumPy."""
        return {"logits": at_once(self.logits(self.numpy))}

    def accuracy(self, logits: Matrix) -> float:
        """Share of the images whose label has the greatest logit."""
        return float((self.scores(logits).argmax(axis=1) == self.labels).mean())

    def figures(self, outputs: Outputs) -> dict[str, Any]:
        """How many images, and how many of them were right."""
        return {
            "images": len(self.labels),
            "accuracy": self.accuracy(outputs["logits"]),
            "accuracy_numpy": self.accuracy(self.expected()["logits"]),
            "accuracy_float": self.float_accuracy,
        }

    def stored(self) -> dict[str, Any]:
        """Arrays, numbers and texts that say all."""
        return dict(vars(self))

    @classmethod
    def restored(cls, values: dict[str, Any]) -> Self:
        """The network again."""
        return cls(**values)

    def save(self, path: Path) -> None:
        """Store the network in a file."""
        with path.open("wb") as file:
            np.savez(file, **self.stored())

    @classmethod
    def load(cls, path: Path) -> Self:
        """Read what :meth:`save` stored."""
        with np.load(path) as data:
            values = dict(data)
        return cls.restored({name: value.item() if value.ndim == 0 else value for name, value in values.items()})
