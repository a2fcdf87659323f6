"""Programs on the controller in time: the same commands in the same clocks as the hardware, without values."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np

from hdl.params import ToolError
from hdl.params.pim import PimParams
from sim_tb.pim.log import Entry
from sim_tb.pim.simulate.bus import entries
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core import ledger, run
from sim_tb.pim.simulate.core.arrays import new_account, new_state, system
from sim_tb.pim.simulate.core.issuer import CLEARED_AFTER, SETTLE, STARTS_AFTER
from sim_tb.pim.simulate.core.native import Pinned
from sim_tb.pim.simulate.course import Ahead, Course
from sim_tb.pim.simulate.statistics import Numbers, Statistics, statistics_of

__all__ = ["Run", "Simulated", "System", "simulate"]

#: Clocks from the first one to the first without reset, from which on everything else counts.
RESET = 4
#: Words that the host loads at least, one a clock: the scalar registers.
LOADED = 16
#: Clocks from the end of the last run to the last clock of everything.
RESTS = 201
#: Commands that are noted before they are counted, and room for those of a clock.
NOTED, ROOM = 1024, 1 << 14
NOBODY = np.zeros(0, np.int64)


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
    system = System(params, program, starts, scalars=scalars, results=results, inputs=inputs, log=log)
    system.advance(limit - RESET)
    if not system.over or system.time >= limit - RESET:
        raise ToolError(f"The program did not end within {limit} clocks: it stands at {system.pc}.")
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
    log : bool
        Commands and causes are kept one by one.

    Attributes
    ----------
    time : int
        The present clock: everything before it has happened.
    over : bool
        All programs have ended.
    begun, rested : int
        The first clock in which the last program ran; and since when no program runs.
    origin : int
        The clock from which on results count.
    handed : list of (int, int)
        The clock in which each instruction had been handed on as a whole, and its place.
    ordered : list of (int, int)
        The place of the instruction that each operation of channels is from, and the mask of channels.
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
        log: bool = True,
    ) -> None:
        self.params = params
        self._system, self._state = Pinned.of(system(params)), Pinned.of(new_state(params, inputs))
        self._account = Pinned.of(new_account(params))
        self._totals = Pinned.of(np.zeros(ledger.totals_of(params.channels), np.int64))
        self._noted = Pinned.of(np.zeros(at.ENTRY * ROOM, np.int64))
        edges = 2 * (ledger.EDGES_MOST * params.channels + ledger.BESIDE_MOST + 1) if log else 2
        self._changed = Pinned.of(np.zeros(edges, np.int64))
        self._keeps = log
        self.course = Course(params, program, scalars, results)
        self._starts = list(starts)
        self._ahead: Ahead | None = None
        self._forget()
        self.time = self.begun = self.origin = 0
        self._vector = self._instructions = self._interrupts = 0
        self._pc = 0
        self.over = False
        run.native.rest(self._state, 0)
        self._rests(max(len(program), loaded, LOADED) - 1)

    def _forget(self) -> None:
        """Nothing that has happened counts."""
        self.runs: list[Run] = []
        self.marks: list[tuple[int, int]] = []
        self.handed: list[tuple[int, int]] = []
        self.ordered: list[tuple[int, int]] = []
        self._log: list[Numbers] = []
        self._edges: list[Numbers] = []
        self._vector = 0

    def load(self, program: Sequence[int]) -> None:
        """Start another program, which is in the program memory from the present clock on, after all others have ended.

        Clocks, banks, scalar registers and the refresh's interval go on; results count from here.
        """
        self.count()
        self.course.listing.load(program)
        self._starts = [0]
        self.over = False
        self._rests(self.rested)

    def count(self) -> None:
        """Let results count from the present clock on, while no program runs."""
        self.origin = self.time
        run.native.count(self._state, self._system, self._account, self._totals)
        self._forget()

    def resume(self, state: Numbers, account: Numbers, clock: int) -> None:
        """Go on from a state of the core and its ledger, at a clock in which no program runs; results count from it."""
        self._state[:], self._account[:] = state, account
        self._state[at.I : at.GIVES] = 0  # the issuer is at rest, and nothing is noted
        self._state[at.PRESENT] = self.time = self.rested = self.origin = clock
        self._state[at.I_WAKE] = at.NEVER
        run.native.rest(self._state, clock)

    def _rests(self, clock: int) -> None:
        """No program runs from a clock on: the host starts the next one."""
        self.rested = clock
        if not self._starts:
            self.over = True
            return
        failed = bool(self.runs and self.runs[-1].error)
        begins = clock + (CLEARED_AFTER if failed else STARTS_AFTER)
        self.begun = begins + 1
        run.native.start(self._state, begins)
        self.course.begin(self._starts.pop(0))

    # --- time --------------------------------------------------------------------------------------------------------
    def advance(self, until: int) -> None:
        """Go on to a clock, or to that in which the last program ends.

        Raises
        ------
        ToolError
            If more happens at once than there is room for.
        ConfigError
            If an instruction uses a result that is not given.
        """
        over = self.over
        while self.over == over and self.time < until:
            if self._ahead is None and not over:
                self._look_ahead()
            if self._go_on(until) == run.FINE:
                self._pass()

    def _look_ahead(self) -> None:
        """What the issuer works on next."""
        S, awaited = self._state, self._state[at.STAGE] == SETTLE
        self._ahead = self.course.ahead()
        S[at.LAST] = 1
        S[at.MARKED] = S[at.ENDED] = -1
        S[at.RECORD] = 0 if awaited else -1
        S[at.I_WAKE] = S[at.CLOCK]

    def _go_on(self, until: int) -> int:
        """Go on as far as the core does at once; how it went."""
        records = self._ahead.numbers if self._ahead else NOBODY
        arrays = self._state, self._system, self._account, self._totals, records, self._noted, self._changed
        self._changed[0] = 0
        how: int = run.native.go_on(*arrays, until, NOTED)
        if how == run.TOO_MUCH:
            raise ToolError("More happens at once than the simulator has room for.")
        S = self._state
        self.time = int(S[at.PRESENT])
        if self._keeps:
            self._log.append(self._noted[: at.ENTRY * S[at.LOG_N]].copy())
            self._edges.append(self._changed[1 : self._changed[0] + 1].copy())
        self.course.give(S[at.GIVES : at.GIVES + S[at.GIVES_N]].tolist())
        return how

    @property
    def pc(self) -> int:
        """The place of the instruction that the issuer works on, or of the last one."""
        return self._ahead.places[max(0, int(self._state[at.RECORD]))] if self._ahead else self._pc

    def _pass(self) -> None:
        """What was looked at ahead has been worked on, up to where the program ended."""
        S, ahead = self._state, self._ahead
        assert ahead is not None
        S[at.STOPPED] = 0
        error, ended = bool(S[at.ENDED_ERROR]) and S[at.ENDED] >= 0, S[at.ENDED] >= 0
        done = int(S[at.RECORD]) + 1
        handed = ahead.field(at.R_HANDED, done)
        whole = handed >= 0
        places = np.array(ahead.places[:done])
        self.handed += zip(handed[whole].tolist(), places[whole].tolist(), strict=True)
        masks = ahead.field(at.R_MASK, done - error)
        self.ordered += [(place, mask) for place, mask in zip(ahead.places, masks.tolist(), strict=False) if mask]
        self._instructions += int(whole.sum())
        self._interrupts += int((whole & (ahead.field(at.R_IRQ, done) > 0)).sum())
        if S[at.MARKED] >= 0:
            self.marks.append((int(S[at.MARKED]) + RESET, ahead.tag))
        self._pc, self._ahead = ahead.places[done - 1] + (not error), None
        if ended:
            self._end(int(S[at.ENDED]), int(S[at.ENDED_ERROR]))

    def _end(self, clock: int, error: int) -> None:
        """A program has ended."""
        vector = statistics_of(self._totals, self.params.channels).busy["vector"]
        ended = clock + RESET, error, self._pc, not error, self._instructions, self._interrupts
        self.runs.append(Run(*ended, vector - self._vector))
        self._vector = vector
        self._instructions = self._interrupts = 0
        self._rests(self.time)

    # --- results -----------------------------------------------------------------------------------------------------
    def result(self, *, log: bool = True) -> Simulated:
        """What has happened before the present clock; with the log, if it is wanted and kept."""
        _, totals = self._counted()
        return Simulated(
            runs=self.runs,
            marks=self.marks,
            log=entries(np.concatenate([NOBODY, *self._log]), self.time) if log else [],
            cycles=self.time + RESET,
            statistics=statistics_of(totals, self.params.channels),
        )

    def causes(self) -> tuple[Numbers, Numbers]:
        """What the clocks from ``origin`` on go to, one after the other, as ``clocks`` of the statistics counts them.

        Returns
        -------
        (int64 array, int64 array), both of shape (count,)
            Clocks from ``origin`` on from which on there is a cause, and its place in ``CAUSES``. Neighbours may have
            the same one, and of equal clocks the last one counts.
        """
        last, _ = self._counted()
        edges = np.concatenate([*self._edges, last]).reshape(-1, 2)
        edges = edges[edges[:, 0] < self.time]
        return edges[:, 0] - self.origin, edges[:, 1]

    def begins(self, channel: int) -> list[int]:
        """The first clock of each operation of a channel."""
        log = np.concatenate([NOBODY, *self._log]).reshape(-1, at.ENTRY)
        mine = (log[:, at.E_CHANNEL] == channel) & (log[:, at.E_CODE] == at.BEGINS)
        return [int(clock) for clock in log[mine, at.E_FIRST]]

    def _counted(self) -> tuple[Numbers, Numbers]:
        """Edges that are not kept yet, and totals, as if the present clock was the last one."""
        account, totals, edges = np.array(self._account), np.array(self._totals), np.zeros(len(self._changed), np.int64)
        run.native.total(self._state, self._system, account, totals, edges)
        return edges[1 : edges[0] + 1], totals
