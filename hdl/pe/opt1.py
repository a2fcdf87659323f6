"""OPT1: carry-save accumulation of recoded partial products (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.booth import booth_bits
from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.partial_products import PartialProducts
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["Opt1PE"]


class Opt1PE(Part):
    """Add the partial products of registered digits and operand to a carry-save accumulator.

    The carry-propagate addition has left the loop: the finished sum is ``s`` plus the bits of ``c`` in their columns,
    minus :attr:`excess` for every step since (and with) ``clear``, modulo 2**accumulator. The excess comes from the
    sign bits of the partial products; it is subtracted once, at the drain.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with this step's partial products. While ``clear_out`` is high, ``s`` and ``c`` hold the
        finished sum.
    a_in, a_out
        Booth digits (see :func:`hdl.arith.booth.split`), one step from input to output.
    b_in, b_out
        Operand, one step from input to output.
    acc : Out(accumulator + len(carries))
        ``s`` in the low bits, ``c`` above.

    Attributes
    ----------
    carries : tuple of int
        Columns of the bits of ``c``.
    excess : int
        What each step adds beyond its product.
    """

    module = "pe"

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.products = PartialProducts(params.a, params.b)
        self.excess = self.products.excess
        top = min(self.products.columns, params.accumulator)
        self.carries = carry_columns(params.accumulator, top, params.carry_every)
        digit_bits = booth_bits(params.a)
        super().__init__(
            {
                "en": In(1),
                "clear_in": In(1),
                "clear_out": Out(1),
                "a_in": In(digit_bits),
                "a_out": Out(digit_bits),
                "b_in": In(params.b.width),
                "b_out": Out(params.b.width),
                "acc": Out(params.accumulator + len(self.carries)),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.params.accumulator
        a = Signal(len(self.a_in), reset_less=True)
        b = Signal(len(self.b_in), reset_less=True)
        clear = Signal(reset_less=True)
        s = Signal(width, reset_less=True)
        c = Signal(len(self.carries), reset_less=True)

        s_kept = Signal(width)
        c_kept = Signal(len(self.carries))
        m.d.comb += [s_kept.eq(Mux(clear, 0, s)), c_kept.eq(Mux(clear, 0, c))]
        heap = BitHeap(width)
        heap.add(s_kept)
        for column, bit in zip(self.carries, c_kept, strict=True):
            heap.add(bit, column)
        self.products.add(m, heap, a, b)
        total, carry = reduce_to_groups(m, heap, self.carries)
        with m.If(self.en):
            m.d.sync += [a.eq(self.a_in), b.eq(self.b_in), clear.eq(self.clear_in), s.eq(total), c.eq(carry)]
        m.d.comb += [self.a_out.eq(a), self.b_out.eq(b), self.clear_out.eq(clear), self.acc.eq(Cat(s, c))]
        return m
