"""What the issuer hands to the vector unit."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Start"]


@dataclass(frozen=True, slots=True)
class Start:
    """A vector instruction begins; its numbers are of no meaning for its time, its sizes and addresses are.

    Parameters
    ----------
    opcode : str
        Name of the instruction, a key of :data:`hdl.params.pim.INSTRUCTIONS`.
    n : int
        Elements.
    a, b, c, d : int
        SRAM words where the operands and the result begin, as the fields have them; ``b`` also that of a scale,
        ``c`` field ``imm`` (beta).
    stride : int
        From one element of the source to the next, for those that gather.
    target : int
        The scalar register of the result.
    gives : bool
        It has a result for a scalar register.
    """

    opcode: str
    n: int
    a: int
    b: int
    c: int
    d: int
    stride: int
    target: int
    gives: bool
