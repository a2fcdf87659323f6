"""The PE of a chain: a weight, and a link in a chain of sums."""

from __future__ import annotations

from amaranth.hdl import Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.multiply_add import multiply_add
from hdl.arith.step import Step
from hdl.params import EngineParams
from hdl.pe.stationary import StationaryPE

__all__ = ["ChainPE"]


def sum_width(params: EngineParams) -> int:
    """Bits of the sums of a chain: of a block of K, or, where single numbers are those of a step, of that."""
    if params.axes.sums_in_one_step:
        return Step.of(params).sum_bits(params, params.depth)
    return params.block_bits


class ChainPE(StationaryPE):
    """Add the product of operand and weight to the sum of the PE above: ``p_out <= p_in + a * weight`` in every step.

    Sums are modulo 2**:func:`sum_width`, as single numbers, in carry-save form, or one for each weight of a digit, see
    :mod:`hdl.arith.multiply_add`. A step may add more than its product. For the other ports see
    :class:`hdl.pe.stationary.StationaryPE`.

    Attributes
    ----------
    arithmetic : MultiplyAdd

    Members
    -------
    p_in, p_out : len(arithmetic.columns) bits
        The sum, of the PE above and with this one's product; two steps after ``a_in``.
    """

    def __init__(self, params: EngineParams) -> None:
        self.arithmetic = multiply_add(params, sum_width(params), params.depth)
        bits = len(self.arithmetic.columns)
        factors = self.arithmetic.factors
        super().__init__(params, factors.a_bits, factors.b_bits, {"p_in": In(bits), "p_out": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, weight = self.operands(m)
        p = Signal(len(self.p_out), reset_less=True)
        m.d.comb += self.p_out.eq(p)
        total = self.arithmetic.add(m, a, weight, self.p_in)
        with m.If(self.en):
            m.d.sync += p.eq(total)
        return m
