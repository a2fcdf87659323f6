"""Results of one column: the sums of planes, finished, shifted by their weight, and added up row by row."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.ram import Ram
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.sparse.plane import PlaneSum
from hdl.sparse.row import Tag

__all__ = ["Collector"]


class Collector(Part):
    """One final addition, one shift by the plane's weight, and one accumulator for every row of two tiles.

    A sum is in its accumulator ``LATENCY`` cycles after it came. Sums of the same row are at least three cycles apart.

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
    LATENCY = 4

    def __init__(self, params: EngineParams, tag: Tag, digit_bits: int) -> None:
        self.params = params
        self.tags = tag
        self.digit_bits = digit_bits
        self.plane = PlaneSum(params)
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
            word = Signal(self.tags.bits, name=f"tag{step}", reset_less=True)
            m.d.sync += word.eq(previous)
            tags.append(word)
            previous = word
        if self.params.axes.hands_a_over:
            m.d.comb += self.tag_out.eq(tags[0])

        partial, carry = self._compress(m)
        total = Signal(width, reset_less=True)
        shifted = Signal(accumulator, reset_less=True)
        plane = self.tags.split(tags[1])["plane"]
        m.d.sync += total.eq(partial + carry)
        value = Signal(accumulator)
        m.d.comb += value.eq(total.as_signed())
        with m.Switch(plane):
            for i in range(self.tags.planes):
                with m.Case(i):
                    m.d.sync += shifted.eq(value << (self.digit_bits * i))

        third = self.tags.split(tags[2])
        where = [Cat(self.tags.split(tag)["row"], self.tags.split(tag)["parity"]) for tag in tags]
        summed = Signal(accumulator)
        part = Ram(2 << self.tags.fields["row"], accumulator, reads=2)
        results = place(
            m,
            "results",
            part,
            w_en=third["valid"],
            w_addr=where[2],
            w_data=summed,
            r0_addr=where[1],
            r1_addr=self.read,
        )
        m.d.comb += [summed.eq(Mux(third["first"], 0, results.r0_data) + shifted), self.result.eq(results.r1_data)]
        return m

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
