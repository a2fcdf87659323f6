"""A compiled decoder in time: position after position on the timing simulator, and where clocks and energy went.

Every position is a program of its own. The programs of all positions lie in the program memory, as large as that must
be; the host starts each when the one before has ended. Banks, open rows and the refresh's interval go on from one to
the next. Every token has the same number: nothing but the bank that holds its embedding depends on it.
"""

from __future__ import annotations

import gc
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field

from gen.pim.compile import Compiled
from gen.pim.program import Program
from hdl.params import CheckFailed, ToolError
from hdl.params.pim import COMMANDS, FAULTS, PimParams
from sim_tb.pim.energy import Energy, energy_of_counts
from sim_tb.pim.log import Entry
from sim_tb.pim.simulate.burst import Memory, Programs
from sim_tb.pim.simulate.statistics import CAUSES, Statistics
from sim_tb.pim.simulate.system import Run, System
from sim_tb.pim.timeline import Timeline

__all__ = ["Step", "Totals", "tokens_in_time"]

#: Clocks of a program after which it is given up.
LIMIT = 1 << 40


@dataclass(frozen=True)
class Step:
    """One position.

    Parameters
    ----------
    position : int
    totals : Totals
        Its clocks, from the end of the position before on, and what they went to.
    timelines : tuple of Timeline
        Of its programs, if they were wanted.
    log : list of Entry
        Its commands, if they were wanted, the first one's with those while programs are loaded; cycles count from
        reset on.
    """

    position: int
    totals: Totals
    timelines: tuple[Timeline, ...] = ()
    log: list[Entry] = field(default_factory=list)


@dataclass
class Totals:
    """Where time and energy of positions went.

    Parameters
    ----------
    positions, clocks, instructions : int
        Positions, their clocks, instructions that were executed.
    causes : Counter
        Clocks by cause, :data:`sim_tb.pim.simulate.statistics.CAUSES`, each counted once.
    commands : Counter
        By name how many commands there were, of all channels.
    products : int
        Multiply-accumulates as :class:`sim_tb.pim.simulate.statistics.Statistics` counts them.
    columns, misses : int
        Commands on columns; those whose row was opened for them.
    open_clocks : int
        Clocks in which a channel had any row open, summed over the channels.
    busy : Counter
        Clocks in which a unit was at work: ``channel0`` ..., ``vector``, ``move``.
    """

    positions: int = 0
    clocks: int = 0
    instructions: int = 0
    causes: Counter[str] = field(default_factory=lambda: Counter(dict.fromkeys(CAUSES, 0)))
    commands: Counter[str] = field(default_factory=Counter)
    products: int = 0
    columns: int = 0
    misses: int = 0
    open_clocks: int = 0
    busy: Counter[str] = field(default_factory=Counter)

    def add(self, other: Totals) -> None:
        """Add the figures of other positions."""
        self.positions += other.positions
        self.clocks += other.clocks
        self.instructions += other.instructions
        self.columns += other.columns
        self.misses += other.misses
        self.open_clocks += other.open_clocks
        self.products += other.products
        for own, more in ((self.causes, other.causes), (self.commands, other.commands), (self.busy, other.busy)):
            own.update(more)

    def energy(self, params: PimParams) -> Energy:
        """The energy, by class."""
        return energy_of_counts(params, self.commands, self.clocks, self.open_clocks, self.products)

    @property
    def row_hits(self) -> float:
        """The share of commands on columns that found their row open; 1 if there were none."""
        return 1 - self.misses / self.columns if self.columns else 1.0

    def mac_utilisation(self, params: PimParams) -> float:
        """Multiply-accumulates over those that all units could do in the time."""
        most = params.channels * self.clocks * params.products / params.timing.tccd
        return self.products / most if most else 0.0

    def traffic(self, params: PimParams) -> dict[str, int]:
        """Bytes: ``multiplied`` in the banks, where they stay; ``read`` and ``written`` over the channels' buses."""
        word = params.word_bits // 8
        moved = {
            data: sum(count for name, count in self.commands.items() if COMMANDS[name].data == data)
            for data in ("read", "write")
        }
        return {
            "multiplied": self.commands["MAC_AB"] * params.banks * word,
            "read": moved["read"] * word,
            "written": moved["write"] * word,
        }

    def check_refreshes(self, params: PimParams) -> None:
        """Raise CheckFailed if a time of more than two intervals has no refresh."""
        interval = params.timing.trefi
        if interval and self.clocks > 2 * interval and not self.commands["REF"]:
            message = f"No refresh in {self.clocks:,} clocks, with one due every {interval:,} (tREFI): "
            raise CheckFailed(message + "the figures would leave its time out.")


