"""The product of a matrix of 8 bits and a vector, bit for bit as the controller computes it."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gen.pim.model.quantise import Quantised
from sim_tb.golden.float import add, dot, multiply, narrow, widen

__all__ = ["scaled_product"]

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
