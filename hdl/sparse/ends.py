"""Ends of planes and tiles where all rows keep step."""

from __future__ import annotations

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part
from hdl.params import Dataflow, EngineParams
from hdl.params.axes import Travel
from hdl.params.sparse import SparseShape
from hdl.sparse.row import Tag

__all__ = ["Ends"]


class Ends(Part):
    """Begins sums, lets them leave row after row, and says what they are.

    Attributes
    ----------
    interval : int
        Cycles from the end of a plane to the next, at least.
    in_turn : bool
        Rows work one after the other: only the end of a plane waits for the end before.
    of_planes : bool
        Each sum is that of one plane.

    At the end of a plane rows leave one after the other, the first one first; a cycle is left out where one more stage
    of the bus lies between two of them. The next plane may follow at once where rows work one after the other, too:
    only its end may not come too early. Where all rows work in the same cycle it waits until all have left.

    Members
    -------
    ending, ends, tile : In(1)
        What is sent next (where that matters: ``in_turn``) ends a sum, or a tile; what is sent ends a sum, a tile.
        ``go`` : Out(1) says that it may be.
    arrive, arrive_end, arrive_plane : In
        When what was sent arrives, see :class:`hdl.sparse.reader.Reader`; the plane where sums are ``of_planes``.
    en, clear : Out(1)
        For the step that arrives.
    leave : Out(1)
        The sums of the first row leave: one cycle after the last step of a plane.
    tag : Out
        What leaves the buses; for the first row one cycle after ``leave`` has reached its first PE.
    done, filled : Out(2)
        By parity: a tile has been worked off; there are results of it other than zero.
    finish, finish_parity : In(1)
        The results of the tile of this parity have left.
    """

    module = "ends"
    role = roles.SPARSE
    resets = True
    #: Cycles from the end of a plane to the next, at least: sums of one row in a collector, one after the other.
    LEAST = 5

    def __init__(self, params: EngineParams, tag: Tag) -> None:
        self.params = params
        self.shape = SparseShape(params)
        self.tag_form = tag
        self.interval = self.least_interval(params)
        self.in_turn = params.axes.b is Travel.HAND_OVER
        self.of_planes = bool(tag.fields["plane"])
        inputs = (*(("ending",) if self.in_turn else ()), "ends", "tile", "arrive", "finish", "finish_parity")
        super().__init__(
            {
                **{name: In(1) for name in inputs},
                "arrive_end": In(2),
                **({"arrive_plane": In(tag.fields["plane"])} if self.of_planes else {}),
                **{name: Out(1) for name in ("go", "en", "clear", "leave")},
                "tag": Out(self.tag_form.bits),
                "done": Out(2),
                "filled": Out(2),
            }
        )

    @staticmethod
    def least_interval(params: EngineParams) -> int:
        """Cycles from the end of a sum to the next, at least."""
        stages = -(-params.rows // Dataflow.ROWS_PER_BUS_STAGE)
        return max(params.rows + stages - 1, Ends.LEAST)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        self._admit(m)
        fresh = Signal(init=1)
        m.d.comb += [self.en.eq(self.arrive & ~self.arrive_end[1]), self.clear.eq(fresh)]
        with m.If(self.en):
            m.d.sync += fresh.eq(self.arrive_end[0])
        ends = [Signal(name=f"end{i}") for i in (1, 2)]
        marks = [Signal(name=f"mark{i}") for i in (1, 2)]
        m.d.sync += [
            Cat(ends).eq(Cat(self.arrive & self.arrive_end[0], ends[0])),
            Cat(marks).eq(Cat(self.arrive & self.arrive_end[1], marks[0])),
        ]
        m.d.comb += self.leave.eq(ends[0])
        self._results(m, ends[1], marks[1])
        return m

    def _admit(self, m: Module) -> None:
        """Whether a step or the end of a tile may be sent."""
        waits = Signal(range(self.interval))
        sending = Signal()  # parity of the tile that is sent
        clear = Signal(name="may_send")
        full = Mux(sending, self.done[1], self.done[0])
        m.d.comb += clear.eq(waits == 0)
        with m.If(self.ends):
            m.d.sync += waits.eq(self.interval - 1)
        with m.Elif(~clear):
            m.d.sync += waits.eq(waits - 1)
        m.d.sync += sending.eq(sending ^ self.tile)
        m.d.comb += self.go.eq((clear | ~self.ending if self.in_turn else clear) & ~full)

    def _results(self, m: Module, end: Signal, mark: Signal) -> None:
        """What leaves, and of which tile; ``end`` comes as the first row leaves."""
        form, step, stage = self.tag_form, self.shape.step, Dataflow.ROWS_PER_BUS_STAGE
        parity = Signal()
        first = Signal(init=1)
        m.d.sync += [parity.eq(parity ^ mark), first.eq((first & ~end) | mark)]
        done = Signal(2)
        filled = Signal(2)
        for i in range(2):
            left = self.finish & (self.finish_parity == i)
            m.d.sync += done[i].eq((done[i] | (mark & (parity == i))) & ~left)
            m.d.sync += filled[i].eq((filled[i] | (end & (parity == i))) & ~left)
        # The same for all rows: what arrives last, and then what leaves.
        same = {"plane": form.fields["plane"], "steps": form.step_bits}
        last, held = (
            {name: Signal(bits, name=f"{when}_{name}", reset_less=True) for name, bits in same.items()}
            for when in ("last", "held")
        )
        whose = Signal(1 + form.fields["first"], reset_less=True)
        with m.If(self.en):
            if self.of_planes:
                m.d.sync += last["plane"].eq(self.arrive_plane)
            m.d.sync += last["steps"].eq(Mux(self.clear, step, last["steps"] + step))
        busy = Signal()
        pause = Signal()
        row = Signal(form.fields["row"])
        with m.If(end):
            m.d.sync += [busy.eq(1), row.eq(0), pause.eq(0), whose.eq(Cat(parity, first))]
            m.d.sync += [held[name].eq(last[name]) for name in same]
        with m.Elif(pause):
            m.d.sync += pause.eq(0)
        with m.Elif(busy):
            m.d.sync += [
                busy.eq(row != self.params.rows - 1),
                row.eq(row + 1),
                pause.eq(row[: (stage - 1).bit_length()] == stage - 1 if self.params.rows > stage else 0),
            ]
        tag = form.join(valid=busy & ~pause, parity=whose[0], first=whose[1:], row=row, **held)
        m.d.comb += [self.tag.eq(tag), self.done.eq(done), self.filled.eq(filled)]
