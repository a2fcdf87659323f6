"""The inside of a processing element as a drawing: registers, what happens between them, and the widths."""

from __future__ import annotations

from gen.report.diagrams.pe_accumulate import accumulate_pe
from gen.report.diagrams.pe_chain import chain_pe
from gen.report.diagrams.pe_float import float_pe
from gen.report.diagrams.pe_link import link_pe
from gen.report.diagrams.pe_parts import block, clear_gate, frame, operands, register
from gen.report.diagrams.pe_sparse import sparse_pe
from gen.report.markup import Markup
from gen.report.svg import Drawing
from hdl.params import EngineParams
from hdl.params.title import Title
from hdl.pe.laconic import LaconicPE

__all__ = ["pe_diagram"]


def pe_diagram(params: EngineParams) -> Markup:
    """A PE of the engine, as an SVG element."""
    d = frame(f"Processing element of {Title(params).caption}")
    if params.axes.stores_operands:
        sparse_pe(d, params)
    elif params.floating:
        float_pe(d, params)
    elif params.axes.recodes_both:
        _laconic(d, params)
    elif params.weight_stationary:
        chain_pe(d, params)
    elif params.axes.has_cells:
        link_pe(d, params)
    else:
        accumulate_pe(d, params)
    return d.render()


def _laconic(d: Drawing, params: EngineParams) -> None:
    """Terms of both operands, lane by lane; a register behind every operation."""
    pe = LaconicPE(params)
    a_bits, b_bits = (form.bits for form in pe.forms)
    operands(d, params, a_bits, (214, 144), b_bits)
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
    clear_gate(d, 406)
    d.wire((406, 226), (406, 182))
