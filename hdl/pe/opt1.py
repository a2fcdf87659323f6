"""OPT1: carry-save accumulation of recoded partial products (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.booth import BITS_PER_DIGIT, booth_digits
from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["Opt1PE"]


class Opt1PE(Part):
    """Add the partial products of registered digits and operand to a carry-save accumulator.

    The carry-propagate addition has left the loop: the finished sum is ``s`` plus the bits of ``c`` in their columns,
    minus :attr:`excess` for every step since (and with) ``clear``, modulo 2**accumulator.

    A partial product is written in one's complement with its sign bit inverted, plus a correction bit. That adds
    2**sign_column to each; the sum of those constants is :attr:`excess`, subtracted once, at the drain.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with this step's partial products. While ``clear_out`` is high, ``s`` and ``c`` hold the
        finished sum.
    a_in, a_out
        Booth digits (see :class:`hdl.arith.booth.BoothRecoder`), one step from input to output.
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
        self.digits = booth_digits(params.a)
        self.sign_column = params.b.width + (0 if params.b.signed else 1)
        self.excess = sum(1 << (self.sign_column + 2 * i) for i in range(self.digits))
        top = min(2 * (self.digits - 1) + self.sign_column + 1, params.accumulator)
        self.carries = carry_columns(params.accumulator, top, params.carry_every)
        super().__init__(
            {
                "en": In(1),
                "clear_in": In(1),
                "clear_out": Out(1),
                "a_in": In(BITS_PER_DIGIT * self.digits),
                "a_out": Out(BITS_PER_DIGIT * self.digits),
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
        m.d.comb += [
            s_kept.eq(Mux(clear, 0, s)),
            c_kept.eq(Mux(clear, 0, c)),
        ]
        heap = BitHeap(width)
        heap.add(s_kept)
        for column, bit in zip(self.carries, c_kept, strict=True):
            heap.add(bit, column)
        for i in range(self.digits):
            one, two, neg = a[BITS_PER_DIGIT * i : BITS_PER_DIGIT * (i + 1)]
            heap.add(neg, 2 * i)
            heap.add(self._partial_product(m, i, b, one, two, neg), 2 * i, arrival=2)
        total, carry = reduce_to_groups(m, heap, self.carries)
        with m.If(self.en):
            m.d.sync += [a.eq(self.a_in), b.eq(self.b_in), clear.eq(self.clear_in), s.eq(total), c.eq(carry)]
        m.d.comb += [self.a_out.eq(a), self.b_out.eq(b), self.clear_out.eq(clear), self.acc.eq(Cat(s, c))]
        return m

    def _partial_product(self, m: Module, i, b, one, two, neg) -> Signal:
        """Digit times operand in one's complement, its sign bit inverted."""
        signed = self.params.b.signed
        bits = self.sign_column + 1
        single = b.as_signed() if signed else b
        magnitude = Signal(bits, name=f"magnitude{i}")
        product = Signal(bits, name=f"pp{i}")
        sign = magnitude[-1] ^ neg if signed else neg
        m.d.comb += [
            magnitude.eq(Mux(one, single, 0) | Mux(two, single << 1, 0)),
            product.eq(Cat(magnitude[:-1] ^ neg.replicate(bits - 1), ~sign)),
        ]
        return product
