"""Control of a weight-stationary array: when weights are loaded and taken over, and where the rows of A are."""

from __future__ import annotations

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.lib import roles
from hdl.lib.delay import held
from hdl.lib.shared import Part
from hdl.params import EngineParams

__all__ = ["WeightControl"]


class WeightControl(Part):
    """The control of a weight-stationary array.

    The array advances in *steps*: cycles in which ``en`` is high. A row of A enters in a step, or none does: which
    steps are rows is known wherever they pass. A block of B is loaded, one step of K after another, while rows are
    multiplied with the one before; its first row may enter after that, and with it the next block may begin to be
    loaded. Blocks therefore follow each other every max(rows, depth) steps.

    B decides where a tile ends. If A ends before it, zeros enter instead of the rows that are missing; if A goes on, up
    to its own ``last``, its rows are discarded, a beat a cycle. A block in which B ends too early is filled up with
    zeros.

    Parameters
    ----------
    params : EngineParams
    sums : int
        Steps from the entry of a row to its sums, in the first column.
    finish : int
        Steps in which the column's foot makes numbers of them.
    align : int
        Steps by which the last column comes later.
    flags : dict
        The bits of each flag that feet take, see :class:`hdl.array.foot.Foot`.

    Where digits follow each other in time a row of A has several steps, and all that is said here of beats of A that
    wait holds of those.

    Members
    -------
    wanted : In(1)
        Tiles of the job have still to enter, on the stream of B.
    a_valid, a_last, b_valid, b_last : In(1)
        Beats that wait. ``a_take``, ``b_take`` : Out(1) accept them, ``a_drop`` : Out(1) discards them.
    a_begins, a_ends, a_index : In
        What waits of A is a row's first step, or its last one; the number of the step that is taken. Where a row has
        several.
    a_short, b_short : Out(1)
        The stream has ended too early: zeros enter the array.
    active, starved : Out(1)
        A row of A enters; a row is wanted, or a block for it, and no beat is there.
    mismatch : Out(1)
        A beat of A disagrees with B on the end of a tile, or a tile ends inside a block.
    en : Out(1)
    swap, load : Out(1), Out(depth)
        To the array, with the beats that are taken.
    valid, first ... : Out
        To the foot of the first column.
    row_valid, row_last : Out(1)
        In a step: a row of results is complete and aligned, a tile's last.
    room : In(1)
        The result buffer can take a row in the next cycle.
    """

    module = "control"
    role = roles.CONTROL
    resets = True

    def __init__(
        self, params: EngineParams, sums: int, finish: int, align: int, flags: dict[str, int] | None = None
    ) -> None:
        self.params = params
        self.sums, self.finish, self.align = sums, finish, align
        self.flags = flags or {"valid": 1, "first": 1}
        self.in_time = params.axes.digits.order is not None
        steps = {"a_begins": In(1), "a_ends": In(1)} if self.in_time else {}
        if "index" in self.flags:
            steps["a_index"] = In(self.flags["index"])
        inputs = ("wanted", "a_valid", "a_last", "b_valid", "b_last", "room")
        beats = ("a_take", "b_take", "a_drop", "a_short", "b_short", "active", "starved", "mismatch")
        super().__init__(
            {
                **{name: In(1) for name in inputs},
                **steps,
                **{name: Out(1) for name in (*beats, "en", "swap")},
                **{name: Out(bits) for name, bits in self.flags.items()},
                **{name: Out(1) for name in ("row_valid", "row_last")},
                "load": Out(params.depth),
            }
        )

    def elaborate(self, platform: object) -> Module:
        m = Module()
        full = Signal()  # a whole block is loaded and waits for its first row
        full_first = Signal()  # it is its tile's first one
        full_last = Signal()  # and its last
        begun = Signal()  # rows of a block have entered, and more are to come
        begun_first = Signal()
        begun_last = Signal()
        tile_first = Signal()  # the same of the block of the row that enters
        tile_last = Signal()
        block_ends = Signal()  # that row is its last one
        there = Signal()  # a row, or zeros instead of it
        row = Signal()  # it enters
        weights = Signal()  # its block is there
        m.d.comb += [
            weights.eq(begun | full),
            tile_first.eq(Mux(begun, begun_first, full_first)),
            tile_last.eq(Mux(begun, begun_last, full_last)),
            row.eq(self.en & there & weights),
            self.swap.eq(self.en & there & full & ~begun),
        ]
        with m.If(self.swap):
            m.d.sync += [begun_first.eq(full_first), begun_last.eq(full_last)]
        # The beat of A that waits begins no block: rows of one are still to come, or A is out of step with the tile. A
        # register says so, as the beat of B that may enter together with a block's first row can't wait for it; where
        # zeros take the place of that row, B enters a step later.
        later = Signal()
        cut = self._load(m, self.a_valid & ~later, full, full_first, full_last)
        row_ends: Value = Const(1, 1)  # the step that enters is its row's last one
        if self.in_time:
            row_ends = Signal(name="row_ends")
            m.d.comb += row_ends.eq(self.a_ends | self.a_short)
        goes_on = self._count(m, row, begun, block_ends, row_ends)
        self._follow(m, row, tile_first, tile_last, block_ends, row_ends)
        apart, agree = self._enter(m, row, there, tile_last & block_ends, row_ends)
        m.d.sync += later.eq(goes_on | ~agree)
        b_missing = self.wanted & ~self.b_valid & ~self.b_short
        m.d.comb += [
            self.starved.eq(self.en & Mux(weights, ~there, b_missing)),
            self.mismatch.eq(cut | apart),
        ]
        return m

    def _enter(self, m: Module, row: Signal, there: Signal, tile_ends: Value, row_ends: Value) -> tuple[Value, Value]:
        """Rows of A, of which the one that ends a tile should be the stream's last.

        Gives where it is not, and whether the two agree in the next cycle.
        """
        agree_next = Signal()
        agree = Signal(init=1)  # neither has ended before the other
        short = Signal()  # A has ended, and the tile goes on; else, the tile has, and A goes on
        apart = Signal()
        again = Signal()  # the two agree again
        m.d.comb += [
            there.eq(short | (self.a_valid & agree)),
            self.a_short.eq(short),
            self.a_take.eq(row & agree),
            self.a_drop.eq(~agree & ~short),
            self.active.eq(self.a_take),
            apart.eq(self.active & (self.a_last != tile_ends) & row_ends),
            again.eq((row & tile_ends) | (self.a_drop & self.a_valid & self.a_last)),
            agree_next.eq(~apart & (agree | again)),
        ]
        m.d.sync += agree.eq(agree_next)
        with m.If(apart):
            m.d.sync += short.eq(self.a_last)
        with m.Elif(again):
            m.d.sync += short.eq(0)
        return apart, agree_next

    def _load(self, m: Module, frees: Value, full: Signal, first: Signal, last: Signal) -> Value:
        """Steps of a block into the shadow registers, which the row that waits ``frees``.

        Gives where a tile's last step is not the last one of its block.
        """
        depth = self.params.depth
        turn = Signal(depth, init=1)  # one-hot: the step that comes next
        begins = Signal(name="tile_begins", init=1)  # the next block is a tile's first
        step = Signal()
        ends = Signal()
        short = Signal()  # B has ended inside the block
        cut = Signal()
        final = short | self.b_last
        m.d.comb += [
            # The shadow registers are free, or become so in this step: ``swap``, less what the other terms say already.
            step.eq(self.en & (short | (self.b_valid & self.wanted)) & (~full | frees)),
            self.b_take.eq(step & ~short),
            self.b_short.eq(short),
            self.load.eq(turn & step.replicate(depth)),
            ends.eq(step & turn[-1]),
            cut.eq(self.b_take & self.b_last & ~turn[-1]),
        ]
        with m.If(step):
            m.d.sync += [turn.eq(turn.rotate_left(1)), short.eq(final & ~turn[-1])]
        with m.If(self.swap | ends):
            m.d.sync += full.eq(ends)
        with m.If(ends):
            m.d.sync += [begins.eq(final), first.eq(begins), last.eq(final)]
        return cut

    def _count(self, m: Module, row: Signal, begun: Signal, ends: Signal, row_ends: Value) -> Value:
        """Rows of a block: whether some have entered, and the next step is its last; gives ``begun`` to come."""
        goes_on = Signal()
        rows = self.params.rows
        left = Signal(range(rows), init=rows - 1)  # after the next one
        m.d.comb += [ends.eq(~left.any() & row_ends), goes_on.eq(Mux(row, ~ends, begun))]
        m.d.sync += begun.eq(goes_on)
        with m.If(row & row_ends):
            m.d.sync += left.eq(Mux(ends, rows - 1, left - 1))
        return goes_on

    def _follow(self, m: Module, enters: Signal, first: Signal, last: Signal, ends: Signal, row_ends: Value) -> None:
        """Where rows are, and when their results leave."""
        results = self.sums + self.finish + self.align + 1
        added = self.sums + self.finish - 1
        row = Signal(added, name="row_later")
        row_first = Signal(added, reset_less=True)
        result = Signal(results)
        result_ends = Signal(results, reset_less=True)
        valid_next = result[-2]
        with m.If(self.en):
            m.d.sync += [
                row.eq(Cat(enters & row_ends if "adds" in self.flags else enters, row)),
                row_first.eq(Cat(first, row_first)),
                result.eq(Cat(enters & last & row_ends, result)),
                result_ends.eq(Cat(ends, result_ends)),
            ]
        m.d.comb += [
            self.valid.eq(row[-1]),
            self.first.eq(row_first[-1]),
            self.row_valid.eq(result[-1]),
            self.row_last.eq(result_ends[-1]),
        ]
        if self.in_time:
            come = self.sums - 1
            self._later(m, "begins", self.a_begins | self.a_short, come if "adds" in self.flags else added)
            if "adds" in self.flags:
                self._later(m, "adds", enters, come)
            if "index" in self.flags:
                self._later(m, "index", self.a_index, come)
        # Freeze only where a row of results would find no room.
        en = Signal(init=1)
        m.d.comb += self.en.eq(en)
        m.d.sync += en.eq(self.room | ~Mux(en, valid_next, self.row_valid))

    def _later(self, m: Module, name: str, value: Value, steps: int) -> None:
        """The flag of this name is a value of some steps before."""
        m.d.comb += getattr(self, name).eq(held(m, name, value, steps, en=self.en, resets=name == "adds"))
