"""Beats to steps where the digits of an operand follow each other in time: what stands in front of the array."""

from __future__ import annotations

from functools import reduce
from operator import or_

from amaranth.hdl import Cat, Const, Module, Mux, Signal, Value
from amaranth.lib.wiring import In, Out

from hdl.arith.encoding import Recoder
from hdl.arith.step import Step, step_digits, step_weights
from hdl.engine.held import HeldDigits, HeldOperands
from hdl.lib import roles
from hdl.lib.shared import Part, place
from hdl.params import EngineParams
from hdl.params.axes import Recoded

__all__ = ["Stepper"]


class Stepper(Part):
    """Turn a beat of operands of A and B into steps: some digits of all that are recoded, then the next ones.

    A beat takes as many steps as operands have groups of digits, the lowest first. Where steps without any digit are
    skipped, it takes as many as are left, and one if none is. All rows, columns and lanes go on together. Beats follow
    each other without a gap.

    Members
    -------
    en : In(1)
        Advance; otherwise nothing changes.
    have, last : In(1)
        A beat waits on both operand streams; it is the last of its tile.
    accept : Out(1)
        The beat that waits is taken.
    idle : Out(1)
        No beat is under way.
    a : In(rows * k_step * a.width)
    b : In(cols * k_step * b.width)
    valid, step_last : Out(1)
        There is a step, ``latency`` cycles after its beat was offered at the earliest; it is the last of its tile.
    take : In(1)
        The step is done. Only where ``en``.
    a_step, b_step : Out
        The operands of the step for each row and column, as PEs take them: digits of one, which are zero where there is
        no ``take``, and the other one, shifted to their weight; or, where PEs shift, as it is, and the number of the
        step before those of A.

    Attributes
    ----------
    held : dict of Part
        What holds the operands of a row of A, and of a column of B.
    places : dict of int
        How many there are of each.
    latency : int
        Cycles from a beat to its first step, at the least.
    """

    module = "serialiser"
    role = roles.SERIALISER
    resets = True

    def __init__(self, params: EngineParams) -> None:
        digits, lanes = step_digits(params), params.k_step
        self.skips = params.data_dependent
        self.recoded, other, form = ("b", "a", params.a) if params.axes.recoded is Recoded.B else ("a", "b", params.b)
        self.held = {
            self.recoded: HeldDigits(digits, Recoder(params.encoder, digits.operand), lanes, waits=self.skips),
            other: HeldOperands(digits, form, Step.of(params).b.width, lanes, waits=self.skips),
        }
        self.places = {"a": params.rows, "b": params.cols}
        self.steps = digits.steps
        #: Bits of the number of the step that PEs are told.
        self.index_bits = (self.steps - 1).bit_length() if step_weights(params) else 0
        self.latency = 2 if self.skips else 1
        flags = {name: In(1) for name in ("en", "have", "last", "take")}
        flags |= {name: Out(1) for name in ("accept", "idle", "valid", "step_last")}
        beats = {name: In(self.places[name] * len(self.held[name].values)) for name in "ab"}
        told = {"a": self.index_bits, "b": 0}
        steps = {f"{name}_step": Out(self.places[name] * (told[name] + len(self.held[name].step))) for name in "ab"}
        super().__init__(flags | beats | steps)

    def elaborate(self, platform: object) -> Module:
        m = Module()
        valid = Signal()
        last = Signal(name="beat_last")
        load = Signal()
        first = Signal()
        moves = Signal()
        done = Signal()  # the step is the last one of its beat: known in a register, as much depends on it
        if self.skips:
            there, there_last, store = self._wait(m, load)
            controls = {"store": store, "load": load}
        else:
            there, there_last = self._hold(m, load), self.last
            controls = {"store": load}
        select = Signal(self.steps)
        some = self._operands(m, select, controls)
        following, ends = self._skip(m, some, first, moves) if self.skips else self._count(first, select)
        free = Signal()
        dropped = self.dropped
        m.d.comb += [
            self.idle.eq(~valid & ~there),
            first.eq(~valid | done | dropped),  # the step after this one begins a beat
            moves.eq(~valid | self.take | dropped),
            free.eq((self.en & ~valid) | (self.take & done) | dropped),
            load.eq(free & there),
            self.valid.eq(valid),
        ]
        with m.If(free):
            m.d.sync += valid.eq(there)
        with m.If(load):
            m.d.sync += last.eq(there_last)
        with m.If(moves):
            m.d.sync += [select.eq(following), done.eq(ends)]
        self.say(m, first, moves, select, done=done, last=last, ends=ends & Mux(first, there_last, last))
        return m

    @property
    def dropped(self) -> Value:
        """The beat is not wanted, whatever is left of it."""
        return Const(0, 1)

    def say(
        self, m: Module, first: Value, moves: Value, select: Value, *, done: Value, last: Value, ends: Value
    ) -> None:
        """Further outputs: the step ``ends`` its tile. That is known, where it ``moves``, of the step to come."""
        step_last = Signal()
        with m.If(moves):
            m.d.sync += step_last.eq(ends)
        m.d.comb += self.step_last.eq(step_last)

    def _wait(self, m: Module, load: Value) -> tuple[Value, Value, Value]:
        """A place for the next beat: whether one waits there, whether it is its tile's last, and that one is stored."""
        waiting = Signal()
        waiting_last = Signal()
        store = Signal()
        m.d.comb += [self.accept.eq(store), store.eq(self.en & (~waiting | load) & self.have)]
        with m.If(store):
            m.d.sync += [waiting.eq(1), waiting_last.eq(self.last)]
        with m.Elif(load):
            m.d.sync += waiting.eq(0)
        return waiting, waiting_last, store

    def _hold(self, m: Module, load: Value) -> Value:
        """The next beat waits where it comes from; gives whether one does.

        Where a beat takes several steps it is accepted a cycle after it was loaded, so that nothing in front waits for
        what this cycle decides.
        """
        if self.steps == 1:
            m.d.comb += self.accept.eq(load)
            return self.have
        loaded = Signal()
        m.d.sync += loaded.eq(load)
        m.d.comb += self.accept.eq(loaded)
        return self.have & ~loaded

    def _operands(self, m: Module, select: Value, controls: dict[str, Value]) -> Value:
        """Hold the operands of all rows and columns; gives the steps in which one that waits has a digit."""
        taken = Signal(self.steps)
        m.d.comb += taken.eq(select & self.take.replicate(self.steps))
        some: list[Value] = []
        for name, part in self.held.items():
            values, chosen = getattr(self, name), taken if name == self.recoded else select
            placed = []
            for i in range(self.places[name]):
                own = {"values": values.word_select(i, len(part.values))}
                own |= {"select": chosen} if part.selects else {}
                placed.append(place(m, f"{name}{i}", part, **own, **controls))
            told = self.number(select, self.index_bits) if name == "a" else Const(0, 0)
            m.d.comb += getattr(self, f"{name}_step").eq(Cat(Cat(told, each.step) for each in placed))
            if name == self.recoded and self.skips:
                some = [each.some for each in placed]
        return self._some(some)

    @staticmethod
    def number(select: Value, bits: int) -> Value:
        """The number of the step that is asked for; 0 where there is none."""
        return Cat(Cat(select[i] for i in range(len(select)) if (i >> bit) & 1).any() for bit in range(bits))

    def _some(self, each: list[Value]) -> Value:
        """The steps in which one of them has a digit."""
        return reduce(or_, each, Const(0, self.steps))

    def _count(self, first: Value, select: Value) -> tuple[Value, Value]:
        """The next step, which follows the one before, and whether it is the last one."""
        if self.steps == 1:
            return Const(1, 1), Const(1, 1)
        return Mux(first, 1, select << 1), select[-2] & ~first

    def _skip(self, m: Module, some: Value, first: Value, moves: Value) -> tuple[Value, Value]:
        """The next step in which there is a digit, or none at all, and whether it is the last one."""
        if self.steps == 1:
            return Mux(first, some, 0), Const(1, 1)
        left, others = (Signal(self.steps - 1, name=name) for name in ("left", "others"))
        among = Signal(self.steps)
        below = Cat(among[:i].any() for i in range(1, self.steps))
        m.d.comb += [among.eq(Mux(first, some, Cat(Const(0, 1), left))), others.eq(among[1:] & below)]
        with m.If(moves):
            m.d.sync += left.eq(others)
        return Cat(among[0], among[1:] & ~below), ~others.any()
