"""What an engine is: its loop nest, the hardware that stands at each level, and its timing."""

from __future__ import annotations

from dataclasses import dataclass

from gen.report.nest import loop_nest
from hdl.arith.encoding import encoding
from hdl.params import Dataflow, EngineParams

__all__ = ["Primitive", "explain", "primitives"]


@dataclass(frozen=True)
class Primitive:
    """One kind of hardware in the loop nest.

    Parameters
    ----------
    name : str
        As in the nest.
    copies : int
        How often it is built: the product of the ``space`` loops around it.
    operations : str
        How often all copies together work in a tile, as a function of K.
    bits : str
        What goes in, and what comes out.
    """

    name: str
    copies: int
    operations: str
    bits: str


def primitives(params: EngineParams) -> list[Primitive]:
    """The hardware of the core, and the adders at the drain."""
    rows, cols, width = params.rows, params.cols, params.accumulator
    pes = rows * cols
    if params.scheme == "mac":
        return [
            Primitive("multiply", pes, f"{pes:,} K", f"{params.a} x {params.b} -> {params.product_bits}"),
            Primitive("add", pes, f"{pes:,} K", f"{params.product_bits} + {width} -> {width}"),
        ]
    digits = encoding(params.encoder, params.a).digits
    return [
        Primitive("encode", rows * digits, f"{rows * digits:,} K", "3 bits of A -> digit"),
        Primitive("map", pes * digits, f"{pes * digits:,} K", f"digit x {params.b} -> {params.b.width + 1}"),
        Primitive("half_reduce", pes, f"{pes:,} K", f"{digits} products + s, c -> s, c of {width}"),
        Primitive("add", cols, f"{pes:,}", f"{width} + {width} -> {width}"),
    ]


def explain(params: EngineParams) -> tuple[list[str], list[str]]:
    """The text of the loop nest, and that of order and timing of beats."""
    nest = loop_nest(params)
    indent = max(len(line) for line, _ in nest) + 2
    before = [f"{line:<{indent}}# {comment}" if comment else line for line, comment in nest]
    flow = Dataflow(params)
    after = [
        f"A tile is C[{params.rows}, {params.cols}] = A[{params.rows}, K] x B[K, {params.cols}], "
        f"with K up to {params.k_limit:,}.",
        f"Beat k of s_axis_a is A[:, k] ({flow.a.lanes} x {params.a}, {flow.a.tdata_bits:,} bits of tdata); "
        f"beat k of s_axis_b is B[k, :] ({flow.b.lanes} x {params.b}, {flow.b.tdata_bits:,} bits).",
        f"Beat i of m_axis_c is C[i, :] ({flow.c.lanes} x {params.accumulator} bits, {flow.c.tdata_bits:,} bits).",
        f"Tiles follow each other every max(K, {flow.drain_cycles}) cycles; "
        "the results of one leave while the next enters.",
    ]
    return before, after
