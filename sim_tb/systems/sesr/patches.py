"""A convolution as a product of matrices: what filters see, filters, and pixels out of results."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from sim_tb.golden import Matrix

__all__ = ["Blocks", "patches"]


@dataclass(frozen=True)
class Blocks:
    """A convolution of stride 1 with zeros around its maps, computed for blocks of neighbouring pixels.

    A row of the product is a window, all that the pixels of a block see; a column is a filter at one of the pixels,
    zero elsewhere in the window. A block of one pixel is the usual way. See :mod:`sim_tb.mapping.packing`.

    Parameters
    ----------
    kernel : int
        Odd: height and width of filters.
    down, across : int
        Pixels of a block.
    """

    kernel: int
    down: int = 1
    across: int = 1

    @property
    def window(self) -> tuple[int, int]:
        """Height and width of what a block sees."""
        return self.down + self.kernel - 1, self.across + self.kernel - 1

    def grid(self, height: int, width: int) -> tuple[int, int]:
        """Blocks down and across a map."""
        return -(-height // self.down), -(-width // self.across)

    def operands(self, maps: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """Windows of maps of shape (n, height, width, channels), one a row.

        Shape (n * blocks, window height * window width * channels): pixels line by line, channels side by side.
        """
        count, height, width, channels = maps.shape
        lines, columns = self.grid(height, width)
        edge = self.kernel // 2
        below, right = (lines * self.down - height, columns * self.across - width)
        padded = np.pad(maps, ((0, 0), (edge, edge + below), (edge, edge + right), (0, 0)))
        tall, wide = self.window
        found = np.empty((count, lines, columns, tall * wide, channels), maps.dtype)
        for tap in range(tall * wide):
            y, x = divmod(tap, wide)
            seen = padded[:, y : y + lines * self.down : self.down, x : x + columns * self.across : self.across]
            found[..., tap, :] = seen
        return found.reshape(count * lines * columns, -1)

    def filters(self, weights: Matrix) -> Matrix:
        """Filters of shape (kernel * kernel * channels, n) at each pixel: (window * channels, down * across * n)."""
        taps, n = self.kernel**2, weights.shape[1]
        channels = len(weights) // taps
        square = weights.reshape(self.kernel, self.kernel, channels, n)
        found = np.zeros((*self.window, channels, self.down, self.across, n), weights.dtype)
        for y in range(self.down):
            for x in range(self.across):
                found[y : y + self.kernel, x : x + self.kernel, :, y, x] = square
        return found.reshape(-1, self.down * self.across * n)

    def maps(self, product: Matrix, height: int, width: int) -> Matrix:
        """Maps of shape (1, height, width, n) of the product's results."""
        lines, columns = self.grid(height, width)
        blocks = product.reshape(lines, columns, self.down, self.across, -1).transpose(0, 2, 1, 3, 4)
        return blocks.reshape(1, lines * self.down, columns * self.across, -1)[:, :height, :width]


def patches(maps: npt.NDArray[Any], kernel: int) -> npt.NDArray[Any]:
    """What the filters at every pixel see, of shape (n * height * width, kernel * kernel * channels)."""
    return Blocks(kernel).operands(maps)
