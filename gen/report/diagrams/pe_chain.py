"""PEs around weights that stay, which hand their sums on: links of a chain along K, leaves of a tree."""

from __future__ import annotations

from gen.report.diagrams.pe_parts import WIDE, block, carries, pair, register
from gen.report.svg import Drawing
from hdl.arith.digits import Encoding
from hdl.arith.encoding import encoding
from hdl.arith.multiply_add import CarrySave, MultiplyAdd
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import EngineParams
from hdl.pe.product import ProductPE

__all__ = ["chain_pe"]


def chain_pe(d: Drawing, params: EngineParams) -> None:
    """A PE of a weight-stationary systolic array, or of a multiplier-adder tree."""
    tree = params.axes.tree
    digits = encoding(params.encoder, params.a) if params.axes.saves_carries else Booth(params.a)
    _operand_a(d, digits.bits if params.axes.saves_carries else params.a.width, passes=not tree)
    _weight(d, params, passes=not tree)
    if tree:
        _leaf(d, params, digits)
        return
    outer = "p_out"
    d.text(346, 17, "p_in", "port")
    if not params.axes.saves_carries:
        d.wire((338, 4), (338, 106))
        d.width_mark(338, 60, str(params.block_bits), 8, 4)
        _number(d, params, digits, params.block_bits, outer)
    else:
        form = CarrySave(params, params.block_bits)
        d.wire((338, 4), (338, 92))
        d.width_mark(338, 60, str(len(form.columns)), 8, 4)
        _pair(d, params, digits, form, outer)


def _leaf(d: Drawing, params: EngineParams, digits: Encoding) -> None:
    """The product of a PE below which a tree stands."""
    if params.axes.sum.per_weight:
        bits = PartialProducts(digits, params.b).bits
        block(d, 178, 114, 72, 60, "pe", "map", f"{digits.digits} digits")
        d.wire((250, 144), (WIDE - 12, 144), class_="bus")
        d.width_mark(510, 144, str(bits), 0, 17, "middle")
        d.text(WIDE - 12, 134, "p", "port", "end")
        d.text(300, 128, "to the trees of the weights", "small")
        return
    arithmetic = ProductPE(params).arithmetic
    if not params.axes.saves_carries:
        _number(d, params, digits, arithmetic.width, "p")
    else:
        _pair(d, params, digits, arithmetic, "p")


def _number(d: Drawing, params: EngineParams, digits: Encoding, width: int, name: str) -> None:
    """Multiply, and add up to one number."""
    fused = params.multiplier == "fused"
    block(d, 178, 114, 72, 60, "pe", *(("recode", "and map") if fused else ("×", f"{params.a} × {params.b}")))
    d.wire((250, 144), (296, 144))
    bits = f"{PartialProducts(digits, params.b).bits} bits" if fused else str(params.product_bits)
    d.width_mark(270, 144, bits, 0, -9, "middle")
    block(d, 296, 106, 84, 76, "adders", "+", f"{width} bits")
    d.wire((380, 144), (402, 144))
    register(d, 402, 130, name[:3], 44, 28)
    d.wire((446, 144), (WIDE - 12, 144), class_="bus")
    d.text(WIDE - 12, 134, name, "port", "end")
    d.width_mark(510, 144, str(width), 0, 17, "middle")


def _pair(d: Drawing, params: EngineParams, digits: Encoding, form: MultiplyAdd, name: str) -> None:
    """Multiply, and compress to sum and carries."""
    kept = len(form.columns) - form.width
    block(d, 178, 114, 72, 60, "pe", "map", f"{digits.digits} digits")
    d.wire((250, 144), (304, 144))
    d.width_mark(275, 144, f"{PartialProducts(digits, params.b).bits} bits", 0, -10, "middle")
    block(d, 304, 92, 68, 104, "adders", "compress", "to s and c")
    carries(d, 338, 214, kept, params.carry_every)
    pair(d, 372, form.width, kept, name)


def _operand_a(d: Drawing, bits: int, *, passes: bool) -> None:
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


def _weight(d: Drawing, params: EngineParams, *, passes: bool) -> None:
    """The weight, the one to come behind it, and the flags that load and change it."""
    d.wire((214, 4), (214, 38))
    d.text(222, 17, "b", "port")
    d.width_mark(214, 27, str(params.b.width), -8, 4, "end")
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
