"""Rows of PEs above each other: operands of B move down the columns, or reach all rows at once; results go up.

Where operands of B are handed over, row i works i steps after row 0, whatever a row is, so that in each column exactly
one PE finishes in a step. A column's sums therefore share one result bus, without a register in the PE: the finished
accumulator is gated onto the bus while the next sum begins. A few rows together give what one of them has, and the bus
runs up the column from there to the next few, against the wave, with a register at each; in that direction no two sums
ever meet.

Where they are broadcast, all rows work in step. The bus then has a register in every row, into which the finished
accumulators go at once, to move up one row a step.
"""

from __future__ import annotations

from functools import reduce
from operator import and_

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In

from hdl.array.matrix_2d import BroadcastRow
from hdl.array.row import Row
from hdl.array.skew import skew
from hdl.array.systolic_os import SystolicRow
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Array", "Rows"]


def _row(params: EngineParams, scheme: Scheme) -> Row:
    """A row, by how operands of A travel along it."""
    return SystolicRow(params, scheme) if params.axes.hands_a_over else BroadcastRow(params, scheme)


class Rows(Part):
    """Rows above each other; where they have none, a register on the result buses above every ``ROWS_PER_BUS_STAGE``.

    A large block is two smaller ones, so that its description grows with the logarithm of its rows.

    Members
    -------
    en, hold : In(1)
        As of a row.
    clear : In(rows)
        Bit i enters row i together with its operand.
    a : In(rows * scheme.a_bits)
        Operands of A for each row.
    b_in, b_out : cols * scheme.pe_b_bits operands of B, from above and to below
    bus_in, bus_out : scheme.bus_bits, from below and, registered, to above
        A finished accumulator of row i and column j appears on ``bus_out`` 2 + i + j * column_skew steps after the
        ``clear`` that begins the next sum has entered row 0, and as many later as there are bus stages above its own;
        and scheme.pe.ahead steps later.
    """

    role = roles.BUS
    sized = True

    def __init__(self, params: EngineParams, scheme: Scheme, rows: int) -> None:
        self.params = params
        self.scheme = scheme
        self.rows = rows
        self.row = _row(params, scheme)
        self.module = f"rows_{rows}"
        members = self.row.signature.members
        super().__init__(
            {
                "en": In(1),
                "clear": In(rows),
                **({"hold": members["hold"]} if "hold" in members else {}),
                "a": In(rows * scheme.a_bits),
                **{name: members[name] for name in ("b_in", "b_out", "bus_out")},
                "bus_in": In(scheme.bus_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size, width = Dataflow.ROWS_PER_BUS_STAGE, self.scheme.a_bits
        if self.rows <= size:
            blocks = [(f"row{i}", self.row, 1) for i in range(self.rows)]
        else:
            upper = size << ((-(-self.rows // size) - 1).bit_length() - 1)
            blocks = [
                (f"rows{first}", Rows(self.params, self.scheme, rows), rows)
                for first, rows in ((0, upper), (upper, self.rows - upper))
            ]
        # Operands of B go down the blocks, result buses up: below[i] is what block i takes from the one below it.
        together = self.rows <= size and Dataflow(self.params).gated_bus
        below = []
        if not together:
            below = [*(Signal(len(self.bus_in), name=f"bus{i}") for i in range(1, len(blocks))), self.bus_in]
        b, first = self.b_in, 0
        buses = []
        for i, (name, part, rows) in enumerate(blocks):
            here = slice(first, first + rows)
            inputs = {"clear": self.clear[here], "a": self.a[first * width : (first + rows) * width]}
            if "hold" in self.signature.members:
                inputs["hold"] = self.hold
            if below:
                inputs["bus_in"] = below[i]
            block = place(m, name, part, en=self.en, b_in=b, **inputs)
            buses.append(block.bus_out)
            b, first = block.b_out, first + rows
        m.d.comb += self.b_out.eq(b)
        if together:
            stage = Signal(len(self.bus_in), name="stage", reset_less=True)
            with m.If(self.en):
                m.d.sync += stage.eq(~reduce(and_, buses, ~self.bus_in))
            m.d.comb += self.bus_out.eq(stage)
        else:
            top, *lower = buses
            m.d.comb += [bus.eq(value) for bus, value in zip(below, lower, strict=False)]
            m.d.comb += self.bus_out.eq(top)
        return m


class Array(Part):
    """The whole array: rows without neighbours, and what stands at the heads of the columns.

    Members
    -------
    en, clear, hold, a
        As of :class:`Rows`; row i's operands enter i * row_skew steps late. ``clear`` enters scheme.pe.steps - 2 -
        scheme.pe.ahead steps after the operands that begin the sums.
    b : In(cols * scheme.b_bits)
        Operands of B; those of column j enter j * column_skew steps late.
    acc : Out(scheme.bus_bits)
        Result buses, as the uppermost row drives them.
    """

    module = "array"
    role = roles.ARRAY

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        self.rows = Rows(params, scheme, params.rows)
        members = self.rows.signature.members
        super().__init__(
            {
                **{name: members[name] for name in ("en", "clear", "hold", "a") if name in members},
                "b": In(params.cols * scheme.b_bits),
                "acc": members["bus_out"],
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        no_bus = Const(0, len(self.acc))
        ports = {name: getattr(self, name) for name in ("en", "clear", "hold", "a") if name in self.signature.members}
        rows = place(m, "rows", self.rows, **ports, b_in=self._heads(m), bus_in=no_bus)
        m.d.comb += self.acc.eq(rows.bus_out)
        return m

    def _heads(self, m: Module) -> Value:
        """Operands of B as they enter the first row, or all rows."""
        flow, b = Dataflow(self.params), self.b
        columns = [b.word_select(j, self.scheme.b_bits) for j in range(self.params.cols)]
        if flow.lane_skew:
            columns = [skew(m, f"skew_k{j}", self.en, each, self.scheme.lanes) for j, each in enumerate(columns)]
        columns = [self.scheme.digits(m, each, of_b=True, name=f"recode{j}_") for j, each in enumerate(columns)]
        if flow.row_skew:
            return Cat(columns)
        register = Signal(self.params.cols * self.scheme.pe_b_bits, name="b_column", reset_less=True)
        with m.If(self.en):
            m.d.sync += register.eq(Cat(columns))
        return register
