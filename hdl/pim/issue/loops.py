"""Two loops inside one another: where they begin, how often they run, and how far addresses have moved."""

from __future__ import annotations

from amaranth.hdl import Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part
from hdl.params.pim import LEVELS, PimParams
from hdl.pim.channel.operation import COUNT_BITS

__all__ = ["ADDRESSES", "Loops"]

#: Widths of what moves: an address is modulo its field.
ADDRESSES = {"row": 16, "col": 6, "a": 16, "b": 16, "d": 16}


class Loops(Part):
    """The stack of open loops.

    Members
    -------
    clear : In(1)
        Forget all loops.
    enter : In(1), pc : In, count, row, col, a, b, d : In
        A LOOP with its steps; ``pc`` is that of the instruction after it. Only while not ``full``.
    end : In(1)
        An ENDL; only while not ``empty``. ``again`` : Out(1) : another iteration begins, at ``back``.
    empty, full : Out(1)
    moved_{address}_{level} : Out
        How far an address has moved with the loop of that level (0 is the outer one); zero where there is none.
        Columns are below ``row_cols``, the rest is in rows.
    """

    module = "loops"
    resets = True

    def __init__(self, params: PimParams) -> None:
        self.row_cols = params.row_cols
        super().__init__(
            {
                **{name: In(1) for name in ("clear", "enter", "end")},
                "pc": In(16),
                "count": In(COUNT_BITS),
                **{name: In(width) for name, width in ADDRESSES.items()},
                **{name: Out(1) for name in ("again", "empty", "full")},
                "back": Out(16),
                **{f"moved_{name}_{level}": Out(width) for level in range(LEVELS) for name, width in ADDRESSES.items()},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth = Signal(range(LEVELS + 1))
        backs, lefts = [], []
        m.d.comb += [self.empty.eq(depth == 0), self.full.eq(depth == LEVELS)]
        for level in range(LEVELS):
            back, left = Signal(16, name=f"back{level}"), Signal(COUNT_BITS, name=f"left{level}")
            backs.append(back)
            lefts.append(left)
            moved = {name: getattr(self, f"moved_{name}_{level}") for name in ADDRESSES}
            step = {name: Signal(width, name=f"step_{name}_{level}") for name, width in ADDRESSES.items()}
            top = depth == level + 1
            column = Signal(7, name=f"column{level}")
            carry = Signal(name=f"carry{level}")
            m.d.comb += [column.eq(moved["col"] + step["col"]), carry.eq(column >= self.row_cols)]
            with m.If(self.enter & (depth == level)):
                m.d.sync += [back.eq(self.pc), left.eq(self.count)]
                m.d.sync += [step[name].eq(getattr(self, name)) for name in ADDRESSES]
            with m.If(self.end & top & self.again):
                m.d.sync += left.eq(left - 1)
                m.d.sync += [moved[name].eq(moved[name] + step[name]) for name in ("a", "b", "d")]
                m.d.sync += moved["row"].eq(moved["row"] + step["row"] + carry)
                m.d.sync += moved["col"].eq(Mux(carry, column - self.row_cols, column))
            with m.If(self.clear | (self.end & top & ~self.again)):
                m.d.sync += [moved[name].eq(0) for name in ADDRESSES]
        m.d.comb += [
            self.again.eq(Mux(depth == 1, lefts[0], lefts[1]) != 1),
            self.back.eq(Mux(depth == 1, backs[0], backs[1])),
        ]
        with m.If(self.clear):
            m.d.sync += depth.eq(0)
        with m.Elif(self.enter):
            m.d.sync += depth.eq(depth + 1)
        with m.Elif(self.end & ~self.again):
            m.d.sync += depth.eq(depth - 1)
        return m
