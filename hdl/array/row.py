"""One row of PEs, whatever the array."""

from __future__ import annotations

from abc import abstractmethod

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.array.row_adder import RowAdder
from hdl.array.skew import skew
from hdl.lib import roles
from hdl.lib.delay import later
from hdl.lib.shared import Part, Shared, place
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Adders
from hdl.pe.scheme import Scheme

__all__ = ["Row"]


class Row(Part):
    """One row of PEs, or of whatever gives a sum each, what stands at its edge, and its share of the result buses.

    Members
    -------
    en, clear : In(1)
        To the PEs; ``clear`` enters the row together with its operands, or as much later as :class:`Array` says.
    hold : In(1)
        Where all results share an adder: not all of them are there yet.
    a : In(scheme.a_bits)
        Operands of A for the row.
    b_in, b_out : cols * scheme.pe_b_bits operands of B, from above and to below
    bus_in, bus_out : scheme.bus_bits, from below and to above
        Accumulators, or finished sums where the adders are the row's own: see :class:`hdl.pe.scheme.Scheme`. Where
        operands of B are broadcast, all rows finish in one step, and their sums wait in registers of the bus. Where one
        is handed over (``Dataflow.gated_bus``) there is no ``bus_in``: ``bus_out`` is a finished sum inverted, or ones.
    """

    module = "row"
    role = roles.ROW

    def __init__(self, params: EngineParams, scheme: Scheme) -> None:
        self.params = params
        self.scheme = scheme
        b_bits, bus_bits = params.cols * scheme.pe_b_bits, scheme.bus_bits
        from_below = {} if Dataflow(params).gated_bus else {"bus_in": In(bus_bits)}
        super().__init__(
            {
                "en": In(1),
                "clear": In(1),
                **({"hold": In(1)} if scheme.adders is Adders.ONE else {}),
                "a": In(scheme.a_bits),
                "b_in": In(b_bits),
                "b_out": Out(b_bits),
                **from_below,
                "bus_out": Out(bus_bits),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        a: Value = self.a
        if Dataflow(self.params).lane_skew:
            a = skew(m, "skew_k", self.en, a, self.scheme.lanes)
        groups = self.params.column_groups
        width = len(a) // groups
        names = ("recode", *(f"recode_group{g}_" for g in range(1, groups)))
        entered = [a.word_select(g, width) for g in range(groups)]
        digits = [self.scheme.digits(m, each, of_b=False, name=name) for each, name in zip(entered, names, strict=True)]
        placed = self.pes(m, Cat(digits))
        handed = "b" in self.scheme.pe.handed
        m.d.comb += self.b_out.eq(Cat(pe.b_out for pe, _ in placed) if handed else self.b_in)
        m.d.comb += self.bus_out.eq(self._bus(m, self._sums(m, placed)))
        return m

    def _sums(self, m: Module, placed: list[tuple[Shared, Value]]) -> list[tuple[Value, Value]]:
        """What the row puts on the buses, each with the step in which it does."""
        adders = self.scheme.adders
        if not self.scheme.redundant or adders in (Adders.COLUMN, Adders.ONE):
            return [(pe.acc, done) for pe, done in placed]
        if adders is Adders.ROW:
            part = RowAdder(self.params, self.scheme)
            ahead = self.scheme.pe.ahead
            clear = later(m, "clear", self.en, self.clear, ahead)[-1] if ahead else self.clear
            flags = {"clear": clear} if self.scheme.excess else {}
            acc, done = Cat(pe.acc for pe, _ in placed), Cat(done for _, done in placed)
            adder = place(m, "adder", part, en=self.en, acc=acc, done=done, **flags)
            return [(adder.sums, adder.complete)]
        part, sums = self.scheme.adder(), []
        for j, (pe, done) in enumerate(placed):
            adder = place(m, f"finish{j}", part, en=self.en, valid=done, acc=pe.acc, correction_in=Const(0, 0))
            sums.append((adder.sum, later(m, f"done{j}", self.en, done, part.steps)[-1]))
        return sums

    def _bus(self, m: Module, sums: list[tuple[Value, Value]]) -> Value:
        """Finished sums, and those from below where they go through the row."""
        if self.scheme.adders is Adders.ONE:
            return self._chain(m, sums)
        if Dataflow(self.params).gated_bus:
            return ~Cat(
                value if self.scheme.pe.gates else Mux(done, value, 0) for value, done in sums
            )  # NANDs, smaller than ANDs, here and where they meet
        waiting = Signal(len(self.bus_in), reset_less=True)
        start = 0
        with m.If(self.en):
            for value, done in sums:
                place_on_bus = slice(start, start := start + len(value))
                m.d.sync += waiting[place_on_bus].eq(Mux(done, value, self.bus_in[place_on_bus]))
        return waiting

    def _chain(self, m: Module, sums: list[tuple[Value, Value]]) -> Value:
        """Sums wait for all others, and then move up to the only adder, those of the row below behind them."""
        after: Value = self.bus_in
        for j, (value, done) in reversed(list(enumerate(sums))):
            waiting = Signal(len(value), name=f"waiting{j}", reset_less=True)
            with m.If(self.en):
                with m.If(done):
                    m.d.sync += waiting.eq(value)
                with m.Elif(~self.hold):
                    m.d.sync += waiting.eq(after)
            after = waiting
        return after

    @abstractmethod
    def pes(self, m: Module, operand: Value) -> list[tuple[Shared, Value]]:
        """Place the PEs; gives each with the signal that says that its accumulator holds a finished sum.

        ``operand`` has those of all groups of columns side by side.
        """

    def pe(self, m: Module, j: int, **inputs: Value) -> Shared:
        """Place the PE of column j."""
        pe = self.scheme.pe
        port = "b_in" if "b" in pe.handed else "b"
        inputs[port] = self.b_in.word_select(j, self.scheme.pe_b_bits)
        return place(m, f"{pe.module}{j}", pe, en=self.en, **inputs)
