"""PEs of floating-point operands: an exact product, and an adder through which partial sums take turns."""

from __future__ import annotations

from gen.report.diagrams.pe_chain import operand_a, weight
from gen.report.diagrams.pe_parts import WIDE, block, clear_gate, operands, register
from gen.report.svg import Drawing
from hdl.arith.float.format import FP32
from hdl.params import EngineParams
from hdl.pe.float import FloatPE, FloatProductPE

__all__ = ["float_pe"]


def float_pe(d: Drawing, params: EngineParams) -> None:
    """A PE whose sums stay in it, or one whose products are added up below it."""
    if params.weight_stationary:
        _product(d, params)
    else:
        _sum(d, params)


def _sum(d: Drawing, params: EngineParams) -> None:
    pe, turns = FloatPE(params), params.interleave
    operand = pe.product.operand
    operands(d, params, operand.width, (214, 144), operand.width)
    _multiplier(d, operand.significand)
    d.wire((250, 144), (262, 144))
    register(d, 262, 132, "", 16)
    d.wire((278, 144), (304, 144))
    d.width_mark(270, 144, str(pe.product.form.width), 0, -20, "middle")
    block(d, 304, 98, 84, 92, "adders", "+", f"{FP32.width} bits,", f"{turns} steps:", f"{turns} sums")
    d.wire((388, 144), (440, 144))
    d.dot(412, 144)
    d.wire((412, 144), (412, 240), (370, 240))
    clear_gate(d, 346)
    d.wire((346, 226), (346, 190))
    d.width_mark(346, 213, str(FP32.width), 8, 4)
    block(d, 440, 122, 28, 44, "drain", "&")
    d.wire((468, 144), (548, 144), class_="bus")
    d.width_mark(510, 144, f"{turns} × {FP32.width}", 0, 17, "middle")
    d.text(548, 134, "acc", "port", "end")


def _product(d: Drawing, params: EngineParams) -> None:
    pe, passes = FloatProductPE(params), params.axes.hands_a_over
    operand, width = pe.product.operand, pe.product.form.width
    operand_a(d, operand.width, passes=passes)
    weight(d, operand.width, passes=passes)
    _multiplier(d, operand.significand)
    d.wire((250, 144), (402, 144))
    register(d, 402, 130, "p", 44, 28)
    d.wire((446, 144), (WIDE - 12, 144), class_="bus")
    d.text(WIDE - 12, 134, "p", "port", "end")
    d.width_mark(510, 144, str(width), 0, 17, "middle")


def _multiplier(d: Drawing, significand: int) -> None:
    """Significands are multiplied, exponents added."""
    block(d, 178, 114, 72, 60, "pe", "×", f"{significand} × {significand}", "exact")
