"""Where a state is: rows and ranges of SRAM in use, and the order of banks; and what operations have in common.

See :mod:`sim_tb.pim.simulate.core.cut`.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.simulate.core.arrays import ROWED, RUNS, Numbers, row_of
from sim_tb.pim.simulate.work import Operation, Range

__all__ = ["BANKED", "FAR", "ROWED", "Canon", "Places"]

#: Commands whose operations go to a bank of their own.
BANKED = frozenset(COMMANDS[name].code for name in ("ACT", "PRE", "RD_SB", "WR_SB"))

#: In place of the clocks until the next refresh is due: none ever is.
FAR = -1

Ranges = tuple[Range, ...]


class Places(NamedTuple):
    """Where a state is.

    Parameters
    ----------
    rows : tuple of int
        Rows that are open or wanted, in their order.
    feeds, collects : tuple of Range
        SRAM words of the jobs of feeder and collector.
    moved : Range or None
        Of the data mover's job.
    vectors : tuple of (int, tuple of Range)
        Of each instruction in the vector unit, by its number.
    banks : tuple of tuples of int
        For each channel its banks in the order that the shape has them in; empty where that is their own.
    """

    rows: tuple[int, ...] = ()
    feeds: Ranges = ()
    collects: Ranges = ()
    moved: Range | None = None
    vectors: tuple[tuple[int, Ranges], ...] = ()
    banks: tuple[tuple[int, ...], ...] = ()

    def lifted(self, rows: int) -> Places:
        """All rows so many further."""
        return self._replace(rows=tuple([row + rows for row in self.rows]))


class Canon:
    """What states of the units of a system have in common wherever they are.

    Parameters
    ----------
    params : PimParams
    banks : int
        Banks of the SRAM, a power of two.

    Attributes
    ----------
    apart : int
        Rows that are so far apart that no operation gets from one to the other.
    """

    def __init__(self, params: PimParams, banks: int) -> None:
        self.params = params
        self.low = banks - 1
        self.apart = 4096 // params.row_cols + 2

    def ranks(self, rows: Sequence[int]) -> tuple[int, ...]:
        """Rows with all that are far apart just as far apart."""
        found = [0] if rows else []
        for before, row in pairwise(rows):
            found.append(found[-1] + min(self.apart, row - before))
        return tuple(found)

    def operation(self, job: Sequence[int]) -> Operation:
        """An operation without what its time does not depend on; its row stays."""
        code, bank, row, col, _, times, buffers, _, products = job
        # Columns matter where they go on in the next row.
        across = code in RUNS and col + times > self.params.row_cols
        bank, col = bank if code in BANKED else 0, col if across else 0
        return Operation(code, bank, row, col, 0, times, buffers, products=products)

    def array(self, places: Places) -> Numbers:
        """Places as integers."""
        rows, feeds, collects, moved, vectors, orders = places
        found = [0, len(rows), *rows]
        for ranges in (feeds, collects):
            found.append(len(ranges))
            for each in ranges:
                found += each
        found += (1, *moved) if moved else (0,)
        found.append(len(vectors))
        for slot, ranges in vectors:
            found += (slot, len(ranges))
            for each in ranges:
                found += each
        nobody = [0] * (self.params.banks + 1)
        for order in orders:
            found += (len(order), *order) if order else nobody
        return row_of(found)

    def places(self, numbers: Numbers) -> Places:
        """Undo the same."""
        found = numbers[1 : numbers[0] + 1].tolist()
        place = 1 + found[0]
        rows, carried = tuple(found[1:place]), []
        for _ in range(2):
            past = place + 1 + 2 * found[place]
            carried.append(_ranges(found[place + 1 : past]))
            place = past
        moved = (found[place + 1], found[place + 2]) if found[place] else None
        place += 3 if moved else 1
        vectors, place, left = [], place + 1, found[place]
        for _ in range(left):
            past = place + 2 + 2 * found[place + 1]
            vectors.append((found[place], _ranges(found[place + 2 : past])))
            place = past
        size = self.params.banks + 1
        orders = tuple(
            [tuple(found[i + 1 : i + size]) if found[i] else () for i in range(place, len(found), size)],
        )
        return Places(rows, carried[0], carried[1], moved, tuple(vectors), orders)


def _ranges(numbers: Sequence[int]) -> Ranges:
    return tuple(zip(numbers[::2], numbers[1::2], strict=True))
