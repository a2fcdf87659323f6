"""What an engine computes, as a netlist's results are compared with it: elements of C one by one."""

from __future__ import annotations

from typing import Any

import numpy as np

from hdl.params import EngineParams, FloatOperand

__all__ = ["Elements", "element_of_c"]

#: Elements by where they are in a tile.
Elements = dict[tuple[int, int], int]
#: Numbers of fp32 below this one are zeros.
LEAST = np.float32(2.0**-126)


def element_of_c(params: EngineParams, a: Elements, b: Elements, row: int, col: int, k: int) -> int:
    """C[row, col] of a tile; of floating-point numbers the bits of an fp32 one."""
    of_a = params.row_of_a(row, col)
    pairs = [(a[of_a, step], b[step, col]) for step in range(k)]
    if not params.floating:
        return sum(x * y for x, y in pairs)
    with np.errstate(all="ignore"):
        products = [_number(params.a, x) * _number(params.b, y) for x, y in pairs]
        return _pattern(_added([_flushed(each) for each in products], params))


def _added(products: list[Any], params: EngineParams) -> Any:
    """Products in the order of an engine: blocks of K by a tree, one after the other; or to sums that take turns."""
    lanes = params.k_step
    sums = [np.float32(0)] * params.interleave
    for number, start in enumerate(range(0, len(products), lanes)):
        block = products[start : start + lanes]
        turn = number % len(sums)
        sums[turn] = _flushed(sums[turn] + _tree(block + [np.float32(0)] * (lanes - len(block))))
    return _tree(sums)


def _tree(terms: list[Any]) -> Any:
    """Neighbours first."""
    while len(terms) > 1:
        terms = [_flushed(sum(terms[i : i + 2], np.float32(0))) for i in range(0, len(terms), 2)]
    return terms[0]


def _flushed(number: Any) -> Any:
    return np.float32(0) if abs(number) < LEAST else np.float32(number)


def _number(form: Any, pattern: int) -> Any:
    """The number with these bits."""
    assert isinstance(form, FloatOperand)
    if form.subnormal:
        return np.float32(np.uint16(pattern).view(np.float16))
    return _flushed(np.uint32(pattern << (32 - form.width)).view(np.float32))


def _pattern(number: Any) -> int:
    """The bits of a number; those of every NaN are the same."""
    return 0x7FC00000 if np.isnan(number) else int(number.view(np.uint32))
