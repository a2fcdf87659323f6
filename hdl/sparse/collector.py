"""Results of one column: sums, finished; those of planes are shifted by their weight, and added up row by row."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.delay import register
from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.sparse.plane import PlaneSum
from hdl.sparse.row import Tag

__all__ = ["Collector"]


class Collector(Part):
    """One final addition, one shift by the plane's weight, and one accumulator for every row of two tiles.

    Sums of all weights come once a tile: they are neither shifted nor added up.

    A sum is in its accumulator ``latency`` cycles after it came. Sums of the same row are at least three cycles
    apart, and five where rows keep step: then the result so far has a cycle to leave its memory, and the addition two.

    Members
    -------
    acc, tag : In
        A plane's sum, in carry-save form where carries are saved, and what it is.
    tag_out : Out
        In a systolic array: the tag for the next column, one cycle later.
    read : In
        Row, and above it parity of a tile, whose result is ``result`` : Out(accumulator) one cycle later.
    """

    module = "collector"
    role = roles.DRAIN

    def __init__(self, params: EngineParams, tag: Tag, digit_bits: int) -> None:
        self.params = params
        self.tags = tag
        self.digit_bits = digit_bits
        self.plane = PlaneSum(params)
        self.halves = params.axes.sum.per_weight and not params.axes.skips_by_row
        self.latency = 4 + 2 * self.halves
        follow = {"tag_out": Out(tag.bits)} if params.axes.hands_a_over else {}
        super().__init__(
            {
                "acc": In(self.plane.acc_bits),
                "tag": In(tag.bits),
                **follow,
                "read": In(tag.fields["row"] + 1),
                "result": Out(params.accumulator),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, accumulator = self.plane.width, self.params.accumulator
        tags: list[Signal] = []
        previous: Value = self.tag
        for step in (1, 2, 3):
            previous = register(m, f"tag{step}", previous)
            tags.append(previous)
        if self.params.axes.hands_a_over:
            m.d.comb += self.tag_out.eq(tags[0])

        partial, carry = self._compress(m)
        total = Signal(width, reset_less=True)
        shifted = Signal(accumulator, reset_less=True)
        plane = self.tags.split(tags[1])["plane"]
        m.d.sync += total.eq(partial + carry)
        value = Signal(accumulator)
        m.d.comb += value.eq(total.as_signed())
        if len(plane):
            with m.Switch(plane):
                for i in range(self.tags.planes):
                    with m.Case(i):
                        m.d.sync += shifted.eq(value << (self.digit_bits * i))
        else:
            m.d.sync += shifted.eq(value)

        third = self.tags.split(tags[2])
        where = [Cat(self.tags.split(tag)["row"], self.tags.split(tag)["parity"]) for tag in tags]
        words = 2 << self.tags.fields["row"]
        if not self.params.axes.sum.per_weight:  # the sum of a tile is its result
            part = Ram(words, accumulator)
            write = {"w_en": third["valid"], "w_addr": where[2], "w_data": shifted}
            m.d.comb += self.result.eq(place(m, "results", part, **write, r0_addr=self.read).r0_data)
            return m
        summed = Signal(accumulator)
        write = {"w_en": third["valid"], "w_addr": where[2]}
        if self.halves:
            late_valid, late = self._later(m, "late", third["valid"], where[2], steps=2)
            cut = accumulator // 2
            low = Signal(cut + 1, reset_less=True)
            high = Signal(accumulator - cut)
            write = {"w_en": late_valid, "w_addr": late}
        part = Ram(words, accumulator, reads=2)
        results = place(
            m,
            "results",
            part,
            **write,
            w_data=Cat(low[:cut], high) if self.halves else summed,
            r0_addr=where[1],
            r1_addr=self.read,
        )
        before = Mux(third["first"], 0, results.r0_data)
        m.d.comb += self.result.eq(results.r1_data)
        if self.halves:
            self._add_halves(m, low, high, *self._later(m, "added", before, shifted, steps=1))
        else:
            m.d.comb += summed.eq(before + shifted)
        return m

    def _later(self, m: Module, name: str, *values: Value, steps: int) -> list[Value]:
        """Some values, as many cycles later."""
        for step in range(steps):
            values = tuple(register(m, f"{name}{step}_{i}", each) for i, each in enumerate(values))
        return list(values)

    def _add_halves(self, m: Module, low: Signal, high: Signal, x: Value, y: Value) -> None:
        """The low half of a sum one cycle later, with its carry; in that cycle the high half."""
        cut = len(low) - 1
        upper = [Signal(len(high), name=f"upper{i}", reset_less=True) for i in range(2)]
        first = Signal(len(y), name="sum_before")
        m.d.comb += first.eq(x)
        m.d.sync += [low.eq(first[:cut] + y[:cut]), upper[0].eq(first[cut:]), upper[1].eq(y[cut:])]
        m.d.comb += high.eq(upper[0] + upper[1] + low[cut])

    def _compress(self, m: Module) -> tuple[Signal, Value]:
        """Sum, carries and the correction of the excess as two words, one cycle later."""
        width = self.plane.width
        s = self.acc[:width]
        if not self.plane.saves:
            number = Signal(width, name="number", reset_less=True)
            m.d.sync += number.eq(s)
            return number, Const(0, width)
        bits: list[Value] = [Const(0, 1)] * width
        for column, bit in zip(self.plane.carries, self.acc[width:], strict=True):
            bits[column] = bit
        c = Cat(bits)
        steps = self.tags.split(self.tag)["steps"]
        excess = Signal(width)
        correction = Signal(width)
        half = Signal(width)
        partial = Signal(width, reset_less=True)
        carry = Signal(width, reset_less=True)
        place = (self.plane.excess & -self.plane.excess).bit_length() - 1
        # Minus the excess: its complement, and one more that enters as the lowest carry.
        m.d.comb += [excess.eq(steps << place), correction.eq(~excess), half.eq(s ^ c)]
        m.d.sync += [partial.eq(half ^ correction), carry.eq((s & c) | (half & correction))]
        return partial, Cat(Const(1, 1), carry[:-1])
