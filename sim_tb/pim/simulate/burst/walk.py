"""Programs as segments, one after the other: what the issuer does with its program counter, its loops and registers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hdl.params import ToolError
from hdl.params.pim import FAULTS, Instruction, PimParams
from sim_tb.pim.simulate.burst.blocks import Block, Layers, Stretch
from sim_tb.pim.simulate.burst.canonical import FAR
from sim_tb.pim.simulate.burst.learnt import Learnt
from sim_tb.pim.simulate.burst.memory import Memory, Passed
from sim_tb.pim.simulate.burst.names import Names, renamed
from sim_tb.pim.simulate.burst.segment import BEGINS, CLOSES, Segment
from sim_tb.pim.simulate.burst.spans import Spans
from sim_tb.pim.simulate.listing import Listing
from sim_tb.pim.simulate.prepare import NOTHING, Prepared, takes_scalars
from sim_tb.pim.simulate.scalars import Scalars
from sim_tb.pim.simulate.statistics import Numbers, statistics_of
from sim_tb.pim.simulate.system import LOADED, RESET, RESTS, Run, Simulated
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Walk", "burst"]


def burst(
    params: PimParams,
    program: Sequence[int],
    starts: Sequence[int] = (0,),
    *,
    scalars: Sequence[int] = (),
    results: Iterable[int] = (),
    inputs: int = 0,
    limit: int = 1_000_000,
    rest: int = 0,
    memory: Memory | None = None,
) -> Simulated:
    """The same as :func:`sim_tb.pim.simulate.simulate` without a log.

    Parameters
    ----------
    params, program, starts, scalars, results, inputs, limit, rest
        As there.
    memory : Memory, optional
        What is known of the system from other programs, and grows with these.

    Raises
    ------
    ToolError, ConfigError
        As there.
    """
    walk = Walk(memory or Memory(params), len(program), scalars, results, inputs, limit)
    walk.load(program)
    walk.begin()
    for index, start in enumerate(starts):
        walk.run(start, last=index == len(starts) - 1)
    return walk.result(rest)


class Walk:
    """Runs programs; see :func:`burst`.

    Parameters
    ----------
    memory : Memory
    loaded : int
        Words that the host loads before the first program.
    scalars, results, inputs, limit
        As for :func:`burst`.

    Attributes
    ----------
    time, until : int
        The present clock, and clocks until the next refresh is due (``FAR`` without refreshes).
    state : int
        The state, by its number.
    counts : array of int64
        What counts in the statistics so far.
    """

    def __init__(
        self,
        memory: Memory,
        loaded: int,
        scalars: Sequence[int] = (),
        results: Iterable[int] = (),
        inputs: int = 0,
        limit: int = 1 << 62,
    ) -> None:
        self.memory, self.limit = memory, limit
        self.params = memory.params
        self.interval = self.params.timing.trefi
        self.listing = Listing(self.params, ())
        self.scalars = Scalars(scalars)
        self.results = iter(results)
        self.names = Names()
        self.loops: list[list[int]] = []
        self.runs: list[Run] = []
        self.marks: list[tuple[int, int]] = []
        self.time = max(loaded, LOADED) - 1
        shape, places, self.until, self.counts = memory.steps.machine.begin(self.time, inputs)
        self.state = memory.states.number((memory.steps.number(shape), places))
        self.vector = self.given = 0
        self.earlier = self.later = NEVER

    def load(self, program: Sequence[int]) -> None:
        """Another program in the program memory."""
        self.listing.load(program)
        self._leaps = self.memory.blocks.leaps(program)

    def begin(self) -> None:
        """The host begins a program, while none runs."""
        self._take(self.memory.steps.segments.between(NOTHING, BEGINS), last=True)

    def close(self) -> Numbers:
        """What has counted since this was last asked, while no program runs."""
        self._take(self.memory.steps.segments.between(NOTHING, CLOSES), last=True)
        found, self.counts = self.counts, self.memory.steps.zeros.copy()
        return found

    def run(self, pc: int, *, last: bool) -> None:
        """A program, up to where another one begins, or to its end if it is the last one."""
        instructions = interrupts = 0
        vector = self.vector
        self.loops = []
        while True:
            found = None if self.loops else self._leap(pc)
            if found:
                done, pc = found
                instructions += done
                continue
            one = self.listing.advanced(pc, self.loops) if pc < self.listing.length else None
            segments = self._segments(pc, one)
            given = one is not None and one.by_register and self._await(segments[0], last=last)
            if given:
                segments = self._segments(pc, one)
            if one is not None:
                self.scalars.check(one, pc)
            for segment in segments:
                begun = self.time
                learnt = self._take(segment, last=last)
                if not given:
                    self._give(learnt.gives)
                given = False
                if learnt.ends:
                    break
            if learnt.mark is not None:
                assert one is not None
                self.marks.append((begun + learnt.mark + RESET, one["tag"]))
            error = learnt.ends[1] if learnt.ends else 0
            if one is not None and not error:
                instructions += 1
                interrupts += "irq" in one.flags
                self.scalars.set_by(one)
                pc = self.listing.follow(pc, one, self.loops)
            if learnt.ends:
                ended = begun + learnt.ends[0] + RESET, error, pc, not error, instructions, interrupts
                self.runs.append(Run(*ended, self.vector - vector))
                return

    def _take(self, segment: Segment, *, last: bool) -> Learnt:
        """Go on by a segment."""
        shape, places = self.memory.states.all[self.state]
        step, shape, places = self.memory.steps.step(shape, places, self.until, self._named(segment), last=last)
        self.state = self.memory.states.number((shape, places))
        learnt = step.learnt
        self._went(learnt.clocks, learnt.vector, learnt.counts)
        return learnt

    def _await(self, segment: Segment, *, last: bool) -> bool:
        """Registers that are written before an instruction reads its length from one, whatever that will be."""
        shape, places = self.memory.states.all[self.state]
        gives = self.memory.steps.step(shape, places, self.until, self._named(segment), last=last)[0].learnt.gives
        self._give(gives)
        return bool(gives)

    def _named(self, segment: Segment) -> Segment:
        """A segment with its bank numbered as in states."""
        if not segment.mask:
            return segment
        self._even()
        (number,) = self.names.of([segment.bank])
        return segment if number == segment.bank else renamed(segment, {segment.bank: number})

    def _even(self) -> None:
        """Forget the numbers of banks where none is different from the others."""
        if self.memory.states.even(self.state):
            self.names.forget()

    def _went(self, clocks: int, vector: int, counts: Numbers) -> None:
        """Time has gone on, with what counts in it."""
        self.counts += counts
        self.time += clocks
        if self.interval:
            self.until = (self.until - clocks - 1) % self.interval + 1
        self.vector += vector
        if self.time >= self.limit - RESET:
            raise ToolError(f"The program did not end within {self.limit} clocks.")

    def _give(self, registers: Sequence[int]) -> None:
        for register in registers:
            self.scalars[register] = next(self.results, None)
            self.given += 1

    # --- blocks ------------------------------------------------------------------------------------------------------
    def _leap(self, pc: int) -> tuple[int, int] | None:
        """All of a stretch, or of layers: how many instructions have ended, and where the program goes on."""
        leaps = self._leaps
        if pc not in leaps:
            inside = pc < self.listing.length
            leaps[pc] = self.memory.blocks.leap(self.listing.program, pc) if inside else None
        found = leaps[pc]
        if isinstance(found, Layers):
            return self._layers(found, pc)
        if found is None:
            return None
        done, past = self._along(found)
        return (done, past) if past > pc else None

    def _layers(self, layers: Layers, pc: int) -> tuple[int, int]:
        states = self.memory.states
        moved, done, past = 0, 1, layers.turn.past
        self._pass(layers.head)
        for turn in range(layers.turns):
            if turn:
                moved += layers.step
                self.state = states.shifted(self.state, -layers.step)
            ended, past = self._along(layers.turn)
            done += ended
            if past < layers.turn.past:
                self.loops = [[pc, turn]]
                break
        self.state = states.shifted(self.state, moved)
        return done, past

    def _along(self, stretch: Stretch) -> tuple[int, int]:
        """Blocks one after the other, up to one in which the program ends: instructions, and the place behind."""
        memory, begin, until, program = self.memory, self.state, self.until, self.listing.program
        self._even()
        numbers = self.names.of([memory.blocks.bank(program[place]) for place in stretch.banked])
        spans = memory.passed.setdefault((stretch.number, numbers, begin), Spans())
        passed = spans.find(until if until != FAR else NEVER)
        if passed:
            self._went(passed.clocks, passed.vector, passed.counts)
            self.state = passed.state
            for place in stretch.sets:
                self._set(place)
            return stretch.instructions, stretch.past
        time, vector, counts, given, done = self.time, self.vector, self.counts.copy(), self.given, 0
        named, self.earlier, self.later = 0, NEVER, NEVER
        for block, place in zip(stretch.body, stretch.places, strict=True):
            if not self._pass(memory.blocks.named(block, numbers[named : named + block.banks])):
                return done, place
            named += block.banks
            if block.sets:
                self._set(place)
            done += block.instructions
        if self.given == given:
            passed = Passed(self.time - time, self.vector - vector, self.state, self.counts - counts)
            first, last = (0, NEVER) if until == FAR else (until - self.earlier, until + self.later)
            spans.add(first, last, passed)
        return done, stretch.past

    def _set(self, place: int) -> None:
        """Scalar registers that an instruction of the issuer sets."""
        one = self.listing.written(place)
        assert one is not None
        self.scalars.set_by(one)

    def _pass(self, block: Block) -> bool:
        """Go the way of a block; False if the program ends on it."""
        memory = self.memory
        trail = memory.trail(self.state, block)
        if trail.halts:
            return False
        gone = trail.go(self.until)
        self._went(gone.clocks, gone.vector, gone.counts)
        self._give(gone.gives)
        self.state = gone.end
        self.earlier, self.later = min(self.earlier, gone.earlier), min(self.later, gone.later)
        return True

    # --- instructions ------------------------------------------------------------------------------------------------
    def _segments(self, pc: int, one: Instruction | None) -> Sequence[Segment]:
        if pc >= self.listing.length:
            return [self.memory.steps.segments.absent(NOTHING)]
        fenced, wraps = self.listing.fenced(pc), self.listing.wraps(pc, self.loops)
        prepared, scalar = NOTHING, False
        if one is not None:
            scalar = takes_scalars(one)
            prepared = self.listing.prepared(one, self.scalars.integer(one))
            if self.listing.misplaced(one, self.loops):
                prepared = Prepared(one, FAULTS["LOOP"].code, replace(prepared.part, work=None))
        return list(self.memory.steps.segments.of(prepared, fenced=fenced, wraps=wraps, scalar=scalar))

    def result(self, rest: int) -> Simulated:
        """What has happened, after some more clocks."""
        clocks = RESTS + rest + 1
        memory, steps = self.memory, self.memory.steps
        shape, places = memory.states.all[self.state]
        counts = self.counts + steps.machine.finish(steps.shapes[shape], places, self.until, clocks)
        return Simulated(
            runs=self.runs,
            marks=self.marks,
            log=[],
            cycles=self.time + clocks + RESET,
            statistics=statistics_of(counts, self.params.channels),
        )
