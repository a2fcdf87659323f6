"""Where a primitive of a nest stands in the Verilog."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.arith.factors import Factors

__all__ = ["Place", "selection"]


@dataclass(frozen=True)
class Place:
    """Where a primitive stands in the Verilog.

    Parameters
    ----------
    primitive : str
        The primitive and the value that it gives, as in the nest; in ``laconic``, which has no nest, what is done.
    module : str
        The module, without the design's prefix, that holds it.
    copies : int
        Instances of that module.
    text : str
        What it is there.
    """

    primitive: str
    module: str
    copies: int
    text: str


def selection(factors: Factors) -> str:
    """What a PE's ``map`` does with each digit, and the bits of all products."""
    other, wires = "a" if factors.of_b else "b", factors.encoding.wires
    if factors.encoding.plain:
        return f"each bit lets {other} through: {factors.products.bits} bits"
    choice = f"0, {other} or 2 {other}" if "two" in wires else f"0 or {other}"
    inverted = ", inverted if it is negative" if "neg" in wires else ""
    return f"each digit selects {choice}{inverted}: {factors.products.bits} bits"
