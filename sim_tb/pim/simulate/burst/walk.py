"""Programs as segments, one after the other: what the issuer does with its program counter, its loops and registers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from hdl.params import ConfigError, Problem, ToolError
from hdl.params.pim import FAULTS, LEVELS, SCALARS, Instruction, PimParams, instruction
from sim_tb.pim.simulate.burst.blocks import Block, Layers
from sim_tb.pim.simulate.burst.learnt import Learnt
from sim_tb.pim.simulate.burst.ledger import statistics_of
from sim_tb.pim.simulate.burst.memory import Memory
from sim_tb.pim.simulate.burst.segment import Segment
from sim_tb.pim.simulate.burst.trail import Detour, explore
from sim_tb.pim.simulate.issuer import takes_scalars
from sim_tb.pim.simulate.keep import kept
from sim_tb.pim.simulate.listing import Listing
from sim_tb.pim.simulate.prepare import Part, Prepared
from sim_tb.pim.simulate.system import LOADED, RESET, RESTS, STARTS, Run, Simulated

__all__ = ["burst"]

NOTHING = Prepared(instruction("NOP"), FAULTS["OPCODE"].code, Part(()))


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
    walk = Walk(memory or Memory(params), program, scalars, results, inputs, limit)
    for index, start in enumerate(starts):
        walk.run(start, last=index == len(starts) - 1)
    return walk.result(rest)


class Walk:
    """Runs programs; see :func:`burst`."""

    def __init__(
        self,
        memory: Memory,
        program: Sequence[int],
        scalars: Sequence[int],
        results: Iterable[int],
        inputs: int,
        limit: int,
    ) -> None:
        self.memory, self.limit = memory, limit
        self.params = memory.params
        self.interval = self.params.timing.trefi
        self.listing = Listing(self.params, program)
        self.scalars: list[int | None] = [*scalars, *[0] * (SCALARS - len(scalars))]
        self.results = iter(results)
        self.loops: list[list[int]] = []
        self.runs: list[Run] = []
        self.marks: list[tuple[int, int]] = []
        self.time = max(len(program), LOADED) - 1 + STARTS + 1
        shape, places, self.until, self.counts = memory.steps.machine.begin(self.time, inputs)
        self.state = memory.states.number((memory.steps.number(shape), places))
        self.vector = 0

    def run(self, pc: int, *, last: bool) -> None:
        """A program."""
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
            self._check(pc, one)
            for segment in segments:
                begun, until = self.time, self.until
                learnt = self._take(segment, last=last)
                if not given:
                    self._give(learnt.gives)
                given = False
                if learnt.ends:
                    break
            if learnt.mark:
                assert one is not None
                self.marks.append((begun + learnt.at(learnt.mark, until) + RESET, one["tag"]))
            error = learnt.ends[1] if learnt.ends else 0
            if one is not None and not error:
                instructions += 1
                interrupts += "irq" in one.flags
                pc = self._next(pc, one)
            if learnt.ends:
                ended = begun + learnt.at(learnt.ends[0], until) + RESET, error, pc, not error, instructions, interrupts
                self.runs.append(Run(*ended, self.vector - vector))
                return

    def _take(self, segment: Segment, *, last: bool) -> Learnt:
        """Go on by a segment."""
        shape, places = self.memory.states.all[self.state]
        step, shape, places = self.memory.steps.step(shape, places, self.until, segment, last=last)
        self.state = self.memory.states.number((shape, places))
        learnt, until = step.learnt, self.until
        step.times += 1
        step.later += until - learnt.until
        self._go(learnt.at(learnt.clocks, until), learnt.at(learnt.vector, until))
        return learnt

    def _await(self, segment: Segment, *, last: bool) -> bool:
        """Registers that are written before an instruction reads its length from one, whatever that will be."""
        shape, places = self.memory.states.all[self.state]
        gives = self.memory.steps.step(shape, places, self.until, segment, last=last)[0].learnt.gives
        self._give(gives)
        return bool(gives)

    def _go(self, clocks: int, vector: int) -> None:
        self.time += clocks
        if self.interval:
            self.until = (self.until - clocks - 1) % self.interval + 1
        self.vector += vector
        if self.time >= self.limit - RESET:
            raise ToolError(f"The program did not end within {self.limit} clocks.")

    def _give(self, registers: Sequence[int]) -> None:
        for register in registers:
            self.scalars[register] = next(self.results, None)

    # --- blocks ------------------------------------------------------------------------------------------------------
    def _leap(self, pc: int) -> tuple[int, int] | None:
        """All of a block, or of layers: how many instructions have ended, and where the program goes on."""
        program, blocks = self.listing.program, self.memory.blocks
        if pc >= len(program):
            return None
        layers = blocks.layers(program, pc)
        if layers:
            return self._layers(layers, pc)
        found = blocks.block(program, pc, len(program))
        if found is None or not self._pass(found[0]):
            return None
        self._set(*found)
        return found[0].instructions, found[1]

    def _set(self, block: Block, past: int) -> None:
        """Scalar registers that the instruction of a block sets, which stands before ``past``."""
        one = self.memory.blocks.instruction(self.listing.program[past - 1])
        if block.sets and one is not None:
            self._control(one)

    def _control(self, one: Instruction) -> None:
        """What an instruction of the issuer does to scalar registers."""
        if one.op.name == "SETR":
            self.scalars[one["r"]] = one["value"]
        elif one.op.name == "SKEEP":
            self.scalars[one["r"] : one["r"] + 2] = kept(self.scalars, one["r"], one["s"], one["value"])

    def _layers(self, layers: Layers, pc: int) -> tuple[int, int]:
        states = self.memory.states
        moved, done = 0, 1
        self._pass(layers.head)
        for turn in range(layers.turns):
            if turn:
                moved += layers.step
                self.state = states.shifted(self.state, -layers.step)
            for block, place in layers.body:
                if not self._pass(block):
                    self.state = states.shifted(self.state, moved)
                    self.loops = [[pc, turn]]
                    return done, place
                self._set(block, place + 1)
                done += block.instructions
            self._pass(layers.tail)
            done += 1
        self.state = states.shifted(self.state, moved)
        return done, layers.past

    def _through(self, block: Block) -> bool:
        """Go through a block for which there is no way yet; False if the program ends in it."""
        memory = self.memory
        state = memory.states.all[self.state]
        detour = explore(memory.steps, memory.states, block.segments, state, self.until)
        if detour.halts:
            return False
        for step, later, _ in detour.steps:
            step.times += 1
            step.later += later
        self._go(detour.clocks[0], detour.vector[0])
        self._give(detour.gives)
        self.state = detour.end
        return True

    def _pass(self, block: Block) -> bool:
        """Go the way of a block; False if the program ends on it."""
        trail = self.memory.trail(self.state, block)
        if trail is None:
            return self._through(block)
        if trail.halts:
            return False
        if trail.begin != self.state:
            detour = trail.detour(0, self.until, self.state)
            if detour.halts:
                return False
            place = self._round(detour)
        elif trail.need <= self.until and not trail.gives:
            trail.times += 1
            self._go(trail.clocks, trail.vector[-1])
            self.state = trail.end
            return True
        else:
            place = 0
        while place >= 0:
            leaves = trail.leaves(place, self.until)
            trail.visits[place] += 1
            trail.visits[leaves] -= 1
            self._go(trail.at[leaves] - trail.at[place], trail.vector[leaves] - trail.vector[place])
            self._give([register for index, register in trail.gives if place <= index < leaves])
            if leaves == len(trail.way):
                self.state = trail.end
                break
            place = self._round(trail.detour(leaves, self.until))
        return True

    def _round(self, detour: Detour) -> int:
        """Go a way round; returns the place where it ends, or -1 if the block has ended."""
        later = self.until - detour.until
        detour.times += 1
        detour.later += later
        self._go(detour.clocks[0] + later * detour.clocks[1], detour.vector[0] + later * detour.vector[1])
        self._give(detour.gives)
        if detour.end < 0:
            return detour.to
        self.state = detour.end
        return -1

    # --- instructions ------------------------------------------------------------------------------------------------
    def _segments(self, pc: int, one: Instruction | None) -> Sequence[Segment]:
        if pc >= self.listing.length:
            return [self.memory.steps.segments.absent(NOTHING)]
        fenced, wraps = self.listing.fenced(pc), self.listing.wraps(pc, self.loops)
        prepared, scalar = NOTHING, False
        if one is not None:
            scalar = takes_scalars(one)
            prepared = self.listing.prepared(one, self._scalar(one))
            if (one.op.name == "LOOP" and self._nested(one)) or (one.op.name == "ENDL" and not self.loops):
                prepared = Prepared(one, FAULTS["LOOP"].code, replace(prepared.part, work=None))
        return list(self.memory.steps.segments.of(prepared, fenced=fenced, wraps=wraps, scalar=scalar))

    def _scalar(self, one: Instruction) -> int | None:
        """The integer operand that may come from a register; 0 if it isn't known, or not yet."""
        operand = one.op.integer
        if operand is None:
            return None
        if not one.by_register:
            return one[operand.name]
        return (self.scalars[one[operand.name]] or 0) & (1 << operand.integer_bits) - 1

    def _check(self, pc: int, one: Instruction | None) -> None:
        """An instruction must not read its length from a register that the vector unit has written to."""
        operand = one.op.integer if one and one.by_register else None
        if one and operand and self.scalars[one[operand.name]] is None:
            message = f"uses r{one[operand.name]} as {operand.name}, which the vector unit gives"
            raise ConfigError([Problem(f"instruction {pc}", message, "give the results")])

    def _nested(self, one: Instruction) -> bool:
        """There is no room for another loop."""
        named, _ = self.listing.split(self.loops)
        return bool(self.loops) if "rows" in one.flags else len(named) == LEVELS

    def _next(self, pc: int, one: Instruction) -> int:
        """What an instruction of the issuer does; returns where the program goes on."""
        name = one.op.name
        if name == "LOOP":
            self.loops.append([pc, 0])
        elif name == "ENDL":
            place, turn = self.loops[-1]
            if turn + 1 < self.listing.turns(place):
                self.loops[-1][1] += 1
                return place + 1
            self.loops.pop()
        else:
            self._control(one)
        return pc + 1

    def result(self, rest: int) -> Simulated:
        """What has happened, after some more clocks."""
        clocks = RESTS + rest + 1
        memory, steps = self.memory, self.memory.steps
        shape, places = memory.states.all[self.state]
        moves = steps.moving[shape]
        counts = self.counts + steps.machine.finish(steps.shapes[shape], places, self.until, clocks, moves=moves)
        if (taken := memory.count()).size:
            counts = counts + taken
        return Simulated(
            runs=self.runs,
            marks=self.marks,
            log=[],
            cycles=self.time + clocks + RESET,
            statistics=statistics_of(counts, self.params.channels),
        )
