"""A two-layer network in floating-point numbers: its parameters, and its inference on any multiplier."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gen.stimuli import patterns
from hdl.params import FLOATS
from sim_tb.golden import Matrix
from sim_tb.golden.float import bits
from sim_tb.workloads.network import Multiply

__all__ = ["FloatNetwork"]


@dataclass(frozen=True)
class FloatNetwork:
    """A network in an engine's format, and the images to classify. All matrices hold the bits of numbers.

    Parameters
    ----------
    form : str
        Name of the format of images, weights and activations; results are fp32, and rounded to it between the layers.
    images : array of shape (images, pixels)
    labels : int64 array of shape (images,)
        What they show.
    weights1, weights2 : arrays of shapes (pixels, hidden) and (hidden, classes)
    float_accuracy : float
        Share of the images that the network gets right in double precision.
    """

    form: str
    images: Matrix
    labels: Matrix
    weights1: Matrix
    weights2: Matrix
    float_accuracy: float

    async def logits(self, multiply: Multiply) -> Matrix:
        """Classify all images: an array of shape (images, classes), of the bits of fp32 numbers."""
        hidden = np.maximum(_numbers(await multiply(self.images, self.weights1)), np.float32(0))
        found = await multiply(patterns(FLOATS[self.form], hidden), self.weights2)
        return bits(_numbers(found)).astype(np.int64)

    def accuracy(self, logits: Matrix) -> float:
        """Share of the images whose label has the greatest logit."""
        return float((_numbers(logits).argmax(axis=1) == self.labels).mean())

    def save(self, path: Path) -> None:
        """Store the network in an ``.npz`` file."""
        np.savez(path, **vars(self))


def _numbers(patterns_of: Matrix) -> Matrix:
    """The numbers of bits."""
    return np.asarray(patterns_of).astype(np.uint32).view(np.float32)
