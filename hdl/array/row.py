"""One row of PEs, whatever the array."""

from __future__ import annotations

from abc import abstractmethod

from amaranth.hdl import Cat, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.array.skew import skew
from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params import Dataflow, EngineParams
from hdl.pe.scheme import Scheme

__all__ = ["Row"]


class Row(Part):
    """One row of PEs, or of whatever gives a sum each, what stands at its edge, and its share of the result buses.

    Members
    -------
    en, clear : In(1)
        To the PEs; ``clear`` enters the row together with its operands.
    a : In(scheme.a_bits)
        Operands of A for the row.
    b_in, b_out : cols * scheme.pe_b_bits operands of B, from above and to below
    bus_in, bus_out : cols accumulators, from below and to above
        Where operands of B are broadcast, all rows finish in one step, and their sums wait in registers of the bus.
    """

    module = "row"
    role = roles.ROW

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        b_bits, bus_bits = params.cols * scheme.pe_b_bits, params.cols * scheme.acc_bits
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
        a: Value = self.a
        if Dataflow(self.params).lane_skew:
            a = skew(m, "skew_k", self.en, a, self.scheme.lanes)
        placed = self.pes(m, self.scheme.digits(m, a, of_b=False))
        handed = "b" in self.scheme.pe.handed
        m.d.comb += self.b_out.eq(Cat(pe.b_out for pe, _ in placed) if handed else self.b_in)
        m.d.comb += self.bus_out.eq(self._bus(m, placed))
        return m

    def _bus(self, m: Module, placed: list[tuple[Shared, Value]]) -> Value:
        """Finished sums, and those from below."""
        if Dataflow(self.params).row_skew:
            return self.bus_in | Cat(Mux(done, pe.acc, 0) for pe, done in placed)
        waiting = Signal(len(self.bus_in), reset_less=True)
        bits = self.scheme.acc_bits
        with m.If(self.en):
            for j, (pe, done) in enumerate(placed):
                m.d.sync += waiting.word_select(j, bits).eq(Mux(done, pe.acc, self.bus_in.word_select(j, bits)))
        return waiting

    @abstractmethod
    def pes(self, m: Module, operand: Value) -> list[tuple[Shared, Value]]:
        """Place the PEs; gives each with the signal that says that its accumulator holds a finished sum."""

    def pe(self, m: Module, j: int, **inputs: Value) -> Shared:
        """Place the PE of column j."""
        pe = self.scheme.pe
        port = "b_in" if "b" in pe.handed else "b"
        inputs[port] = self.b_in.word_select(j, self.scheme.pe_b_bits)
        return place(m, f"{pe.module}{j}", pe, en=self.en, **inputs)
