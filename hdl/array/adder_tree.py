"""Multiplier-adder tree: a row of A reaches all columns at once, and in each a tree adds its products with the weights.

PE(d, j) holds the weight B[d, j]. New weights are loaded into shadow registers, and become the weights of all PEs with
the first row that needs them. Source of the architecture: as Wu et al. (HPCA 2025) compare with it; the weights'
shadow registers, the trees of compressors and their widths are our own.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.array.tree import PlaneTree, Tree
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.pe.product import ProductPE, SelectPE
from hdl.pe.recode import recoder

__all__ = ["AdderTree"]


class TreeColumn(Part):
    """A column of PEs, and its tree.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    swap : In(1)
    load : In(depth)
    a : In(depth * a_bits)
    b : In(b.width)
        To the PEs, see :class:`hdl.pe.stationary.StationaryPE`.
    y : Out(len(columns))
        The sum of their products.
    """

    module = "column"
    role = roles.TREE

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.pe: ProductPE | SelectPE
        self.tree: PlaneTree | Tree | None = None  # a single product needs none
        if params.axes.sum.per_weight:
            self.pe = SelectPE(params)
            excess = self.pe.products.excess
            self.tree = PlaneTree(params, self.pe.products)
            self.columns = self.tree.form.columns
        else:
            self.pe = ProductPE(params)
            excess, self.columns = self.pe.arithmetic.excess, self.pe.arithmetic.columns
            if params.depth > 1:
                self.tree = Tree(params, self.columns, params.product_range[1] + excess)
                self.columns = self.tree.form.columns
        self.excess = params.depth * excess
        bits = {"swap": 1, "load": params.depth, "a": params.depth * len(self.pe.a), "b": params.b.width}
        super().__init__({"en": In(1), **{name: In(size) for name, size in bits.items()}, "y": Out(len(self.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        products = []
        for d in range(self.params.depth):
            a = self.a.word_select(d, len(self.pe.a))
            pe = place(m, f"pe{d}", self.pe, en=self.en, swap=self.swap, load=self.load[d], a=a, b=self.b)
            products.append(pe.p)
        total = Cat(products)
        if self.tree is not None:
            total = place(m, "tree", self.tree, en=self.en, x=total).y
        m.d.comb += self.y.eq(total)
        return m


class AdderTree(Part):
    """The array with the registers at its edge, from which operands reach all columns.

    The core are its PEs, the trees of its columns, and the recoders.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of a sum.
    excess : int
        What the sums hold beyond the sums of products.
    core : dict
        How often each module of the core occurs.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    swap : In(1)
        The row of A that enters is the first one for the weights that were loaded last.
    load : In(depth)
        One-hot: ``b`` is step d of the next block. May come in any step from that of ``swap`` on.
    a : In(depth * a.width)
        A row of A. Its sums are complete ``Dataflow.array_steps`` steps later.
    b : In(cols * b.width)
        A row of B.
    sums : Out(cols * len(columns))
    """

    module = "array"
    role = roles.ARRAY

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.column = TreeColumn(params)
        self.recode = recoder(params)
        self.columns, self.excess = self.column.columns, self.column.excess
        self.core = {self.column.pe.module: params.depth * params.cols}
        if self.recode is not None:
            self.core[self.recode.module] = params.depth
        if self.column.tree is not None:
            self.core[self.column.tree.module] = params.cols
        bits = {"swap": 1, "load": params.depth, "a": params.depth * params.a.width, "b": params.cols * params.b.width}
        sums = {"sums": Out(params.cols * len(self.columns))}
        super().__init__({"en": In(1), **{name: In(size) for name, size in bits.items()}, **sums})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth, width = self.params.depth, self.params.a.width
        # Operands of A wait a step before their recoders: the weights change in it.
        ports = {name: getattr(self, name) for name in ("swap", "load", "b")}
        edge = {name: Signal(len(port), name=f"edge_{name}", reset_less=True) for name, port in ports.items()}
        waiting = Signal(len(self.a), reset_less=True)
        digits = Signal(len(self.column.a), reset_less=True)
        recoded = waiting
        if self.recode is not None:
            lanes = range(depth)
            recoded = Cat(
                place(m, f"recode{d}", self.recode, value=waiting.word_select(d, width)).digits for d in lanes
            )
        with m.If(self.en):
            m.d.sync += [register.eq(ports[name]) for name, register in edge.items()]
            m.d.sync += [waiting.eq(self.a), digits.eq(recoded)]
        sums = []
        for j in range(self.params.cols):
            b = edge["b"].word_select(j, self.params.b.width)
            flags = {"swap": edge["swap"], "load": edge["load"]}
            sums.append(place(m, f"column{j}", self.column, en=self.en, **flags, a=digits, b=b).y)
        m.d.comb += self.sums.eq(Cat(sums))
        return m
