"""The PEs of a 3D cube: a chain along K that multiplies, and the accumulator at its end."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import carry_columns, reduce_to_groups
from hdl.arith.heap import BitHeap
from hdl.arith.multiply_add import CarrySave, MultiplyAdd, Plain
from hdl.arith.step import Step
from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["Accumulator", "CubePE", "chain_arithmetic"]


def chain_arithmetic(params: EngineParams) -> MultiplyAdd:
    """The arithmetic of a chain of ``depth`` PEs, just wide enough for its greatest sum.

    A pair in carry-save form only has bits that count positive, so that it loses no carry and may be added to a wider
    one as it is: it holds the sum of all products with their excess. A single number has the sign of the sum.
    """
    if not params.axes.saves_carries:
        return Plain(params, params.block_bits, exact=False)
    greatest = params.depth * CarrySave(params, params.accumulator).most
    return CarrySave(params, min(greatest.bit_length(), params.accumulator))


class CubePE(Part):
    """Add a product to the sum that comes from the PE before: ``sum_out <= sum_in + a * b`` in every step.

    Sums are in the form, and with the excess, of :func:`chain_arithmetic`.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    a_in, a_out
        Operand of A in the scheme's form, one step from input to output.
    b_in, b_out
        Operand of B, one step from input to output.
    sum_in, sum_out
        The sum over the PEs before this one, of the operands that are in this PE's registers, and one step later the
        sum with this PE's product.
    """

    module = "pe"
    role = roles.PE

    def __init__(self, params: EngineParams) -> None:
        self.arithmetic = arithmetic = chain_arithmetic(params)
        bits = {"a": arithmetic.a_bits, "b": Step.of(params).b.width, "sum": len(arithmetic.columns)}
        ports = {f"{name}_{way}": flow(size) for name, size in bits.items() for way, flow in (("in", In), ("out", Out))}
        super().__init__({"en": In(1), **ports})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, b, total = (Signal(len(port), reset_less=True) for port in (self.a_out, self.b_out, self.sum_out))
        m.d.comb += [self.a_out.eq(a), self.b_out.eq(b), self.sum_out.eq(total)]
        value = self.arithmetic.add(m, a, b, self.sum_in)
        with m.If(self.en):
            m.d.sync += [a.eq(self.a_in), b.eq(self.b_in), total.eq(value)]
        return m


class Accumulator(Part):
    """Add the sums of a chain: ``acc <= (clear ? 0 : acc) + sum`` in every step, modulo 2**accumulator.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with what comes in the next step; one step from input to output. While ``clear_out`` is high,
        ``acc`` holds the finished sum.
    sum : In
        What the last PE of the chain hands on.
    acc : Out(len(columns))
        The accumulator.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of ``acc``.
    """

    module = "accumulator"
    role = roles.ACCUMULATOR

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.arithmetic = chain_arithmetic(params)
        width = params.accumulator
        self.carries: tuple[int, ...] = ()
        if params.axes.saves_carries:
            self.carries = carry_columns(width, self.arithmetic.width, params.carry_every)
        self.columns = (*range(width), *self.carries)
        ports = {"en": In(1), "clear_in": In(1), "clear_out": Out(1)}
        super().__init__({**ports, "sum": In(len(self.arithmetic.columns)), "acc": Out(len(self.columns))})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        acc = Signal(len(self.columns), reset_less=True)
        kept = Signal(len(self.columns))
        clear = Signal(reset_less=True)
        m.d.comb += [kept.eq(Mux(clear, 0, acc)), self.acc.eq(acc), self.clear_out.eq(clear)]
        if not self.params.axes.saves_carries:
            total = kept + (self.sum.as_signed() if self.params.result_signed else self.sum)
        else:
            heap = BitHeap(self.params.accumulator)
            for word, columns in ((kept, self.columns), (self.sum, self.arithmetic.columns)):
                for bit, column in zip(word, columns, strict=True):
                    heap.add(bit, column)
            total = Cat(*reduce_to_groups(m, heap, self.carries))
        with m.If(self.en):
            m.d.sync += [acc.eq(total), clear.eq(self.clear_in)]
        return m
