"""How floating-point operands and results of an engine reach its arithmetic."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.arith.float.format import FP32, FloatFormat
from hdl.arith.float.product import Product
from hdl.arith.float.widen import Widen
from hdl.lib.shared import place
from hdl.params import EngineParams, FloatOperand

__all__ = ["canonical", "inside", "product_of", "widened", "widener"]


def inside(form: FloatOperand) -> FloatFormat:
    """The format in which PEs take operands: one without subnormal numbers."""
    return FloatFormat(form.exponent + form.subnormal, form.fraction + 1)


def widener(params: EngineParams) -> Widen | None:
    """What makes such a number of an operand at the edge of the array; None where it is one, and of integers."""
    if not isinstance(params.a, FloatOperand) or not params.a.subnormal:
        return None
    return Widen(FloatFormat(params.a.exponent, params.a.fraction + 1))


def widened(m: Module, part: Widen, operands: Value, name: str) -> Value:
    """Operands side by side, each behind a part of its own."""
    size = part.narrow.width
    values = [operands[start : start + size] for start in range(0, len(operands), size)]
    return Cat(place(m, f"{name}{i}", part, value=value).o for i, value in enumerate(values))


def product_of(params: EngineParams) -> Product:
    """The multiplier of a PE."""
    assert isinstance(params.a, FloatOperand)
    return Product(inside(params.a), FP32, params.multiplier)


def canonical(m: Module, number: Value, name: str) -> Value:
    """An fp32 number from outside, as sums take it: a zero without a fraction, and the one NaN."""
    fraction, exponent = number[: FP32.fraction], number[FP32.fraction : -1]
    kept = Signal(FP32.fraction, name=f"{name}_fraction")
    quiet = 1 << (FP32.fraction - 1)
    special = Mux(exponent.all() & fraction.any(), quiet, fraction)
    m.d.comb += kept.eq(Mux(exponent.any(), special, 0))
    return Cat(kept, number[FP32.fraction :])
