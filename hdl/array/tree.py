"""Trees that add up what the PEs of a column give, with a register behind every stage."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import carry_columns, propagate, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.multiply_add import CarrySave
from hdl.arith.partial_products import PartialProduct, PartialProducts
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
        if params.scheme == "mac":
            return cls(min(params.sum_bits(count), params.block_bits))
        width = min((most * count).bit_length(), params.block_bits)
        return cls(width, carry_columns(width, width, params.carry_every))

    @property
    def columns(self) -> tuple[int, ...]:
        """The column of each of its bits."""
        return (*range(self.width), *(self.carries or ()))


class Node(Part):
    """Add some terms, and register the sum.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(count * len(columns))
        The terms; bit i of each counts 2**columns[i].
    y : Out(len(form.columns))
        Their sum, one step later.
    """

    def __init__(self, module: str, params: EngineParams, count: int, columns: tuple[int, ...], form: Form) -> None:
        self.module = f"{module}_{count}"
        self.params = params
        self.columns = columns
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
            for column, bit in zip(self.columns, term, strict=True):
                heap.add(bit, column)
        return Cat(*reduce_to_groups(m, heap, carries))


class Tree(Part):
    """Add one term of each PE of a column, up to ``Dataflow.TREE_FAN_IN`` sums at a time.

    Parameters
    ----------
    columns : tuple of int
        The column of each bit of a term.
    most : int
        The greatest term, in carry-save form.
    module : str
        Its module's name, and that of its parts.
    least : int
        Stages that it has even where there is nothing to add.

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

    def __init__(
        self, params: EngineParams, columns: tuple[int, ...], most: int, module: str = "tree", least: int = 0
    ) -> None:
        self.params = params
        self.module = module
        self.stages: list[list[Node]] = []
        terms, added = params.depth, 1
        bits = len(columns)
        while terms > 1 or len(self.stages) < least:
            groups = -(-terms // Dataflow.TREE_FAN_IN)
            sizes = [terms // groups + (i < terms % groups) for i in range(groups)]
            added = min(added * sizes[0], params.depth)
            self.form = Form.of(params, most, added)
            name = f"{module}{len(self.stages)}"
            self.stages.append([Node(name, params, size, columns, self.form) for size in sizes])
            terms, columns = groups, self.form.columns
        super().__init__({"en": In(1), "x": In(params.depth * bits), "y": Out(len(columns))})

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


class Plane(Part):
    """Add the products of all digits of one weight: a tree of their own width, and one carry-propagate addition.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    x : In(depth * len(product.columns))
        The products of one digit of each operand.
    y : Out(width)
        Their sum, with the excess of all, not negative. One step later for each of the ``Dataflow.tree_levels``, at
        least one, and one more for the addition.
    """

    def __init__(self, params: EngineParams, product: PartialProduct) -> None:
        self.module = "_".join(("plane", *product.fields))
        self.tree = Tree(params, product.columns, product.most, module=f"{self.module}_tree", least=1)
        super().__init__({"en": In(1), "x": In(len(self.tree.x)), "y": Out(self.tree.form.width)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        tree = place(m, "tree", self.tree, en=self.en, x=self.x)
        heap = BitHeap(len(self.y))
        for column, bit in zip(self.tree.form.columns, tree.y, strict=True):
            heap.add(bit, column)
        total = propagate(m, heap)
        y = Signal(len(self.y), reset_less=True)
        m.d.comb += self.y.eq(y)
        with m.If(self.en):
            m.d.sync += y.eq(total)
        return m


class PlaneTree(Part):
    """Add products of digits, those of equal weight first (OPT2): each weight's sum is shifted once, and no carry has
    mixed the weights before.

    The sum over ``depth`` products of digits and operands, each from -2 x 2**(b - 1) to +2 x 2**(b - 1) inclusive, is
    as wide as its greatest value with its excess.

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
        Their sum, one step after those of the planes.
    """

    module = "tree"

    def __init__(self, params: EngineParams, products: PartialProducts) -> None:
        self.params = params
        self.products = products
        self.planes = [Plane(params, product) for product in products.planes]
        self.form = Form.of(params, CarrySave(params, params.accumulator).most, params.depth)
        super().__init__({"en": In(1), "x": In(params.depth * products.bits), "y": Out(len(self.form.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        heap = BitHeap(self.form.width)
        start = 0
        for i, plane in enumerate(self.planes):
            size = len(self.products.planes[i].columns)
            lanes = [self.x.word_select(d, self.products.bits)[start : start + size] for d in range(self.params.depth)]
            heap.add(place(m, f"plane{i}", plane, en=self.en, x=Cat(lanes)).y, self.products.offset(i))
            start += size
        total = Cat(*reduce_to_groups(m, heap, self.form.carries or ()))
        y = Signal(len(self.y), reset_less=True)
        m.d.comb += self.y.eq(y)
        with m.If(self.en):
            m.d.sync += y.eq(total)
        return m
