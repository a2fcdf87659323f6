"""Sums over k as registers hold them, and what a step adds to them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import reduce
from operator import add

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.arith.carry_save import GROUP_ABOVE, carry_columns, propagate, reduce_to_groups
from hdl.arith.factors import Factors, chosen
from hdl.arith.heap import BitHeap, share_of_levels
from hdl.arith.step import step_weights
from hdl.params import EngineParams
from hdl.params.axes import Adders

__all__ = ["Addend", "Adding", "RunningSum", "accumulators", "exact", "links", "signed_links", "take_sum"]

#: Columns to a carry bit above those of the products of a single weight. Longer groups would take longer than the full
#: adder below them.
GROUP_ABOVE_WEIGHT = 8


@dataclass(frozen=True)
class Addend:
    """What one product adds to one sum: the products of some digits, as bits that count positive.

    Parameters
    ----------
    digits : tuple of int
        Which digits.
    offset : int
        The column in which the lowest of them counts 1.
    reach : int
        Columns that they reach, from ``offset`` on.
    excess : int
        What they count beyond the product, in units of column ``offset``.
    most : int
        The greatest value, with the excess.
    """

    digits: tuple[int, ...]
    offset: int
    reach: int
    excess: int
    most: int


@dataclass(frozen=True)
class RunningSum:
    """A sum: its bits, and what is added to it.

    Parameters
    ----------
    addend : Addend
        What a product adds.
    width : int
        Sum bits, from column ``addend.offset`` on.
    carries : tuple of int
        Columns of the carry bits above them, counted from that one; none in a single number.
    constant : int
        What a step adds beside its products, to take their excess away; modulo 2**width.
    rests : int or None
        The column from which on only the carry bits there and above change anything; None without such columns.
    """

    addend: Addend
    width: int
    carries: tuple[int, ...]
    constant: int = 0
    rests: int | None = None

    @property
    def local(self) -> tuple[int, ...]:
        """The column of each of its bits, counted from the lowest one."""
        return (*range(self.width), *self.carries)

    @property
    def columns(self) -> tuple[int, ...]:
        """The column of each of its bits in the accumulator."""
        return tuple(self.addend.offset + column for column in self.local)

    @property
    def words(self) -> list[tuple[str, str, int]]:
        """Its bits, lowest first, in words: ``s`` or ``c``, the end of the name of what rests, and how many bits."""
        kinds: list[tuple[str, Sequence[int], int]] = [("s", range(self.width), 0), ("c", self.carries, 1)]
        rests = self.width if self.rests is None else self.rests
        words = []
        for kind, columns, beyond in kinds:
            above = sum(column >= rests + beyond for column in columns)
            words += [(kind, "", len(columns) - above), (kind, "_above", above)]
        return [word for word in words if word[2]]

    def moves(self, kept: Value) -> Value:
        """What rests changes in the next step, if that does not begin a new sum."""
        first = next(i for i, column in enumerate(self.carries, self.width) if column == self.rests)
        return kept[first:].any()

    def heap(self, kept: Value) -> BitHeap:
        """A heap of what the sum is so far, and the constant of a step."""
        heap = BitHeap(self.width)
        for column, bit in zip(self.local, kept, strict=True):
            heap.add(bit, column)
        for column in range(self.width):
            if (self.constant >> column) & 1:
                heap.add(Const(1, 1), column)
        return heap

    def total(self, m: Module, heap: BitHeap, name: str) -> Value:
        """The sum of a heap in this form."""
        if not self.carries:
            return propagate(m, heap, name)
        return Cat(*reduce_to_groups(m, heap, self.carries, name))


def addends(params: EngineParams, factors: Factors) -> list[Addend]:
    """One for each sum: for each weight, or for all of them together."""
    products = factors.products
    if params.axes.sum.per_weight:
        return [
            Addend((i,), products.offset(i), each.width, each.excess, each.most)
            for i, each in enumerate(products.planes)
        ]
    return [Addend(tuple(range(len(products.planes))), 0, products.columns, products.excess, factors.most)]


def _form(
    params: EngineParams, addend: Addend, width: int, top: int, constant: int = 0, *, stays: bool = False
) -> RunningSum:
    """A sum whose lowest ``top`` columns receive addends; where it ``stays``, those far above them rest."""
    if not params.axes.saves_carries:
        return RunningSum(addend, width, (), constant)
    above = GROUP_ABOVE_WEIGHT if params.axes.sum.per_weight else GROUP_ABOVE
    rests = None
    if stays and not constant:
        # Addends are less than twice 2**top, and so is what a sum has below: carries go one column beyond that of top.
        top += 2
    carries = carry_columns(width, min(top, width), params.carry_every, above)
    if stays and not constant:
        rests = next((column for column in carries if column >= top), None)
    return RunningSum(addend, width, carries, constant, rests)


def exact(params: EngineParams) -> bool:
    """Sums hold no excess: what serves one result alone counts no steps, and could not subtract what they add."""
    return params.axes.adders is Adders.OWN


def accumulators(params: EngineParams, factors: Factors, *, tops: Sequence[int], count: int) -> list[RunningSum]:
    """The sums that stay, one for each weight or one of all.

    They are as wide as the accumulator from their column on: what leaves it changes nothing modulo 2**accumulator. No
    fewer bits would do, whatever K is: all terms count positive, with an excess that grows with every step.

    Parameters
    ----------
    tops : sequence of int
        For each sum the columns that receive addends.
    count : int
        Products of a step, times the weight with which their excess counts.
    """
    sums = []
    for addend, top in zip(addends(params, factors), tops, strict=True):
        constant = -count * addend.excess if exact(params) else 0
        sums.append(_form(params, addend, params.accumulator - addend.offset, top, constant, stays=True))
    return sums


def signed_links(params: EngineParams) -> bool:
    """A chain hands on a single number that has the sign of the sum: all digits of its products are in it."""
    return params.axes.sums_in_one_step and params.axes.digits.order is None


def links(params: EngineParams, factors: Factors) -> list[RunningSum]:
    """The sums that a chain of ``depth`` PEs hands on, just wide enough for the greatest.

    They only have bits that count positive, so that no carry is lost and they may be added to wider ones as they are:
    each holds the sum of all products with their excess. That is but for :func:`signed_links`.
    """
    if signed_links(params):
        return [RunningSum(addend, params.block_bits, ()) for addend in addends(params, factors)]
    sums = []
    for addend in addends(params, factors):
        width = min((params.depth * addend.most).bit_length(), params.accumulator - addend.offset)
        sums.append(_form(params, addend, width, addend.reach))
    return sums


def _at_most(height: int) -> Callable[[int], int]:
    """The same limit for every column of a heap."""
    return lambda column: height


class Adding:
    """What a step adds to sums: one product, or several that come together.

    Several products are compressed in a step of their own, so that what is repeated in every step stays short: the
    levels of full adders are shared by both. Where digits follow each other in time, what is left of them is shifted to
    the weight of the step then, and comes with as much excess in every step.

    Parameters
    ----------
    params : EngineParams
    count : int
        Products of a step.

    Attributes
    ----------
    factors : Factors
    weights : tuple of int
        By how many places the lanes' sum is shifted in each step; none where it isn't.
    index_bits : int
        Bits of the number of the step, which comes before the operands of A where it is.
    a_bits, b_bits : int
        Wires of the operands of a step, with that number.
    steps : int
        From operands to sums, without the registers of either: of the products' own step.
    """

    def __init__(self, params: EngineParams, count: int = 1) -> None:
        self.params = params
        self.count = count
        self.factors = Factors(params)
        self.steps = int(count > 1)
        self.weights = step_weights(params) if count > 1 else ()
        self.index_bits = (len(self.weights) - 1).bit_length() if self.weights else 0
        self.a_bits, self.b_bits = self.index_bits + count * self.factors.a_bits, count * self.factors.b_bits
        #: For each sum the columns that a step reaches.
        self.tops = [
            each.reach if count == 1 else (count * each.most << self.raised).bit_length()
            for each in addends(params, self.factors)
        ]

    @property
    def raised(self) -> int:
        """Places by which the lanes' sum is shifted at most."""
        return max(self.weights, default=0)

    @property
    def excess(self) -> int:
        """What a step adds beyond its products: nothing where they are an operator's."""
        return 0 if self.operator else self.count * self.factors.products.excess << self.raised

    @property
    def operator(self) -> bool:
        """Multiplier and adder are operators, left to synthesis."""
        return self.params.multiplies_by_operator

    def add(self, m: Module, en: Value, a: Value, b: Value, sums: Sequence[RunningSum], kept: Iterable[Value]) -> list:
        """Each sum, from what is kept of it, with the products of all lanes' operands.

        It comes ``steps`` steps after the operands. What is kept of a sum is asked for when that sum is made.
        """
        index, a = a[: self.index_bits], a[self.index_bits :]
        pairs = [
            (a.word_select(d, self.factors.a_bits), b.word_select(d, self.factors.b_bits)) for d in range(self.count)
        ]
        if self.operator:
            return [self._operators(m, en, pairs, *kept)]
        names = [f"{d}_" if self.count > 1 else "" for d in range(self.count)]
        factors: list[tuple[Value, Value]] = []  # made with the first sum
        totals = []
        for i, (each, word, top) in enumerate(zip(sums, kept, self.tops, strict=True)):
            name = "sum" if len(sums) == 1 else f"plane{i}_"
            heap = each.heap(word)
            factors = factors or [self.factors.digits(m, *pair, lane) for lane, pair in zip(names, pairs, strict=True)]
            terms = heap if not self.steps else BitHeap(min(top - self.raised, each.width))
            for lane, pair in zip(names, factors, strict=True):
                self._put(m, terms, lane, pair, each.addend)
            if self.steps:
                height = share_of_levels(max(map(len, terms.columns)), 2, ahead=bool(self.weights))
                terms.reduce(m, _at_most(height), f"{name}lanes")
                waiting, delay = terms.registered(m, en, f"{name}row"), 0
                if self.weights:
                    waiting, delay = self._weighed(m, en, index, waiting, self.count * each.addend.excess), 1
                for column, bits in enumerate(waiting.columns):
                    for bit in bits:
                        heap.add(bit, column, delay)
            totals.append(each.total(m, heap, name))
        return totals

    def _weighed(self, m: Module, en: Value, index: Value, lanes: BitHeap, excess: int) -> BitHeap:
        """The lanes' sum, shifted to the weight of its step, and what its excess lacks of that of the highest.

        In the step after the one in which lanes were compressed: then fewer bits are to be shifted, and kept.
        """
        step = Signal(len(index), name="step", reset_less=True)
        with m.If(en):
            m.d.sync += step.eq(index)
        columns, heap = lanes.columns, BitHeap(lanes.width + self.raised)
        lacking = [(excess << self.raised) - (excess << weight) for weight in self.weights]
        for row in range(max(map(len, columns))):
            word = Cat(bits[row] if row < len(bits) else Const(0, 1) for bits in columns)
            places = {c + weight for c, bits in enumerate(columns) if row < len(bits) for weight in self.weights}
            shifted = [word.shift_left(weight) for weight in self.weights]
            weighed = chosen(m, f"weighed{row}", step, shifted, heap.width)
            for column in sorted(places):
                heap.add(weighed[column], column)
        used = [column for column in range(heap.width) if any(each >> column & 1 for each in lacking)]
        bits = [[each >> column & 1 for column in used] for each in lacking]
        constants = chosen(m, "lacking", step, [Cat(Const(bit, 1) for bit in each) for each in bits])
        for bit, column in zip(constants, used, strict=True):
            heap.add(bit, column)
        return heap

    def _put(self, m: Module, heap: BitHeap, name: str, factors: tuple[Value, Value], addend: Addend) -> None:
        """The products of some digits on a heap whose column 0 is that of ``addend.offset``."""
        products, arrival = self.factors.products, self.factors.arrival
        digits = products.encoding.split(factors[0])
        for i in addend.digits:
            plane, shift = products.planes[i], products.offset(i) - addend.offset
            bits = plane.bits(m, f"{name}{i}", digits[i], factors[1])
            correction = len(bits) - plane.width  # its bit stands before the product
            heap.add(bits[:correction], shift, arrival)
            heap.add(bits[correction:], shift, arrival + plane.DELAY)

    def _operators(self, m: Module, en: Value, pairs: Sequence[tuple[Value, Value]], kept: Value) -> Value:
        """Multipliers and adders as operators, which synthesis maps to its own."""
        formats = self.params.a, self.params.b

        def number(value: Value, signed: bool) -> Value:
            return value.as_signed() if signed else value

        products = (number(a, formats[0].signed) * number(b, formats[1].signed) for a, b in pairs)
        total: Value = reduce(add, products)
        if self.steps:
            register = Signal(total.shape(), name="products", reset_less=True)
            with m.If(en):
                m.d.sync += register.eq(total)
            total = register
        return (kept + total)[: len(kept)]


def take_sum(m: Module, en: Value, clear: Value, form: RunningSum, words: list[Signal], total: Value) -> None:
    """Let registers take the next sum: those which rest only where it begins, or one of their carries is set."""
    start = 0
    for word, (_, above, bits) in zip(words, form.words, strict=True):
        taken = en & (clear | form.moves(Cat(words))) if above else en
        with m.If(taken):
            m.d.sync += word.eq(total[start : start + bits])
        start += bits
