"""The final addition of a carry-save accumulator."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part

__all__ = ["Finish"]


class Finish(Part):
    """Add sum, carries and correction, modulo 2**width: three words become two in one step, and one in the next.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    acc : In(width + len(carries))
        Sum bits, and above them the carry bits.
    correction_in, correction_out : In(width - zeros), Out(width - zeros)
        Added in this step; and, where ``follow``, for the next column, one step later. Its low bits are zero and left
        out.
    sum : Out(width)
        ``Dataflow.finish_steps`` steps later.
    """

    module = "finish"

    def __init__(self, width: int, carries: tuple[int, ...], zeros: int, *, follow: bool) -> None:
        self.width = width
        self.carries = carries
        self.zeros = min(zeros, width)
        self.follow = follow
        super().__init__(
            {
                "en": In(1),
                "acc": In(width + len(carries)),
                "correction_in": In(width - self.zeros),
                **({"correction_out": Out(width - self.zeros)} if follow else {}),
                "sum": Out(width),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.width
        s = self.acc[:width]
        bits: list[Value] = [Const(0, 1)] * width
        for column, bit in zip(self.carries, self.acc[width:], strict=True):
            bits[column] = bit
        c = Cat(bits)
        correction = Cat(Const(0, self.zeros), self.correction_in)
        half = Signal(width)
        partial = Signal(width, reset_less=True)
        carry = Signal(width - 1, reset_less=True)  # from column 1 on
        total = Signal(width, reset_less=True)
        m.d.comb += [half.eq(s ^ c), self.sum.eq(total)]
        if self.follow:
            later = Signal(width - self.zeros, reset_less=True)
            m.d.comb += self.correction_out.eq(later)
            with m.If(self.en):
                m.d.sync += later.eq(self.correction_in)
        with m.If(self.en):
            m.d.sync += [
                partial.eq(half ^ correction),
                carry.eq((s & c) | (half & correction)),
                total.eq(partial + (carry << 1)),
            ]
        return m
