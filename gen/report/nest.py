"""The loop nest of an engine as text: loops in space and time, and the primitive that stands at each level."""

from __future__ import annotations

from hdl.arith.encoding import encoding
from hdl.params import EngineParams

__all__ = ["loop_nest"]

MULTIPLIERS = {
    "fused": "Booth partial products, left unadded",
    "inferred": "the multiplier that synthesis makes",
}


def loop_nest(params: EngineParams) -> list[tuple[str, str]]:
    """Lines of the nest, each with a comment.

    A primitive stands at the level where its hardware stands, so it is copied once for every step of the ``space``
    loops around it, and works once in every step of the ``time`` loops around it.
    """
    rows, cols = params.rows, params.cols
    shared = " broadcast" if params.array == "matrix_2d" else ""
    if params.scheme == "mac":
        return [
            (f"space m {rows}, n {cols}{shared}", "a PE for every element of the tile"),
            ("  time k", "one step a cycle"),
            ("    p        = multiply A[m,k], B[k,n]", MULTIPLIERS[params.multiplier]),
            ("    C[m,n]  += add p", f"{params.accumulator}-bit carry-propagate addition in the loop"),
        ]
    digits = encoding(params.encoder, params.a).digits
    return [
        (f"space m {rows}", "at the edge of the row:"),
        ("  time k", "one step a cycle"),
        (f"    space w {digits}", "the digits of A, weights 4ʷ"),
        (f"      d      = encode A[m,k], {params.encoder}", "once per row, shared by all its PEs"),
        (f"    space n {cols}{shared}", "a PE for every element of the tile"),
        (f"      space w {digits}", ""),
        ("        p    = map d, B[k,n]", "one of −2b, −b, 0, b, 2b"),
        ("        q    = shift p, 2w", "wires"),
        ("      s, c  += half_reduce q over w", f"one carry bit kept every {_bits(params.carry_every)}"),
        (f"space n {cols}", "at the head of the column:"),
        (f"  time m {rows}", "one row of results a cycle"),
        ("    C[m,n]   = add s, c", "the carry-propagate addition, out of the loop over k"),
    ]


def _bits(count: int) -> str:
    return "bit" if count == 1 else f"{count} bits"
