"""Linear blocks: what SESR trains, and the one convolution that each of them is."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim_tb.systems.sesr.patches import patches

__all__ = ["Floats", "LinearBlock"]

Floats = npt.NDArray[np.float32]


@dataclass(frozen=True)
class LinearBlock:
    """A k x k convolution into many channels and a 1 x 1 convolution out of them, with nothing between, and no bias.

    Bhardwaj et al., "Collapsible Linear Blocks for Super-Efficient Super Resolution", MLSys 2022 (arXiv 2103.09404).

    Parameters
    ----------
    wide : float32 array of shape (kernel * kernel * inputs, p)
        Filters of the first convolution; rows are in the order of :func:`~sim_tb.systems.sesr.patches.patches`.
    narrow : float32 array of shape (p, outputs)
        The second convolution.
    kernel : int
        Odd.
    residual : bool
        The input is added to the result: inputs and outputs are as many.
    """

    wide: Floats
    narrow: Floats
    kernel: int
    residual: bool = False

    @property
    def collapsed(self) -> Floats:
        """The convolution that computes the same, of shape (kernel * kernel * inputs, outputs)."""
        weights: Floats = self.wide @ self.narrow
        if self.residual:
            inputs, outputs = weights.shape[0] // self.kernel**2, weights.shape[1]
            middle = self.kernel**2 // 2 * inputs
            weights[middle : middle + inputs] += np.eye(inputs, outputs, dtype=np.float32)
        return weights

    def expanded(self, maps: Floats) -> Floats:
        """Both convolutions one after the other, and the sum: maps of shape (n, height, width, channels)."""
        result: Floats = (patches(maps, self.kernel) @ self.wide @ self.narrow).reshape(*maps.shape[:3], -1)
        return result + maps if self.residual else result

    @classmethod
    def random(
        cls, kernel: int, inputs: int, outputs: int, p: int, rng: np.random.Generator, *, residual: bool = False
    ) -> LinearBlock:
        """Random weights, whose collapsed convolution keeps the deviation of its inputs."""
        taps = kernel**2 * inputs
        wide = rng.normal(0, taps**-0.5, (taps, p)).astype(np.float32)
        narrow = rng.normal(0, p**-0.5, (p, outputs)).astype(np.float32)
        return cls(wide, narrow, kernel, residual)
