"""SESR in floating point, collapsed: seven convolutions, two residuals, and pixels out of channels."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from hdl.params import ConfigError, Problem
from sim_tb.golden import Matrix
from sim_tb.systems.sesr.block import Floats, LinearBlock
from sim_tb.systems.sesr.patches import patches

__all__ = ["MIDDLE", "SCALE", "Network", "kernels", "names", "to_input", "to_pixels", "to_space"]

#: An image becomes this many times as high and wide.
SCALE = 2
#: Pixels minus this are the network's input: zero, with which maps are padded, is a grey in the middle.
MIDDLE = 128


def kernels(layers: int) -> list[int]:
    """Kernels of all convolutions of a network with N of 3 x 3."""
    return [5, *[3] * layers, 5]


def names(layers: int) -> list[str]:
    """What convolutions are called: ``L0``, ``L1`` and so on."""
    return [f"L{i}" for i in range(layers + 2)]


def to_input(pixels: Matrix) -> Floats:
    """The network's input, of shape (1, height, width, 1), of an image of shape (height, width)."""
    found: Floats = (pixels.astype(np.float32) - np.float32(MIDDLE)) / np.float32(255)
    return found[None, :, :, None]


def to_space(maps: Matrix) -> Matrix:
    """Maps of shape (n, height, width, 4) as (n, 2 height, 2 width): channels are pixels, line by line."""
    count, height, width, _ = maps.shape
    blocks: Matrix = maps.reshape(count, height, width, SCALE, SCALE).transpose(0, 1, 3, 2, 4)
    found: Matrix = blocks.reshape(count, height * SCALE, width * SCALE)
    return found


def to_pixels(output: Floats) -> Matrix:
    """Pixels of 8 bits of what the network gives, of shape (height, width)."""
    found: Matrix = np.clip(np.rint(output[0] * 255 + MIDDLE), 0, 255).astype(np.uint8)
    return found


@dataclass(frozen=True)
class Network:
    """The collapsed network for luma, with a ReLU behind all convolutions of 3 x 3.

    Parameters
    ----------
    weights : tuple of float32 arrays
        First 5 x 5 from one channel to f, then 3 x 3 from f to f, at last 5 x 5 from f to 4; shapes (taps * inputs,
        outputs).

    Raises
    ------
    ConfigError
        With every layer whose shape is another.
    """

    weights: tuple[Floats, ...]

    def __post_init__(self) -> None:
        problems = []
        width = self.weights[0].shape[-1] if self.weights and self.weights[0].ndim == 2 else 0
        for i, (kernel, found) in enumerate(zip(kernels(len(self.weights) - 2), self.weights, strict=False)):
            last = i == len(self.weights) - 1
            shape = (kernel**2 * (width if i else 1), SCALE**2 if last else width)
            if found.shape != shape:
                problems.append(Problem(f"L{i}", f"has weights of shape {found.shape}, not {shape}"))
        if len(self.weights) < 3:
            problems.append(Problem("weights", f"has {len(self.weights)} layers; the least is 3: L0, L1 and L2"))
        if problems:
            raise ConfigError(problems)

    def maps(self, x: Floats) -> list[Floats]:
        """What every convolution gives, with what follows it up to the next one.

        Maps of shape (n, height, width, channels). Of the first it is F0, of those of 3 x 3 what their ReLU leaves,
        with F0 added to the last of them; of the last it is the output, with the input added.
        """
        last = len(self.weights) - 1
        found: list[Floats] = []
        for i, (kernel, weights) in enumerate(zip(kernels(last - 1), self.weights, strict=True)):
            source = found[-1] if found else x
            result: Floats = (patches(source, kernel) @ weights).reshape(*x.shape[:3], -1)
            if 0 < i < last:
                result = np.maximum(result, 0)
            if i == last - 1:
                result = result + found[0]
            found.append(result + x if i == last else result)
        return found

    def upscale(self, pixels: Matrix) -> Matrix:
        """An image of uint8, of shape (height, width), twice as high and wide."""
        return to_pixels(to_space(self.maps(to_input(pixels))[-1]))

    @classmethod
    def collapse(cls, blocks: Sequence[LinearBlock]) -> Network:
        """The network that trained linear blocks make."""
        return cls(tuple(block.collapsed for block in blocks))
