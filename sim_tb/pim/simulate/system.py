"""Programs on the controller in time: the same commands in the same clocks as the hardware, without values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import chain

from hdl.params import ToolError
from hdl.params.pim import PimParams
from sim_tb.pim.log import Entry
from sim_tb.pim.simulate.bus import Burst, entries
from sim_tb.pim.simulate.issuer import Ended, Issuer
from sim_tb.pim.simulate.statistics import Numbers, Span, Statistics, gather, over_time
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.units import Units
from sim_tb.pim.simulate.work import NEVER

__all__ = ["Run", "Simulated", "System", "simulate"]

#: Clocks from the first one to the first without reset, from which on everything else counts.
RESET = 4
#: Clocks from the first one without a program to the next start; and after an error, which the host has cleared.
STARTS, CLEARED = 3, 2
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
    statistics : Statistics
    """

    runs: list[Run]
    marks: list[tuple[int, int]]
    log: list[Entry]
    cycles: int
    statistics: Statistics


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
    system = System(params, program, starts, scalars=scalars, results=results, inputs=inputs)
    while not system.over:
        system.advance(limit - RESET)
        if system.time >= limit - RESET:
            message = f"The program did not end within {limit} clocks: it stands at {system.issuer.pc}."
            raise ToolError(message)
    system.advance(system.rested + RESTS + rest + 1)
    return system.result(log=log)


class System:
    """The controller with its channels, and the host that starts programs; clocks count from reset on.

    Parameters
    ----------
    params : PimParams
    program, starts, scalars, results, inputs
        As for :func:`simulate`.
    loaded : int
        Words that the host loads before the first start, if they are more than the program's.

    Attributes
    ----------
    time : int
        The present clock: everything before it has happened.
    over : bool
        All programs have ended.
    rested : int
        Since when no program runs.
    origin : int
        The clock from which on results count.
    """

    def __init__(
        self,
        params: PimParams,
        program: Sequence[int],
        starts: Sequence[int] = (0,),
        *,
        scalars: Sequence[int] = (),
        results: Iterable[int] = (),
        inputs: int = 0,
        loaded: int = 0,
    ) -> None:
        self.params = params
        self.starts = list(starts)
        self.units = Units(params, inputs)
        self.issuer = Issuer(params, program, scalars, results, self.units)
        self.issuer.ended, self.issuer.rests = self._ended, self._rests
        self.ends: list[Ended] = []
        self.resting: list[Span] = [(0, NEVER)]
        self.time = self.rested = self.origin = 0
        self.over = False
        self._rests(max(len(program), loaded, LOADED) - 1)

    def load(self, program: Sequence[int]) -> None:
        """Start another program, which is in the program memory from the present clock on, after all others have ended.

        Clocks, banks, scalar registers and the refresh's interval go on; results count from here.
        """
        self.issuer.load(program)
        self.starts = [0]
        self.over = False
        self.count()
        self._rests(self.rested)

    def count(self) -> None:
        """Let results count from the present clock on, while no program runs."""
        self.origin = self.time
        self.units.forget(self.time)
        self.ends.clear()
        self.resting = [(self.time, self.resting[-1][1])]

    def _ended(self, ended: Ended) -> None:
        self.ends.append(ended)
        self.resting.append((ended.clock, NEVER))

    def _rests(self, clock: int) -> None:
        """No program runs from a clock on: the host starts the next one."""
        self.rested = clock
        if self.starts:
            begins = clock + (CLEARED if self.ends and self.ends[-1].error else STARTS)
            self.issuer.begin(begins, self.starts.pop(0))
            self.resting[-1] = self.resting[-1][0], begins + 1
        else:
            self.over = True

    def advance(self, until: int) -> None:
        """Go on to a clock, or to that in which the last program ends."""
        issuer, units, over = self.issuer, self.units, self.over

        def horizon() -> int:
            return min(issuer.wake, until)

        while self.over == over:
            clock = min(issuer.wake, units.wake())
            if clock >= until:
                self.time = until
                return
            self.time = clock
            if issuer.wake <= clock:
                issuer.step(clock)
            units.step(clock, horizon)
        self.time += 1

    def result(self, *, log: bool = True) -> Simulated:
        """What has happened before the present clock."""
        units, end = self.units, self.time
        words = {"feed": units.feeder.words, "collect": units.collector.words, "move": units.mover.words}
        bursts, spans, beside = self._happened()
        ahead = self._until([channel.ahead for channel in units.channels])
        return Simulated(
            runs=self._runs(),
            marks=[(clock + RESET, tag) for clock, tag in self.issuer.marks],
            log=_log([*zip(self._bursts(), ahead, strict=True)]) if log else [],
            cycles=end + RESET,
            statistics=gather(self.params, bursts, ahead, spans, beside, end - self.origin, words),
        )

    def causes(self) -> tuple[Numbers, Numbers]:
        """What the clocks from ``origin`` on go to, one after the other; see :func:`over_time`."""
        return over_time(self.params, *self._happened(), self.time - self.origin)

    def _happened(self) -> tuple[list[list[Burst]], list[list[Span]], dict[str, list[Span]]]:
        """Commands and operations of each channel, and what went on beside them, in clocks from ``origin`` on."""
        units, origin = self.units, self.origin
        beside = {"vector": units.memory.spans, "move": units.mover.spans, "rest": self.resting}
        bursts = [[burst.before(origin) for burst in each] for each in self._bursts()]
        spans = [[(first - origin, past - origin) for first, past in channel.spans] for channel in units.channels]
        others = {name: [(first - origin, past - origin) for first, past in each] for name, each in beside.items()}
        return bursts, spans, others

    def _bursts(self) -> list[list[Burst]]:
        """The commands of each channel that were on its bus before the present clock."""
        return self._until([channel.bursts for channel in self.units.channels])

    def _until(self, bursts: Sequence[Sequence[Burst]]) -> list[list[Burst]]:
        return [[burst for burst in each if burst[0] < self.time - 1] for each in bursts]

    def _runs(self) -> list[Run]:
        found, before = [], 0
        for each in self.ends:
            spans = self.units.memory.spans
            clocks = sum(min(last, each.clock) - first for first, last in spans if before <= first < each.clock)
            before = each.clock
            rest = each.error, each.pc, each.halted, each.instructions, each.interrupts
            found.append(Run(each.clock + RESET, *rest, clocks))
        return found

    def state(self) -> State:
        """All that what follows depends on; clocks as distances from the present one."""
        return self.issuer.state(self.time), self.units.state(self.time)

    def restore(self, state: State) -> None:
        """Be in a state that :meth:`state` of a system with the same program has given, at the present clock."""
        issuer, units = state
        self.units.restore(units, self.time)
        self.issuer.restore(issuer, self.time)


def _log(bursts: Sequence[tuple[Sequence[Burst], Sequence[Burst]]]) -> list[Entry]:
    """Commands appear on the bus a clock after they were decided."""
    found = [entry for channel, each in enumerate(bursts) for entry in entries(channel, chain(*each))]
    found.sort(key=lambda entry: entry[:2])
    return found
