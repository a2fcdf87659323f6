"""Output-stationary systolic array: operands move from PE to PE, one a step, in both directions.

PE(i, j) works i + j steps after PE(0, 0): operands of A enter row i, and operands of B column j, that many steps late.
"""

from __future__ import annotations

from amaranth.hdl import Module, Value

from hdl.array.row import Row
from hdl.lib.shared import Shared

__all__ = ["SystolicRow"]


class SystolicRow(Row):
    """A row along which operands of A, and ``clear``, move from PE to PE."""

    def pes(self, m: Module, operand: Value) -> list[tuple[Shared, Value]]:
        clear: Value = self.clear
        pes = []
        for j in range(self.params.cols):
            pe = self.pe(m, j, clear_in=clear, a_in=operand)
            pes.append((pe, pe.clear_out))
            operand, clear = pe.a_out, pe.clear_out
        return pes
