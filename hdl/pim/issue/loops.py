"""Loops inside one another: where they begin, how often they run, and how far addresses have moved."""

from __future__ import annotations

from collections.abc import Mapping

from amaranth.hdl import Array, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import LEVELS, PimParams
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["ADDRESSES", "ALL_ROWS", "Loops"]

#: Widths of what moves: an address is modulo its field.
ADDRESSES = {"row": 16, "col": 6, "a": 16, "b": 16, "d": 16}
#: What a loop with flag rows moves.
ALL_ROWS = ("row", "col")


class Loops(Part):
    """The stack of open loops: up to ``LEVELS`` that tags name, and one with flag rows around them.

    Members
    -------
    clear : In(1)
        Forget all loops.
    enter, rows : In(1), pc : In, count, row, col, a, b, d : In
        A LOOP with its flag and its steps; ``pc`` is that of the instruction after it. Only where there is room:
        ``full``, and for one with flag rows not ``empty``, say that there is none.
    ends : In(1)
        An ENDL; only while not ``empty``. ``again`` : Out(1) : another iteration begins, at ``back``.
    empty, full : Out(1)
    moved_{address}_{level} : Out
        How far an address has moved with the loop of that level (0 is the outer one); zero where there is none.
        Columns are below ``row_cols``, the rest is in rows.
    moved_row_all, moved_col_all : Out
        How far all rows have moved.
    """

    module = "loops"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.row_cols = params.row_cols
        super().__init__(
            {
                **{name: In(1) for name in ("clear", "enter", "rows", "ends")},
                "pc": In(16),
                "count": In(COUNT_BITS),
                **{name: In(width) for name, width in ADDRESSES.items()},
                **{name: Out(1) for name in ("again", "empty", "full")},
                "back": Out(16),
                **{f"moved_{name}_{level}": Out(width) for level in range(LEVELS) for name, width in ADDRESSES.items()},
                **{f"moved_{name}_all": Out(ADDRESSES[name]) for name in ALL_ROWS},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = Signal(range(LEVELS + 1))
        around = Signal()
        nested = Signal()
        m.d.comb += [nested.eq(depth.any()), self.empty.eq(~nested & ~around), self.full.eq(depth == LEVELS)]
        inside = [
            self._loop(m, str(level), self.enter & ~self.rows & (depth == level), depth == level + 1, ADDRESSES)
            for level in range(LEVELS)
        ]
        moved = {name: ADDRESSES[name] for name in ALL_ROWS}
        outside = self._loop(m, "all", self.enter & self.rows, around & ~nested, moved)
        found = Array([outside, *inside])
        m.d.comb += [self.again.eq(found[depth][0] != 1), self.back.eq(found[depth][1])]
        with m.If(self.clear):
            m.d.sync += [depth.eq(0), around.eq(0)]
        with m.Elif(self.enter):
            m.d.sync += [depth.eq(depth + ~self.rows), around.eq(around | self.rows)]
        with m.Elif(self.ends & ~self.again):
            m.d.sync += [depth.eq(depth - nested), around.eq(around & nested)]
        return m

    def _loop(
        self, m: Module, level: str, begins: Value, innermost: Value, addresses: Mapping[str, int]
    ) -> tuple[Signal, Signal]:
        """A loop that can be open: how many iterations are left, the present one included, and where one begins."""
        back, left = Signal(16, name=f"back_{level}"), Signal(COUNT_BITS, name=f"left_{level}")
        moved = {name: getattr(self, f"moved_{name}_{level}") for name in addresses}
        step = {name: Signal(width, name=f"step_{name}_{level}") for name, width in addresses.items()}
        column, carry = Signal(7, name=f"column_{level}"), Signal(name=f"carry_{level}")
        m.d.comb += [column.eq(moved["col"] + step["col"]), carry.eq(column >= self.row_cols)]
        with m.If(begins):
            m.d.sync += [back.eq(self.pc), left.eq(self.count)]
            m.d.sync += [step[name].eq(getattr(self, name)) for name in addresses]
        with m.If(self.ends & innermost & self.again):
            m.d.sync += left.eq(left - 1)
            m.d.sync += [moved[name].eq(moved[name] + step[name]) for name in addresses if name not in ALL_ROWS]
            m.d.sync += moved["row"].eq(moved["row"] + step["row"] + carry)
            m.d.sync += moved["col"].eq(Mux(carry, column - self.row_cols, column))
        with m.If(self.clear | (self.ends & innermost & ~self.again)):
            m.d.sync += [moved[name].eq(0) for name in addresses]
        return left, back
