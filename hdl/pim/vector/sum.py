"""Sums of vectors: a tree over the lanes, and an accumulator over the beats."""

from __future__ import annotations

from amaranth.hdl import Const, Module
from amaranth.lib.wiring import In, Out

from hdl.arith.float.accumulate import Accumulator
from hdl.arith.float.format import FP32
from hdl.arith.float.tree import SumTree
from hdl.lib.delay import delay, later, moves
from hdl.lib.shared import Part, place

__all__ = ["Sum"]


class Sum(Part):
    """Adds up beats, one or none in a clock; never stops.

    Parameters
    ----------
    lanes : int
        Elements a beat.
    adder : int
        Latency of adders.

    Members
    -------
    valid, last : In(1), x : In(lanes * 32)
        A beat in single precision, and that it is its vector's last one; elements that don't count are +0.
    done : Out(1), total : Out(32)
        The sum, :attr:`latency` clocks after the last beat. The next vector begins :attr:`gap` clocks after that, or
        later.
    """

    resets = True

    def __init__(self, lanes: int, adder: int) -> None:
        self.tree = SumTree(lanes, FP32, adder)
        self.accumulator = Accumulator(FP32, adder)
        self.module = f"vector_{self.tree.module}"
        members = {"valid": In(1), "last": In(1), "x": In(lanes * FP32.width), "done": Out(1)}
        super().__init__(members | {"total": Out(FP32.width)})

    @property
    def latency(self) -> int:
        """Clocks from the last beat to the sum."""
        return 1 + self.tree.latency + self.accumulator.tail

    @property
    def gap(self) -> int:
        """Clocks from the last beat of a vector to the first one of the next: the adder of the accumulator is busy."""
        return self.accumulator.tail + 1

    def elaborate(self, platform: object) -> Module:
        m = Module()
        high, steps = Const(1, 1), 1 + self.tree.latency
        valid = later(m, "in_tree", high, self.valid, steps)
        enables = moves(high, self.valid, valid)
        x = delay(m, "entry", enables[0], self.x, 1)
        tree = place(m, "tree", self.tree, en=enables[1:], x=x)
        last = delay(m, "lasts", high, self.last, steps)
        total = place(m, "accumulator", self.accumulator, en=high, valid=valid[-1], last=last, x=tree.o)
        m.d.comb += [self.done.eq(total.done), self.total.eq(total.total)]
        return m
