"""Programs as segments, one after the other: what the issuer does with its program counter, its loops and registers."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

import numpy as np

from hdl.params import ConfigError, Problem, ToolError
from hdl.params.pim import FAULTS, LEVELS, SCALARS, Instruction, PimParams, instruction
from sim_tb.pim.simulate.burst.ledger import statistics_of
from sim_tb.pim.simulate.burst.segment import Segment
from sim_tb.pim.simulate.burst.steps import Step, Steps
from sim_tb.pim.simulate.issuer import takes_scalars
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
    steps: Steps | None = None,
) -> Simulated:
    """The same as :func:`sim_tb.pim.simulate.simulate` without a log."""
    walk = Walk(steps or Steps(params), program, scalars, results, inputs, limit)
    for index, start in enumerate(starts):
        walk.run(start, last=index == len(starts) - 1)
    return walk.result(rest)


class Walk:
    """Runs programs; see :func:`burst`."""

    def __init__(
        self,
        steps: Steps,
        program: Sequence[int],
        scalars: Sequence[int],
        results: Iterable[int],
        inputs: int,
        limit: int,
    ) -> None:
        self.steps, self.limit = steps, limit
        self.params = steps.machine.params
        self.interval = self.params.timing.trefi
        self.listing = Listing(self.params, program)
        self.scalars: list[int | None] = [*scalars, *[0] * (SCALARS - len(scalars))]
        self.results = iter(results)
        self.loops: list[list[int]] = []
        self.runs: list[Run] = []
        self.marks: list[tuple[int, int]] = []
        self.time = max(len(program), LOADED) - 1 + STARTS + 1
        shape, self.places, self.until, self.counts = steps.machine.begin(self.time, inputs)
        self.shape = steps.number(shape)
        self.used: list[Step] = []
        self.vector = 0

    def run(self, pc: int, *, last: bool) -> None:
        """A program."""
        instructions = interrupts = 0
        vector = self.vector
        self.loops = []
        while True:
            one = self.listing.advanced(pc, self.loops) if pc < self.listing.length else None
            for segment in self._segments(pc, one):
                begun = self.time
                step = self._take(segment, last=last)
                if step.learnt.ends:
                    break
            if step.learnt.mark >= 0:
                assert one is not None
                self.marks.append((begun + step.learnt.mark + RESET, one["tag"]))
            error = step.learnt.ends[1] if step.learnt.ends else 0
            if one is not None and not error:
                instructions += 1
                interrupts += "irq" in one.flags
                pc = self._next(pc, one)
            if step.learnt.ends:
                ended = begun + step.learnt.ends[0] + RESET, error, pc, not error, instructions, interrupts
                self.runs.append(Run(*ended, self.vector - vector))
                return

    def _take(self, segment: Segment, *, last: bool) -> Step:
        """Go on by a segment."""
        step, self.shape, self.places = self.steps.step(self.shape, self.places, self.until, segment, last=last)
        self._count(step)
        return step

    def _count(self, step: Step) -> None:
        learnt = step.learnt
        if not step.times:
            self.used.append(step)
        step.times += 1
        self.time += learnt.clocks
        if self.interval:
            self.until = (self.until - learnt.clocks - 1) % self.interval + 1
        self.vector += learnt.vector
        for register in learnt.gives:
            self.scalars[register] = next(self.results, None)
        if self.time >= self.limit:
            raise ToolError(f"The program did not end within {self.limit} clocks.")

    # --- instructions ------------------------------------------------------------------------------------------------
    def _segments(self, pc: int, one: Instruction | None) -> Sequence[Segment]:
        if pc >= self.listing.length:
            return [self.steps.segments.absent(NOTHING)]
        fenced, wraps = self.listing.fenced(pc), self.listing.wraps(pc, self.loops)
        prepared, scalar = NOTHING, False
        if one is not None:
            scalar = takes_scalars(one)
            prepared = self.listing.prepared(pc, one, self._scalar(pc, one))
            if (one.op.name == "LOOP" and self._nested(one)) or (one.op.name == "ENDL" and not self.loops):
                prepared = Prepared(one, FAULTS["LOOP"].code, replace(prepared.part, work=None))
        return list(self.steps.segments.of(prepared, fenced=fenced, wraps=wraps, scalar=scalar))

    def _scalar(self, pc: int, one: Instruction) -> int | None:
        """The integer operand that may come from a register."""
        operand = one.op.integer
        if operand is None:
            return None
        value: int | None = one[operand.name]
        if one.by_register:
            value = self.scalars[one[operand.name]]
            if value is None:
                message = f"uses r{one[operand.name]} as {operand.name}, which the vector unit gives"
                raise ConfigError([Problem(f"instruction {pc}", message, "give the results")])
            value &= (1 << operand.integer_bits) - 1
        return value

    def _nested(self, one: Instruction) -> bool:
        """There is no room for another loop."""
        around = bool(self.loops) and self.listing.all_rows(self.loops[0][0])
        return bool(self.loops) if "rows" in one.flags else len(self.loops) - around == LEVELS

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
        elif name == "SETR":
            self.scalars[one["r"]] = one["value"]
        return pc + 1

    def result(self, rest: int) -> Simulated:
        """What has happened, after some more clocks."""
        clocks = RESTS + rest + 1
        counts = self.counts + self.steps.machine.finish(self.steps.shapes[self.shape], self.places, self.until, clocks)
        for step in self.used:
            counts = counts + step.times * step.learnt.counts
            step.times = 0
        return Simulated(
            runs=self.runs,
            marks=self.marks,
            log=[],
            cycles=self.time + clocks + RESET,
            statistics=statistics_of(np.asarray(counts), self.params.channels),
        )