def tokens_in_time(
    compiled: Compiled,
    positions: Sequence[int],
    *,
    predict: bool = True,
    log: bool = False,
    detail: int | None = None,
    bursts: bool = True,
    memory: Memory | None = None,
) -> Iterator[Step]:
    """Simulate positions one after the other.

    Parameters
    ----------
    compiled : Compiled
    positions : sequence of int
    predict : bool
        The output matrix takes part. Otherwise positions only extend the caches.
    log : bool
        Whether commands are wanted.
    detail : int, optional
        The position whose timelines are wanted.
    bursts : bool
        What comes again is taken from memory. That is as exact; a position with log or timelines, and those after it,
        are simulated command by command all the same.
    memory : Memory, optional
        What is known from other decoders on the same system, and grows with this one.

    Raises
    ------
    ToolError
        If a program ends with an error.
    """
    programs = [compiled.programs(position, token=0, predict=predict) for position in positions]
    jumps = 0 if log or not bursts else positions.index(detail) if detail in positions else len(positions)
    words = sum(len(program.words) for parts in programs for program in parts)
    system: System | None = None
    kept = log or detail in positions
    if jumps:
        jumping = Programs(memory or Memory(compiled.params), words)
        for position, parts in zip(positions[:jumps], programs, strict=False):
            yield _jumped(jumping, position, parts)
        if jumps == len(positions):
            return
        system = jumping.resumed(log=kept)
    for position, parts in zip(positions[jumps:], programs[jumps:], strict=True):
        totals, lines, entries = Totals(positions=1), [], []
        labels = compiled.operations(position, token=0, predict=predict) if position == detail else ()
        for number, program in enumerate(parts):
            if system is None:
                system = System(compiled.params, program.words, loaded=words, log=kept)
                system.advance(system.rested)
                entries += system.result(log=log).log
                system.count()
            else:
                system.load(program.words)
            while not system.over:
                system.advance(LIMIT)
            found = system.result(log=log)
            _check(found.runs[-1], position)
            clocks, instructions = system.time - system.origin, found.runs[-1].instructions
            totals.add(_of(found.statistics, clocks, instructions))
            entries += found.log
            if labels:
                lines.append(Timeline.of(system, program, labels[number]))
        yield Step(position, totals, tuple(lines), entries)


def _jumped(jumping: Programs, position: int, parts: Sequence[Program]) -> Step:
    """A position in burst mode."""
    totals = Totals(positions=1)
    for program in parts:
        with _uncollected():
            found = jumping.run(program.words)
        _check(found.run, position)
        totals.add(_of(found.statistics, found.clocks, found.run.instructions))
    return Step(position, totals)


@contextmanager
def _uncollected() -> Iterator[None]:
    """Nothing is looked through for garbage: nearly all that is made is kept."""
    enabled = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if enabled:
            gc.enable()


def _check(run: Run, position: int) -> None:
    """Raise ToolError if a program ended with an error."""
    if run.error:
        meaning = next(each.meaning for each in FAULTS.values() if each.code == run.error)
        raise ToolError(f"The program of position {position} stopped at {run.pc}: {meaning}")


def _of(statistics: Statistics, clocks: int, instructions: int) -> Totals:
    """The figures of a program."""
    return Totals(
        clocks=clocks,
        instructions=instructions,
        causes=Counter(statistics.clocks),
        commands=Counter(statistics.commands),
        products=statistics.products,
        columns=statistics.columns,
        misses=statistics.misses,
        open_clocks=statistics.open_clocks,
        busy=Counter(statistics.busy),
    )
