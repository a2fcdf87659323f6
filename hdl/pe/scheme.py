"""What an array must know of a scheme: its PE, what stands at the row's edge, and how a sum is finished."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.arith.encoding import Recoder
from hdl.lib.shared import Part
from hdl.params import EngineParams
from hdl.pe.mac import MacPE
from hdl.pe.opt1 import Opt1PE

__all__ = ["Scheme"]


@dataclass(frozen=True)
class Scheme:
    """The parts of a scheme.

    Parameters
    ----------
    pe : Part
        With ports ``en, clear_in, clear_out, a_in, a_out, b_in, b_out, acc``.
    recode : Part or None
        Turns an operand ``value`` into the ``digits`` that PEs take; None where they take the operand.
    columns : tuple of int
        The column of each bit of ``acc``: bit i counts 2**columns[i].
    excess : int
        What each step adds to a sum beyond its product.
    redundant : bool
        A sum needs a carry-propagate addition at the drain.
    """

    pe: Part
    recode: Part | None
    columns: tuple[int, ...]
    excess: int
    redundant: bool = True

    @classmethod
    def of(cls, params: EngineParams) -> Scheme:
        """The parts of ``params.scheme``."""
        if params.scheme == "mac":
            return cls(MacPE(params), None, columns=tuple(range(params.accumulator)), excess=0, redundant=False)
        pe = Opt1PE(params)
        recode = None if pe.products.encoding.plain else Recoder(params.encoder, params.a)
        return cls(pe, recode, columns=pe.columns, excess=pe.excess)

    @property
    def acc_bits(self) -> int:
        """Bits of an accumulator as it leaves the PE."""
        return len(self.pe.acc)
