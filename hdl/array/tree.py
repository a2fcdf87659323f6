"""Trees that add up what the PEs of a column give, with a register behind every stage."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.multiply_add import CarrySave
from hdl.arith.partial_products import PartialProduct, PartialProducts
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams

__all__ = ["PlaneTree", "Tree"]


@dataclass(frozen=True)
class Form:
    """How a sum is written.

    Parameters
    ----------
    width : int
        It counts modulo 2**width.
    carries : tuple of int or None
        Columns of carry bits above the ``width`` sum bits; None for a single number, which then has a sign.
    """

    width: int
    carries: tuple[int, ...] | None = None

    @classmethod
    def of(cls, params: EngineParams, most: int, count: int) -> Form:
        """The form of a sum of ``count`` terms; in carry-save form each is 0 to ``most``, so that no carry is lost."""
        if not params.axes.saves_carries:
            return cls(min(params.sum_bits(count), params.block_bits))
        width = min((most * count).bit_length(), params.block_bits)
        return cls(width, carry_columns(width, width, params.carry_every))

    @property
    def columns(self) -> tuple[int, ...]:
        """The column of each of its bits."""
        return (*range(self.width), *(self.carries or ()))


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
    form : Form
        Of the sum.

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

    def __init__(
        self, module: str, params: EngineParams, count: int, columns: tuple[int, ...], early: int, form: Form
    ) -> None:
        self.module = f"{module}_{count}"
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
        return sum(term.as_signed() if self.params.result_signed else term for term in terms)

    def _compress(self, m: Module, terms: list[Value], carries: tuple[int, ...]) -> Value:
        heap = BitHeap(self.form.width)
        for term in terms:
            for i, (column, bit) in enumerate(zip(self.columns, term, strict=True)):
                heap.add(bit, column, arrival=0 if i < self.early else PartialProduct.DELAY)
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
    form : Form
        Of the sum.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(depth * len(columns))
        The terms.
    y : Out(len(form.columns))
        Their sum, one step later for each of the ``Dataflow.tree_levels``.
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
            self.form = Form.of(self.params, most, added)
            name = f"{self.module}_stage{len(self.stages)}"
            self.stages.append([Node(name, self.params, size, columns, early, self.form) for size in sizes])
            terms, columns, early = groups, self.form.columns, 0
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
    carry bits and all, and needs no addition of its own.

    Attributes
    ----------
    form : Form
        Of the sum.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(depth * products.bits)
        What the PEs select, see :class:`hdl.pe.product.SelectPE`.
    y : Out(len(form.columns))
        Their sum, one step after those of the weights.
    """

    module = "tree"
    role = roles.TREE

    def __init__(self, params: EngineParams, products: PartialProducts) -> None:
        self.params = params
        self.products = products
        self.planes = [Tree(params, product.columns, product.most, product) for product in products.planes]
        self.form = Form.of(params, CarrySave(params, params.accumulator).most, params.depth)
        super().__init__({"en": In(1), "x": In(params.depth * products.bits), "y": Out(len(self.form.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = BitHeap(self.form.width)
        lanes = [self.x.word_select(d, self.products.bits) for d in range(self.params.depth)]
        start = 0
        for i, (plane, product) in enumerate(zip(self.planes, self.products.planes, strict=True)):
            end = start + len(product.columns)
            sums = place(m, f"plane{i}", plane, en=self.en, x=Cat(lane[start:end] for lane in lanes)).y
            for column, bit in zip(plane.form.columns, sums, strict=True):
                heap.add(bit, column + self.products.offset(i))
            start = end
        total = Cat(*reduce_to_groups(m, heap, self.form.carries or ()))
        y = Signal(len(self.y), reset_less=True)
        m.d.comb += self.y.eq(y)
        with m.If(self.en):
            m.d.sync += y.eq(total)
        return m
