"""Engines whose rows skip their own zeros, as OPT3, OPT4C and OPT4E do (Wu et al., HPCA 2025)."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Signal, Value

from hdl.array.skew import skew
from hdl.engine.stored import Stored
from hdl.lib.shared import Shared, place
from hdl.params import Dataflow, EngineParams
from hdl.sparse.arbiter import Arbiter
from hdl.sparse.output import Output
from hdl.sparse.row import SparseRow
from hdl.sparse.window import Slots, Window

__all__ = ["Sparse"]


class Sparse(Stored):
    """Operands are stored by segments of K; each segment is worked off plane by plane, its zero digits left out.

    What the store lists enters the window, from which every row takes the operands of its own digits, at its own
    pace. At the end of a plane a row's sums leave over the result buses, are finished, shifted, and added to the row's
    results. Rows may run apart by as much as the window holds, even into the next tile; results leave when all rows
    are through.

    Columns work on the same digits: in the same cycle where those are broadcast, one cycle after another where they are
    handed over. For the ports see :class:`hdl.engine.body.Body`. The core is the PEs and what selects their digits.
    """

    def __init__(self, params: EngineParams) -> None:
        super().__init__(params)
        if not params.axes.recodes_in_pe:
            self.core["picker"] = params.rows * self.shape.lanes

    @property
    def settle(self) -> int:
        """Cycles from the end of a tile in its last row until its results are collected."""
        return 3 + self.flow.bus_stages + self.collector.latency + self.params.cols * self.flow.column_skew

    def elaborate(self, platform: object) -> Module:
        m = Module()
        params = self.params
        holds = Signal(params.queue)
        slot_free = Signal()
        store = self._store(m, slot_free)
        reader = store.reader
        sent = reader.issue | reader.mark
        arriving = [Signal(self.shape.slot_bits, name=f"slot{i}", reset_less=True) for i in range(2)]
        slots = place(m, "slots", Slots(params), take=sent, arrive=reader.arrive, arrive_slot=arriving[1], holds=holds)
        m.d.sync += [arriving[0].eq(slots.slot), arriving[1].eq(arriving[0])]
        m.d.comb += slot_free.eq(slots.free)
        groups, operands = self._rotated(m, self._banks(m, store), reader.arrive_turn)
        words = self._windows(m, operands, reader.arrive, arriving[1])
        blocked = self._rows(m, groups, words, reader, arriving[1], holds)
        self._events(m, store, blocked)
        return m

    def _windows(self, m: Module, operands: Value, write: Value, slot: Value) -> Value:
        """The windows of all columns; gives what they hold."""
        params = self.params
        width = self.shape.banks * params.b.width
        data: Value = Cat(self._part(operands, params.cols, j) for j in range(params.cols))
        systolic = params.axes.hands_a_over
        if systolic:
            data = skew(m, "skew_window", Const(1, 1), data, params.cols)
        words = []
        for j in range(params.cols):
            column = data.word_select(j, width)
            window = place(m, f"window{j}", Window(params), write=write, slot=slot, data=column)
            if systolic:
                write, slot = window.write_out, window.slot_out
            words.append(window.words)
        return Cat(words)

    def _rows(self, m: Module, groups: Value, words: Value, reader: Shared, slot: Value, holds: Signal) -> Value:
        """Rows, result buses and what stands at their heads; says where results find no room."""
        params, rows = self.params, self.params.rows
        part = SparseRow(params, self.collector.tags)
        stage_rows = Dataflow.ROWS_PER_BUS_STAGE
        stages = self.flow.bus_stages
        request = Signal(rows)
        done = Signal(2 * rows)
        filled = Signal(2 * rows)
        arbiter = place(m, "arbiter", Arbiter(rows), request=request)
        read_room = Signal()
        output = place(m, "results", Output(rows, self.settle), done=done, filled=filled, room=read_room)
        m.d.comb += read_room.eq(self.room)
        bus: Value = Const(0, len(part.bus_in))
        held: Value = Const(0, params.queue)
        placed: list[Shared] = []
        for i in reversed(range(rows)):
            # A row near the head of the buses fires later, so that sums of grants one after another never meet.
            fire: Value = arbiter.grant[i]
            for wait in range(stages - 1 - i // stage_rows):
                later = Signal(name=f"fire{i}_{wait}")
                m.d.sync += later.eq(fire)
                fire = later
            row = place(
                m,
                f"row{i}",
                part,
                number=Const(i, part.tag.fields["row"]),
                push=reader.arrive,
                push_slot=slot,
                push_groups=self._part(groups, rows, i),
                push_end=reader.arrive_end,
                push_plane=reader.arrive_plane,
                words=words,
                grant=arbiter.grant[i],
                fire=fire,
                finish=output.finish,
                finish_parity=output.finish_parity,
                bus_in=bus,
            )
            bus = row.bus_out
            held = held | row.holds
            placed.append(row)
            if i % stage_rows == 0:
                stage = Signal(len(part.bus_in), name=f"stage{i}", reset_less=True)
                m.d.sync += stage.eq(bus)
                bus = stage
        placed.reverse()
        m.d.comb += [
            holds.eq(held),
            request.eq(Cat(row.request for row in placed)),
            done.eq(Cat(row.done for row in placed)),
            filled.eq(Cat(row.filled for row in placed)),
        ]
        self._collect(m, bus[: part.tag.bits], bus[part.tag.bits :], output)
        return output.blocked
