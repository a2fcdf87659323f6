"""An engine as it is synthesised: its core, everything around it, and the search for the best of both together.

The engine decides: a core that is better alone is no gain where the engine loses by it. So the cores that lower efforts
choose are tried in the engine too, and where a clock is asked for those that are chosen without one, unless they can't
be better there.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import NamedTuple

from gen.emit.verilog import Emission, emit
from gen.timing import pes
from hdl.params import EngineParams
from synth_scripts.engine.box import Box
from synth_scripts.engine.core import Core
from synth_scripts.engine.fabric import Fabric, critical_paths
from synth_scripts.engine.search import synthesise_fabric
from synth_scripts.engine.variants import SEARCHES, Search
from synth_scripts.library.library import Library
from synth_scripts.module.candidates import Objective, objective
from synth_scripts.module.memory import memories
from synth_scripts.module.styles import lower
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing
from synth_scripts.timing.walk import timer
from synth_scripts.work import jobs
from synth_scripts.work.once import once

__all__ = ["Engine", "Form", "best_engine", "smaller"]

#: Rows and columns up to which variants are compared, and up to which an engine is timed, as it is.
COMPARED, TIMED = 16, 64
#: Both where the unit library is timed without OpenSTA.
WALKED = 8
#: What is around a core has the same flip-flops for every core, and at least this share of the logic around another:
#: it is the same logic, mapped for another clock, which changes its area by some percent.
LEAST_LOGIC = 0.75


def smaller(params: EngineParams, limit: int) -> EngineParams:
    """The same engine with no more than ``limit`` rows and columns, and ``limit`` times ``limit`` PEs if it can.

    Where B stays rows are time: as many as the array is deep are left, or each block of B would take longer to load
    than its rows take.
    """
    rows = max(limit, params.depth) if params.weight_stationary else limit
    small = params.sized(min(params.rows, rows), min(params.cols, limit))
    while pes(small) > limit * limit and max(small.rows, small.cols) > 1:
        rows, cols = small.rows, small.cols
        fewer_cols = cols > 1 if params.weight_stationary else cols >= rows
        small = small.sized(rows, -(-cols // 2)) if fewer_cols else small.sized(-(-rows // 2), cols)
    return small


class _Sized(NamedTuple):
    """An area and a least clock period."""

    area: float
    period: float


@dataclass
class Engine:
    """One engine; each step is done when first asked for.

    Parameters
    ----------
    params : EngineParams
    emission : Emission
    library : Library
    effort : str
    clock : float or None
        The clock that core and surroundings are synthesised for, ns; None: their best one.
    workdir : Path
    say : callable
        Told what is being done.
    asked : float or None
        The clock of the run, ns, at which paths are shown; None: the engine's best one.
    tried : int
        How many netlists were compared to find this one.
    """

    params: EngineParams
    emission: Emission
    library: Library
    effort: str
    clock: float | None
    workdir: Path
    say: jobs.Say = jobs.quiet
    asked: float | None = None
    tried: int = 0

    @once
    def core(self) -> Core:
        """The core's modules."""
        return Core(self.library, self.emission, self.effort, self.clock, self.workdir, self.say)

    @once
    def fabric(self) -> Fabric:
        """Everything around the core.

        Variants of a large engine are compared on a smaller one; a very large one is also timed on a smaller one.
        """
        search = SEARCHES[self.effort]
        few, emission = self.compared
        if few != self.params:
            search = Search((self.fabric_of(emission, "compared", search).variant,))
        timed, emission = self.timed
        fabric = self.fabric_of(self.emission, "engine", search, timed=timed == self.params)
        if timed != self.params:
            fabric = replace(fabric, period=self.fabric_of(emission, "timed", search).period)
        return fabric

    def fabric_of(self, emission: Emission, folder: str, search: Search, *, timed: bool = True) -> Fabric:
        """What is around the core in this engine, or in one of another size."""
        return synthesise_fabric(
            *(self.library, emission.text, emission.top, self.boxes(emission), self.workdir / folder),
            target_ns=self.clock or self.core.period,
            clock_ns=self.clock,
            core_ns=self.core.period,
            search=search,
            timed=timed,
            say=lambda text: self.say(f"{folder}, {text}"),
        )

    def boxes(self, emission: Emission) -> list[Box]:
        """The core's modules, and the macros of an engine."""
        found = memories(Hierarchy(emission.text), emission.memories)
        return [*self.core.boxes, *(Box.of(memory, self.library) for memory in found if memory.macro)]

    def smaller(self, limit: int) -> tuple[EngineParams, Emission]:
        """The engine that stands for this one; itself where a smaller one would have a different core."""
        small = smaller(self.params, limit)
        if small == self.params:
            return self.params, self.emission
        front = self.emission.front
        emission = emit(small if front is None else front.before(small), self.core.prefix)
        hierarchy = Hierarchy(emission.text)
        same = all(hierarchy.text(name) == self.core.hierarchy.text(name) for name in self.core.modules)
        return (small, emission) if same else (self.params, self.emission)

    @once
    def compared(self) -> tuple[EngineParams, Emission]:
        """The engine whose variants are compared."""
        return self.smaller(WALKED if timer(self.library) == unit_timing.NAME else COMPARED)

    @once
    def timed(self) -> tuple[EngineParams, Emission]:
        """The engine that is timed."""
        return self.smaller(WALKED if timer(self.library) == unit_timing.NAME else TIMED)

    @once
    def area(self) -> float:
        """Cell area of the whole engine."""
        return self.fabric.area(self.boxes(self.emission))

    @property
    def netlists(self) -> dict[str, str]:
        """Verilog by where it lies in the folder for scripts, logs and netlists."""
        core = {f"{self.core.folder(name).name}/{name}.v": found.netlist for name, found in self.core.results.items()}
        return core | {f"engine/{self.emission.top}.v": self.fabric.netlist}

    @property
    def period(self) -> float:
        """The engine's least clock period, ns."""
        return max(self.core.period, self.fabric.period)

    @once
    def timed_fabric(self) -> Fabric:
        """Everything around the core of the engine that is timed."""
        params, emission = self.timed
        return (
            self.fabric if params == self.params else self.fabric_of(emission, "timed", Search((self.fabric.variant,)))
        )

    @once
    def paths(self) -> sta.Paths:
        """The critical paths at the clock of the run."""
        emission = self.timed[1]
        return critical_paths(
            *(self.library, self.timed_fabric, emission.top, self.boxes(emission), self.core.modules),
            folder=self.workdir / "paths",
            period_ns=self.asked or self.period,
        )

    @property
    def core_period(self) -> float:
        """The core's least clock period, ns: inside of its modules, and from one to the other."""
        return max(self.core.period, self.paths.among)

    @once
    def core_path(self) -> str:
        """The core's critical path, at the clock of the run."""
        if self.paths.among > self.core.period:
            return self.paths.among_path
        return self.core.critical_path(self.asked or self.period)

    @property
    def path(self) -> str:
        """The engine's critical path, at the clock of the run."""
        return self.paths.path if self.fabric.period > self.core_period else self.core_path

    @once
    def surroundings(self) -> dict[str, str]:
        """Verilog of what is around the core, by module."""
        return {name: text for name, text in self.core.hierarchy.texts.items() if name not in self.core.inside}

    def is_behind(self, other: Engine, least: Objective) -> bool:
        """Whether its core tells that it can't be better than another engine."""
        if self.surroundings != other.surroundings:
            return False
        around, same = other.area - other.core.area, other.fabric.sequential_area(self.library)
        bound = _Sized(self.core.area + same + LEAST_LOGIC * (around - same), self.core.period)
        if least(bound) >= least(other):
            return True
        cores = [{name: result.best for name, result in each.core.results.items()} for each in (self, other)]
        # Variants of a lower effort are among those of the higher one.
        return cores[0] == cores[1] and self.clock == other.clock and self.compared[0] == self.params


