"""A convolution as a matrix product: its patches, a row of A for each output pixel."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim_tb.golden import Matrix

__all__ = ["Convolution"]


@dataclass(frozen=True)
class Convolution:
    """A convolution without padding. Patches only move activations: those of changes are the changes of patches.

    Parameters
    ----------
    kernel, stride : int
        Down and across.
    weights : int64 array of shape (kernel * kernel * channels, filters)
    bias : int64 array of shape (filters,)
        In the unit of results.
    """

    kernel: int
    stride: int
    weights: Matrix
    bias: Matrix

    @classmethod
    def drawn(cls, kernel: int, stride: int, channels: int, filters: int, seed: int) -> Convolution:
        """Random signed weights of eight bits, and biases."""
        rng = np.random.default_rng([seed, 5])
        weights = np.clip(np.rint(rng.normal(0, 40, (kernel * kernel * channels, filters))), -127, 127)
        return cls(kernel, stride, weights.astype(np.int64), rng.integers(-5000, 5000, filters))

    def patches(self, maps: Matrix) -> Matrix:
        """Of maps (frames, height, width, channels) the patches (frames, pixels, kernel * kernel * channels)."""
        sizes = (self.kernel, self.kernel)
        seen = np.lib.stride_tricks.sliding_window_view(maps, sizes, axis=(1, 2))[:, :: self.stride, :: self.stride]
        return np.ascontiguousarray(np.moveaxis(seen, 3, -1).reshape(len(maps), -1, len(self.weights)))
