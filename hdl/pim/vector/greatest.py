"""The greatest element of a vector, and where it is."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.fields import Fields
from hdl.arith.float.format import BF16
from hdl.lib.delay import delay, later, moves
from hdl.lib.shared import Part, place
from hdl.pim.mover import MOVE_BITS

__all__ = ["Greatest"]

WIDTH = BF16.width


class _Key(Part):
    """A bf16 number as an unsigned integer in the same order: NaN on top, one zero only, and 0 below all of them."""

    module = "vector_key"
    clocked = False

    def __init__(self) -> None:
        super().__init__({"x": In(WIDTH), "counts": In(1), "o": Out(WIDTH)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        x = Fields(m, self.x, BF16, "x")
        plain = Signal(WIDTH)
        m.d.comb += plain.eq(Mux(x.zero, 0, self.x))
        key = Mux(plain[-1], ~plain, Cat(plain[:-1], Const(1, 1)))
        m.d.comb += self.o.eq(Mux(self.counts, Mux(x.nan, (1 << WIDTH) - 1, key), 0))
        return m


class Greatest(Part):
    """NaN if there is one, +0 for zeros of either sign; of several that are equal, the place of the first.

    A tree of neighbours over the elements of a beat, a step a level, and the greatest one so far.

    Parameters
    ----------
    lanes : int
        Elements a beat, a power of two.

    Members
    -------
    valid, first, last : In(1)
        A beat; it begins, it ends a vector.
    x : In(lanes * 16), counts : In(lanes)
        Its elements in bf16, and which of them belong to the vector; element 0 does.
    done : Out(1), value : Out(16), place : Out
        :attr:`latency` clocks after the last beat, the greatest element and its index.
    """

    resets = True

    def __init__(self, lanes: int) -> None:
        self.lanes = lanes
        self.levels = (lanes - 1).bit_length()
        self.module = f"vector_greatest_{lanes}"
        super().__init__(
            {
                **{name: In(1) for name in ("valid", "first", "last")},
                "x": In(lanes * WIDTH),
                "counts": In(lanes),
                "done": Out(1),
                "value": Out(WIDTH),
                "place": Out(MOVE_BITS),
            }
        )

    @property
    def latency(self) -> int:
        """Clocks from the last beat to the result: the key, a level of the tree each, the comparison over time."""
        return self.levels + 2

    def elaborate(self, platform: object) -> Module:
        m = Module()
        high = Const(1, 1)
        valid = later(m, "valid", high, self.valid, self.levels + 1)
        enables = moves(high, self.valid, valid)
        keys: list[Value] = []
        for i in range(self.lanes):
            element = self.x[WIDTH * i :][:WIDTH]
            key = Signal(WIDTH, name=f"key{i}", reset_less=True)
            with m.If(enables[0]):
                m.d.sync += key.eq(place(m, f"key_{i}", _Key(), x=element, counts=self.counts[i]).o)
            keys.append(key)
        places: list[Value] = [Const(0, 0)] * self.lanes
        for level in range(self.levels):
            new_keys: list[Value] = []
            new_places: list[Value] = []
            for i in range(0, len(keys), 2):
                key = Signal(WIDTH, name=f"key{level}_{i}", reset_less=True)
                where = Signal(level + 1, name=f"place{level}_{i}", reset_less=True)
                second = keys[i + 1] > keys[i]
                with m.If(enables[level + 1]):
                    m.d.sync += key.eq(Mux(second, keys[i + 1], keys[i]))
                    m.d.sync += where.eq(Cat(Mux(second, places[i + 1], places[i]) if level else Const(0, 0), second))
                new_keys.append(key)
                new_places.append(where)
            keys, places = new_keys, new_places
        marks = delay(m, "marks", high, Cat(self.first, self.last), self.levels + 1)
        best = Signal(WIDTH, reset_less=True)
        where = Signal(MOVE_BITS, reset_less=True)
        beat = Signal(MOVE_BITS - self.levels, reset_less=True)
        m.d.sync += self.done.eq(valid[-1] & marks[1])
        with m.If(valid[-1]):
            m.d.sync += beat.eq(Mux(marks[0], 1, beat + 1))
            with m.If(marks[0] | (keys[0] > best)):
                m.d.sync += [best.eq(keys[0]), where.eq(Cat(places[0], Mux(marks[0], 0, beat)))]
        number = Mux(best[-1], Cat(best[:-1], Const(0, 1)), ~best)
        m.d.comb += [self.value.eq(Mux(best.all(), BF16.nan, number)), self.place.eq(where)]
        return m
