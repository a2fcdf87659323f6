"""Trees that add up what the PEs of a column give, with a register behind every stage."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.multiply_add import CarrySave
from hdl.arith.partial_products import PartialProduct, PartialProducts
from hdl.arith.step import Step
from hdl.arith.sum_form import SumForm
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams

__all__ = ["Node", "PlaneTree", "Tree"]


class Node(Part):
    """Add some terms, and register the sum.

    Parameters
    ----------
    count : int
        Terms.
    columns : tuple of int
        The column of each bit of a term: bit i counts 2**columns[i].
    early : int
        The lowest bits of a term that are there before the others, by the delay of a partial product.
    form : SumForm
        The form of the sum.
    constant : int
        What is added to the sum, modulo its width.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(count * len(columns))
        The terms.
    y : Out(len(form.columns))
        Their sum, one step later.
    """

    role = roles.TREE
    sized = True

    def __init__(
        self,
        module: str,
        params: EngineParams,
        count: int,
        columns: tuple[int, ...],
        early: int,
        form: SumForm,
        constant: int = 0,
    ) -> None:
        self.module = module
        self.constant = constant
        self.params = params
        self.columns = columns
        self.early = early
        self.form = form
        super().__init__({"en": In(1), "x": In(count * len(columns)), "y": Out(len(form.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size = len(self.columns)
        terms = [self.x[start : start + size] for start in range(0, len(self.x), size)]
        total = self._add(terms) if self.form.carries is None else self._compress(m, terms, self.form.carries)
        y = Signal(len(self.y), reset_less=True)
        m.d.comb += self.y.eq(y)
        with m.If(self.en):
            m.d.sync += y.eq(total)
        return m

    def _add(self, terms: list[Value]) -> Value:
        signed = Step.of(self.params).signed(self.params)
        return sum(term.as_signed() if signed else term for term in terms)

    def _compress(self, m: Module, terms: list[Value], carries: tuple[int, ...]) -> Value:
        heap = BitHeap(self.form.width)
        for term in terms:
            for i, (column, bit) in enumerate(zip(self.columns, term, strict=True)):
                heap.add(bit, column, arrival=0 if i < self.early else PartialProduct.DELAY)
        heap.add_constant(self.constant)
        return Cat(*reduce_to_groups(m, heap, carries))


class Tree(Part):
    """Add one term of each PE of a column, up to ``Dataflow.TREE_FAN_IN`` sums at a time.

    Parameters
    ----------
    columns : tuple of int
        The column of each bit of a term.
    most : int
        The greatest term, in carry-save form.
    product : PartialProduct or None
        The terms are such partial products, in :class:`hdl.pe.product.SelectPE`'s form and without a register. There
        is one stage, at least.

    Attributes
    ----------
    form : SumForm
        The form of the sum.
    columns : tuple of int
        The column of each bit of the sum.
    steps : int
        One for each stage.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(depth * len(columns))
        The terms.
    y : Out(len(form.columns))
        Their sum, ``steps`` later.
    """

    role = roles.TREE

    def __init__(
        self, params: EngineParams, columns: tuple[int, ...], most: int, product: PartialProduct | None = None
    ) -> None:
        self.params = params
        self.module = "tree" if product is None else "_".join(("plane", *product.fields))
        self.stages: list[list[Node]] = []
        super().__init__(
            {"en": In(1), "x": In(params.depth * len(columns)), "y": Out(self._plan(columns, most, product))}
        )

    def _plan(self, columns: tuple[int, ...], most: int, product: PartialProduct | None) -> int:
        """The nodes of each stage; gives the bits of the sum."""
        terms, added, early = self.params.depth, 1, 0
        if product is not None:
            early = len(columns) - product.width
        while terms > 1 or (product is not None and not self.stages):
            groups = -(-terms // Dataflow.TREE_FAN_IN)
            sizes = [terms // groups + (i < terms % groups) for i in range(groups)]
            added = min(added * sizes[0], self.params.depth)
            self.form = SumForm.of(self.params, most, added)
            name = f"{self.module}_stage{len(self.stages)}"
            self.stages.append([Node(f"{name}_{size}", self.params, size, columns, early, self.form) for size in sizes])
            terms, columns, early = groups, self.form.columns, 0
        self.steps = len(self.stages)
        self.columns = columns
        return len(columns)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        x = self.x
        for level, nodes in enumerate(self.stages):
            sums, start = [], 0
            for i, node in enumerate(nodes):
                end = start + len(node.x)
                sums.append(place(m, f"add{level}_{i}", node, en=self.en, x=x[start:end]).y)
                start = end
            x = Cat(sums)
        m.d.comb += self.y.eq(x)
        return m


class PlaneTree(Part):
    """Add products of digits, those of equal weight first (OPT2): each weight's sum is shifted once, and no carry has
    mixed the weights before.

    A weight's sum is as wide as its greatest value: over ``depth`` products of a digit and an operand, each up to
    2 x 2**(b - 1) inclusive, with the excess that makes them positive. So it may be shifted and widened as it is,
    carry bits and all, and needs no addition of its own. Where carries propagate, the sums of the weights leave side by
    side.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of the sum.
    steps : int
        Those of a weight's tree, and one more in which the weights are combined where that saves carries.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(depth * products.bits)
        What the PEs select, see :class:`hdl.pe.product.SelectPE`.
    y : Out(len(columns))
        Their sum.
    """

    module = "tree"
    role = roles.TREE

    def __init__(self, params: EngineParams, products: PartialProducts) -> None:
        self.params = params
        self.products = products
        self.planes = [Tree(params, product.columns, product.most, product) for product in products.planes]
        #: The weights are combined in a step of their own.
        self.combines = params.axes.saves_carries and (len(self.planes) > 1 or params.axes.digits.order is None)
        self.steps = self.planes[0].steps + self.combines
        self.form = SumForm.of(params, CarrySave(params, params.accumulator).most, params.depth)
        self.columns = self.form.columns
        if not self.combines:
            self.columns = tuple(self.products.offset(i) + column for i, column in self._bits())
        super().__init__({"en": In(1), "x": In(params.depth * products.bits), "y": Out(len(self.columns))})

    def _bits(self) -> list[tuple[int, int]]:
        """The plane of each bit of the weights' sums, and its column there."""
        return [(i, column) for i, plane in enumerate(self.planes) for column in plane.form.columns]

    def elaborate(self, platform: object) -> Module:
        m = Module()
        lanes = [self.x.word_select(d, self.products.bits) for d in range(self.params.depth)]
        sums: list[Value] = []
        start = 0
        for i, (plane, product) in enumerate(zip(self.planes, self.products.planes, strict=True)):
            end = start + len(product.columns)
            x = Cat(lane[start:end] for lane in lanes)
            sums.append(place(m, f"plane{i}", plane, en=self.en, x=x).y)
            start = end
        y = Cat(sums)
        if self.combines:
            heap = BitHeap(self.form.width)
            for (i, column), bit in zip(self._bits(), y, strict=True):
                heap.add(bit, column + self.products.offset(i))
            total = Cat(*reduce_to_groups(m, heap, self.form.carries or ()))
            y = Signal(len(self.y), name="y", reset_less=True)
            with m.If(self.en):
                m.d.sync += y.eq(total)
        m.d.comb += self.y.eq(y)
        return m
