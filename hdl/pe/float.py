"""PEs of floating-point engines: exact products, and sums that are rounded in every step."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import Out

from hdl.arith.float.format import FP32
from hdl.arith.float.operands import product_of
from hdl.arith.float.sum import Sum
from hdl.arith.float.sum_tree import OneStepTree
from hdl.lib.shared import place
from hdl.params import EngineParams
from hdl.pe.base import ProcessingElement
from hdl.pe.stationary import StationaryPE

__all__ = ["FloatPE", "FloatProductPE"]


class FloatPE(ProcessingElement):
    """Add the product of a step to a sum: ``acc <= round((clear ? 0 : acc) + a * b)``, in fp32.

    The product is exact, and waits in a register. Where a step has several, with a tree over k, a tree of sums makes
    one number of them first, a step a level. ``acc`` is a finished number: nothing is added behind the PE.

    For the ports see :class:`hdl.pe.base.ProcessingElement`.
    """

    finish = 0
    excess = 0

    def __init__(self, params: EngineParams) -> None:
        self.lanes = params.k_step
        self.product = product_of(params)
        self.tree = OneStepTree(self.lanes, self.product.form) if self.lanes > 1 else None
        self.steps = 3 + (self.tree.steps if self.tree is not None else 0)
        self.columns = tuple(range(FP32.width))
        bits = self.lanes * self.product.operand.width
        super().__init__(params, bits, bits, acc_bits=FP32.width)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, clear = self.operands(m)
        addend = self.product.form
        products = [self._product(m, a, b, d) for d in range(self.lanes)]
        term: Value = products[0]
        if self.tree is not None:
            term, addend = place(m, "tree", self.tree, en=self.en, x=Cat(products)).y, FP32
        acc = Signal(FP32.width, reset_less=True, name="sum")
        total = place(m, "add", Sum(FP32, addend), x=Mux(clear, 0, acc), y=term).o
        with m.If(self.en):
            m.d.sync += acc.eq(total)
        m.d.comb += self.acc.eq(acc)
        return m

    def _product(self, m: Module, a: Value, b: Value, lane: int) -> Signal:
        """The product of a lane, in its register."""
        width = self.product.operand.width
        factors = {"x": a.word_select(lane, width), "y": b.word_select(lane, width)}
        register = Signal(self.product.form.width, name=f"product{lane}", reset_less=True)
        with m.If(self.en):
            m.d.sync += register.eq(place(m, f"multiply{lane}", self.product, **factors).o)
        return register


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
