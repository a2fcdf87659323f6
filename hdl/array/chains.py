"""A block of B stays, and sums are handed from step to step of it: a chain of PEs down each column.

PE(d, j) adds the product of operand d of each row of A and the weight B[d, j], a step after PE(d - 1, j) has added its
own. Where operands of A are handed over, column j works j steps behind the first one; where they are broadcast, all
columns work in step. New weights are loaded into shadow registers, and are taken over by PE after PE, with the first
row that needs them, so that the change costs no step.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.carry_save import carry_columns
from hdl.arith.multiply_add import WeightSums
from hdl.arith.step import Step
from hdl.arith.sum_form import SumForm
from hdl.array.skew import skew
from hdl.array.stationary import StationaryArray, lane_bits
from hdl.array.tree import Node
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.chain import ChainPE
from hdl.pe.recode import recoder

__all__ = ["Chains"]


class ChainRow(Part):
    """One row of PEs, and the recoder at its edge; and registers there, where operands of A are broadcast along it.

    Members
    -------
    en, swap, load : In(1)
        To the PEs; where A is handed over, ``swap`` and ``load`` move along the row.
    a : In(lane_bits)
        Operand of A for the row.
    b : In(cols * b_bits)
        Operands of B that are being loaded, one a column, as PEs take them.
    p_in, p_out : cols sums, from above and to below
    """

    module = "row"
    role = roles.ROW

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.pe = ChainPE(params)
        self.recode = recoder(params)
        bits = params.cols * len(self.pe.p_out)
        flags = {name: In(1) for name in ("en", "swap", "load")}
        operands = {"a": In(lane_bits(params)), "b": In(params.cols * len(self.pe.b))}
        super().__init__({**flags, **operands, "p_in": In(bits), "p_out": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        moves = self.params.axes.hands_a_over
        along = {"a": self.a, "swap": self.swap, "load": self.load}
        if not moves:
            along["a"] = self._held(m, "waiting", along["a"])
        if self.recode is not None:
            along["a"] = place(m, "recode", self.recode, value=along["a"]).digits
        if not moves:  # the weights change in the step in which an operand waits
            along["a"] = self._held(m, "digits", along["a"])
            along["swap"] = self._held(m, "edge_swap", along["swap"])
        sums = []
        for j in range(self.params.cols):
            b = self.b.word_select(j, len(self.pe.b))
            p = self.p_in.word_select(j, len(self.pe.p_in))
            inputs = {f"{name}_in" if moves else name: value for name, value in along.items()}
            pe = place(m, f"pe{j}", self.pe, en=self.en, **inputs, b=b, p_in=p)
            if moves:
                along = {name: getattr(pe, f"{name}_out") for name in along}
            sums.append(pe.p_out)
        m.d.comb += self.p_out.eq(Cat(sums))
        return m

    def _held(self, m: Module, name: str, value: Value) -> Value:
        """The value of the step before."""
        register = Signal(len(value), name=name, reset_less=True)
        with m.If(self.en):
            m.d.sync += register.eq(value)
        return register


class ChainRows(Part):
    """Rows below each other. Operands of B reach ``ROWS_PER_BUS_STAGE`` rows at once, the next ones a step later.

    A large block is two smaller ones, so that its description grows with the logarithm of its rows.

    Members
    -------
    en : In(1)
    swap, load, a : one for each row
    b_in, b_out : cols operands of B, from above, and as they are in the block's last row
    p_in, p_out : cols sums, from above and to below
    """

    role = roles.BUS
    sized = True

    def __init__(self, params: EngineParams, rows: int) -> None:
        self.params = params
        self.rows = rows
        self.row = ChainRow(params)
        self.module = f"rows_{rows}"
        sums, b_bits = len(self.row.p_in), len(self.row.b)
        flags = {"en": In(1), "swap": In(rows), "load": In(rows), "a": In(rows * len(self.row.a))}
        operands = {"b_in": In(b_bits), "b_out": Out(b_bits)}
        super().__init__({**flags, **operands, "p_in": In(sums), "p_out": Out(sums)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size, width = Dataflow.ROWS_PER_BUS_STAGE, len(self.row.a)
        b, p = self.b_in, self.p_in
        if self.rows <= size:
            for i in range(self.rows):
                a = self.a.word_select(i, width)
                row = place(m, f"row{i}", self.row, en=self.en, swap=self.swap[i], load=self.load[i], a=a, b=b, p_in=p)
                p = row.p_out
        else:
            upper = size << ((-(-self.rows // size) - 1).bit_length() - 1)
            for first, rows in ((0, upper), (upper, self.rows - upper)):
                if first:
                    stage = Signal(len(b), reset_less=True)
                    with m.If(self.en):
                        m.d.sync += stage.eq(b)
                    b = stage
                here = slice(first, first + rows)
                block = place(
                    m,
                    f"rows{first}",
                    ChainRows(self.params, rows),
                    en=self.en,
                    swap=self.swap[here],
                    load=self.load[here],
                    a=self.a[first * width : (first + rows) * width],
                    b_in=b,
                    p_in=p,
                )
                b, p = block.b_out, block.p_out
        m.d.comb += [self.b_out.eq(b), self.p_out.eq(p)]
        return m


class Chains(StationaryArray):
    """The array of chains. For members see :class:`hdl.array.stationary.StationaryArray`.

    Weight d is taken over d steps after ``swap``, and may be loaded until then. Where each weight of a digit has a sum
    of its own, in carry-save form, these are combined below the chains.
    """

    def __init__(self, params: EngineParams) -> None:
        self.rows = ChainRows(params, params.depth)
        pe = self.rows.row.pe
        self.arithmetic = arithmetic = pe.arithmetic
        self.columns, self.excess = arithmetic.columns, 0
        self.combine: Node | None = None
        if isinstance(arithmetic, WeightSums):  # a sum at the head that is not zero might lose a carry
            excess = params.depth * arithmetic.excess
            if params.axes.saves_carries and (len(arithmetic.forms) > 1 or params.axes.digits.order is None):
                width = Step.of(params).sum_bits(params, params.depth)
                form = SumForm(width, carry_columns(width, width, params.carry_every))
                self.combine = Node("combine", params, 1, self.columns, len(self.columns), form, -excess)
                self.combine.sized = False  # one for all columns, unlike those of a tree
                self.columns = form.columns
            else:
                self.excess = excess
        super().__init__(params, params.depth + (1 if self.combine is None else 2) - (not params.axes.hands_a_over))
        parts = {pe.module: params.depth * params.cols}
        if self.combine is not None:
            parts[self.combine.module] = params.cols
        self.core = self._core(parts)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        depth, cols, stage = self.params.depth, self.params.cols, Dataflow.ROWS_PER_BUS_STAGE
        wave = Signal(depth)
        m.d.comb += wave[0].eq(self.swap)
        if depth > 1:
            behind = Signal(depth - 1, reset_less=True)
            m.d.comb += wave[1:].eq(behind)
            with m.If(self.en):
                m.d.sync += behind.eq(wave)
        edge = self.at_edge(m, "load", "b")
        # B reaches row d after d // stage steps.
        load = list(edge["load"])
        for first in range(min(depth, stage)):
            late = load[first::stage]
            load[first::stage] = list(skew(m, f"skew_load{first}", self.en, Cat(late), len(late)))
        # The head of each chain takes away what the PEs add in excess.
        excess = 0 if isinstance(self.arithmetic, WeightSums) else depth * self.arithmetic.excess
        head = Const(-excess % (1 << self.arithmetic.width), len(self.arithmetic.columns))
        chains = place(
            m,
            "rows",
            self.rows,
            en=self.en,
            swap=wave,
            load=Cat(load),
            a=skew(m, "skew_a", self.en, self.a, depth),
            b_in=self.weights(m, edge["b"]),
            p_in=Cat([head] * cols),
        )
        sums: Value = chains.p_out
        if self.combine is not None:
            words = (sums.word_select(j, len(self.combine.x)) for j in range(cols))
            sums = Cat(place(m, f"combine{j}", self.combine, en=self.en, x=x).y for j, x in enumerate(words))
        m.d.comb += self.sums.eq(sums)
        return m
