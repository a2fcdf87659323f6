"""A block of B stays, and the products of each column are added up by a tree; or there is one only, and no tree.

PE(d, j) holds the weight B[d, j]. A row of A reaches all columns in the same step, where it is broadcast; where it is
handed over, its operands enter the first column together, and move on, a column a step. New weights are loaded into
shadow registers, and become the weights of all PEs of a column with the first row that needs them. Source of the
architecture with broadcast: as Wu et al. (HPCA 2025) compare with it; the weights' shadow registers, the trees of
compressors and their widths are our own.
"""

from __future__ import annotations

from typing import Any

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.float.format import FP32
from hdl.arith.float.operands import widened
from hdl.arith.float.sum_tree import OneStepTree
from hdl.array.stationary import StationaryArray
from hdl.array.tree import PlaneTree, Tree
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.pe.float import FloatProductPE
from hdl.pe.product import ProductPE, SelectPE

__all__ = ["Columns", "TreeColumn"]


class TreeColumn(Part):
    """A column of PEs, and its tree.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    swap : In(1)
    load : In(depth)
    a : In(depth * a_bits)
        To the PEs, see :class:`hdl.pe.stationary.StationaryPE`. Where A is handed over, each is a pair of ports, such
        as ``a_in`` and ``a_out``, and moves on to the next column.
    b : In(b_bits)
    y : Out(len(columns))
        The sum of their products.
    """

    module = "column"
    role = roles.TREE

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.pe: ProductPE | SelectPE | FloatProductPE
        self.tree: PlaneTree | Tree | OneStepTree | None = None  # a single product needs none
        excess = 0
        if params.floating:
            self.pe = FloatProductPE(params)
            if params.depth > 1:
                self.tree = OneStepTree(params.depth, self.pe.product.form)
            self.columns = tuple(range(FP32.width))
        elif params.axes.sum.per_weight:
            self.pe = SelectPE(params)
            excess = self.pe.products.excess
            self.tree = PlaneTree(params, self.pe.products)
        else:
            self.pe = ProductPE(params)
            excess, self.columns = self.pe.arithmetic.excess, self.pe.arithmetic.columns
            if params.depth > 1:
                self.tree = Tree(params, self.columns, self.pe.arithmetic.factors.most)
        if self.tree is not None and not params.floating:
            self.columns = self.tree.columns
        self.excess = params.depth * excess
        self.steps = self.pe.steps + (self.tree.steps if self.tree is not None else 0)
        self.moves = params.axes.hands_a_over
        bits = {"swap": 1, "load": params.depth, "a": params.depth * self.pe.a_bits}
        ports: dict[str, Any] = {f"{name}_in" if self.moves else name: In(size) for name, size in bits.items()}
        if self.moves:
            ports |= {f"{name}_out": Out(size) for name, size in bits.items()}
        super().__init__({"en": In(1), **ports, "b": In(len(self.pe.b)), "y": Out(len(self.columns))})

    @property
    def levels(self) -> int:
        """Stages of a tree: of a weight's, where each weight has one."""
        if self.tree is None:
            return 0
        return self.tree.planes[0].steps if isinstance(self.tree, PlaneTree) else self.tree.steps

    def elaborate(self, platform: object) -> Module:
        m = Module()
        end = "_in" if self.moves else ""
        swap, load, a = (getattr(self, f"{name}{end}") for name in ("swap", "load", "a"))
        pes = []
        for d in range(self.params.depth):
            along = {"swap": swap, "load": load[d], "a": a.word_select(d, self.pe.a_bits)}
            inputs = {f"{name}{end}": value for name, value in along.items()}
            pes.append(place(m, f"pe{d}", self.pe, en=self.en, **inputs, b=self.b))
        if self.moves:
            m.d.comb += [
                self.swap_out.eq(pes[0].swap_out),
                self.load_out.eq(Cat(pe.load_out for pe in pes)),
                self.a_out.eq(Cat(pe.a_out for pe in pes)),
            ]
        total = Cat(pe.p for pe in pes)
        if self.tree is not None:
            total = place(m, "tree", self.tree, en=self.en, x=total).y
        elif self.params.floating:
            total = Cat(Const(0, len(self.y) - len(total)), total)
        m.d.comb += self.y.eq(total)
        return m


class Columns(StationaryArray):
    """The array of columns. For members see :class:`hdl.array.stationary.StationaryArray`."""

    def __init__(self, params: EngineParams) -> None:
        self.column = TreeColumn(params)
        self.columns, self.excess = self.column.columns, self.column.excess
        super().__init__(params, self.column.steps + params.axes.hands_a_over)
        parts = {self.column.pe.module: params.depth * params.cols}
        if self.column.tree is not None:
            parts[self.column.tree.module] = params.cols
        self.core = self._core(parts)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth, width = self.params.depth, self.lane_bits
        edge = self.at_edge(m, "swap", "load", "b")
        a: Value = self.a
        digits = Signal(depth * self.column.pe.a_bits, reset_less=True)
        if self.edge:  # the weights change in the step in which operands wait
            a = Signal(len(self.a), name="waiting", reset_less=True)
        recoded = a
        if self.recode is not None:
            lanes = range(depth)
            recoded = Cat(place(m, f"recode{d}", self.recode, value=a.word_select(d, width)).digits for d in lanes)
        if self.widen is not None:
            recoded = widened(m, self.widen, a, "widen_a")
        if self.edge:
            with m.If(self.en):
                m.d.sync += [a.eq(self.a), digits.eq(recoded)]
        else:
            m.d.comb += digits.eq(recoded)
        weights = self.weights(m, edge["b"])
        along = {"swap": edge["swap"], "load": edge["load"], "a": digits}
        end = "_in" if self.column.moves else ""
        sums = []
        for j in range(self.params.cols):
            b = weights.word_select(j, len(self.column.b))
            inputs = {f"{name}{end}": value for name, value in along.items()}
            column = place(m, f"column{j}", self.column, en=self.en, **inputs, b=b)
            if self.column.moves:
                along = {name: getattr(column, f"{name}_out") for name in along}
            sums.append(column.y)
        m.d.comb += self.sums.eq(Cat(sums))
        return m
