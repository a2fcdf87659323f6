"""One row of a sparse engine: its way through the window, its PEs, and its share of the result buses."""

from __future__ import annotations

from dataclasses import dataclass

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.shared import Part, Shared, place
from hdl.params import EngineParams
from hdl.params.sparse import SparseShape
from hdl.sparse.lookup import Lookup
from hdl.sparse.opt3 import Opt3PE
from hdl.sparse.opt4 import Opt4PE, Pick
from hdl.sparse.picker import Picker
from hdl.sparse.walker import Walker

__all__ = ["SparseRow", "Tag"]


@dataclass(frozen=True)
class Tag:
    """What goes along with a plane's sums on the result buses.

    Parameters
    ----------
    rows, planes, step_bits : int
        Sizes that decide the widths of the fields.
    whole : bool
        A sum is that of a tile: there is one of each row.
    """

    rows: int
    planes: int
    step_bits: int
    whole: bool = False

    @property
    def fields(self) -> dict[str, int]:
        """Widths: a sum is there; parity of its tile; the tile's first one of this row; row; plane; steps."""
        row, plane = (self.rows - 1).bit_length(), (self.planes - 1).bit_length()
        return {
            "valid": 1,
            "parity": 1,
            "first": int(not self.whole),
            "row": row,
            "plane": plane,
            "steps": self.step_bits,
        }

    @property
    def bits(self) -> int:
        """Bits of all fields."""
        return sum(self.fields.values())

    def join(self, **values: Value) -> Value:
        """The fields as one word."""
        return Cat(values[name] for name, width in self.fields.items() if width)

    def split(self, word: Value) -> dict[str, Value]:
        """The fields of a word."""
        result, place = {}, 0
        for name, width in self.fields.items():
            result[name] = word[place : place + width]
            place += width
        return result


