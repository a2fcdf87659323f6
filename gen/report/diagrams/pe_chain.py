"""PEs around weights that stay, which hand their sums on: links of a chain along K, leaves of a tree."""

from __future__ import annotations

from gen.report.diagrams.pe_parts import WIDE, block, carries, pair, register
from gen.report.svg import Drawing
from hdl.arith.factors import Factors
from hdl.arith.multiply_add import CarryPropagate, MultiplyAdd, WeightSums
from hdl.params import EngineParams
from hdl.pe.chain import ChainPE
from hdl.pe.product import ProductPE, SelectPE

__all__ = ["chain_pe", "operand_a", "weight"]


def chain_pe(d: Drawing, params: EngineParams) -> None:
    """A PE that holds a weight: a link of a chain, or one whose product is added up below it."""
    chain, passes = params.axes.chain, params.axes.hands_a_over
    pe: ChainPE | ProductPE | SelectPE
    pe = ChainPE(params) if chain else SelectPE(params) if params.axes.sum.per_weight else ProductPE(params)
    factors = pe.factors if isinstance(pe, SelectPE) else pe.arithmetic.factors
    operand_a(d, factors.a_bits, passes=passes)
    weight(d, factors.b_bits, passes=passes)
    name = "p_out" if chain else "p"
    if isinstance(pe, SelectPE):
        _map(d, factors, WIDE - 12, class_="bus")
        d.width_mark(510, 144, str(factors.products.bits), 0, 17, "middle")
        d.text(WIDE - 12, 134, "p", "port", "end")
        d.text(300, 128, "to the trees of the weights", "small")
        return
    form = pe.arithmetic
    if chain:
        single = isinstance(form, CarryPropagate)
        d.text(346, 17, "p_in", "port")
        d.wire((338, 4), (338, 106 if single else 92))
        d.width_mark(338, 60, str(len(form.columns)), 8, 4)
    if isinstance(form, CarryPropagate):
        _number(d, params, form, name)
    else:
        _pair(d, params, form, name)


def _map(d: Drawing, factors: Factors, end: float, class_: str = "wire") -> None:
    """Digits select multiples of the other operand."""
    if factors.in_pe:
        block(d, 178, 114, 72, 60, "pe", "recode", "and map")
    else:
        count = factors.encoding.digits
        block(d, 178, 114, 72, 60, "pe", "map", "1 digit" if count == 1 else f"{count} digits")
    d.wire((250, 144), (end, 144), class_=class_)


def _number(d: Drawing, params: EngineParams, form: CarryPropagate, name: str) -> None:
    """Multiply, and add up to one number."""
    width = form.width
    if form.operator:
        block(d, 178, 114, 72, 60, "pe", "×", f"{params.a} × {params.b}")
        d.wire((250, 144), (296, 144))
        bits = str(params.product_bits)
    else:
        _map(d, form.factors, 296)
        bits = f"{form.factors.products.bits} bits"
    d.width_mark(270, 144, bits, 0, -9, "middle")
    block(d, 296, 106, 84, 76, "adders", "+", f"{width} bits")
    d.wire((380, 144), (402, 144))
    register(d, 402, 130, name[:3], 44, 28)
    d.wire((446, 144), (WIDE - 12, 144), class_="bus")
    d.text(WIDE - 12, 134, name, "port", "end")
    d.width_mark(510, 144, str(width), 0, 17, "middle")


def _pair(d: Drawing, params: EngineParams, form: MultiplyAdd, name: str) -> None:
    """Multiply, and compress to sum and carries, or add up each weight by itself."""
    _map(d, form.factors, 304)
    d.width_mark(275, 144, f"{form.factors.products.bits} bits", 0, -10, "middle")
    width = sum(each.width for each in form.forms) if isinstance(form, WeightSums) else form.width
    kept = len(form.columns) - width
    if not kept:
        block(d, 304, 92, 68, 104, "adders", "+", "each weight")
        d.wire((372, 144), (402, 144))
        register(d, 402, 130, name[:3], 44, 28)
        d.wire((446, 144), (WIDE - 12, 144), class_="bus")
        d.text(WIDE - 12, 134, name, "port", "end")
        d.width_mark(510, 144, str(width), 0, 17, "middle")
        return
    block(d, 304, 92, 68, 104, "adders", "compress", "to s and c" if width == form.width else "each weight")
    carries(d, 338, 214, kept, params.carry_every)
    pair(d, 372, width, kept, name)


def operand_a(d: Drawing, bits: int, *, passes: bool) -> None:
    """From the left; where it passes on to the next PE, through a register."""
    y = 144
    if not passes:
        d.wire((8, y), (178, y))
        d.width_mark(62, y, str(bits), -4, -9)
        d.text(8, y - 10, "a", "port")
        return
    d.wire((8, y), (104, y))
    d.width_mark(62, y, str(bits), -4, -9)
    d.text(8, y - 10, "a_in", "port")
    register(d, 104, y - 12, "a", 28)
    d.wire((132, y), (178, y))
    d.wire((142, y), (142, 278), (548, 278))
    d.dot(142, y)
    d.text(548, 294, "a_out", "port", "end")


def weight(d: Drawing, bits: int, *, passes: bool) -> None:
    """The weight, the one to come behind it, and the flags that load and change it."""
    d.wire((214, 4), (214, 38))
    d.text(222, 17, "b", "port")
    d.width_mark(214, 27, str(bits), -8, 4, "end")
    register(d, 182, 38, "shadow", 64, 22)
    d.wire((214, 60), (214, 72))
    register(d, 182, 72, "weight", 64, 22)
    d.wire((214, 94), (214, 114))
    if not passes:
        for y, name, end in ((49, "load", 182), (83, "swap", 182)):
            d.wire((8, y), (end, y))
            d.text(8, y - 9, name, "port")
        return
    d.wire((8, 240), (104, 240))
    d.text(8, 230, "load_in", "port")
    d.text(8, 258, "swap_in", "port")
    register(d, 104, 228, "", 28)
    d.wire((132, 240), (548, 240), halo=True)
    d.text(548, 231, "load_out", "port", "end")
    d.text(548, 258, "swap_out", "port", "end")
