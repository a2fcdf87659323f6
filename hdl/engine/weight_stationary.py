"""Engines whose PEs keep a block of B: rows of A pass by, and sums over blocks are added up below the columns."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value

from hdl.array.chains import Chains
from hdl.array.columns import Columns
from hdl.array.foot import Foot
from hdl.array.skew import skew
from hdl.engine.body import Body
from hdl.engine.row_stepper import RowStepper
from hdl.engine.weights import WeightControl
from hdl.lib.shared import Shared, place
from hdl.params import EngineParams

__all__ = ["WeightStationary"]


class WeightStationary(Body):
    """Array, feet, and results aligned. For the ports see :class:`hdl.engine.body.Body`; B comes first.

    The core is that of the array; what is below its columns is not part of it.
    """

    drops = "a"

    def __init__(self, params: EngineParams) -> None:
        self.stepper = RowStepper(params) if params.axes.digits.order is not None else None
        if self.stepper is not None:
            self.drops, self.ahead = "", self.stepper.latency  # it drops rows that it has taken
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
        part = WeightControl(self.params, self.array.steps, self.foot.finish, self.align, self.foot.flags)
        inputs = {name: getattr(self, name) for name in ("wanted", "a_valid", "a_last", "b_valid", "b_last", "room")}
        en = Signal()
        steps = None
        if self.stepper is not None:
            take = Signal()
            drop = Signal()
            stream = {"have": self.a_valid, "last": self.a_last, "a": self.a_data}
            steps = place(m, "serialiser", self.stepper, en=en, take=take, drop=drop, **stream)
            inputs |= {"a_valid": steps.valid, "a_last": steps.row_last, "a_begins": steps.begins}
            inputs |= {"a_ends": steps.ends, **({"a_index": steps.index} if "index" in self.foot.flags else {})}
        control = place(m, "control", part, **inputs)
        m.d.comb += en.eq(control.en)
        cols = self.params.cols
        # What is missing of a stream that ends too early is zero.
        b = Mux(control.b_short, 0, self.b_data)
        if steps is None:
            a = Mux(control.a_short, 0, self.a_data)
            m.d.comb += [self.a_take.eq(control.a_take), self.a_drop.eq(control.a_drop)]
        else:
            a = self._lanes(steps)
            m.d.comb += [take.eq(control.a_take), drop.eq(control.a_drop), self.a_take.eq(steps.accept)]
        array = place(m, "array", self.array, en=en, swap=control.swap, load=control.load, a=a, b=b)
        foot = self.foot
        flags = {name: getattr(control, name) for name in foot.flags}
        sums = []
        for j in range(cols):
            x = array.sums.word_select(j, len(foot.x))
            placed = place(m, f"foot{j}", foot, en=en, **flags, x=x)
            if foot.follow:
                flags = {name: getattr(placed, f"{name}_out") for name in flags}
            sums.append(placed.sum)
        row = Cat(sums)
        m.d.comb += [
            self.b_take.eq(control.b_take),
            self.beat.eq(control.b_take),
            self.beat_last.eq(self.b_last),
            self.active.eq(control.active),
            self.starved.eq(control.starved),
            self.blocked.eq(~en),
            self.mismatch.eq(control.mismatch),
            self.row_valid.eq(en & control.row_valid),
            self.row_last.eq(control.row_last),
            self.row_data.eq(skew(m, "deskew", en, row, cols, reverse=True, stays=True) if foot.follow else row),
        ]
        return m

    def _lanes(self, steps: Shared) -> Value:
        """What the lanes of the array take of a step."""
        depth, index = self.params.depth, steps.index
        size = len(steps.a_step) // depth
        lanes = [steps.a_step.word_select(d, size) for d in range(depth)]
        return Cat(Cat(index, lane) for lane in lanes) if self.array.lane_bits > size else Cat(lanes)
