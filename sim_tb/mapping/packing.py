"""Layers that fill few columns or steps of K, as products that fill more of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property

from sim_tb.workloads.gemm import Product

__all__ = ["Packing", "packings"]


@dataclass(frozen=True)
class Packing:
    """Several groups, or several neighbouring pixels, of a layer in one product.

    Columns of an array see the same activations, so what is packed shares them: filters of several groups stand side
    by side, zero where another group's channels are; and a filter stands there once for each of ``down`` x ``across``
    neighbouring output pixels, shifted within the window of input pixels that these see together. A window grows more
    slowly than the pixels in it; that is the gain.

    Parameters
    ----------
    product : Product
        The layer. Pixels are packed only where it is a convolution.
    groups, down, across : int
    """

    product: Product
    groups: int = 1
    down: int = 1
    across: int = 1

    def window(self, axis: int) -> list[int]:
        """The input rows (axis 0), or columns (1), that the packed pixels see, as distances from the first one."""
        conv = self.product.conv
        if conv is None:
            return [0]
        pixels, taps = (self.down, self.across)[axis], conv.kernel[axis]
        reach = range(taps * conv.dilation[axis])[:: conv.dilation[axis]]
        return sorted({pixel * conv.stride[axis] + tap for pixel in range(pixels) for tap in reach})

    @cached_property
    def packed(self) -> Product:
        """The product that the engine computes; its geometry, which is the layer's, is left out."""
        own, conv = self.product, self.product.conv
        m, k = own.m, own.k
        if conv is not None:
            height, width = conv.output
            m = m // (height * width) * -(-height // self.down) * -(-width // self.across)
            k = k // conv.taps * len(self.window(0)) * len(self.window(1))
        pixels = self.down * self.across
        n, groups = own.n * pixels * self.groups, -(-own.groups // self.groups)
        return replace(own, m=m, k=k * self.groups, n=n, groups=groups, conv=None)

    @property
    def words(self) -> str:
        """What is packed, for tables; empty where nothing is."""
        parts = [f"{self.groups} groups"] if self.groups > 1 else []
        parts += [f"{self.down}x{self.across} pixels"] if self.down * self.across > 1 else []
        return ", ".join(parts)


def packings(product: Product, columns: int) -> Iterator[Packing]:
    """What may be packed so that no more than ``columns`` are filled; first of all nothing."""
    yield Packing(product)
    room = columns // product.n
    height, width = product.conv.output if product.conv is not None else (1, 1)
    for groups in _sizes(min(product.groups, room)):
        for down in _sizes(min(height, room // groups)):
            for across in _sizes(min(width, room // groups // down)):
                if groups * down * across > 1:
                    yield Packing(product, groups, down, across)


def _sizes(most: int) -> list[int]:
    """Powers of two, and the greatest size there is."""
    return sorted({1 << i for i in range(most.bit_length())} | ({most} if most else set()))
