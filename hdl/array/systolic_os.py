"""Output-stationary systolic array: PEs in rows, rows above each other.

Operands of A move along the rows, operands of B down the columns, one PE a step. PE(i, j) finishes a sum i + j steps
after PE(0, 0), so that in each column exactly one PE finishes in a step. A column's sums therefore share one result
bus, without a register in the PE: the finished accumulator is gated onto the bus while the next sum begins. The bus
runs up the column, against the wave, with a register every few rows; in that direction no two sums ever meet.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["SystolicArray", "SystolicRow", "SystolicRows"]


class SystolicRow(Part):
    """One row of PEs, the recoder at its edge, and its share of the result buses.

    Members
    -------
    en, clear : In(1)
        To the PEs; ``clear`` enters the first PE and moves along the row.
    a : In(a.width)
        Operand of A for the first PE.
    b_in, b_out : cols operands of B, from above and to below
    bus_in, bus_out : cols accumulators, from below and to above
    """

    module = "row"

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        b_bits, bus_bits = params.cols * params.b.width, params.cols * scheme.acc_bits
        super().__init__(
            {
                "en": In(1),
                "clear": In(1),
                "a": In(params.a.width),
                "b_in": In(b_bits),
                "b_out": Out(b_bits),
                "bus_in": In(bus_bits),
                "bus_out": Out(bus_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        scheme = self.scheme
        operand, clear = self.a, self.clear
        if scheme.recode is not None:
            recode = place(m, "recode", scheme.recode, value=self.a)
            operand = recode.digits
        finished, b_out = [], []
        for j in range(self.params.cols):
            b_in = self.b_in.word_select(j, self.params.b.width)
            pe = place(m, f"pe{j}", scheme.pe, en=self.en, clear_in=clear, a_in=operand, b_in=b_in)
            finished.append(Mux(pe.clear_out, pe.acc, 0))
            b_out.append(pe.b_out)
            operand, clear = pe.a_out, pe.clear_out
        m.d.comb += [self.b_out.eq(Cat(b_out)), self.bus_out.eq(self.bus_in | Cat(finished))]
        return m


class SystolicRows(Part):
    """Rows above each other, with a register on the result buses above every ``ROWS_PER_BUS_STAGE`` of them.

    A large block is two smaller ones, so that its description grows with the logarithm of its rows.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear : In(rows)
        Bit i enters row i together with its operand.
    a : In(rows * a.width)
        An operand of A for each row.
    b_in, b_out : cols operands of B, from above and to below
    bus_in, bus_out : cols accumulators, from below and, registered, to above
        Column j's finished accumulator of row i appears on ``bus_out`` 2 + i + j + i // ROWS_PER_BUS_STAGE steps after
        the ``clear`` that follows its last operand has entered row 0; operands are skewed by a step a row and column.
    """

    def __init__(self, params: EngineParams, scheme: Scheme, rows: int) -> None:
        self.params = params
        self.scheme = scheme
        self.rows = rows
        self.row = SystolicRow(params, scheme)
        self.module = f"rows_{rows}"
        members = self.row.signature.members
        super().__init__(
            {
                "en": In(1),
                "clear": In(rows),
                "a": In(rows * params.a.width),
                **{name: members[name] for name in ("b_in", "b_out", "bus_in", "bus_out")},
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size, width = Dataflow.ROWS_PER_BUS_STAGE, self.params.a.width
        if self.rows <= size:
            blocks = [(f"row{i}", self.row, 1) for i in range(self.rows)]
        else:
            upper = size << ((-(-self.rows // size) - 1).bit_length() - 1)
            blocks = [
                (f"rows{first}", SystolicRows(self.params, self.scheme, rows), rows)
                for first, rows in ((0, upper), (upper, self.rows - upper))
            ]
        # Operands of B go down the blocks, result buses up: below[i] is what block i takes from the one below it.
        below = [Signal(len(self.bus_in), name=f"bus{i}") for i in range(1, len(blocks))] + [self.bus_in]
        b, first = self.b_in, 0
        buses = []
        for (name, part, rows), bus in zip(blocks, below, strict=True):
            clear, a = self.clear[first : first + rows], self.a[first * width : (first + rows) * width]
            block = place(m, name, part, en=self.en, clear=clear, a=a, b_in=b, bus_in=bus)
            buses.append(block.bus_out)
            b, first = block.b_out, first + rows
        top, *lower = buses
        m.d.comb += [bus.eq(value) for bus, value in zip(below, lower, strict=False)]
        m.d.comb += self.b_out.eq(b)
        if self.rows <= size:
            stage = Signal(len(top), name="stage", reset_less=True)
            with m.If(self.en):
                m.d.sync += stage.eq(top)
            top = stage
        m.d.comb += self.bus_out.eq(top)
        return m


class SystolicArray(Part):
    """The whole array: rows without neighbours.

    Members
    -------
    en, clear, a, b
        As of :class:`SystolicRows`; operands skewed by a step a row and column.
    acc : Out(cols * acc_bits)
        Result buses, as the uppermost row drives them.
    """

    module = "array"

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.rows = SystolicRows(params, scheme, params.rows)
        members = self.rows.signature.members
        super().__init__(
            {
                **{name: members[name] for name in ("en", "clear", "a")},
                "b": members["b_in"],
                "acc": members["bus_out"],
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        no_bus = Const(0, len(self.acc))
        rows = place(m, "rows", self.rows, en=self.en, clear=self.clear, a=self.a, b_in=self.b, bus_in=no_bus)
        m.d.comb += self.acc.eq(rows.bus_out)
        return m
