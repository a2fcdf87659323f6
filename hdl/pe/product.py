"""PEs whose products are added up below them: a weight, and its product with an operand of A."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import Out

from hdl.arith.factors import Factors
from hdl.arith.multiply_add import CarryPropagate, CarrySave, MultiplyAdd
from hdl.arith.step import Step
from hdl.params import EngineParams
from hdl.pe.stationary import StationaryPE

__all__ = ["ProductPE", "SelectPE"]


def _arithmetic(params: EngineParams) -> MultiplyAdd:
    """As a single number, or in just the columns that the greatest product with its excess needs."""
    if not params.axes.saves_carries:
        return CarryPropagate(params, Step.of(params).sum_bits(params, 1), exact=True)
    most = CarrySave(params, params.accumulator).most
    return CarrySave(params, min(most.bit_length(), params.block_bits))


class ProductPE(StationaryPE):
    """Multiply operand and weight: ``p <= a * weight`` in every step, as a number or in carry-save form.

    For the other ports see :class:`hdl.pe.stationary.StationaryPE`.

    Attributes
    ----------
    arithmetic : MultiplyAdd
        The form of ``p``, and its excess.
    steps : int
        From operand and weight to ``p``.

    Members
    -------
    p : Out(len(arithmetic.columns))
    """

    steps = 1

    def __init__(self, params: EngineParams) -> None:
        self.arithmetic = _arithmetic(params)
        factors = self.arithmetic.factors
        super().__init__(params, factors.a_bits, factors.b_bits, {"p": Out(len(self.arithmetic.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, weight = self.operands(m)
        p = Signal(len(self.p), name="product", reset_less=True)
        m.d.comb += self.p.eq(p)
        total = self.arithmetic.add(m, a, weight)
        with m.If(self.en):
            m.d.sync += p.eq(total)
        return m


class SelectPE(StationaryPE):
    """Select, for each digit, a multiple of the other operand (OPT2): nothing is added here, and there is no register.

    For the other ports see :class:`hdl.pe.stationary.StationaryPE`.

    Attributes
    ----------
    products : PartialProducts
    steps : int
        From operand and weight to ``p``: none.

    Members
    -------
    p : Out(products.bits)
        The bits of each digit's product, the lowest digit's first; see
        :class:`hdl.arith.partial_products.PartialProduct`.
    """

    steps = 0

    def __init__(self, params: EngineParams) -> None:
        self.factors = Factors(params)
        self.products = self.factors.products
        super().__init__(params, self.factors.a_bits, self.factors.b_bits, {"p": Out(self.products.bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, weight = self.operands(m)
        wires, other = self.factors.digits(m, a, weight)
        planes = enumerate(zip(self.products.planes, self.products.encoding.split(wires), strict=True))
        m.d.comb += self.p.eq(Cat(plane.bits(m, str(i), digit, other) for i, (plane, digit) in planes))
        return m
