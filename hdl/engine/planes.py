"""Engines that take digits plane after plane, and whose rows keep step."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.array.skew import skew
from hdl.engine.stored import Stored
from hdl.lib.delay import held, register
from hdl.lib.shared import Shared, place
from hdl.params import Dataflow
from hdl.params.axes import Travel
from hdl.sparse.ends import Ends
from hdl.sparse.output import Output
from hdl.sparse.plane_row import PlaneRow
from hdl.sparse.shift import Shift

__all__ = ["Planes"]


class Planes(Stored):
    """Steps of K in which no row has a digit are left out, for all rows; or, where B is recoded, no column.

    What the store lists goes straight to the array: a step a cycle, the same for all rows. No row ever waits for
    another one, and no operand for a row; nothing but the PEs stands for each of them. At the end of a plane the rows'
    sums leave one after the other over the result buses.

    Rows, and columns, work in the same cycle where operands are broadcast, one cycle after another where they are
    handed over. For the ports see :class:`hdl.engine.body.Body`. The core is the PEs and the recoders.
    """

    def elaborate(self, platform: object) -> Module:
        m = Module()
        go = Signal()
        store = self._store(m, go)
        reader = store.reader
        arrive = Signal()
        names = ("end", "plane", "turn")
        end, plane, turn = (register(m, f"arrive_{name}", getattr(reader, f"arrive_{name}")) for name in names)
        m.d.sync += arrive.eq(reader.arrive)
        banks = [bank for lane in self._banks(m, store) for bank in lane]
        digits, operands = self._rotated(m, [[bank] for bank in banks], turn)
        finish = Signal()
        finish_parity = Signal()
        part = Ends(self.params, self.collector.tags)
        ending = {"ending": reader.ending} if part.in_turn else {}
        ends = place(
            m,
            "closing",
            part,
            **ending,
            **({"arrive_plane": plane} if part.of_planes else {}),
            ends=reader.ends,
            tile=reader.tile,
            arrive=arrive,
            arrive_end=end,
            finish=finish,
            finish_parity=finish_parity,
        )
        wait = self.collector.plane.steps - 1
        output = self._output(m, ends, 2 + wait + part.interval)
        m.d.comb += [
            go.eq(ends.go),
            finish.eq(output.finish),
            finish_parity.eq(output.finish_parity),
        ]
        sums = self._array(m, digits, operands, plane, ends)
        self._collect(m, self._tag(m, ends.tag, wait), sums, output)
        self._events(m, store, output.blocked)
        return m

    def _tag(self, m: Module, tag: Value, wait: int) -> Value:
        """A sum's tag, later by as many cycles as the PE takes longer."""
        return held(m, "tag", tag, wait)

    def _output(self, m: Module, ends: Shared, cycles: int) -> Shared:
        """Rows of results; all rows have worked off a tile at once, and the last one's sums are then on their way."""
        rows = self.params.rows
        room = Signal()
        m.d.comb += room.eq(self.room)
        settle = cycles + self.collector.latency + self.params.cols * self.flow.column_skew
        every = {name: Cat(getattr(ends, name) for _ in range(rows)) for name in ("done", "filled")}
        return place(m, "results", Output(rows, settle), **every, room=room)

    def _array(self, m: Module, digits: Value, operands: Value, plane: Value, ends: Shared) -> Value:
        """Rows of PEs; gives the sums that leave the buses, of all columns."""
        params, rows, cols = self.params, self.params.rows, self.params.cols
        part = PlaneRow(params)
        always = Const(1, 1)
        holders, sharers = self.shape.holders, self.shape.sharers
        codes: Value = Cat(self._digits(self._part(digits, holders, i)) for i in range(holders))
        factors: Value = Cat(self._part(operands, sharers, j) for j in range(sharers))
        if self.shape.shift_bits:
            part_of = Shift(self.shape)
            words = [factors.word_select(i, self.shape.factor.width) for i in range(sharers * self.shape.lanes)]
            factors = Cat(place(m, f"shift{i}", part_of, word=word, by=plane).o for i, word in enumerate(words))
        steps, b = (factors, codes) if params.recodes_b else (codes, factors)
        if params.axes.hands_a_over:
            b = skew(m, "skew_b", always, b, cols)
        hands_b_over = params.axes.b is Travel.HAND_OVER
        if hands_b_over:
            steps = skew(m, "skew_a", always, steps, rows)
        else:
            b = register(m, "operands", b)
        begins, leave = Cat(ends.en, ends.clear), ends.leave
        words = []
        for i in range(rows):
            words.append(Cat(begins, leave, steps.word_select(i, len(steps) // rows)))
            if i + 1 < rows:
                leave = register(m, f"leave{i}", leave)
                begins = register(m, f"begins{i}", begins) if hands_b_over else begins
        buses = [Signal(len(part.bus_in), name=f"bus{i}") for i in range(rows)]
        for i, word in enumerate(words):
            row = place(m, f"row{i}", part, step=word, b=b, bus_in=buses[i])
            b = row.b_out if hands_b_over else b
            bus: Value = row.bus_out
            if i % Dataflow.ROWS_PER_BUS_STAGE == 0:
                bus = register(m, f"stage{i}", bus)
            if i == 0:
                head = bus
            else:
                m.d.comb += buses[i - 1].eq(bus)
        return head

    def _digits(self, word: Value) -> Value:
        """The digits of a row, or column, as PEs take them, from those of the store: not zero, +-2, negative."""
        codes = [word.word_select(lane, 3) for lane in range(self.shape.lanes)]
        return Cat(bit for nonzero, two, neg in codes for bit in (nonzero & ~two, two, neg))
