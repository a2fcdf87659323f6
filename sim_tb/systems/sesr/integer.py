"""SESR in integers: operands of 8 bits, and tails between the layers."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.systems.sesr.golden import golden
from sim_tb.systems.sesr.network import MIDDLE, SCALE, kernels
from sim_tb.systems.sesr.tail import Tail
from sim_tb.workloads.gemm import Convolution, Product, Topology

__all__ = ["IntegerNetwork", "inputs_of"]


def inputs_of(pixels: Matrix) -> Matrix:
    """Operands of shape (1, height, width, 1), from −128 to 127, of pixels of shape (height, width)."""
    return (pixels.astype(np.int64) - MIDDLE)[None, :, :, None]


@dataclass(frozen=True)
class IntegerNetwork:
    """A quantised network.

    Parameters
    ----------
    weights : tuple of integer arrays
        Of shapes (taps * inputs, outputs), from −127 to 127.
    tails : tuple of Tail
        One a layer. The last layer of 3 x 3 adds F0, the last one of all the network's input.
    """

    weights: tuple[Matrix, ...]
    tails: tuple[Tail, ...]

    @property
    def kernels(self) -> list[int]:
        """Of all layers."""
        return kernels(len(self.weights) - 2)

    def other(self, layer: int, x: Matrix, results: list[Matrix]) -> Matrix:
        """What the tail of a layer adds: F0, the input, or nothing, of shape (..., outputs) or (..., 1)."""
        if layer == len(self.weights) - 2:
            return results[0]
        return x if layer == len(self.weights) - 1 else np.zeros_like(x)

    def golden(self, pixels: Matrix) -> tuple[list[Matrix], Matrix]:
        """Results of every layer, of shape (height, width, n), and the doubled image, by the golden model."""
        filters = [
            weights.reshape(kernel, kernel, -1, weights.shape[1])
            for kernel, weights in zip(self.kernels, self.weights, strict=True)
        ]
        return golden(pixels, filters, [(tail.mult, tail.shift, tail.plus, tail.relu) for tail in self.tails])

    def topology(self, height: int, width: int) -> Topology:
        """The products for an image of a size."""
        products = []
        for i, (kernel, weights) in enumerate(zip(self.kernels, self.weights, strict=True)):
            k, n = weights.shape
            edge = kernel // 2
            conv = Convolution(
                kernel=(kernel, kernel),
                height=height,
                width=width,
                channels=k // kernel**2,
                padding=(edge,) * 4,
            )
            products.append(Product(f"L{i}", "Conv", height * width, k, n, conv=conv))
        return Topology(f"sesr_x{SCALE}", tuple(products))
