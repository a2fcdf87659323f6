"""Final adders of engines on which results stay, where no column has one: in each place, at the rows' ends, or one."""

from __future__ import annotations

from gen.report.diagrams.sheet import CELL_H, CELL_W, Sheet

__all__ = ["WIDE", "adder_of_all", "adders_of_rows"]

#: Room for adders at the ends of the rows.
WIDE = 64


def adders_of_rows(sheet: Sheet, collect_y: float) -> None:
    """From every PE of a row onto a bus below it, to the adder at its end, and up to the collecting line."""
    d, right = sheet.d, sheet.right
    up, last = right + WIDE - 12, 0.0
    for i, row in enumerate(sheet.rows):
        if row is None:
            d.ellipsis(right + 31, sheet.cell_y(i) + CELL_H / 2, vertical=True)
            continue
        below = sheet.cell_y(i) + CELL_H + 9
        for slot, col in enumerate(sheet.cols):
            x = sheet.cell_x(slot) + CELL_W - 12
            if col is not None:
                d.wire((x, below - 9), (x, below), class_="bus", arrow=False)
        d.wire((sheet.cell_x(0) + CELL_W - 12, below), (right + 20, below), class_="bus", halo=True)
        sheet.adder(right + 31, below)
        d.wire((right + 42, below), (up, below), class_="bus", arrow=False)
        last = below
    d.wire((up, last), (up, collect_y), (up + 8, collect_y), class_="bus thick", arrow=False)


def adder_of_all(sheet: Sheet, collect_y: float) -> None:
    """The one adder, on the collecting line."""
    sheet.adder(sheet.right + 31, collect_y)
