"""Programs on the controller in time: the same commands in the same clocks as the hardware, without values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hdl.params import ToolError
from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim.log import Entry
from sim_tb.pim.simulate.channel import Burst, Channel
from sim_tb.pim.simulate.collector import Collector
from sim_tb.pim.simulate.feeder import Feeder
from sim_tb.pim.simulate.issuer import Ended, Issuer
from sim_tb.pim.simulate.memory import Memory
from sim_tb.pim.simulate.mover import Mover
from sim_tb.pim.simulate.vector import VectorUnit
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Run", "Simulated", "simulate"]

NAMES = {command.code: name for name, command in COMMANDS.items()}
#: Clocks from the first one to the first without reset, from which on everything else counts.
RESET = 4
#: Clocks that the host takes from the end of loading a program, or of a run, to the next start.
STARTS = 2
#: Words that the host loads at least, one a clock: the scalar registers.
LOADED = 16
#: Clocks from the end of the last run to the last clock of everything.
RESTS = 201


@dataclass(frozen=True)
class Run:
    """How a program ended: the cycle, the code in ERROR, PC, instructions that ended, interrupts.

    And clocks in which the vector unit was at work.
    """

    cycle: int
    error: int
    pc: int
    halted: bool
    instructions: int
    interrupts: int
    vector_clocks: int


@dataclass(frozen=True)
class Simulated:
    """What programs did.

    Parameters
    ----------
    runs : list of Run
    marks : list of tuple
        Cycle and tag.
    log : list of Entry
        Empty if it was not wanted.
    cycles : int
    commands : int
        How many there were.
    """

    runs: list[Run]
    marks: list[tuple[int, int]]
    log: list[Entry]
    cycles: int
    commands: int


def simulate(
    params: PimParams,
    program: Sequence[int],
    starts: Sequence[int] = (0,),
    *,
    scalars: Sequence[int] = (),
    results: Iterable[int] = (),
    inputs: int = 0,
    log: bool = True,
    limit: int = 1_000_000,
    rest: int = 0,
) -> Simulated:
    """Run programs from a program memory, one after the other, as :func:`sim_tb.pim.bench.system.run_system` does.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words.
    starts : sequence of int
        Where each run starts.
    scalars : sequence of int
        The scalar registers at first; 0 where there are fewer.
    results : iterable of int
        What instructions that give a scalar give, in their order; needed only where a later one uses it as a length.
    inputs : int
        Words that the host has for IN.
    log : bool
        Whether the log is wanted.
    limit : int
        Clocks after which the simulation is given up.
    rest : int
        Clocks that it goes on after the last run.

    Raises
    ------
    ToolError
        If a program does not end.
    ConfigError
        If an instruction uses a result that is not given.
    """
    return _System(params, program, starts, scalars, results, inputs).run(log, limit, rest)


class _System:
    """The controller with its channels, and the host that starts programs."""

    def __init__(
        self,
        params: PimParams,
        program: Sequence[int],
        starts: Sequence[int],
        scalars: Sequence[int],
        results: Iterable[int],
        inputs: int,
    ) -> None:
        self.params = params
        self.starts = list(starts)
        self.channels = [Channel(params, number) for number in range(params.channels)]
        self.feeder = Feeder(params, self.channels)
        self.collector = Collector(params, self.channels)
        self.memory = Memory(params, VectorUnit(params), Mover(inputs), self.feeder, self.collector)
        units = self.channels, self.feeder, self.collector, self.memory
        self.issuer = Issuer(params, program, scalars, results, *units)
        for each in self.channels:
            each.left, each.answered = self.feeder.poke, self.collector.poke
        self.ends: list[Ended] = []
        self.issuer.ended, self.issuer.rests = self.ends.append, self._rests
        self.over = NEVER
        self._rests(max(len(program), LOADED))

    def _rests(self, clock: int) -> None:
        """No program runs from a clock on: the host starts the next one."""
        if self.starts:
            self.issuer.begin(clock + STARTS + (1 if self.ends else 0), self.starts.pop(0))
        else:
            self.over = clock

    def run(self, log: bool, limit: int, rest: int) -> Simulated:
        """Until all is over."""
        issuer, channels, feeder, collector, memory = (
            self.issuer,
            self.channels,
            self.feeder,
            self.collector,
            self.memory,
        )
        give_up = limit - RESET
        end = NEVER
        while True:
            clock = min(issuer.wake, feeder.wake, collector.wake, memory.wake, *[each.wake for each in channels])
            if self.over < NEVER and end == NEVER:
                end = self.over + RESTS + rest
            if clock > end:
                break
            if clock > give_up:
                raise ToolError(f"The program did not end within {limit} clocks: it stands at {issuer.pc}.")
            if issuer.wake <= clock:
                issuer.step(clock)
            for each in channels:
                if each.wake <= clock:
                    each.step(clock)
            if feeder.wake <= clock:
                feeder.step(clock)
            if memory.wake <= clock:
                others = (issuer.wake, feeder.wake, collector.wake, *[each.wake for each in channels])
                memory.step(clock, min(others))
            if collector.wake <= clock:
                collector.step(clock)
        bursts = [[each for each in channel.bursts if each[0] < end] for channel in channels]
        return Simulated(
            runs=self._runs(),
            marks=[(clock + RESET, tag) for clock, tag in issuer.marks],
            log=_log(self.params, bursts) if log else [],
            cycles=end + RESET + 1,
            commands=sum(burst[2] for each in bursts for burst in each),
        )

    def _runs(self) -> list[Run]:
        found, before = [], 0
        for each in self.ends:
            spans = self.memory.spans
            clocks = sum(min(last, each.clock) - first for first, last in spans if before <= first < each.clock)
            before = each.clock
            rest = each.error, each.pc, each.halted, each.instructions, each.interrupts
            found.append(Run(each.clock + RESET, *rest, clocks))
        return found


def _log(params: PimParams, bursts: Sequence[Sequence[Burst]]) -> list[Entry]:
    """Commands appear on the bus a clock after they were decided."""
    found = []
    for channel, each in enumerate(bursts):
        for first, step, many, code, bank, row, col in each:
            name = NAMES[code]
            found += [Entry(first + 1 + i * step, channel, name, bank, row + i, col + i) for i in range(many)]
    found.sort(key=lambda entry: entry[:2])
    return found
