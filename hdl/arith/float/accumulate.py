"""Sums and greatest values over time."""

from __future__ import annotations

from functools import reduce
from itertools import pairwise
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.float.add import Adder
from hdl.arith.float.format import BF16, FP32, FloatFormat
from hdl.arith.float.maximum import Maximum
from hdl.lib.shared import Part, place

__all__ = ["Accumulator", "RunningMaximum"]


class Accumulator(Part):
    """Sum of a sequence of numbers, one or none in a step, with a single adder.

    Number i of a sequence is added to partial sum i modulo the adder's latency, which is when the sum before is ready;
    partial sums begin with +0. After the last number the same adder adds the partial sums as a tree: (0, 1), (2, 3).
    The order does not depend on when the numbers come.

    Parameters
    ----------
    form : FloatFormat
    adder : int
        Latency of the adder and number of partial sums, 1 to 4.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, x : In(1), In(form.width)
        A number.
    last : In(1)
        It is the last one of its sequence. The next sequence begins while ``ready`` is high.
    ready : Out(1)
        No sum is being finished.
    done, total : Out(1), Out(form.width)
        The sum, for one step, :attr:`tail` steps after the last number.
    """

    resets = True

    def __init__(self, form: FloatFormat = FP32, adder: int = Adder.STAGES) -> None:
        self.form = form
        self.adder = Adder(form, adder)
        self.count = adder
        self.module = f"accumulate_{self.adder.module}"
        members = {"valid": In(1), "last": In(1), "x": In(form.width), "ready": Out(1), "done": Out(1)}
        super().__init__({"en": In(1), **members, "total": Out(form.width)})

    @property
    def schedule(self) -> list[tuple[int, int, int]]:
        """Additions of partial sums: steps after the last number, the sum that grows, and the one added to it."""
        left, moment, result = list(range(self.count)), self.count, []
        while len(left) > 1:
            for pair in zip(left[::2], left[1::2], strict=False):
                result.append((moment, *pair))
                moment += 1
            left, moment = left[::2], moment - 1 + self.count
        return result

    @property
    def tail(self) -> int:
        """Steps from the last number to the sum: 13 with four partial sums."""
        return max((moment for moment, _, _ in self.schedule), default=0) + self.count

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width, count = self.form.width, self.count
        # Partial sums are named one-hot: whose turn it is, which hold a number, and whose sum is in the adder since
        # when. No bit of the last means that nothing is.
        turn = Signal(count, init=1)
        used = Signal(count)
        after = Signal(self.tail)  # bit i: the last number came i + 1 steps ago
        grows = [Signal(count, name=f"grows{i}") for i in range(count + 1)]
        sums = [Signal(width, name=f"sum{i}", reset_less=True) for i in range(count)]
        left = Signal(width)
        right = Signal(width)
        total = Signal(width)
        m.d.comb += [self.ready.eq(~after.any()), self.done.eq(after[-1]), self.total.eq(total)]

        # A partial sum comes from the adder if it is just ready.
        now = [Mux(grows[-1][i], total, Mux(used[i], held, Const(0, width))) for i, held in enumerate(sums)]
        picked = reduce(or_, (now[i] & turn[i].replicate(width) for i in range(count)))
        m.d.comb += [left.eq(picked), right.eq(self.x), grows[0].eq(turn & self.valid.replicate(count))]
        for moment, into, added in self.schedule:
            with m.If(after[moment - 1]):
                m.d.comb += [left.eq(now[into]), right.eq(now[added]), grows[0].eq(1 << into)]
        grown = Cat(each.any() for each in grows[:-1]) & self.en.replicate(count)
        adder = place(m, "adder", self.adder, en=grown, x=left, y=right)
        m.d.comb += total.eq(adder.o)

        with m.If(self.en):
            m.d.sync += [later.eq(earlier) for earlier, later in pairwise(grows)]
            m.d.sync += after.eq(Cat(self.valid & self.last, after[:-1]))
            for i, held in enumerate(sums):
                with m.If(grows[-1][i]):
                    m.d.sync += held.eq(total)
            with m.If(self.valid):
                m.d.sync += [turn.eq(Mux(self.last, 1, turn.rotate_left(1))), used.eq(used | turn)]
            with m.If(self.done):
                m.d.sync += used.eq(0)
        return m


class RunningMaximum(Part):
    """The greatest of a sequence of numbers; NaN if there is one.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    valid, x : In(1), In(form.width)
        A number.
    first : In(1)
        It begins a new sequence.
    o : Out(form.width)
        The greatest one so far, one step later.
    """

    def __init__(self, form: FloatFormat = BF16) -> None:
        self.form = form
        self.module = f"running_maximum_{form}"
        members = {"valid": In(1), "first": In(1), "x": In(form.width)}
        super().__init__({"en": In(1), **members, "o": Out(form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        greatest = Signal(self.form.width, reset_less=True)
        before = Mux(self.first, self.x, greatest)
        now = place(m, "maximum", Maximum(self.form), x=self.x, y=before)
        with m.If(self.en & self.valid):
            m.d.sync += greatest.eq(now.o)
        m.d.comb += self.o.eq(greatest)
        return m
