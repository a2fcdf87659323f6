"""Sums in their fixed order: a tree over the lanes, and an accumulator for what follows each other in time."""

from __future__ import annotations

import numpy as np

from sim_tb.golden.float.arithmetic import Bits, Float, Floats, add, maximum, multiply, widen

__all__ = ["accumulate", "dot", "greatest", "total", "tree"]

ZERO = np.float32(0)


def tree(values: Floats) -> Floats:
    """Sum over the last axis, neighbours first: ((0, 1), (2, 3)), ...; an odd one out waits for the next level."""
    while values.shape[-1] > 1:
        pairs = values.shape[-1] // 2
        sums = add(values[..., : 2 * pairs : 2], values[..., 1 : 2 * pairs : 2])
        values = np.concatenate([sums, values[..., 2 * pairs :]], axis=-1)
    return values[..., 0]


def accumulate(beats: Floats, interleave: int = 4, start: Floats | Float = ZERO) -> Floats:
    """Sum over the last axis, one value after the other.

    Beat i goes to partial sum i modulo ``interleave``; the first one begins with ``start``, the others with +0. At the
    end a tree adds the partial sums.
    """
    partial = [np.zeros(beats.shape[:-1], np.float32) for _ in range(interleave)]
    partial[0] = partial[0] + start
    for i in range(beats.shape[-1]):
        partial[i % interleave] = add(partial[i % interleave], beats[..., i])
    return tree(np.stack(partial, axis=-1))


def total(values: Floats, lanes: int = 32) -> Floats:
    """Sum over the last axis as the vector unit does it: ``lanes`` a beat, the last beat filled up with +0."""
    beats = -(-values.shape[-1] // lanes)
    filled = np.zeros((*values.shape[:-1], beats * lanes), np.float32)
    filled[..., : values.shape[-1]] = values
    return accumulate(tree(filled.reshape(*values.shape[:-1], beats, lanes)))


def dot(a: Bits, b: Bits, lanes: int = 16, start: Floats | Float = ZERO) -> Floats:
    """Scalar products of bf16 vectors over the last axis, ``lanes`` elements a column, as the banks compute them.

    Products are exact in fp32; a tree adds those of a column, and the accumulator takes the columns in order.
    """
    products = multiply(widen(a), widen(b))
    columns = products.reshape(*products.shape[:-1], -1, lanes)
    return accumulate(tree(columns), interleave=1, start=start)


def greatest(values: Floats) -> Floats:
    """The greatest over the last axis; NaN if there is one."""
    result = maximum(values[..., 0], values[..., 0])
    for i in range(1, values.shape[-1]):
        result = maximum(result, values[..., i])
    return result
