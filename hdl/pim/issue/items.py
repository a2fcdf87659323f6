"""Where an item lies: RD_ITEM as the RD_SB that it stands for."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import ITEM_BITS, PimParams
from hdl.pim.channel.feeder import ADDRESS_BITS
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["Items"]


class Items(Part):
    """Divides the number of an item by the units, and its columns by those of a row, a bit a clock.

    Members
    -------
    start : In(1), item : In(32), n, row, col : In
        An item, its columns, and where item 0 begins; they stay as they are until ``done`` : Out(1).
    mask, bank, at_row, at_col : Out
        The channel, as a bit of the mask, the bank, and where the item begins; valid from ``done`` to the next start.
    operand_fault, row_fault : Out(1)
        There is no such item, or ``col``; it begins beyond the last row. Likewise.
    """

    module = "items"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.params = params
        super().__init__(
            {
                "start": In(1),
                "item": In(32),
                "n": In(COUNT_BITS),
                "row": In(ADDRESS_BITS),
                "col": In(8),
                **{name: Out(1) for name in ("done", "operand_fault", "row_fault")},
                "mask": Out(params.channels),
                "bank": Out(4),
                "at_row": Out(ADDRESS_BITS),
                "at_col": Out(8),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        wide, bank_bits = ITEM_BITS + COUNT_BITS, (params.banks - 1).bit_length()
        divisor = max(params.units, params.row_cols)
        # Turns round the units, times n, are found while the quotient's bits come out, the highest first.
        dividend = Signal(wide, reset_less=True)
        columns = Signal(wide, reset_less=True)
        rest = Signal(range(divisor + 1), reset_less=True)
        quotient = Signal(wide, reset_less=True)
        left = Signal(range(wide + 1), reset_less=True)
        by = Signal.like(rest)
        shifted = Signal(len(rest) + 1)
        fits = Signal()
        in_row = Signal()
        unit = Signal(range(max(2, params.units)), reset_less=True)
        column = Signal(9)
        row = Signal(wide + 1, name="found_row")
        m.d.comb += [
            by.eq(Mux(in_row, params.row_cols, params.units)),
            shifted.eq(Cat(dividend[-1], rest)),
            fits.eq(shifted >= by),
            column.eq(self.col + rest),
            row.eq(self.row + quotient + (column >= params.row_cols)),
            self.bank.eq(unit[:bank_bits]),
            self.mask.eq(1 << unit[bank_bits:]),
        ]
        with m.FSM():
            with m.State("idle"), m.If(self.start):
                m.d.sync += [dividend.eq(self.item[:ITEM_BITS] << COUNT_BITS), left.eq(ITEM_BITS)]
                m.d.sync += [rest.eq(0), columns.eq(0), in_row.eq(0)]
                m.d.sync += self.operand_fault.eq((self.col >= params.row_cols) | self.item[ITEM_BITS:].any())
                m.next = "divide"
            with m.State("divide"):
                with m.If(left.any()):
                    m.d.sync += [dividend.eq(dividend << 1), rest.eq(Mux(fits, shifted - by, shifted))]
                    m.d.sync += [quotient.eq(Cat(fits, quotient)), left.eq(left - 1)]
                    m.d.sync += columns.eq((columns << 1) + Mux(fits, self.n, 0))
                with m.Elif(~in_row):
                    m.d.sync += [unit.eq(rest), dividend.eq(columns), quotient.eq(0), rest.eq(0)]
                    m.d.sync += [left.eq(wide), in_row.eq(1)]
                with m.Else():
                    m.d.sync += [self.at_row.eq(row), self.row_fault.eq(row >= params.rows)]
                    m.d.sync += self.at_col.eq(Mux(column >= params.row_cols, column - params.row_cols, column))
                    m.next = "found"
            with m.State("found"):
                m.d.comb += self.done.eq(1)
                m.next = "idle"
        return m