class SparseRow(Part):
    """A row walks through the window at its own pace; its columns work on the same digits.

    With the last digit of a plane it asks for the result buses. When they are granted, all of its sums leave, and new
    ones begin. At the end of a tile it goes on into the next one, unless the results of the tile before are still
    there.

    Members
    -------
    number : In
        The row's number.
    push, push_slot, push_groups, push_end, push_plane : In
        A group arrives, see :class:`hdl.sparse.walker.Walker`; the digits of each lane.
    words : In
        The windows of all columns.
    request : Out(1)
        Asks for the buses. ``grant`` : In(1) answers; with ``fire`` : In(1), in this or a later cycle, the sums leave.
    finish, finish_parity : In(1)
        The results of the tile of this parity have left.
    done, filled : Out(2)
        By parity: the row has worked off its tile; there are results of it other than zero.
    holds : Out(queue)
        Slots of the window that are still needed.
    bus_in, bus_out
        From below and to above: the tag, and the accumulators of all columns; three cycles after ``fire`` where
        nothing else stands in between, column j's another j cycles later in a systolic array.
    """

    module = "row"
    role = roles.ROW
    resets = True

    def __init__(self, params: EngineParams, tag: Tag) -> None:
        self.params = params
        self.shape = shape = SparseShape(params)
        self.tag = tag
        self.pe = Opt3PE(params) if params.axes.recodes_in_pe else Opt4PE(params)
        bus = self.tag.bits + params.cols * self.pe.plane.acc_bits
        inputs = ("push", "grant", "fire", "finish", "finish_parity")
        super().__init__(
            {
                **{name: In(1) for name in inputs},
                "number": In(self.tag.fields["row"]),
                "push_slot": In(shape.slot_bits),
                "push_groups": In(shape.lanes * 3 * shape.group_digits),
                "push_end": In(2),
                "push_plane": In(range(shape.passes)),
                "words": In(params.cols * params.queue * shape.banks * params.b.width),
                "request": Out(1),
                "done": Out(2),
                "filled": Out(2),
                "holds": Out(params.queue),
                "bus_in": In(bus),
                "bus_out": Out(bus),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        release = Signal(name="goes_on")
        last = Signal(self.shape.lanes)
        walkers = [self._walker(m, lane, last[lane], release) for lane in range(self.shape.lanes)]
        held = walkers[0].holds
        for walker in walkers[1:]:
            held = held | walker.holds
        if self.params.axes.recodes_in_pe:
            step, valid, finished = self._opt3(m, walkers, last)
        else:
            step, valid, finished = self._opt4(m, walkers, last)
        tag = self._control(m, walkers, release, step, valid)
        m.d.comb += [self.holds.eq(held), self.bus_out.eq(self.bus_in | Cat(tag, *finished))]
        return m

    def _walker(self, m: Module, lane: int, last: Value, release: Value) -> Shared:
        """The walker of a lane."""
        return place(
            m,
            f"walker{lane}",
            Walker(self.shape, len(self.push_plane)),
            push=self.push,
            push_slot=self.push_slot,
            push_group=self.push_groups.word_select(lane, 3 * self.shape.group_digits),
            push_end=self.push_end,
            push_plane=self.push_plane,
            last=last,
            go_on=release,
        )

    def _operand(self, m: Module, j: int, lane: int, index: Value) -> Value:
        """The operand of a lane in column j, from its window."""
        size = len(self.words) // self.params.cols // self.shape.lanes
        words = self.words.word_select(j * self.shape.lanes + lane, size)
        return place(m, f"lookup{j}_{lane}", Lookup(self.params), words=words, index=index).word

    def _opt4(self, m: Module, walkers: list[Shared], last: Value) -> tuple[Value, Value, list[Value]]:
        """Pickers at the edge, and PEs that take their picks; says of column 0: a step is done, a digit was picked."""
        shape = self.shape
        pickers = [
            place(m, f"picker{i}", Picker(shape), load=walker.load, slot=walker.slot, group=walker.group)
            for i, walker in enumerate(walkers)
        ]
        m.d.comb += last.eq(Cat(picker.last for picker in pickers))
        word = Signal(Pick.bits(shape), init=0b11)  # the first step after a reset begins new sums
        fields = [[getattr(picker, name) for picker in pickers] for name in ("valid", "two", "neg", "index")]
        m.d.sync += word.eq(Pick.join(self.fire, *fields))
        now = Pick(shape, word)
        valid = Signal()
        m.d.comb += valid.eq(Cat(*now.valid, *fields[0]).any())
        finished = []
        if self.params.axes.hands_a_over:
            for j in range(self.params.cols):
                b = [self._operand(m, j, lane, index) for lane, index in enumerate(Pick(shape, word).index)]
                pe = place(m, f"pe{j}", self.pe, pick_in=word, b_in=Cat(b))
                word = pe.pick_out
                finished.append(Mux(pe.clear, pe.acc, 0))
            return now.step, valid, finished
        action = Signal(len(now.action), reset_less=True)
        m.d.sync += action.eq(now.action)
        for j in range(self.params.cols):
            b = [self._operand(m, j, lane, index) for lane, index in enumerate(now.index)]
            pe = place(m, f"pe{j}", self.pe, load=now.step, valid=Cat(now.valid), action=action, b_in=Cat(b))
            finished.append(Mux(action[1], pe.acc, 0))
        return now.step, valid, finished

    def _opt3(self, m: Module, walkers: list[Shared], last: Value) -> tuple[Value, Value, list[Value]]:
        """PEs that pick by themselves."""
        loads = Cat(Cat(walker.load, walker.slot) for walker in walkers)
        loaded = Signal(len(loads), reset_less=True)
        # The first sums after a reset begin as all others do, by a word that goes through the PEs: codes of digits are
        # there before it, and need no reset.
        begin = Signal(name="after_reset", init=1)
        clear = Signal()
        m.d.sync += [loaded.eq(loads), begin.eq(0)]
        m.d.comb += clear.eq(self.fire | begin)
        load: Value = Cat(clear, *(Cat(walker.load, walker.group) for walker in walkers), loaded)
        finished, pes = [], []
        for j in range(self.params.cols):
            b = Signal(len(walkers) * self.shape.operand.width, name=f"operand{j}")
            pe = place(m, f"pe{j}", self.pe, load_in=load, b_in=b)
            places = [pe.index.word_select(lane, self.shape.index_bits) for lane in range(len(walkers))]
            m.d.comb += b.eq(Cat(self._operand(m, j, lane, index) for lane, index in enumerate(places)))
            if self.params.axes.hands_a_over:
                load = pe.load_out
            finished.append(Mux(pe.clear, pe.acc, 0))
            pes.append(pe)
        m.d.comb += last.eq(pes[0].last)
        return pes[0].step, pes[0].valid | pes[0].picks, finished

    def _control(self, m: Module, walkers: list[Shared], release: Signal, step: Value, valid: Value) -> Value:
        """Ends of planes and tiles; gives the tag of the sums that leave."""
        parity = Signal()
        first = Signal(init=1)
        dirty = Signal()
        won = Signal()
        done = Signal(2)
        filled = Signal(2)
        plane_end = Signal()
        tile_end = Signal()
        go_on = Signal()
        changed = Signal()
        m.d.comb += [
            plane_end.eq(Cat(walker.at_plane_end for walker in walkers).all()),
            tile_end.eq(Cat(walker.at_tile_end for walker in walkers).all()),
            changed.eq(dirty | valid),
            self.request.eq(plane_end & changed & ~won),
            go_on.eq(tile_end & ~Mux(parity, done[0], done[1])),
            release.eq((plane_end & (self.fire | ~changed)) | go_on),
            self.done.eq(done),
            self.filled.eq(filled),
        ]
        m.d.sync += [dirty.eq(changed & ~self.fire), won.eq((won | self.grant) & ~self.fire)]
        m.d.sync += [first.eq((first & ~self.fire) | go_on), parity.eq(parity ^ go_on)]
        for i in range(2):
            left = self.finish & (self.finish_parity == i)
            m.d.sync += done[i].eq((done[i] | (go_on & (parity == i))) & ~left)
            m.d.sync += filled[i].eq((filled[i] | (self.fire & (parity == i))) & ~left)
        # The sums leave two cycles after `fire`, behind the last product.
        fired1 = Signal()
        fired2 = Signal()
        info = Signal(1 if self.tag.whole else 2 + len(self.push_plane), reset_less=True)
        steps, held = (Signal(self.shape.step_bits, name=name, reset_less=True) for name in ("steps", "held"))
        m.d.sync += [fired1.eq(self.fire), fired2.eq(fired1)]
        with m.If(self.fire):
            m.d.sync += info.eq(parity if self.tag.whole else Cat(parity, first, walkers[0].plane))
        fresh = Signal(init=1)
        if self.shape.step_bits:
            with m.If(step):
                m.d.sync += [steps.eq(Mux(fired1 | fresh, self.shape.step, steps + self.shape.step)), fresh.eq(0)]
        with m.If(fired1):
            m.d.sync += held.eq(steps)
        known = info if not self.tag.whole else Cat(info, Const(0, 1))
        tag = self.tag.join(valid=fired2, parity=info[0], first=known[1], row=self.number, plane=known[2:], steps=held)
        return tag & fired2.replicate(self.tag.bits)
