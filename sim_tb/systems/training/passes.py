"""The passes of a layer on any multiplier: operands as matrices, and what becomes of the products.

Maps are arrays (maps, rows, columns, channels), weights (rows, columns, channels, filters). Where a layer has groups,
each has a product of its own, and the products stand one after the other.

=======  =================================  ======================================  ==========================
pass     A                                  B                                       A x B
=======  =================================  ======================================  ==========================
forward  patches of the input               weights                                 output
dW       the same patches, transposed       gradient of the output                  gradient of the weights
dX       patches of the output's gradient,  weights, turned by 180 degrees, with    gradient of the input
         with zeros all around              channels and filters exchanged
=======  =================================  ======================================  ==========================

A patch is what a filter sees from one place, as a row. With a stride, pixels of the input which the same taps of the
kernel meet make a product of their own, so that none multiplies zeros between the pixels of a gradient.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any

import numpy as np
import numpy.typing as npt

from gen.stimuli import patterns
from hdl.params import ConfigError, FloatOperand, Problem
from sim_tb.systems.training.layer import Layer
from sim_tb.workloads.workload import Multiply

__all__ = ["Floats", "Times", "forward", "gradient_of_input", "gradient_of_weights", "rounding"]

Floats = npt.NDArray[np.float32]
#: Multiplies stacks of matrices of fp32 numbers, which it may round before.
Times = Callable[[Floats, Floats], Awaitable[Floats]]


def rounding(form: FloatOperand, multiply: Multiply) -> Times:
    """Operands rounded to a format, to nearest even, and multiplied as an engine's: their bits, and fp32 results."""

    async def times(a: Floats, b: Floats) -> Floats:
        bits = await multiply(patterns(form, a), patterns(form, b))
        found: Floats = np.asarray(bits).astype(np.uint32).view(np.float32)
        return found

    return times


async def forward(layer: Layer, times: Times, x: Floats, w: Floats) -> Floats:
    """The output of a layer."""
    _check(layer, ("the input", x, layer.input_shape), ("weights", w, layer.weight_shape))
    return _maps(await times(_seen(layer, x), _matrices(layer, w)), layer.output_shape)


async def gradient_of_weights(layer: Layer, times: Times, x: Floats, dy: Floats) -> Floats:
    """The gradient of the weights, given the input and the output's gradient."""
    _check(layer, ("the input", x, layer.input_shape), ("the output's gradient", dy, layer.output_shape))
    product = await times(_seen(layer, x).swapaxes(1, 2), _by_group(dy.reshape(-1, layer.filters), layer.groups))
    return product.transpose(1, 0, 2).reshape(layer.weight_shape)


async def gradient_of_input(layer: Layer, times: Times, dy: Floats, w: Floats) -> Floats:
    """The gradient of the input, given the output's gradient and the weights; a product for each phase."""
    _check(layer, ("the output's gradient", dy, layer.output_shape), ("weights", w, layer.weight_shape))
    groups, stride = layer.groups, layer.conv.stride
    dx = np.zeros(layer.input_shape, np.float32)
    for phase in layer.phases:
        down, across = phase.down, phase.across
        padding = (down.before, across.before, down.behind, across.behind)
        seen = _patches(dy, (len(down.taps), len(across.taps)), (1, 1), padding, groups)
        met = w[np.ix_(down.taps, across.taps)]  # taps, taps, channels, filters
        turned = met.reshape(*met.shape[:3], groups, -1).transpose(3, 0, 1, 4, 2)
        product = await times(seen, turned.reshape(groups, -1, met.shape[2]))
        rows, columns = (slice(axis.start, None, step) for axis, step in zip((down, across), stride, strict=True))
        dx[:, rows, columns] = _maps(product, (layer.batch, down.count, across.count, layer.conv.channels))
    return dx


def _check(layer: Layer, *arrays: tuple[str, Floats, tuple[int, ...]]) -> None:
    """Raise ConfigError for arrays that aren't of the layer's sizes."""
    problems = [
        Problem(layer.name, f"{what} must be of shape {shape}, not {array.shape}")
        for what, array, shape in arrays
        if array.shape != shape
    ]
    if problems:
        raise ConfigError(problems)


def _seen(layer: Layer, x: Floats) -> Floats:
    """Patches of the input: (groups, maps x pixels, taps x channels of a group)."""
    return _patches(x, layer.conv.kernel, layer.conv.stride, layer.conv.padding, layer.groups)


def _patches(
    maps: Floats, kernel: tuple[int, int], stride: tuple[int, int], padding: tuple[int, int, int, int], groups: int
) -> Floats:
    """What a filter sees from every place, as rows, by group; negative padding cuts off."""
    top, left, bottom, right = padding
    height, width = maps.shape[1:3]
    kept = maps[:, : height + min(bottom, 0), : width + min(right, 0)]
    padded = np.pad(kept, ((0, 0), (top, max(bottom, 0)), (left, max(right, 0)), (0, 0)))
    windows: Any = np.lib.stride_tricks.sliding_window_view(padded, kernel, axis=(1, 2))
    windows = windows[:, :: stride[0], :: stride[1]]  # maps, rows, columns, channels, taps, taps
    count, rows, columns, channels = windows.shape[:4]
    windows = windows.reshape(count * rows * columns, groups, channels // groups, *kernel)
    found: Floats = windows.transpose(1, 0, 3, 4, 2).reshape(groups, count * rows * columns, -1)
    return found


def _matrices(layer: Layer, w: Floats) -> Floats:
    """Weights: (groups, taps x channels of a group, filters of a group)."""
    return _by_group(w.reshape(-1, layer.filters), layer.groups)


def _by_group(matrix: Floats, groups: int) -> Floats:
    """Columns of a matrix cut into groups, which come first."""
    return matrix.reshape(len(matrix), groups, -1).swapaxes(0, 1)


def _maps(product: Floats, shape: tuple[int, ...]) -> Floats:
    """Results by group, as maps."""
    return product.swapaxes(0, 1).reshape(shape)
