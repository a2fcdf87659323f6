"""Sums of vectors: one tree over the lanes, for what comes out of them and for what is read past them."""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.accumulate import Accumulator
from hdl.arith.float.format import FP32
from hdl.arith.float.tree import SumTree
from hdl.lib.delay import delay
from hdl.lib.shared import Part, place

__all__ = ["Sums"]


class Sums(Part):
    """Two sums may grow at the same time; each beat is added to its own. Never stops.

    Parameters
    ----------
    lanes : int
        Elements a beat.
    adder : int
        Latency of adders.

    Members
    -------
    scan_valid, scan_last : In(1), scan_x : In(lanes * 32)
        A beat of the vector that is read, and its last one; what does not count is +0.
    lane_valid, lane_last : In(1), lane_x : In(lanes * 32)
        One that the lanes give; not in the same clock.
    scan_done, lane_done : Out(1), scan_total, lane_total : Out(32)
        The sum, :attr:`latency` clocks after its last beat. The next one of the same kind begins later than that of the
        accumulator's tail.
    """

    resets = True

    def __init__(self, lanes: int, adder: int) -> None:
        self.tree = SumTree(lanes, FP32, adder)
        self.accumulator = Accumulator(FP32, adder)
        self.module = f"vector_{self.tree.module}"
        members: dict[str, Any] = {}
        for name in ("scan", "lane"):
            members |= {f"{name}_valid": In(1), f"{name}_last": In(1), f"{name}_x": In(lanes * FP32.width)}
            members |= {f"{name}_done": Out(1), f"{name}_total": Out(FP32.width)}
        super().__init__(members)

    @property
    def latency(self) -> int:
        """Clocks from the last beat to the sum."""
        return 1 + self.tree.latency + self.accumulator.tail

    def elaborate(self, platform: object) -> Module:
        m = Module()
        high = Const(1, 1)
        x = delay(m, "entry", high, Mux(self.scan_valid, self.scan_x, self.lane_x), 1)
        tree = place(m, "tree", self.tree, en=high, x=x)
        for name in ("scan", "lane"):
            steps = 1 + self.tree.latency
            valid = Signal(steps, name=f"{name}_in_tree")
            m.d.sync += valid.eq(Cat(getattr(self, f"{name}_valid"), valid))
            last = delay(m, f"{name}_marks", high, getattr(self, f"{name}_last"), steps)
            total = place(m, f"{name}_sum", self.accumulator, en=high, valid=valid[-1], last=last, x=tree.o)
            m.d.comb += [getattr(self, f"{name}_done").eq(total.done), getattr(self, f"{name}_total").eq(total.total)]
        return m
