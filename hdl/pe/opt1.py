"""OPT1: carry-save accumulation of recoded partial products (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.step import Step
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement

__all__ = ["Opt1PE"]


class Opt1PE(ProcessingElement):
    """Add the partial products of digits and operand to a carry-save accumulator.

    The carry-propagate addition has left the loop: the finished sum is ``s`` plus the bits of ``c`` in their columns,
    minus :attr:`excess` for every step since (and with) ``clear``, modulo 2**accumulator. The excess comes from the
    sign bits of the partial products; it is subtracted once, at the drain. Operands of A are digits (see
    :meth:`hdl.arith.digits.Encoding.split`); ``acc`` holds ``s`` in the low bits and ``c`` above. For the ports see
    :class:`hdl.pe.base.ProcessingElement`.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of ``acc``.
    excess : int
        What each step adds beyond its product.
    """

    def __init__(self, params: EngineParams) -> None:
        step = Step.of(params)
        self.products = step.products
        self.excess = self.products.excess
        top = min(self.products.columns, params.accumulator)
        self.carries = carry_columns(params.accumulator, top, params.carry_every)
        self.columns = (*range(params.accumulator), *self.carries)
        a_bits = self.products.encoding.bits
        super().__init__(params, a_bits=a_bits, acc_bits=len(self.columns), b_bits=step.b.width)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        width = self.params.accumulator
        a, b, clear = self.operands(m)
        s = Signal(width, reset_less=True)
        c = Signal(len(self.carries), reset_less=True)
        s_kept = Signal(width)
        c_kept = Signal(len(self.carries))
        m.d.comb += [s_kept.eq(Mux(clear, 0, s)), c_kept.eq(Mux(clear, 0, c)), self.acc.eq(Cat(s, c))]
        heap = BitHeap(width)
        heap.add(s_kept)
        for column, bit in zip(self.carries, c_kept, strict=True):
            heap.add(bit, column)
        self.products.add(m, heap, a, b)
        total, carry = reduce_to_groups(m, heap, self.carries)
        with m.If(self.en):
            m.d.sync += [s.eq(total), c.eq(carry)]
        return m
