"""The addition of results, in the format that they have."""

from __future__ import annotations

from amaranth.hdl import Module, Value

from hdl.arith.float.sum import Sum
from hdl.lib.shared import place
from hdl.params import EngineParams

__all__ = ["plus"]


def plus(m: Module, params: EngineParams, name: str, x: Value, y: Value) -> Value:
    """``x + y`` of two results: modulo 2**accumulator, or rounded; of the latter both canonical."""
    if params.floating:
        return place(m, name, Sum(), x=x, y=y).o
    return (x + y)[: params.accumulator]
