"""Rows of results leave when all rows of PEs have worked off a tile: here they are aligned again (sync)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part

__all__ = ["Output"]


class Output(Part):
    """Waits for the slowest row, then reads the results row by row.

    Parameters
    ----------
    rows : int
    settle : int
        Cycles from the end of the last row until its sums are in the accumulators.

    Members
    -------
    done, filled : In(2 * rows)
        By row and parity, see :class:`hdl.sparse.row.SparseRow`.
    read : Out
        Row and parity to read, for the next cycle.
    room : In(1)
        The result buffer can take a row in the next cycle.
    valid, blocked : Out(1)
        The row that was read leaves in this cycle; or waits for room.
    zero, last : Out(1)
        It is zero, as nothing was added to it; it is the tile's last.
    finish, finish_parity : Out(1)
        The tile of this parity has left.
    """

    module = "output"
    role = roles.SPARSE
    resets = True

    def __init__(self, rows: int, settle: int) -> None:
        self.rows = rows
        self.settle = settle
        bits = (rows - 1).bit_length()
        outputs = ("valid", "blocked", "zero", "last", "finish", "finish_parity")
        super().__init__(
            {
                "done": In(2 * rows),
                "filled": In(2 * rows),
                "room": In(1),
                "read": Out(bits + 1),
                **{name: Out(1) for name in outputs},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        parity = Signal()
        row = Signal(range(self.rows))
        following = Signal(range(self.rows))
        reading = Signal()
        room = Signal(name="had_room")
        filled = Signal(name="row_filled")
        complete = Signal()
        wait = Signal(range(self.settle + 1), name="waited")
        m.d.comb += [
            complete.eq(Mux(parity, self.done[1::2].all(), self.done[0::2].all())),
            self.valid.eq(reading & room),
            self.blocked.eq(reading & ~room),
            self.last.eq(row == self.rows - 1),
            self.zero.eq(~filled),
            self.finish.eq(self.valid & self.last),
            self.finish_parity.eq(parity),
            following.eq(Mux(self.valid, row + 1, row)),
            self.read.eq(Cat(following, parity)),
        ]
        m.d.sync += room.eq(self.room)
        with m.If(self.finish):
            m.d.sync += [reading.eq(0), parity.eq(~parity), row.eq(0), wait.eq(0)]
        with m.Else():
            m.d.sync += row.eq(following)
            with m.If(complete & (wait != self.settle)):
                m.d.sync += wait.eq(wait + 1)
            m.d.sync += reading.eq(wait == self.settle)
        with m.Switch(following):
            for i in range(self.rows):
                with m.Case(i):
                    m.d.sync += filled.eq(Mux(parity, self.filled[2 * i + 1], self.filled[2 * i]))
        return m
