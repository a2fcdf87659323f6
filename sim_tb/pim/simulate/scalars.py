"""Scalar registers as a walk through programs knows them."""

from __future__ import annotations

from collections.abc import Sequence

from hdl.params import ConfigError, Problem
from hdl.params.pim import SCALARS, Instruction
from sim_tb.pim.simulate.keep import kept

__all__ = ["Scalars"]


class Scalars(list[int | None]):
    """The registers, as bits; None where nobody knows what the vector unit has written.

    Parameters
    ----------
    first : sequence of int or None
        What they hold at first; 0 where there are fewer.
    """

    def __init__(self, first: Sequence[int | None]) -> None:
        super().__init__([*first, *[0] * (SCALARS - len(first))])

    def set_by(self, one: Instruction) -> None:
        """What an instruction of the issuer does to them."""
        if one.op.name == "SETR":
            self[one["r"]] = one["value"]
        elif one.op.name == "SKEEP":
            self[one["r"] : one["r"] + 2] = kept(self, one["r"], one["s"], one["value"])

    def unknown_to(self, one: Instruction) -> bool:
        """An instruction reads an integer from one that nobody knows."""
        operand = one.op.integer if one.by_register else None
        return operand is not None and self[one[operand.name]] is None

    def check(self, one: Instruction, pc: int) -> None:
        """Raise ConfigError where the instruction at ``pc`` reads an integer from one that nobody knows."""
        operand = one.op.integer
        if operand is not None and self.unknown_to(one):
            message = f"uses r{one[operand.name]} as {operand.name}, which the vector unit gives"
            raise ConfigError([Problem(f"instruction {pc}", message, "give the results")])

    def integer(self, one: Instruction) -> int | None:
        """The integer operand of an instruction, which may come from one; None without one, 0 if it isn't known."""
        operand = one.op.integer
        if operand is None:
            return None
        if not one.by_register:
            return one[operand.name]
        return (self[one[operand.name]] or 0) & (1 << operand.integer_bits) - 1
