"""Integers between the products of the adapter: requantisation, GELU as a table, and LayerNorm."""

from __future__ import annotations

from math import erf, isqrt

import numpy as np

from sim_tb.golden import Matrix

__all__ = ["LOW", "TOP", "UNIT", "gelu_table", "layer_norm", "looked_up", "requantise"]

#: Activations are symmetric, eight bits; those behind a LayerNorm count in 1 / UNIT.
TOP, LOW, UNIT = 127, -127, 32
#: Fraction bits of a requantisation's factor, and of what LayerNorm multiplies by.
SHIFT, ROOT_BITS = 24, 48


def requantise(sums: Matrix, factor: int) -> Matrix:
    """Of sums (int64) the nearest integers to ``sums * factor / 2**24``, halves upwards, saturated to -127 to 127."""
    scaled = (sums.astype(np.int64) * factor + (1 << (SHIFT - 1))) >> SHIFT
    found: Matrix = np.clip(scaled, LOW, TOP)
    return found


def gelu_table(scale_in: float, scale_out: float) -> Matrix:
    """256 results of eight bits, for -128 to 127: GELU(x) = x (1 + erf(x / sqrt 2)) / 2 in units of either scale."""
    values = np.arange(-128, 128) * scale_in
    exact = np.array([x * (1 + erf(x / np.sqrt(2))) / 2 for x in values])
    found: Matrix = np.clip(np.rint(exact / scale_out), LOW, TOP).astype(np.int64)
    return found


def looked_up(table: Matrix, values: Matrix) -> Matrix:
    """What a table of :func:`gelu_table` says of activations."""
    found: Matrix = table[values + 128]
    return found


def layer_norm(values: Matrix) -> Matrix:
    """LayerNorm of rows of integers, in 1 / 32, without gain and offset, which belong into the weights behind it.

    With n values x of a row, c = n x - sum(x) and v = sum(c**2), the results are c sqrt(n / v). The root is an integer
    with 48 fraction bits, rounded down; their product is rounded, halves upwards, and saturated to -127 to 127. A row
    of equal values gives zeros. Integers alone, of at most 64 bits but for the quotient under the root.

    Parameters
    ----------
    values : integer array of shape (rows, n)
        Of at most 32 bits; n up to 4,096.
    """
    rows, n = values.shape
    centred = n * values.astype(np.int64) - values.astype(np.int64).sum(axis=1, keepdims=True)
    found = np.zeros((rows, n), np.int64)
    for i, row in enumerate(centred.tolist()):
        if power := sum(c * c for c in row):
            root = isqrt((n * UNIT * UNIT << 2 * ROOT_BITS) // power)
            scaled = [(c * root + (1 << (ROOT_BITS - 1))) >> ROOT_BITS for c in row]
            found[i] = np.clip(scaled, LOW, TOP)
    return found
