"""What gives a sum where k is a chain in space, and results stay: PEs along K, and an accumulator."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Value

from hdl.lib import roles
from hdl.lib.shared import place
from hdl.params import EngineParams
from hdl.pe.accumulate import finish_steps
from hdl.pe.base import ProcessingElement
from hdl.pe.link import Accumulator, LinkPE
from hdl.pe.sums import exact, signed_links

__all__ = ["Cell"]


class Cell(ProcessingElement):
    """The chain of one result, and its accumulator.

    There are ``depth`` operands, one for each PE; PE d's belongs to the beat whose first operand came d steps earlier.
    ``clear`` begins a new sum with the beat whose first operands have come ``depth`` steps before. For the ports see
    :class:`hdl.pe.base.ProcessingElement`.
    """

    module = "cell"
    role = roles.CELL

    def __init__(self, params: EngineParams) -> None:
        self.pe = LinkPE(params)
        self.accumulator = Accumulator(params)
        self.columns = self.accumulator.columns
        self.steps, self.finish = params.depth + 2, finish_steps(params)
        #: A single number would show the excess as a wrong sign: its chain begins with the negated excess.
        self.begin = 0
        self.excess = params.depth * self.pe.adding.excess
        if signed_links(params):
            self.begin = -self.excess
        if exact(params):
            self.excess = 0
        factors = self.pe.adding.factors
        super().__init__(params, params.depth * factors.a_bits, params.depth * factors.b_bits, len(self.columns))

    def elaborate(self, platform: object) -> Module:
        m = Module()
        pes = []
        bits = len(self.pe.sum_in)
        total: Value = Const(self.begin % (1 << bits), bits)
        for d in range(self.params.depth):
            operands = {}
            for name in "ab":
                port, word = f"{name}_in" if name in self.handed else name, self.operand(name)
                operands[port] = word.word_select(d, len(word) // self.params.depth)
            pes.append(place(m, f"pe{d}", self.pe, en=self.en, sum_in=total, **operands))
            total = pes[-1].sum_out
        flag = "clear_in" if "clear" in self.handed else "clear"
        end = place(m, "accumulator", self.accumulator, en=self.en, sum=total, **{flag: self.operand("clear")})
        for name, parts in (("a", pes), ("b", pes), ("clear", [end])):
            if name in self.handed:
                m.d.comb += getattr(self, f"{name}_out").eq(Cat(part.outputs[f"{name}_out"] for part in parts))
        m.d.comb += self.acc.eq(end.acc)
        return m
