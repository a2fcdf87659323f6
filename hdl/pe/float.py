"""PEs of floating-point engines: exact products, and sums that are rounded in every step."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.wiring import Out

from hdl.arith.float.add import Adder
from hdl.arith.float.format import FP32
from hdl.arith.float.operands import product_of
from hdl.arith.float.turns import TurnSum
from hdl.lib.delay import later
from hdl.lib.shared import place
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement
from hdl.pe.stationary import StationaryPE

__all__ = ["FloatPE", "FloatProductPE"]


class FloatPE(ProcessingElement):
    """Add the product of a step to a sum: ``acc <= round((clear ? 0 : acc) + a * b)``, in fp32.

    The product is exact, and waits in a register. The adder has several steps, so that as many partial sums are on
    their way in it, which take products in turn. When they are complete they come out one after the other, from the
    step of ``clear`` on. Each is then on its part of ``acc``, which is zero in all other steps: partial sum 0 lowest.

    For the ports see :class:`hdl.pe.base.ProcessingElement`.
    """

    excess = 0
    steps = 3
    gates = True

    def __init__(self, params: EngineParams) -> None:
        self.product = product_of(params)
        self.adder = Adder(FP32, params.interleave, plain=True)
        self.columns = tuple(range(FP32.width * params.interleave))
        self.finish = TurnSum(params.interleave).steps
        bits = self.product.operand.width
        super().__init__(params, bits, bits, acc_bits=len(self.columns))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        turns = self.params.interleave
        product = Signal(self.product.form.width, name="product", reset_less=True)
        with m.If(self.en):
            m.d.sync += product.eq(place(m, "multiply", self.product, x=a, y=b).o)
        begins = Cat(clear, *(later(m, "clear", self.en, clear, turns - 1) if turns > 1 else []))
        total = Signal(FP32.width, name="sum")
        kept = Signal(FP32.width)
        m.d.comb += kept.eq(total & ~begins.any().replicate(FP32.width))
        term = Cat(Const(0, FP32.width - len(product)), product)
        added = place(m, "add", self.adder, en=self.en.replicate(turns), x=kept, y=term).o
        m.d.comb += [
            total.eq(added),
            self.acc.eq(Cat(total & begin.replicate(FP32.width) for begin in begins)),
        ]
        return m


class FloatProductPE(StationaryPE):
    """Multiply operand and weight: ``p <= a * weight`` in every step, exactly.

    For the other ports see :class:`hdl.pe.stationary.StationaryPE`.

    Attributes
    ----------
    product : Product
    steps : int
        From operand and weight to ``p``.

    Members
    -------
    p : Out(product.form.width)
    """

    steps = 1

    def __init__(self, params: EngineParams) -> None:
        self.product = product_of(params)
        bits = self.product.operand.width
        super().__init__(params, bits, bits, {"p": Out(self.product.form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, weight = self.operands(m)
        p = Signal(len(self.p), name="p_register", reset_less=True)
        m.d.comb += self.p.eq(p)
        with m.If(self.en):
            m.d.sync += p.eq(place(m, "multiply", self.product, x=a, y=weight).o)
        return m
