"""Products of matrices of floating-point numbers, bit for bit as engines compute them: all by NumPy's fp32 operations.

A matrix of operands holds the bits of its numbers. Subnormal fp16 numbers count. A subnormal bf16 or fp32 number is a
zero, as is a product or a sum below 2^-126. Every sum of zero is +0, every NaN 0x7FC00000.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.params import EngineParams, FloatOperand
from sim_tb.golden.float.arithmetic import Floats, bits, flush

__all__ = ["add_up", "float_gemm", "multiply_exactly", "numbers", "sum_of"]

Patterns = npt.NDArray[Any]


def numbers(form: FloatOperand, patterns: Patterns) -> Floats:
    """The fp32 numbers of a matrix of operands."""
    if form.subnormal:
        found: Floats = np.asarray(patterns).astype(np.uint16).view(np.float16).astype(np.float32)
        return found
    places = np.uint32(32 - form.width)
    return flush((np.asarray(patterns).astype(np.uint32) << places).view(np.float32))


def sum_of(x: Floats, y: Floats) -> Floats:
    """``x + y``, rounded to nearest even once; +0 if that is less than 2^-126."""
    with np.errstate(over="ignore", invalid="ignore"):
        total = x + y
        return np.where(np.abs(total) < np.float32(2.0**-126), np.float32(0), total).astype(np.float32)


def multiply_exactly(x: Floats, y: Floats) -> Floats:
    """``x * y`` of numbers with at most 11 bits: exact, but for what is outside of the range of fp32."""
    with np.errstate(over="ignore", invalid="ignore", under="ignore"):
        return flush((x.astype(np.float64) * y.astype(np.float64)).astype(np.float32))


def add_up(terms: Floats) -> Floats:
    """The sum over the last axis by a tree, neighbours first; an odd one out waits for the next level."""
    while terms.shape[-1] > 1:
        pairs = terms.shape[-1] // 2
        sums = sum_of(terms[..., : 2 * pairs : 2], terms[..., 1 : 2 * pairs : 2])
        terms = np.concatenate([sums, terms[..., 2 * pairs :]], axis=-1)
    return terms[..., 0]


def float_gemm(params: EngineParams, a: Patterns, b: Patterns, initial: Patterns | None = None) -> Patterns:
    """Multiply in the order that the engine declares.

    The steps of K that are done at once are added up by a tree. These sums are added one after the other, from +0 on:
    to one sum, or in turn to one of several, which a tree adds up at the end. Then comes the initial value.

    Returns
    -------
    uint64 array of shape (..., M, N)
        The bits of fp32 numbers.
    """
    step = params.k_step
    assert isinstance(params.a, FloatOperand)
    assert isinstance(params.b, FloatOperand)
    left, right = numbers(params.a, a), numbers(params.b, b)
    shape = (*a.shape[:-1], b.shape[-1])
    partial = [np.zeros(shape, np.float32) for _ in range(params.interleave)]
    for turn, k in enumerate(range(0, a.shape[-1], step)):
        terms = np.zeros((*shape, step), np.float32)
        for lane, place in enumerate(range(k, min(k + step, a.shape[-1]))):
            terms[..., lane] = multiply_exactly(left[..., :, place, None], right[..., place, None, :])
        turn %= len(partial)
        partial[turn] = sum_of(partial[turn], add_up(terms))
    total = add_up(np.stack(partial, axis=-1))
    if initial is not None:
        start = flush(np.asarray(initial).astype(np.uint32).view(np.float32))
        total = sum_of(total, start)
    return bits(total).astype(np.uint64)
