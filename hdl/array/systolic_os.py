"""Output-stationary systolic array: a row of PEs, and rows above each other.

Operands of A move along the rows, operands of B down the columns, one PE a step. PE(i, j) finishes a sum i + j steps
after PE(0, 0), so that in each column exactly one PE finishes in a step. A column's sums therefore share one result
bus, without a register in the PE: the finished accumulator is gated onto the bus while the next sum begins. The bus
runs up the column, against the wave, with a register every few rows; in that direction no two sums ever meet.
"""

from __future__ import annotations

from amaranth.hdl import Cat, ClockSignal, Instance, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["SystolicArray", "SystolicRow"]


class SystolicRow(wiring.Component):
    """One row of PEs, the recoder at its edge, and its share of the result buses.

    Members
    -------
    en, clear_in : In(1)
        To the PEs; ``clear`` enters the first PE and moves along the row.
    a_in : In(a.width)
        Operand of A for the first PE.
    b_in, b_out : cols operands of B, from above and to below
    bus_in, bus_out : cols accumulators, from below and to above
    """

    def __init__(self, params: EngineParams, scheme: Scheme, pe_name: str, recode_name: str) -> None:
        self.params = params
        self.scheme = scheme
        self.pe_name = pe_name
        self.recode_name = recode_name
        b_bits, bus_bits = params.cols * params.b.width, params.cols * scheme.acc_bits
        super().__init__(
            {
                "en": In(1),
                "clear_in": In(1),
                "a_in": In(params.a.width),
                "b_in": In(b_bits),
                "b_out": Out(b_bits),
                "bus_in": In(bus_bits),
                "bus_out": Out(bus_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        scheme, cols, b_width = self.scheme, self.params.cols, self.params.b.width
        operand = self.a_in
        if scheme.recode is not None:
            operand = Signal(len(scheme.pe.a_in), name="digits")
            m.submodules.recode = Instance(self.recode_name, i_value=self.a_in, o_digits=operand)
        clear = self.clear_in
        finished = []
        for j in range(cols):
            a_out = Signal(len(operand), name=f"a{j}")
            clear_out = Signal(name=f"clear{j}")
            acc = Signal(scheme.acc_bits, name=f"acc{j}")
            lane = slice(j * b_width, (j + 1) * b_width)
            m.submodules[f"pe{j}"] = Instance(
                self.pe_name,
                i_clk=ClockSignal(),
                i_en=self.en,
                i_clear_in=clear,
                o_clear_out=clear_out,
                i_a_in=operand,
                o_a_out=a_out,
                i_b_in=self.b_in[lane],
                o_b_out=self.b_out[lane],
                o_acc=acc,
            )
            finished.append(acc & clear_out.replicate(scheme.acc_bits))
            operand, clear = a_out, clear_out
        m.d.comb += self.bus_out.eq(self.bus_in | Cat(finished))
        return m


class SystolicArray(wiring.Component):
    """Rows above each other, with the registers of the result buses between groups of rows.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear : In(rows)
        Bit i enters row i together with its operand.
    a : In(rows * a.width), b : In(cols * b.width)
        Skewed operands.
    acc : Out(cols * acc_bits)
        Result buses, registered: column j's finished accumulator of row i, 2 + i + j + i // ROWS_PER_BUS_STAGE steps
        after the ``clear`` that follows its last operand has entered row 0.
    """

    def __init__(self, params: EngineParams, scheme: Scheme, row_name: str) -> None:
        self.params = params
        self.scheme = scheme
        self.row_name = row_name
        super().__init__(
            {
                "en": In(1),
                "clear": In(params.rows),
                "a": In(params.rows * params.a.width),
                "b": In(params.cols * params.b.width),
                "acc": Out(params.cols * scheme.acc_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        stage_rows = Dataflow.ROWS_PER_BUS_STAGE
        bus_bits = len(self.acc)
        buses = [Signal(bus_bits, name=f"bus{i}") for i in range(params.rows)]
        below: list = [0] * params.rows
        for i, bus in enumerate(buses):
            if i % stage_rows == 0:
                register = Signal(bus_bits, name=f"stage{i // stage_rows}", reset_less=True)
                with m.If(self.en):
                    m.d.sync += register.eq(bus)
                bus = register
            if i == 0:
                m.d.comb += self.acc.eq(bus)
            else:
                below[i - 1] = bus
        b = self.b
        for i in range(params.rows):
            b_out = Signal(len(self.b), name=f"b{i}")
            m.submodules[f"row{i}"] = Instance(
                self.row_name,
                i_clk=ClockSignal(),
                i_en=self.en,
                i_clear_in=self.clear[i],
                i_a_in=self.a[i * params.a.width : (i + 1) * params.a.width],
                i_b_in=b,
                o_b_out=b_out,
                i_bus_in=below[i] if i < params.rows - 1 else Signal(bus_bits, name="no_bus"),
                o_bus_out=buses[i],
            )
            b = b_out
        return m
