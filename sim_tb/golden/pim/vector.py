"""The vector unit: bf16 vectors in and out, single precision inside, one rounding to bf16."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from sim_tb.golden.float import (
    add,
    exp,
    flush,
    gelu,
    gelue,
    maximum,
    multiply,
    narrow,
    reciprocal,
    rectified,
    rsqrt,
    sigmoid,
    silu,
    softmax,
    total,
    widen,
)
from sim_tb.golden.pim.device import Elements
from sim_tb.golden.pim.quantise import packed, quantised

__all__ = [
    "BINARY",
    "FUNCTIONS",
    "SCALAR",
    "UNARY",
    "Operands",
    "argmax",
    "axpy",
    "greatest",
    "layernorm",
    "plain",
    "rmsnorm",
    "rounded",
    "scale",
    "softmax",
    "sums",
]

Floats = npt.NDArray[np.float32]

#: d = f(a, b), element by element.
BINARY: dict[str, Callable[[Floats, Floats], Floats]] = {
    "VADD": add,
    "VSUB": lambda a, b: add(a, -b),
    "VMUL": multiply,
}
#: d = f(a), element by element.
UNARY: dict[str, Callable[[Floats], Floats]] = {
    "VMOV": flush,
    "VEXP": exp,
    "VSIG": sigmoid,
    "VGELU": gelu,
    "VSILU": silu,
    "VGELUE": gelue,
    "VRELU": rectified,
}
#: r = f(s), on scalar registers.
SCALAR: dict[str, Callable[[Floats], Floats]] = {"SRECIP": reciprocal, "SRSQRT": rsqrt}


def rounded(function: Callable[..., Floats], *operands: Elements) -> Elements:
    """A function of single precision on bf16 vectors."""
    return narrow(function(*(widen(each) for each in operands)))


def scale(factor: np.float32, a: Elements) -> Elements:
    """``factor * a``."""
    return narrow(multiply(widen(a), factor))


def axpy(factor: np.float32, a: Elements, b: Elements) -> Elements:
    """``factor * a + b``; the product is rounded to single precision."""
    return narrow(add(multiply(widen(a), factor), widen(b)))


def multiply_add(a: Floats, b: Floats, c: Floats) -> Floats:
    """``a * b + c``; the product is rounded."""
    return add(multiply(a, b), c)


def plain(number: np.float32) -> float:
    """A number from a scalar register as comparisons take it: subnormal numbers are zeros."""
    return float(flush(np.array([number]))[0])


def greatest(a: Elements) -> Floats:
    """The greatest element, shape (1,): NaN if any is, and +0 for zeros of either sign."""
    values = maximum(widen(a), widen(a))
    while len(values) > 1:
        half = len(values) // 2
        values = np.concatenate([maximum(values[:half], values[half : 2 * half]), values[2 * half :]])
    return values


def argmax(a: Elements) -> int:
    """Index of the first NaN, or else of the first of the greatest; zeros of either sign are equal."""
    values = flush(widen(a))
    missing = np.isnan(values)
    return int(np.argmax(missing if missing.any() else values))


def sums(a: Elements, lanes: int, *, squares: bool = False) -> Floats:
    """The sum of a vector, or of its squares, in the order of a vector unit of N lanes; shape (1,)."""
    values = flush(widen(a))[None]
    return total(multiply(values, values) if squares else values, lanes)


def layernorm(a: Elements, gamma: Elements, beta: Elements, eps: np.float32, share: np.float32, lanes: int) -> Elements:
    """Layer normalisation; ``share`` is 1 / n, and ``eps`` n times the summand to the variance.

    The mean is that of the differences to the first element, plus that element: a constant vector has exactly itself as
    its mean, and gives beta.
    """
    values, first = widen(a), widen(a[:1])
    mean = add(multiply(total(add(values, -first), lanes), share), first)
    centred = add(values, -mean)
    return narrow(add(multiply(multiply(centred, _root(centred, eps, share, lanes)), widen(gamma)), widen(beta)))


def rmsnorm(a: Elements, gamma: Elements, eps: np.float32, share: np.float32, lanes: int) -> Elements:
    """Normalisation by the root of the mean square; for the parameters see :func:`layernorm`."""
    values = widen(a)
    return narrow(multiply(multiply(values, _root(values, eps, share, lanes)), widen(gamma)))


def _root(values: Floats, eps: np.float32, share: np.float32, lanes: int) -> Floats:
    return rsqrt(multiply(add(total(multiply(values, values), lanes), eps), share))


def quantise(a: Elements) -> tuple[Elements, Elements]:
    """Integers of 8 bits, two in place of an element, and their scale, shape (1,)."""
    integers, scale = quantised(a)
    return packed(integers), np.array([scale], np.uint16)


@dataclass(frozen=True)
class Operands:
    """What an instruction of the vector unit works on; what it has not is empty, or zero.

    Parameters
    ----------
    a, b, beta, c : uint16 array
        The vectors, of VGATHER all elements up to the last one that it takes.
    n : int
        Elements of the result.
    factor, argument, eps, share : float32
        From the instruction or scalar registers.
    stride : int
    lanes : int
        Of the vector unit.
    """

    a: Elements
    b: Elements
    beta: Elements
    c: Elements
    n: int
    factor: np.float32
    argument: np.float32
    eps: np.float32
    share: np.float32
    stride: int
    lanes: int


def _scalar(name: str) -> Callable[[Operands], Floats]:
    return lambda o: SCALAR[name](np.array([o.argument]))


def _unary(name: str) -> Callable[[Operands], Elements]:
    return lambda o: rounded(UNARY[name], o.a)


def _binary(name: str) -> Callable[[Operands], Elements]:
    return lambda o: rounded(BINARY[name], o.a, o.b)


#: What every instruction of the vector unit gives: a vector, a number of shape (1,), an integer, a vector and a scale.
FUNCTIONS: dict[str, Callable[[Operands], Elements | Floats | int | tuple[Elements, Elements]]] = {
    **{name: _scalar(name) for name in SCALAR},
    **{name: _unary(name) for name in UNARY},
    **{name: _binary(name) for name in BINARY},
    "VAXPY": lambda o: axpy(o.factor, o.a, o.b),
    "VSCALE": lambda o: scale(o.factor, o.a),
    "VMADD": lambda o: rounded(multiply_add, o.a, o.b, o.c),
    "VGATHER": lambda o: rounded(UNARY["VMOV"], o.a[np.arange(o.n) * o.stride]),
    "VQUANT": lambda o: quantise(o.a),
    "RMAX": lambda o: greatest(o.a),
    "RSUM": lambda o: sums(o.a, o.lanes),
    "RSSQ": lambda o: sums(o.a, o.lanes, squares=True),
    "ARGMAX": lambda o: argmax(o.a),
    "SOFTMAX": lambda o: softmax(o.a, o.factor, o.lanes),
    "SOFTMUL": lambda o: softmax(o.a, o.factor, o.lanes, o.b),
    "LAYERNORM": lambda o: layernorm(o.a, o.b, o.beta, o.eps, o.share, o.lanes),
    "RMSNORM": lambda o: rmsnorm(o.a, o.b, o.eps, o.share, o.lanes),
}
