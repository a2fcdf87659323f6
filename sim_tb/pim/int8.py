"""Integers of 8 bits: the product of a matrix and a vector, bit for bit as the controller computes it, and caches."""

from __future__ import annotations

import math

import numpy as np
import numpy.typing as npt

from gen.pim.model.quantise import Quantised
from sim_tb.golden.float import add, dot, multiply, narrow, widen

__all__ = ["cached", "scaled_product"]

Elements = npt.NDArray[np.uint16]


def scaled_product(x: Elements, matrix: Quantised, bias: Elements | None, lanes: int, chunk: int) -> Elements:
    """A chunk's dot products, times the scales, join what there is so far, which is rounded to bf16 between chunks.

    Parameters
    ----------
    x : uint16 array of shape (inputs,)
        The bits of bf16 numbers, as the result.
    matrix : Quantised
    bias : uint16 array of shape (outputs,) or None
    lanes : int
        Bf16 numbers of a column; of integers it has twice as many.
    chunk : int
        Elements of the input that meet the matrix at a time.
    """
    missing = -len(x) % (2 * lanes)
    x = np.pad(x, (0, missing))
    # All integers of 8 bits are bf16 numbers.
    integers = narrow(np.pad(matrix.values.T, ((0, 0), (0, missing))).astype(np.float32))
    result = np.zeros(len(integers), np.uint16) if bias is None else bias
    for at in range(0, len(x), chunk):
        part = slice(at, at + chunk)
        sums = dot(integers[:, part], x[part], 2 * lanes)
        result = narrow(add(widen(result), multiply(sums, widen(matrix.scales))))
    return result


def cached(heads: npt.NDArray[np.floating]) -> tuple[npt.NDArray[np.float64], float]:
    """The keys, or values, of all heads as a cache of 8 bits has them: integers, and their scale, a power of two.

    Their greatest magnitude is 64 to 128 times the scale, unless that would be less than 2^-126; integers are the
    nearest, ties to even, and at most 127.

    Parameters
    ----------
    heads : float array
        Of any shape.
    """
    values = np.asarray(heads, np.float64)
    greatest = float(np.abs(values).max())
    scale = 2.0 ** max(math.floor(math.log2(greatest)) - 6 if greatest else -126, -126)
    return np.clip(np.rint(values / scale), -127, 127), scale
