"""2D matrix: operands of A are broadcast along the rows, operands of B move down the columns.

All PEs of row i work i steps after those of row 0: a row has one operand of A at a time, and one register for it.
Source of the architecture: W. Lu et al., "FlexFlow", HPCA 2017, as Wu et al. (HPCA 2025) compare with it.
"""

from __future__ import annotations

from amaranth.hdl import Module, Signal, Value

from hdl.array.row import Row
from hdl.lib.delay import later
from hdl.lib.shared import Shared

__all__ = ["BroadcastRow"]


class BroadcastRow(Row):
    """A row whose PEs share one operand of A, or one in each group of columns, and one ``clear``, from registers."""

    def pes(self, m: Module, operand: Value) -> list[tuple[Shared, Value]]:
        a = Signal(len(operand), name="a_row", reset_less=True)
        clear = Signal(name="clear_row", reset_less=True)
        with m.If(self.en):
            m.d.sync += [a.eq(operand), clear.eq(self.clear)]
        ahead = self.scheme.pe.ahead
        done = later(m, "done", self.en, clear, ahead)[-1] if ahead else clear
        groups, cols = self.params.column_groups, self.params.cols
        taken = [a.word_select(self.params.row_of_a(0, j), len(a) // groups) for j in range(cols)]
        return [(self.pe(m, j, clear=clear, a=taken[j]), done) for j in range(cols)]
