"""Bicubic halving and doubling of images, and how near an image comes to another."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt

__all__ = ["double", "halve", "psnr"]

Floats = npt.NDArray[np.float64]
Pixels = npt.NDArray[np.uint8]


def _cubic(distance: npt.NDArray[Any]) -> Floats:
    """Keys' kernel with a = -1/2 (IEEE ASSP 29(6), 1981), which image tools mean by "bicubic"."""
    x = np.abs(distance)
    near, far = 1.5 * x**3 - 2.5 * x**2 + 1, -0.5 * x**3 + 2.5 * x**2 - 4 * x + 2
    return np.where(x < 1, near, np.where(x < 2, far, 0.0))


def _lines(values: Floats, start: int, step: int, taps: Floats, count: int) -> Floats:
    """Line ``i`` is the sum of lines from ``start + i * step`` on, weighted by ``taps``; edges are mirrored."""
    reach = len(taps) + step
    padded = np.pad(values, ((reach, reach), (0, 0)), mode="symmetric")
    first = reach + start
    found = np.zeros((count, values.shape[1]))
    for k, tap in enumerate(taps / taps.sum()):
        found += tap * padded[first + k :: step][:count]
    return found


def _both(image: Floats, one: Callable[[Floats], Floats]) -> Floats:
    """Do to lines and columns what ``one`` does to lines."""
    return one(one(image).T).T


def _rounded(values: Floats) -> Pixels:
    return np.clip(np.floor(values + 0.5), 0, 255).astype(np.uint8)


def halve(image: Pixels) -> Pixels:
    """Half as high and wide, smoothed by the kernel made twice as wide: shapes (2 h, 2 w) to (h, w)."""
    taps = _cubic((np.arange(8) - 3.5) / 2)
    return _rounded(_both(image.astype(np.float64), lambda lines: _lines(lines, -3, 2, taps, len(lines) // 2)))


def double(image: Pixels) -> Pixels:
    """Twice as high and wide: shapes (h, w) to (2 h, 2 w)."""

    def lines(values: Floats) -> Floats:
        count, width = values.shape
        even = _lines(values, -2, 1, _cubic(np.arange(-2, 2) + 0.25), count)
        odd = _lines(values, -1, 1, _cubic(np.arange(-1, 3) - 0.25), count)
        return np.stack([even, odd], axis=1).reshape(2 * count, width)

    return _rounded(_both(image.astype(np.float64), lines))


def psnr(image: Pixels, true: Pixels, edge: int = 2) -> float:
    """Peak signal to noise ratio in dB of images of 8 bits, without so many pixels along the edges, as is usual."""
    inner = (slice(edge, -edge),) * 2
    error = image[inner].astype(np.float64) - true[inner]
    mean = float((error**2).mean())
    return float("inf") if mean == 0 else 10 * float(np.log10(255**2 / mean))
