"""The golden model of the network in integers: a pixel and a filter's tap at a time, and nothing of what runs it.

It takes plain arrays. Of the rest of this package it imports nothing: no patches, no products, no tails.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from sim_tb.golden import Matrix

__all__ = ["convolve", "golden", "requantise"]

#: Of a tail: mult, shift, plus, relu.
Numbers = tuple[Matrix, Matrix, Matrix, bool]


def convolve(maps: Matrix, filters: Matrix) -> Matrix:
    """Sums of shape (height, width, outputs) over maps of shape (height, width, inputs), zero outside.

    Parameters
    ----------
    filters : int64 array of shape (kernel, kernel, inputs, outputs)
    """
    height, width, _ = maps.shape
    kernel = len(filters)
    sums = np.zeros((height, width, filters.shape[3]), np.int64)
    for v in range(-(kernel // 2), kernel // 2 + 1):
        for u in range(-(kernel // 2), kernel // 2 + 1):
            # Pixel (y, x) of the result sees pixel (y + v, x + u), where there is one.
            seen = maps[max(v, 0) : height + min(v, 0), max(u, 0) : width + min(u, 0)]
            target = sums[max(-v, 0) : height + min(-v, 0), max(-u, 0) : width + min(-u, 0)]
            target += np.einsum("yxi,io->yxo", seen, filters[v + kernel // 2, u + kernel // 2])
    return sums


def requantise(sums: Matrix, other: Matrix | int, numbers: Numbers) -> Matrix:
    """Eight bits with sign of sums and what is added to them."""
    mult, shift, plus, relu = numbers
    if relu:
        sums = np.where(sums > 0, sums, 0)
    value = sums * mult + other * plus
    half = np.where(shift > 0, 1 << np.maximum(shift - 1, 0), 0)
    down = (value + half) >> shift
    up = -((half - value) >> shift)
    rounded = np.where(value < 0, up, down)
    return np.where(rounded > 127, 127, np.where(rounded < -128, -128, rounded))


def golden(pixels: Matrix, filters: Sequence[Matrix], tails: Sequence[Numbers]) -> tuple[list[Matrix], Matrix]:
    """Results of every layer, of shape (height, width, outputs), and the image that they make.

    Parameters
    ----------
    pixels : uint8 array of shape (height, width)
    filters : sequence of int64 arrays of shape (kernel, kernel, inputs, outputs)
    tails : sequence of (mult, shift, plus, relu)
    """
    x = pixels.astype(np.int64)[:, :, None] - 128
    results = [requantise(convolve(x, filters[0]), 0, tails[0])]
    for i in range(1, len(filters) - 2):
        results.append(requantise(convolve(results[-1], filters[i]), 0, tails[i]))
    results.append(requantise(convolve(results[-1], filters[-2]), results[0], tails[-2]))
    results.append(requantise(convolve(results[-1], filters[-1]), x, tails[-1]))
    image = np.zeros((2 * len(pixels), 2 * len(pixels[0])), np.uint8)
    for channel in range(4):
        image[channel // 2 :: 2, channel % 2 :: 2] = results[-1][:, :, channel] + 128
    return results, image
