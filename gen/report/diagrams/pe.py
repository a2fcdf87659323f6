"""The inside of a processing element as a drawing: registers, what happens between them, and the widths."""

from __future__ import annotations

from gen.report.diagrams.pe_chain import chain_pe
from gen.report.diagrams.pe_parts import block, carries, frame, pair, register
from gen.report.diagrams.pe_sparse import sparse_pe
from gen.report.markup import Markup
from gen.report.svg import Drawing
from hdl.arith.partial_products import PartialProducts
from hdl.arith.radix4 import Booth
from hdl.params import EngineParams
from hdl.params.title import Title
from hdl.pe.accumulate import AccumulatePE
from hdl.pe.laconic import LaconicPE

__all__ = ["pe_diagram"]


def pe_diagram(params: EngineParams) -> Markup:
    """A PE of the engine, as an SVG element."""
    d = frame(f"Processing element of {Title(params).caption}")
    if params.axes.stores_operands:
        sparse_pe(d, params)
    elif params.axes.recodes_both:
        _laconic(d, params)
    elif params.axes.chain or params.weight_stationary:
        chain_pe(d, params)
    elif not params.axes.saves_carries:
        _mac(d, params)
    elif params.axes.sum.per_weight:
        _opt2(d, params)
    else:
        _opt1(d, params)
    return d.render()


def _operands(
    d: Drawing, params: EngineParams, a_bits: int, consumer: tuple[float, float], b_bits: int | None = None
) -> None:
    """Operand and clear registers, and the ways on to the neighbours; ``consumer`` is the first operation's place."""
    x, y = consumer
    d.wire((x, 4), (x, 48))
    d.text(x + 8, 17, "b_in", "port")
    d.width_mark(x, 34, str(b_bits or params.b.width), 7, 4)
    register(d, x - 20, 48, "b")
    d.wire((x, 72), (x, y - 30))
    d.dot(x, 84)
    d.wire((x, 84), (152, 84), (152, 314))
    d.text(160, 314, "b_out", "port")

    systolic = params.axes.hands_a_over
    d.wire((8, y), (104 if systolic else x - 36, y), halo=not systolic)
    d.width_mark(62, y, str(a_bits), -4, -9)
    if not systolic:
        d.text(8, y - 10, "a", "port")
        d.wire((8, 240), (132, 240), arrow=False)
        d.text(8, 230, "clear", "port")
        return
    d.text(8, y - 10, "a_in", "port")
    register(d, 104, y - 12, "a", 28)
    d.wire((132, y), (x - 36, y), halo=True)
    d.wire((142, y), (142, 278), (548, 278), halo=True)
    d.dot(142, y)
    d.text(548, 269, "a_out", "port", "end")

    d.wire((8, 240), (104, 240))
    d.text(8, 230, "clear_in", "port")
    register(d, 104, 228, "", 28)


def _clear_gate(d: Drawing, x: float) -> None:
    """The gate in the feedback that begins a new sum, and the way of ``clear`` to it."""
    d.wire((132, 240), (x - 24, 240), halo=True)
    block(d, x - 24, 226, 48, 28, "control", "clear")


def _mac(d: Drawing, params: EngineParams) -> None:
    width, fused = params.accumulator, params.multiplier == "fused"
    _operands(d, params, params.a.width, (214, 144))
    if fused:
        block(d, 178, 114, 72, 60, "pe", "recode", "and map")
        bits = f"{PartialProducts(Booth(params.a), params.b).bits} bits"
    else:
        block(d, 178, 114, 72, 60, "pe", "×", f"{params.a} × {params.b}")
        bits = str(params.product_bits)
    d.wire((250, 144), (296, 144))
    d.width_mark(270, 144, bits, 0, -9, "middle")
    block(d, 296, 106, 62, 76, "adders", "+", *([f"{width} bits,", "one chain"] if fused else [f"{width} bits"]))
    d.wire((358, 144), (392, 144))
    register(d, 392, 130, "acc", 44, 28)
    d.wire((436, 144), (548, 144), class_="bus")
    d.dot(454, 144)
    d.wire((454, 144), (454, 240), (351, 240))
    d.text(548, 134, "acc", "port", "end")
    d.width_mark(506, 144, str(width), 0, 17, "middle")
    _clear_gate(d, 327)
    d.wire((327, 226), (327, 182))
    d.width_mark(327, 206, str(width), 8, 4)


