"""The lanes of the vector unit, side by side, and what becomes of their results."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.data import View
from amaranth.lib.wiring import In, Out

from hdl.arith.float.control import LaneControl
from hdl.arith.float.format import BF16, FP32
from hdl.arith.float.lane import Lane
from hdl.arith.float.passes import LaneShape
from hdl.lib.shared import Part, place
from hdl.params.pim import PimParams
from hdl.pim.vector.front import entry_layout, tag_layout

__all__ = ["Lanes"]


class Lanes(Part):
    """Passes over beats; every lane does the same.

    Parameters
    ----------
    params : PimParams
    shape : LaneShape
    contexts : int

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid : In(1), entry : In
        A beat (:func:`hdl.pim.vector.front.entry_layout`).
    a, b, c : In
        Operands, bf16, each when it is due.
    x, s0, s1, s2 : In(32)
        Operand ``a`` where it is a number, and scalars; due with the beat.
    valid_y : Out(1), y : Out(lanes * 32), tag : Out
        Results in single precision, and what they are for.
    o : Out(lanes * 16)
        In bf16, one step later.
    """

    resets = True

    def __init__(self, params: PimParams, shape: LaneShape, contexts: int) -> None:
        self.params = params
        self.shape = shape
        self.contexts = contexts
        self.module = f"vector_lanes_{contexts}"
        lanes = params.vector_lanes
        super().__init__(
            {
                "en": In(1),
                "valid": In(1),
                "entry": In(entry_layout(params, contexts).size),
                **{name: In(lanes * BF16.width) for name in "abc"},
                **{name: In(FP32.width) for name in ("x", "s0", "s1", "s2")},
                "valid_y": Out(1),
                "y": Out(lanes * FP32.width),
                "tag": Out(tag_layout(params, contexts).size),
                "o": Out(lanes * BF16.width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        entry = View(entry_layout(self.params, self.contexts), self.entry)
        control = place(
            m,
            "control",
            LaneControl(self.shape, len(self.tag)),
            en=self.en,
            valid=self.valid,
            op=entry.op,
            whole=entry.whole,
            s0=self.s0,
            s1=self.s1,
            s2=self.s2,
            tag=entry.tag.as_value(),
        )
        number = Signal(FP32.width)
        m.d.comb += number.eq(self.x)
        y, o = [], []
        low = Const(0, FP32.width - BF16.width)
        for i in range(self.params.vector_lanes):
            a, b, c = (getattr(self, name)[BF16.width * i :][: BF16.width] for name in "abc")
            result = Signal(FP32.width, name=f"result{i}")
            kept = Mux(entry.rectified, rectified(a), a)
            lane = place(
                m,
                f"lane{i}",
                Lane(self.shape),
                a=Mux(entry.back, result, Mux(entry.number, number, Cat(low, kept))),
                b=b,
                c=c,
                **LaneControl.connect(control),
            )
            m.d.comb += result.eq(lane.y)
            y.append(result)
            o.append(lane.o)
        m.d.comb += [self.y.eq(Cat(y)), self.o.eq(Cat(o)), self.valid_y.eq(control.y_valid), self.tag.eq(control.y_tag)]
        return m


def rectified(number: Value) -> Value:
    """A bf16 number, or +0 in place of one with a minus sign; NaNs stay."""
    nan = number[BF16.fraction : -1].all() & number[: BF16.fraction].any()
    return Mux(number[-1] & ~nan, 0, number)