@dataclass(frozen=True)
class Form:
    """A form of an engine, where its scripts, logs and netlists go, and what is told of its progress."""

    params: EngineParams
    emission: Emission
    workdir: Path
    say: jobs.Say = jobs.quiet

    def engine(self, library: Library, effort: str, clock: float | None, folder: str = "") -> Engine:
        """The engine with the core that an effort chooses for a clock."""
        return Engine(self.params, self.emission, library, effort, clock, self.workdir / folder, self.say)


def best_engine(forms: Sequence[Form], library: Library, effort: str, clock: float | None) -> Engine:
    """The best engine that an effort finds: at a clock (the smallest that meets it, or the fastest) or at its best one.

    Parameters
    ----------
    forms : sequence of Form
        Forms of one engine: the best of them wins. What it is made of is in the form's folder.
    library : Library
    effort : str
    clock : float or None
        The clock asked for (ns), or None: the one with the least area times clock period.
    """
    least = objective(clock)
    first = [form.engine(library, effort, clock) for form in forms]
    jobs.together([lambda engine=engine: engine.core.results for engine in first])  # type: ignore[misc]
    first.sort(key=lambda engine: least(engine.core))
    lesser = [
        form.engine(library, level, goal, f"{level}{'' if goal == clock else '-auto'}")
        for form in forms
        for goal in dict.fromkeys((clock, None))
        for level in (effort, *lower(effort))
        if (goal, level) != (clock, effort)
    ]
    tried: list[Engine] = []
    for engine in (*first, *lesser):
        if not any(engine.is_behind(other, least) for other in tried):
            tried.append(engine)
    best = min(tried, key=least)
    workdir = next(form.workdir for form in forms if form.params == best.params)
    for path, text in best.netlists.items():
        (workdir / path).parent.mkdir(parents=True, exist_ok=True)
        (workdir / path).write_text(text)
    best.tried = sum(len(result.tried) for engine in first for result in engine.core.results.values())
    return best
