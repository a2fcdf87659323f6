"""C = A x B + initial values, modulo 2^accumulator: what every engine computes, whatever its array and scheme."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.params import EngineParams
from sim_tb.golden.float.matrix import float_gemm

__all__ = ["Matrix", "gemm", "gemm_reference", "tile_gemm", "wrap"]

#: A matrix of integers.
Matrix = npt.NDArray[Any]


def gemm(params: EngineParams, a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
    """Multiply exactly.

    Parameters
    ----------
    params : EngineParams
        Gives the width and the signedness of the result.
    a, b : integer arrays of shapes (..., M, K) and (..., K, N)
        Operands; M and N are free.
    initial : integer array of shape (..., M, N), optional
        Added to the product.

    Returns
    -------
    int64 or uint64 array of shape (..., M, N)
        uint64 where results are unsigned.
    """
    if params.floating:
        return float_gemm(params, a, b, initial)
    # NumPy's 64-bit integers wrap, and 2^accumulator divides 2^64: reducing once, at the end, is exact.
    c = a.astype(np.int64) @ b.astype(np.int64)
    if initial is not None:
        c = c + initial.astype(np.int64)
    return wrap(params, c)


def tile_gemm(params: EngineParams, a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
    """What an engine makes of tiles: the product, or that of each group of columns with its rows of A.

    Parameters
    ----------
    a, b : integer arrays of shapes (..., a_rows, K) and (..., K, cols)
        Operands; group g of the columns takes rows g, g + column_groups, ... of A.
    initial : integer array of shape (..., rows, cols), optional

    Returns
    -------
    int64 or uint64 array of shape (..., rows, cols)
    """
    groups = params.column_groups
    width = b.shape[-1] // groups
    columns = [slice(g * width, (g + 1) * width) for g in range(groups)]
    starts = [None if initial is None else initial[..., part] for part in columns]
    parts = [gemm(params, a[..., g::groups, :], b[..., columns[g]], starts[g]) for g in range(groups)]
    return np.concatenate(parts, axis=-1)


def wrap(params: EngineParams, values: Matrix) -> Matrix:
    """Reduce 64-bit integers modulo 2^accumulator into the result format."""
    shift = np.uint64(64 - params.accumulator)
    top = values.astype(np.int64).view(np.uint64) << shift
    if params.result_signed:
        return top.view(np.int64) >> shift.astype(np.int64)
    return top >> shift


def gemm_reference(params: EngineParams, a: Matrix, b: Matrix, initial: Matrix | None = None) -> list[list[int]]:
    """The same for two-dimensional matrices, in Python's unbounded integers, one multiplication at a time."""
    rows, inner, cols = len(a), len(b), len(b[0])
    low, _ = params.result_range
    result = []
    for i in range(rows):
        line = []
        for j in range(cols):
            total = 0 if initial is None else int(initial[i][j])
            for k in range(inner):
                total += int(a[i][k]) * int(b[k][j])
            line.append((total - low) % (1 << params.accumulator) + low)
        result.append(line)
    return result
