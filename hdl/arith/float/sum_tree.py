"""A tree of sums, each in a step of its own."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import FP32, FloatFormat
from hdl.arith.float.sum import Sum
from hdl.lib import roles
from hdl.lib.shared import Part, place

__all__ = ["OneStepTree", "levels"]


def levels(count: int) -> int:
    """Levels of a tree over ``count`` numbers."""
    return (count - 1).bit_length()


class OneStepTree(Part):
    """Add numbers up, neighbours first: ((0, 1), (2, 3)), ...; an odd one out waits for the next level.

    Parameters
    ----------
    count : int
        Numbers, 2 or more.
    form : FloatFormat
        Their format; that of all sums is fp32.

    Attributes
    ----------
    steps : int
        One for each level.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(count * form.width)
    y : Out(32)
        Their sum, ``steps`` later.
    """

    role = roles.TREE
    module = "tree"

    def __init__(self, count: int, form: FloatFormat) -> None:
        self.count = count
        self.form = form
        self.steps = levels(count)
        super().__init__({"en": In(1), "x": In(count * form.width), "y": Out(FP32.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        form = self.form
        terms: list[Value] = [self.x.word_select(i, form.width) for i in range(self.count)]
        for level in range(self.steps):
            sums: list[Value] = []
            part = Sum(form, form)
            for i in range(0, len(terms), 2):
                register = Signal(FP32.width, name=f"sum{level}_{i // 2}", reset_less=True)
                total = terms[i]
                if i + 1 < len(terms):
                    total = place(m, f"add{level}_{i // 2}", part, x=terms[i], y=terms[i + 1]).o
                with m.If(self.en):
                    m.d.sync += register.eq(Cat(Const(0, FP32.width - len(total)), total))
                sums.append(register)
            terms, form = sums, FP32
        m.d.comb += self.y.eq(terms[0])
        return m
