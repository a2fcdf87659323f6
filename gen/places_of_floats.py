"""What hardware multiplies and adds floating-point numbers, and in which order."""

from __future__ import annotations

from gen.place import Place
from gen.timing import pes
from hdl.arith.float.operands import product_of, widener
from hdl.arith.float.sum_tree import levels
from hdl.params import EngineParams

__all__ = ["notes_on_floats", "order_of_additions", "places_of_floats"]


def places_of_floats(params: EngineParams) -> list[Place]:
    """The parts of the way from an operand to its result, in order."""
    count, product, turns = pes(params), product_of(params), params.interleave
    places = []
    if (widen := widener(params)) is not None:
        lines = (params.depth if params.weight_stationary else params.a_rows) + params.cols
        words = f"where an operand enters the array: {widen.form.exponent} bits of exponent, and no subnormal number"
        places.append(Place("widen a, b", widen.module, lines, words))
    size = product.operand.significand
    how = "Booth digits" if params.multiplier == "fused" else "the operator *"
    words = f"significands of {size} bits by {how}: {2 * size} bits, exact, with {product.form.exponent} of exponent"
    places.append(Place("multiply p", "pe", count, words))
    one_step = "fp32, aligned, added, normalised and rounded in one step"
    if not params.weight_stationary:
        add = f"an fp32 adder of {turns} steps, and as many partial sums on their way in it"
        finish = f"{turns - 1} fp32 adders at the head of each column"
        return [*places, Place("add s", "pe", count, add), Place("add C[m,n]", "finish", params.cols, finish)]
    if params.depth > 1:
        words = f"{params.depth - 1} adders, {levels(params.depth)} levels: {one_step}"
        places.append(Place("add y", "tree", params.cols, words))
    return [*places, Place("add C[m,n]", "foot", params.cols, one_step)]


def order_of_additions(params: EngineParams) -> str:
    """What is added to what, in a sentence or two."""
    turns = params.interleave
    if turns > 1:
        return (
            f"A result has {turns} sums, s0 to s{turns - 1}, which begin as +0. The product of step k is added to "
            f"s(k mod {turns}), steps in their order; C[m,n] is the sum of these, neighbours first: ((s0 + s1) + s2)."
        )
    if params.depth == 1:
        return "C[m,n] begins as +0, and the products are added in the order of k."
    return (
        f"A tree adds up the {params.depth} products of a block of K, neighbours first: (p0 + p1) + (p2 + p3) and so "
        "on, and one without a neighbour waits for the next level. C[m,n] begins as +0, and the sums of the blocks are "
        "added in order."
    )


def notes_on_floats(params: EngineParams) -> list[str]:
    """The order of additions, and what is rounded."""
    notes = [
        f"{order_of_additions(params)} Products are exact, and every sum is rounded to nearest, ties to even: fp32 "
        "operations of NumPy in this order give the same bits.",
        "Numbers of bf16 and fp32 below 2^-126 are zeros: operands, products and sums. A sum of zero is +0, and a NaN "
        "0x7FC00000.",
    ]
    if params.weight_stationary:
        notes.append(
            "Every PE has a second register for B, into which the next block is loaded while this one works; the "
            "change comes with the first row that needs it, and costs no step."
        )
    else:
        notes.append(
            f"So that this order does not depend on streams, a tile takes a multiple of {params.interleave} steps, and "
            f"where operands are late {params.interleave} steps pass, or a multiple of that."
        )
    return notes