def _opt1(d: Drawing, params: EngineParams) -> None:
    pe = AccumulatePE(params)
    factors = pe.adding.factors
    width, kept, digits = params.accumulator, len(pe.sums[0].carries), factors.encoding
    _operands(d, params, digits.bits, (214, 144))
    block(d, 178, 114, 72, 60, "pe", "map", f"{digits.digits} digits")
    d.wire((250, 144), (304, 144))
    d.width_mark(275, 144, f"{factors.products.bits} bits", 0, -10, "middle")
    block(d, 304, 92, 68, 104, "adders", "compress", "to s and c")
    carries(d, 338, 72, kept, params.carry_every)
    pair(d, 372, width, kept, "acc")
    d.wire((446, 116), (446, 234), (362, 234), halo=True)
    d.wire((462, 172), (462, 246), (362, 246))
    d.dot(446, 116)
    d.dot(462, 172)
    _clear_gate(d, 338)
    d.wire((338, 226), (338, 196))
    d.width_mark(338, 213, str(width + kept), 8, 4)


def _opt2(d: Drawing, params: EngineParams) -> None:
    """An accumulator for each weight."""
    pe = AccumulatePE(params)
    factors = pe.adding.factors
    _operands(d, params, factors.a_bits, (214, 144), factors.b_bits)
    bits = factors.products.bits
    block(d, 178, 114, 72, 60, "pe", "map", f"{len(pe.sums)} digits")
    d.wire((250, 144), (304, 144))
    d.width_mark(275, 144, f"{bits} bits", 0, -10, "middle")
    block(d, 304, 98, 68, 92, "adders", "compress", "each weight", "by itself")
    d.wire((372, 144), (396, 144))
    for shift in (8, 4, 0):
        register(d, 396 + shift, 130 - shift, "s, c", 44, 28)
    d.text(422, 112, f"×{len(pe.sums)}", "small", "middle")
    d.wire((448, 140), (548, 140), class_="bus")
    d.width_mark(510, 140, str(len(pe.columns)), 0, 17, "middle")
    d.text(548, 130, "acc", "port", "end")
    d.dot(464, 140)
    d.wire((464, 140), (464, 240), (362, 240))
    _clear_gate(d, 338)
    d.wire((338, 226), (338, 190))
    d.width_mark(338, 213, str(len(pe.columns)), 8, 4)


def _laconic(d: Drawing, params: EngineParams) -> None:
    """Terms of both operands, lane by lane; a register behind every operation."""
    pe = LaconicPE(params)
    a_bits, b_bits = (form.bits for form in pe.forms)
    _operands(d, params, a_bits, (214, 144), b_bits)
    lanes = f"{params.depth} {'lane' if params.depth == 1 else 'lanes'}"
    block(d, 178, 114, 72, 60, "pe", "add", "exponents,", lanes)
    d.wire((250, 144), (262, 144))
    register(d, 262, 132, "", 16)
    d.wire((278, 144), (290, 144))
    block(d, 290, 96, 56, 96, "adders", "heap", f"{pe.top + 2}", "columns")
    d.wire((346, 144), (358, 144))
    register(d, 358, 132, "", 16)
    d.wire((374, 144), (386, 144))
    block(d, 386, 106, 40, 76, "adders", "+", "to s, c")
    d.wire((426, 144), (436, 144))
    register(d, 436, 130, "acc", 36, 28)
    d.wire((472, 144), (548, 144), class_="bus")
    d.width_mark(510, 144, str(len(pe.columns)), 0, 17, "middle")
    d.text(548, 134, "acc", "port", "end")
    d.dot(484, 144)
    d.wire((484, 144), (484, 240), (430, 240))
    _clear_gate(d, 406)
    d.wire((406, 226), (406, 182))
