"""Weight-stationary systolic array: operands of A move along the rows, sums down the columns, weights stay.

PE(d, j) multiplies operand d of each row of A with the weight B[d, j], d + j steps after PE(0, 0) does. New weights are
loaded into shadow registers, and become the weights of PE(d, j) d + j steps after those of PE(0, 0): the change moves
with the first row that needs them, so that it costs no step.
"""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal
from amaranth.lib.wiring import In, Out

from hdl.array.skew import skew
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.chain import ChainPE
from hdl.pe.recode import recoder

__all__ = ["SystolicWS"]


class ChainRow(Part):
    """One row of PEs, and the recoder at its edge.

    Members
    -------
    en, swap, load : In(1)
        To the PEs; ``swap`` and ``load`` move along the row.
    a : In(a.width)
        Operand of A for the row.
    b : In(cols * b.width)
        Operands of B that are being loaded, one a column.
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
        operands = {"a": In(params.a.width), "b": In(params.cols * params.b.width)}
        super().__init__({**flags, **operands, "p_in": In(bits), "p_out": Out(bits)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a, swap, load = self.a, self.swap, self.load
        if self.recode is not None:
            a = place(m, "recode", self.recode, value=a).digits
        sums = []
        for j in range(self.params.cols):
            b = self.b.word_select(j, self.params.b.width)
            p = self.p_in.word_select(j, len(self.pe.p_in))
            pe = place(m, f"pe{j}", self.pe, en=self.en, a_in=a, swap_in=swap, load_in=load, b=b, p_in=p)
            a, swap, load = pe.a_out, pe.swap_out, pe.load_out
            sums.append(pe.p_out)
        m.d.comb += self.p_out.eq(Cat(sums))
        return m


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

    def __init__(self, params: EngineParams, rows: int) -> None:
        self.params = params
        self.rows = rows
        self.row = ChainRow(params)
        self.module = f"rows_{rows}"
        sums, b_bits = len(self.row.p_in), len(self.row.b)
        flags = {"en": In(1), "swap": In(rows), "load": In(rows), "a": In(rows * params.a.width)}
        operands = {"b_in": In(b_bits), "b_out": Out(b_bits)}
        super().__init__({**flags, **operands, "p_in": In(sums), "p_out": Out(sums)})

    def elaborate(self, platform: object) -> Module:
        m = Module()
        size, width = Dataflow.ROWS_PER_BUS_STAGE, self.params.a.width
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


class SystolicWS(Part):
    """The array with the skew of its operands.

    The core are its PEs and recoders.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of a sum.
    excess : int
        What the sums hold beyond the sums of products.
    core : dict
        How often each module of the core occurs.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    swap : In(1)
        The row of A that enters is the first one for the weights that were loaded last.
    load : In(depth)
        One-hot: ``b`` is step d of the next block. Weight d is taken over d steps after ``swap`` at the earliest, so
        that it may be loaded in any step from that of ``swap`` on.
    a : In(depth * a.width)
        A row of A. Its sums are complete ``Dataflow.array_steps`` steps later.
    b : In(cols * b.width)
        A row of B.
    sums : Out(cols * len(columns))
        Those of column j one step after those of the column before.
    """

    module = "array"
    role = roles.ARRAY

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.rows = ChainRows(params, params.depth)
        row = self.rows.row
        self.arithmetic = row.pe.arithmetic
        self.columns = self.arithmetic.columns
        self.excess = 0
        self.core = {row.pe.module: params.depth * params.cols}
        if row.recode is not None:
            self.core[row.recode.module] = params.depth
        super().__init__(
            {
                "en": In(1),
                "swap": In(1),
                "load": In(params.depth),
                "a": In(params.depth * params.a.width),
                "b": In(params.cols * params.b.width),
                "sums": Out(len(row.p_out)),
            }
        )

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
        # B reaches row d after d // stage steps.
        load = list(self.load)
        for first in range(min(depth, stage)):
            late = load[first::stage]
            load[first::stage] = list(skew(m, f"skew_load{first}", self.en, Cat(late), len(late)))
        # The head of each chain takes away what the PEs add in excess.
        head = Const(-depth * self.arithmetic.excess % (1 << self.arithmetic.width), len(self.columns))
        chains = place(
            m,
            "rows",
            self.rows,
            en=self.en,
            swap=wave,
            load=Cat(load),
            a=skew(m, "skew_a", self.en, self.a, depth),
            b_in=skew(m, "skew_b", self.en, self.b, cols),
            p_in=Cat([head] * cols),
        )
        m.d.comb += self.sums.eq(chains.p_out)
        return m
