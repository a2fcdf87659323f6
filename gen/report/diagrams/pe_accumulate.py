"""The PE of an array on which results stay: what its step multiplies, and the sums that it keeps."""

from __future__ import annotations

from gen.report.diagrams.pe_parts import block, carries, clear_gate, operands, pair, register
from gen.report.svg import Drawing
from hdl.params import EngineParams
from hdl.pe.accumulate import AccumulatePE
from hdl.pe.sums import Adding

__all__ = ["accumulate_pe", "products"]


def accumulate_pe(d: Drawing, params: EngineParams) -> None:
    """Operands, their products, and one sum or one for each weight."""
    pe = AccumulatePE(params)
    operands(d, params, len(pe.operand("a")), (214, 144), len(pe.operand("b")))
    number = not params.axes.saves_carries and not params.axes.sum.per_weight
    bits = products(d, params, pe.adding)
    end = 296 if number else 304
    if pe.adding.steps:
        d.wire((250, 144), (262, 144))
        register(d, 262, 132, "", 16)
        d.wire((278, 144), (end, 144))
        d.width_mark(275, 144, bits, 0, -20, "middle")
    else:
        d.wire((250, 144), (end, 144))
        d.width_mark(270 if number else 275, 144, bits, 0, -9 if number else -10, "middle")
    if number:
        _number(d, params, pe)
    elif params.axes.sum.per_weight:
        _weights(d, params, pe)
    else:
        _pair(d, params, pe)


def products(d: Drawing, params: EngineParams, adding: Adding) -> str:
    """What multiplies; gives the bits of its products, as they are added up."""
    factors, lanes = adding.factors, adding.count
    each = "" if lanes == 1 else f"{lanes} lanes"
    if adding.operator:
        block(d, 178, 114, 72, 60, "pe", "×", f"{params.a} × {params.b}", *([each] if each else []))
        return str(params.product_bits)
    if factors.in_pe and not factors.whole.plain:
        block(d, 178, 114, 72, 60, "pe", "recode", "and map", *([each] if each else []))
    else:
        count = factors.encoding.digits
        digits = "1 digit" if count == 1 else f"{count} digits"
        block(d, 178, 114, 72, 60, "pe", "map", digits, *([each] if each else []))
    return f"{lanes * factors.products.bits} bits"


def _number(d: Drawing, params: EngineParams, pe: AccumulatePE) -> None:
    """One number, with an addition in every step."""
    width = params.accumulator
    lines = [f"{width} bits"] if pe.adding.operator else [f"{width} bits,", "one chain"]
    block(d, 296, 106, 62, 76, "adders", "+", *lines)
    d.wire((358, 144), (392, 144))
    register(d, 392, 130, "acc", 44, 28)
    d.wire((436, 144), (548, 144), class_="bus")
    d.dot(454, 144)
    d.wire((454, 144), (454, 240), (351, 240))
    d.text(548, 134, "acc", "port", "end")
    d.width_mark(506, 144, str(width), 0, 17, "middle")
    clear_gate(d, 327)
    d.wire((327, 226), (327, 182))
    d.width_mark(327, 206, str(width), 8, 4)


def _pair(d: Drawing, params: EngineParams, pe: AccumulatePE) -> None:
    """Sum and carries."""
    (total,) = pe.sums
    kept = len(total.carries)
    block(d, 304, 92, 68, 104, "adders", "compress", "to s and c")
    carries(d, 338, 72, kept, params.carry_every)
    pair(d, 372, total.width, kept, "acc")
    d.wire((446, 116), (446, 234), (362, 234), halo=True)
    d.wire((462, 172), (462, 246), (362, 246))
    d.dot(446, 116)
    d.dot(462, 172)
    clear_gate(d, 338)
    d.wire((338, 226), (338, 196))
    d.width_mark(338, 213, str(total.width + kept), 8, 4)


def _weights(d: Drawing, params: EngineParams, pe: AccumulatePE) -> None:
    """A sum for each weight."""
    saves = params.axes.saves_carries
    block(d, 304, 98, 68, 92, "adders", "compress" if saves else "+", "each weight", "by itself")
    d.wire((372, 144), (396, 144))
    for shift in (8, 4, 0):
        register(d, 396 + shift, 130 - shift, "s, c" if saves else "s", 44, 28)
    d.text(422, 112, f"×{len(pe.sums)}", "small", "middle")
    d.wire((448, 140), (548, 140), class_="bus")
    d.width_mark(510, 140, str(len(pe.columns)), 0, 17, "middle")
    d.text(548, 130, "acc", "port", "end")
    d.dot(464, 140)
    d.wire((464, 140), (464, 240), (362, 240))
    clear_gate(d, 338)
    d.wire((338, 226), (338, 190))
    d.width_mark(338, 213, str(len(pe.columns)), 8, 4)
