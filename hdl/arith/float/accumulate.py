"""Sums and greatest values over time."""

from __future__ import annotations

from itertools import pairwise

from amaranth.hdl import Array, Cat, Const, Module, Mux, Signal, Value
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
        index = Signal(range(count))
        used = Signal(count)  # partial sums that hold a number
        after = Signal(self.tail)  # bit i: the last number came i + 1 steps ago
        m.d.comb += [self.ready.eq(~after.any()), self.done.eq(after[-1])]

        # What the adder works on: whose result it is, by the steps since.
        target = Signal(range(count))
        targets = [target] + [Signal(range(count), name=f"target{i + 1}", reset_less=True) for i in range(count)]
        arrives = Signal(count + 1)
        total = Signal(width)
        sums = [Signal(width, name=f"sum{i}", reset_less=True) for i in range(count)]

        def read(slot: int) -> Value:
            """A partial sum, from the adder if it is just coming."""
            held = Mux(used[slot], sums[slot], Const(0, width))
            return Mux(arrives[-1] & (targets[-1] == slot), total, held)

        now = Array(Signal(width, name=f"now{i}") for i in range(count))
        m.d.comb += [now[i].eq(read(i)) for i in range(count)]
        left, right = Signal(width), Signal(width)
        m.d.comb += [left.eq(now[index]), right.eq(self.x), target.eq(index)]
        for moment, grown, added in self.schedule:
            with m.If(after[moment - 1]):
                m.d.comb += [left.eq(now[grown]), right.eq(now[added]), target.eq(grown)]
        issues = Cat(after[moment - 1] for moment, _, _ in self.schedule).any() | self.valid
        adder = place(m, "adder", self.adder, en=self.en, x=left, y=right)
        m.d.comb += [total.eq(adder.o), self.total.eq(total), arrives[0].eq(issues)]

        with m.If(self.en):
            m.d.sync += arrives[1:].eq(arrives[:-1])
            m.d.sync += [later.eq(earlier) for earlier, later in pairwise(targets)]
            m.d.sync += after.eq(Cat(self.valid & self.last, after[:-1]))
            for i in range(count):
                with m.If(arrives[-1] & (targets[-1] == i)):
                    m.d.sync += sums[i].eq(total)
            with m.If(self.valid):
                m.d.sync += index.eq(Mux(self.last | (index == count - 1), 0, index + 1))
                m.d.sync += used.bit_select(index, 1).eq(1)
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
