"""What stands where a 3D cube has a result: a chain of PEs along K, and an accumulator."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.pe.cube import Accumulator, CubePE

__all__ = ["Cell"]


class Cell(Part):
    """The chain of one result, and its accumulator.

    Members
    -------
    en : In(1)
        Advance by one step; otherwise nothing changes.
    clear_in, clear_out : In(1), Out(1)
        Begin a new sum with the beat whose step 0 has entered ``depth`` steps before; one step from input to output.
        While ``clear_out`` is high, ``acc`` holds the finished sum.
    a_in, a_out, b_in, b_out : depth operands
        One of each for every PE, one step from input to output.
    acc : Out(len(columns))
        The accumulator.

    Attributes
    ----------
    columns : tuple of int
        The column of each bit of ``acc``.
    excess : int
        What each step adds beyond its products.
    """

    module = "cell"
    role = roles.CELL

    def __init__(self, params: EngineParams) -> None:
        self.params = params
        self.pe = CubePE(params)
        self.accumulator = Accumulator(params)
        self.columns = self.accumulator.columns
        self.arithmetic = self.pe.arithmetic
        #: A single number would show the excess as a wrong sign: its chain begins with the negated excess.
        self.begin = 0
        self.excess = params.depth * self.arithmetic.excess
        if not params.axes.saves_carries:
            self.begin, self.excess = -self.excess, 0
        a_bits, b_bits = (params.depth * len(port) for port in (self.pe.a_in, self.pe.b_in))
        operands = {"a_in": In(a_bits), "a_out": Out(a_bits), "b_in": In(b_bits), "b_out": Out(b_bits)}
        super().__init__(
            {"en": In(1), "clear_in": In(1), "clear_out": Out(1), **operands, "acc": Out(len(self.columns))}
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pes = []
        total: Value = Const(self.begin % (1 << self.arithmetic.width), len(self.arithmetic.columns))
        for d in range(self.params.depth):
            a, b = (port.word_select(d, len(port) // self.params.depth) for port in (self.a_in, self.b_in))
            pes.append(place(m, f"pe{d}", self.pe, en=self.en, a_in=a, b_in=b, sum_in=total))
            total = pes[-1].sum_out
        end = place(m, "accumulator", self.accumulator, en=self.en, clear_in=self.clear_in, sum=total)
        m.d.comb += [
            self.a_out.eq(Cat(pe.a_out for pe in pes)),
            self.b_out.eq(Cat(pe.b_out for pe in pes)),
            self.clear_out.eq(end.clear_out),
            self.acc.eq(end.acc),
        ]
        return m
