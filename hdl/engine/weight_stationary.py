"""Engines whose PEs keep a block of B: rows of A pass by, and sums over blocks are added up below the columns."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux

from hdl.array.chains import Chains
from hdl.array.columns import Columns
from hdl.array.foot import Foot
from hdl.array.skew import skew
from hdl.engine.body import Body
from hdl.engine.weights import WeightControl
from hdl.lib.shared import place
from hdl.params import EngineParams

__all__ = ["WeightStationary"]


class WeightStationary(Body):
    """Array, feet, and results aligned. For the ports see :class:`hdl.engine.body.Body`; B comes first.

    The core is that of the array; what is below its columns is not part of it.
    """

    drops = "a"

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        self.array = Chains(params) if params.axes.chain else Columns(params)
        self.core = self.array.core
        follow = bool(self.flow.column_skew)
        self.foot = Foot(params, self.array.columns, self.array.excess, follow=follow)

    @property
    def steps(self) -> int:
        return self.array.steps + self.foot.finish + self.align

    def elaborate(self, platform: object) -> Module:
        m = Module()
        names = ("wanted", "a_valid", "a_last", "b_valid", "b_last", "room")
        inputs = {name: getattr(self, name) for name in names}
        part = WeightControl(self.params, self.array.steps, self.foot.finish, self.align)
        control = place(m, "control", part, **inputs)
        en, cols = control.en, self.params.cols
        # What is missing of a stream that ends too early is zero.
        a, b = (Mux(getattr(control, f"{name}_short"), 0, getattr(self, f"{name}_data")) for name in "ab")
        array = place(m, "array", self.array, en=en, swap=control.swap, load=control.load, a=a, b=b)
        foot = self.foot
        valid, first = control.valid, control.first
        sums = []
        for j in range(cols):
            x = array.sums.word_select(j, len(foot.x))
            placed = place(m, f"foot{j}", foot, en=en, valid=valid, first=first, x=x)
            if foot.follow:
                valid, first = placed.valid_out, placed.first_out
            sums.append(placed.sum)
        row = Cat(sums)
        m.d.comb += [
            self.a_take.eq(control.a_take),
            self.b_take.eq(control.b_take),
            self.a_drop.eq(control.a_drop),
            self.beat.eq(control.b_take),
            self.beat_last.eq(self.b_last),
            self.active.eq(control.active),
            self.starved.eq(control.starved),
            self.blocked.eq(~en),
            self.mismatch.eq(control.mismatch),
            self.row_valid.eq(en & control.row_valid),
            self.row_last.eq(control.row_last),
            self.row_data.eq(skew(m, "deskew", en, row, cols, reverse=True) if foot.follow else row),
        ]
        return m
