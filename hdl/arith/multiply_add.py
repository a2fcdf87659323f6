"""One multiplication and addition, p + a * b, for PEs that hand sums on: as one number, or in carry-save form."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Value

from hdl.arith.carry_save import carry_columns, propagate, reduce_to_groups
from hdl.arith.factors import Factors
from hdl.arith.heap import BitHeap
from hdl.arith.sum_form import SumForm
from hdl.params import EngineParams

__all__ = ["CarrySave", "MultiplyAdd", "Plain", "WeightSums", "multiply_add"]


class MultiplyAdd:
    """The arithmetic of a PE, without its registers. Sums are modulo 2**width.

    Attributes
    ----------
    width : int
        Bits of a sum.
    factors : Factors
        How the operands reach it.
    a_bits, b_bits : int
        Their wires.
    columns : tuple of int
        The column of each bit of a sum: bit i counts 2**columns[i].
    excess : int
        What each step adds beyond its product.
    """

    width: int
    factors: Factors
    columns: tuple[int, ...]
    excess: int

    @property
    def a_bits(self) -> int:
        return self.factors.a_bits

    @property
    def b_bits(self) -> int:
        return self.factors.b_bits

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        """The sum p + a * b + excess, ``len(columns)`` bits; without ``p`` the product alone."""
        raise NotImplementedError


class Plain(MultiplyAdd):
    """Sums are single numbers: each step ends with a carry-propagate addition.

    Partial products and sum are on one heap, with a single carry-propagate addition. A PE that is a whole multiplier
    may be operators instead, which synthesis maps to its own multiplier and adder: ``params.multiplier`` says so.

    Parameters
    ----------
    exact : bool
        Nothing is added in excess. Otherwise the constants that stand for the sign bits of the partial products are
        left to the final adder.
    """

    def __init__(self, params: EngineParams, width: int, *, exact: bool) -> None:
        self.params = params
        self.width = width
        self.columns = tuple(range(width))
        self.factors = Factors(params)
        self.operator = params.multiplies_by_operator
        excess = self.factors.products.excess
        self.constant = -excess if exact else 0
        self.excess = 0 if exact or self.operator else excess

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        if self.operator:
            product = (a.as_signed() if self.params.a.signed else a) * (b.as_signed() if self.params.b.signed else b)
            return (product if p is None else p + product)[: self.width]
        heap = BitHeap(self.width)
        if p is not None:
            heap.add(p)
        heap.add_constant(self.constant)
        self.factors.add(m, heap, a, b)
        return propagate(m, heap)


class CarrySave(MultiplyAdd):
    """Sums are sum bits, and above them the carry bits of some columns (see :mod:`hdl.arith.carry_save`).

    Every term is a number of bits that count positive, as signs are left to the excess: where ``width`` holds the
    greatest sum with its excess, no carry ever leaves it, and the bits count the sum in any wider word, too. Where it
    does not, the sum is right modulo 2**width.

    Attributes
    ----------
    most : int
        The most that a step adds, with its excess.
    """

    def __init__(self, params: EngineParams, width: int) -> None:
        self.factors = Factors(params)
        products = self.factors.products
        self.width = width
        self.excess = products.excess
        self.most = self.factors.most
        self.carries = carry_columns(width, min(products.columns, width), params.carry_every)
        self.columns = (*range(width), *self.carries)

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        heap = BitHeap(self.width)
        if p is not None:
            for column, bit in zip(self.columns, p, strict=True):
                heap.add(bit, column)
        self.factors.add(m, heap, a, b)
        return Cat(*reduce_to_groups(m, heap, self.carries))


class WeightSums(MultiplyAdd):
    """A sum for each weight of a digit, side by side: no product is shifted, and no carry mixes the weights.

    Each is as wide as its greatest value over ``count`` products, with the excess that makes them positive: its bits
    count the same wherever they are shifted and added up.

    Parameters
    ----------
    count : int
        The most products of a sum.
    """

    def __init__(self, params: EngineParams, count: int) -> None:
        self.width = params.block_bits
        self.factors = Factors(params)
        self.products = self.factors.products
        self.excess = self.products.excess
        self.forms = [SumForm.of(params, plane.most, count, plane.width) for plane in self.products.planes]
        self.columns = tuple(
            self.products.offset(i) + column for i, form in enumerate(self.forms) for column in form.columns
        )

    def add(self, m: Module, a: Value, b: Value, p: Value | None = None) -> Value:
        digits, other = self.factors.digits(m, a, b)
        sums: list[Value] = []
        start = 0
        planes = zip(self.forms, self.products.planes, self.products.encoding.split(digits), strict=True)
        for i, (form, product, digit) in enumerate(planes):
            heap = BitHeap(form.width)
            end = start + len(form.columns)
            if p is not None:
                for column, bit in zip(form.columns, p[start:end], strict=True):
                    heap.add(bit, column)
            bits = product.bits(m, str(i), digit, other)
            for column, bit in zip(product.columns, bits, strict=True):
                heap.add(bit, column, self.factors.arrival + product.DELAY)
            sums += reduce_to_groups(m, heap, form.carries or (), f"plane{i}_")
            start = end
        return Cat(sums)


def multiply_add(params: EngineParams, width: int, count: int) -> MultiplyAdd:
    """The arithmetic of PEs that hand on sums, modulo 2**width, of at most ``count`` products."""
    if params.axes.sum.per_weight:
        return WeightSums(params, count)
    return CarrySave(params, width) if params.axes.saves_carries else Plain(params, width, exact=False)
