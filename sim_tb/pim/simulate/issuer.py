"""The issuer: instructions in order, each checked, held back, and handed to its unit."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass

from hdl.params import ConfigError, Problem
from hdl.params.pim import (
    FAULTS,
    LEVELS,
    SCALARS,
    Instruction,
    PimParams,
    instruction,
)
from sim_tb.pim.simulate.keep import kept
from sim_tb.pim.simulate.listing import Listing
from sim_tb.pim.simulate.prepare import Part, Prepared
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER, work_of

__all__ = ["Ended", "Issuer", "takes_scalars"]

#: What it does next. A stage's clock is that in which it is decided whether it goes on.
REST, FETCH, FENCED, SETTLE, WALK, DISPATCH, END, DRAIN, CLOSED = range(9)


@dataclass(frozen=True)
class Ended:
    """How a program ended.

    Parameters
    ----------
    clock : int
        From which on it runs no longer.
    error, pc, halted, instructions, interrupts
        As ERROR, PC and STATUS say; how many instructions and interrupts there were.
    """

    clock: int
    error: int
    pc: int
    halted: bool
    instructions: int
    interrupts: int


class Issuer:
    """Executes programs.

    It goes ahead of the clock where what it waits for can only get better, and where nobody minds. What vector unit and
    data mover are told, they are told in time.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words.
    scalars : sequence of int
        The scalar registers at first.
    results : iterable of int
        What instructions that give a scalar give, in their order.
    units : Units

    Attributes
    ----------
    wake : int
        The clock in which :meth:`step` has to be called.
    marks : list of (clock, int)
        Clock and tag.
    handed : list of (clock, int)
        The clock in which each instruction had been handed on as a whole, and its place.
    ordered : list of (int, int)
        The place of the instruction that each operation of channels is from, and the mask of channels.
    ended : callable
        Called when a program has ended.
    rests : callable
        Called with the first clock in which it runs no longer, or, after an error, has been cleared.
    """

    def __init__(
        self,
        params: PimParams,
        program: Sequence[int],
        scalars: Sequence[int],
        results: Iterable[int],
        units: Units,
    ) -> None:
        self.params = params
        self.listing = Listing(params, program)
        self.scalars: list[int | None] = [*scalars, *[0] * (SCALARS - len(scalars))]
        self.results: Iterator[int] = iter(results)
        self.units = units
        units.report(self.poke, self._give)
        self.ended: Callable[[Ended], None] = lambda _: None
        self.rests: Callable[[int], None] = lambda _: None
        self.marks: list[tuple[int, int]] = []
        self.handed: list[tuple[int, int]] = []
        self.ordered: list[tuple[int, int]] = []
        self.wake = NEVER
        self.waiting = False
        self.stage, self.clock = REST, 0
        self.pc = self.next_pc = 0
        self.error = 0
        self.loaded = 0
        self.instructions = self.interrupts = 0
        self.loops: list[list[int]] = []  # place of the LOOP, iteration
        self.index = 0  # the range that is looked at
        self.number = -1  # the part of a VMM that is at work
        self.one: Instruction | None = None
        self.prepared: Prepared | None = None
        self.nothing = Prepared(instruction("NOP"), FAULTS["OPCODE"].code, Part(()))

    # --- what others do ----------------------------------------------------------------------------------------------
    def load(self, program: Sequence[int]) -> None:
        """Another program in the program memory; what has happened before is forgotten."""
        self.listing.load(program)
        self.marks.clear()
        self.handed.clear()
        self.ordered.clear()

    def begin(self, clock: int, pc: int) -> None:
        """A program starts in a clock."""
        self.pc = pc
        self.stage, self.clock = FETCH, clock + 1
        self.loops = []
        self.instructions = self.interrupts = 0
        self.wake = self.clock

    def poke(self, clock: int) -> None:
        """Something that it may wait for has changed, and shows from a clock on."""
        if self.waiting and clock < self.wake:
            self.wake = clock

    def _give(self, register: int) -> None:
        self.scalars[register] = next(self.results, None)

    # --- time --------------------------------------------------------------------------------------------------------
    def step(self, clock: int) -> None:
        """Go on as far as possible; ``clock`` is the present one."""
        if self.waiting and self.clock < clock:
            self.clock = clock
        self.waiting = False
        self.wake = NEVER
        while self._STAGES[self.stage](self, clock):
            pass

    def _when(self, clock: int) -> bool:
        """Go on in a clock; if it is unknown, wait until something changes."""
        if clock >= NEVER:
            self.waiting = True
            return False
        self.clock = max(self.clock, clock)
        return True

    def _in_time(self, clock: int) -> bool:
        """What comes next must be done in its clock."""
        if self.clock > clock:
            self.wake = self.clock
            return False
        return True

    # --- an instruction ----------------------------------------------------------------------------------------------
    def _rest(self, clock: int) -> bool:
        return False

    def _fetch(self, clock: int) -> bool:
        if self.pc >= self.listing.length:
            return self._fails(FAULTS["PROGRAM"].code)
        self.next_pc = self.pc + 1
        self.stage, self.clock = FENCED, self.clock + 2
        return True

    def _fenced(self, clock: int) -> bool:
        if self.listing.fenced(self.pc) and not self._when(self.units.idle_from()):
            return False
        self.clock += 1 + self.listing.wraps(self.pc, self.loops)
        self.one = self.listing.advanced(self.pc, self.loops)
        self.stage = SETTLE
        return True

    def _settle(self, clock: int) -> bool:
        one = self.one
        if one is not None and self.units.vector.any_gives and takes_scalars(one):
            self.waiting = True
            return False
        self.prepared = self.nothing if one is None else self._prepare(one)
        self._walks(self.prepared.part, self.clock + 2 + self.prepared.locates)
        self.number = -1
        return True

    def _prepare(self, one: Instruction) -> Prepared:
        operand, scalar = one.op.integer, None
        if operand is not None:
            scalar = one[operand.name]
            if one.by_register:
                value = self.scalars[scalar]
                if value is None:
                    message = f"uses r{scalar} as {operand.name}, which the vector unit gives"
                    raise ConfigError([Problem(f"instruction {self.pc}", message, "give the results")])
                scalar = value & (1 << operand.integer_bits) - 1
        return self.listing.prepared(one, scalar)

    def _walks(self, part: Part, clock: int) -> None:
        """The ranges are looked at, a clock each, from a clock on, after lengths are known."""
        self.clock = clock + part.multiplies + 1
        self.index = 0
        self.stage = WALK

    @property
    def part(self) -> Part:
        """What is checked and handed on now."""
        assert self.prepared is not None
        return self.prepared.part if self.number < 0 else self.prepared.parts[self.number]

    def _walk(self, clock: int) -> bool:
        ranges, work = self.part.ranges, self.part.work
        collected = work is not None and work.collect is not None
        while self.index < len(ranges):
            words = ranges[self.index]
            if words is not None and not self._when(self.units.free_from(self.clock, *words, collected)):
                return False
            self.clock += 1
            self.index += 1
        # One clock to see that no range is left, which is the first one where there is none.
        self.clock += bool(ranges)
        self.stage = DISPATCH
        return True

    def _dispatch(self, clock: int) -> bool:
        prepared, one = self.prepared, self.one
        assert prepared is not None
        fault = self._fault(prepared)
        if fault:
            return self._fails(fault)
        assert one is not None
        if self.number >= 0 or prepared.part.work:
            return self._to_channels()
        name, unit = one.op.name, one.op.unit
        if name in ("HALT", "FENCE") and not self._when(self.units.idle_from()):
            return False
        if unit == "stream":
            if not (self._when(self.units.mover.quiet_from) and self._in_time(clock)):
                return False
            self.units.move(clock, prepared.part, name == "OUT")
            return self._told(clock)
        if prepared.start:
            if not (self._when(0 if self.units.vector.ready else NEVER) and self._in_time(clock)):
                return False
            self.units.calculate(clock, prepared.part, prepared.start)
            return self._told(clock)
        if name == "VMM":
            return self._expand()
        self._control(one)
        self.stage, self.clock = END, self.clock + 1
        return True

    def _told(self, clock: int) -> bool:
        """A unit has been told something; what it shows is of no meaning before the next clock."""
        self.stage, self.clock = END, clock + 1
        self.wake = clock + 1
        return False

    def _fault(self, prepared: Prepared) -> int:
        """The lowest code of what is wrong, or 0."""
        one, fault = self.one, prepared.fault
        if one is None or fault in (FAULTS["OPCODE"].code, FAULTS["LOOP"].code):
            return fault
        name = one.op.name
        if name == "LOOP":
            named, _ = self.listing.split(self.loops)
            if self.loops if "rows" in one.flags else len(named) == LEVELS:
                return FAULTS["LOOP"].code
        if name == "ENDL" and not self.loops:
            return FAULTS["LOOP"].code
        if not fault and prepared.use.reads & ~self.loaded:
            return FAULTS["ACCUMULATOR"].code
        return fault

    def _control(self, one: Instruction) -> None:
        name = one.op.name
        if name == "LOOP":
            self.loops.append([self.pc, 0])
        elif name == "ENDL":
            place, turn = self.loops[-1]
            if turn + 1 < self.listing.turns(place):
                self.loops[-1][1] += 1
                self.next_pc = place + 1
            else:
                self.loops.pop()
        elif name == "SETR":
            self.scalars[one["r"]] = one["value"]
        elif name == "SKEEP":
            self.scalars[one["r"] : one["r"] + 2] = kept(self.scalars, one["r"], one["s"], one["value"])
        elif name == "MARK":
            self.marks.append((self.clock, one["tag"]))

    # --- channels ----------------------------------------------------------------------------------------------------
    def _to_channels(self) -> bool:
        part = self.part
        assert part.work is not None
        if not self.units.accept(part, part.work, self.clock):
            self.waiting = True
            return False
        assert self.one is not None
        self.ordered.append((self.pc, part.work.mask))
        assert self.prepared is not None
        self.loaded = self.prepared.use.after(self.loaded)
        if self.number >= 0:
            return self._expand()
        self.stage, self.clock = END, self.clock + 1
        return True

    def _expand(self) -> bool:
        """The next part of a VMM."""
        prepared = self.prepared
        assert prepared is not None
        self.number += 1
        if self.number == len(prepared.parts):
            self.stage, self.clock = END, self.clock + 1
            return True
        self._walks(self.part, self.clock + 3 + self.part.crosses)
        return True

    # --- ends --------------------------------------------------------------------------------------------------------
    def _end(self, clock: int) -> bool:
        one = self.one
        assert one is not None
        if "irq" in one.flags:
            if not self._when(self.units.idle_from()):
                return False
            self.interrupts += 1
        self.instructions += 1
        self.handed.append((self.clock, self.pc))
        self.pc = self.next_pc
        self.stage, self.clock = FETCH, self.clock + 1
        if one.op.name == "HALT":
            self.stage = DRAIN
        return True

    def _fails(self, code: int) -> bool:
        self.error = code
        self.stage, self.clock = DRAIN, self.clock + 1
        return True

    def _drain(self, clock: int) -> bool:
        if not (self._when(self.units.idle_from()) and self._in_time(clock)):
            return False
        self.stage = REST
        self.ended(Ended(clock + 1, self.error, self.pc, not self.error, self.instructions, self.interrupts))
        if not self.error:
            self.rests(clock + 1)
            return False
        # The host clears the error, and all banks are closed.
        everyone = (1 << self.params.channels) - 1
        for each in self.units.channels:
            each.push(work_of(self.params, instruction("PRE_AB", mask=everyone)).operation, clock + 6)
        self.stage, self.clock = CLOSED, clock + 6
        return True

    def _closed(self, clock: int) -> bool:
        if not (self._when(self.units.idle_from()) and self._in_time(clock)):
            return False
        self.stage, self.error = REST, 0
        self.rests(clock + 1)
        return False

    _STAGES = (_rest, _fetch, _fenced, _settle, _walk, _dispatch, _end, _drain, _closed)

    # --- state -------------------------------------------------------------------------------------------------------
    def state(self, now: int) -> State:
        """All that what follows depends on, before the clock ``now``; clocks as distances from it."""
        where = (self.stage, self.waiting, max(0, self.clock - now), self.index, self.number)
        places = (self.pc, self.next_pc, self.error, self.loaded, *map(tuple, self.loops))
        return where, places, tuple(-1 if value is None else value for value in self.scalars)

    def restore(self, state: State, now: int) -> None:
        """Be in a state that :meth:`state` has given, before the clock ``now``."""
        where, places, scalars = state
        self.stage, self.waiting, clock, self.index, self.number = where
        self.pc, self.next_pc, self.error, self.loaded, *loops = places
        self.loops = [list(each) for each in loops]
        self.scalars = [None if value < 0 else value for value in scalars]
        self.clock, self.wake = now + clock, now
        if self.stage in (SETTLE, WALK, DISPATCH, END):
            self.one = self.listing.advanced(self.pc, self.loops)
        if self.stage in (WALK, DISPATCH) and self.one:
            self.prepared = self._prepare(self.one)


def takes_scalars(one: Instruction) -> bool:
    """It reads or writes scalar registers."""
    op = one.op
    named = any(operand.register for operand in op.operands)
    return named or ("reg" in one.flags and op.or_scalar is not None)
