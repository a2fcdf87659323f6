"""One row of PEs, whatever the array."""

from __future__ import annotations

from abc import abstractmethod

from amaranth.hdl import Cat, Module, Mux, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params import EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Row"]


class Row(Part):
    """One row of PEs, or of whatever gives a sum each, the recoders at its edge, and its share of the result buses.

    Members
    -------
    en, clear : In(1)
        To the PEs; ``clear`` enters the row together with its operands.
    a : In(scheme.a_bits)
        Operands of A for the row.
    b_in, b_out : cols * scheme.b_bits operands of B, from above and to below
    bus_in, bus_out : cols accumulators, from below and to above
    """

    module = "row"
    role = roles.ROW

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        b_bits, bus_bits = params.cols * scheme.b_bits, params.cols * scheme.acc_bits
        super().__init__(
            {
                "en": In(1),
                "clear": In(1),
                "a": In(scheme.a_bits),
                "b_in": In(b_bits),
                "b_out": Out(b_bits),
                "bus_in": In(bus_bits),
                "bus_out": Out(bus_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        operand = self.edge(m)
        if self.scheme.recode is not None:
            width, lanes = self.params.a.width, self.scheme.lanes
            values = [operand.word_select(d, width) for d in range(lanes)]
            digits = [place(m, f"recode{d}", self.scheme.recode, value=value).digits for d, value in enumerate(values)]
            operand = Cat(digits)
        finished, b_out = [], []
        for pe, done in self.pes(m, operand):
            finished.append(Mux(done, pe.acc, 0))
            b_out.append(pe.b_out)
        m.d.comb += [self.b_out.eq(Cat(b_out)), self.bus_out.eq(self.bus_in | Cat(finished))]
        return m

    def edge(self, m: Module) -> Value:
        """The operands of A as they enter the recoders."""
        return self.a

    @abstractmethod
    def pes(self, m: Module, operand: Value) -> list[tuple[Shared, Value]]:
        """Place the PEs; gives each with the signal that says that its accumulator holds a finished sum."""

    def pe(self, m: Module, j: int, **inputs: Value) -> Shared:
        """Place the PE of column j."""
        b_in = self.b_in.word_select(j, self.scheme.b_bits)
        return place(m, f"{self.scheme.pe.module}{j}", self.scheme.pe, en=self.en, b_in=b_in, **inputs)
