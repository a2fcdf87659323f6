"""Floating point of the PIM controller, bit for bit: steps, functions, sums in their order, softmax."""

from sim_tb.golden.float.arithmetic import add, bits, floats, flush, maximum, multiply, narrow, widen
from sim_tb.golden.float.functions import (
    LOG2E,
    divide,
    exp,
    gelu,
    gelue,
    power_of_two,
    reciprocal,
    rectified,
    rsqrt,
    sigmoid,
    silu,
)
from sim_tb.golden.float.reductions import accumulate, dot, greatest, total, tree
from sim_tb.golden.float.vector import softmax

__all__ = [
    "LOG2E",
    "accumulate",
    "add",
    "bits",
    "divide",
    "dot",
    "exp",
    "floats",
    "flush",
    "gelu",
    "gelue",
    "greatest",
    "maximum",
    "multiply",
    "narrow",
    "power_of_two",
    "reciprocal",
    "rectified",
    "rsqrt",
    "sigmoid",
    "silu",
    "softmax",
    "total",
    "tree",
    "widen",
]
