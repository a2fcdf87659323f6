"""The core of an engine: which of its modules are synthesised on their own, and at which clock they go together."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path

from gen.emit.verilog import Emission
from synth_scripts.engine.box import Box
from synth_scripts.library.library import Library
from synth_scripts.module.block import characterise, port_loads
from synth_scripts.module.flow import Result, critical_path, synthesise_module
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import sta
from synth_scripts.work import jobs
from synth_scripts.work.once import once

__all__ = ["Core", "split"]

#: A module with more Verilog than this, all parts in it counted each time, is not flattened: its parts are synthesised
#: on their own.
FLAT_CHARACTERS = 150_000


def split(hierarchy: Hierarchy, name: str, limit: int = FLAT_CHARACTERS) -> list[str]:
    """What is synthesised on its own for a module of the core: itself, or its parts where it is large."""
    size = sum(len(hierarchy.texts[kind]) * count for kind, count in hierarchy.instances(name).items())
    parts = hierarchy.places[name]
    if size <= limit or not parts:
        return [name]
    return list(dict.fromkeys(each for part in parts for each in split(hierarchy, part, limit)))


@dataclass
class Core:
    """The modules that ``Emission.core`` names, wherever they stand; one inside another belongs to that other one.

    Every distinct module is synthesised once, with the search over styles. Those with flip-flops share a clock: the one
    asked for, or what they reach if that is missed, or else their best one, with the least area times period of them
    all. Those without follow, at that clock.

    Parameters
    ----------
    library : Library
    emission : Emission
    effort : str
    clock : float or None
        The clock asked for (ns), or None: the core's best.
    workdir : Path
    say : callable
        Told what is being done.
    """

    library: Library
    emission: Emission
    effort: str
    clock: float | None
    workdir: Path
    say: jobs.Say = jobs.quiet
    hierarchy: Hierarchy = field(init=False)

    def __post_init__(self) -> None:
        self.hierarchy = Hierarchy(self.emission.text)

    @property
    def prefix(self) -> str:
        """First part of every module's name."""
        return self.emission.prefix

    def folder(self, name: str) -> Path:
        """Where scripts, logs and netlists of a module go: each has its own, as modules are worked on side by side."""
        return self.workdir / name.removeprefix(f"{self.prefix}_")

    @once
    def roots(self) -> Counter[str]:
        """How often each module of the core stands in the engine outside of all others."""
        everywhere = self.hierarchy.instances(self.emission.top, self.emission.core)
        return Counter({name: everywhere[name] for name in self.emission.core if everywhere[name]})

    @once
    def inside(self) -> Counter[str]:
        """How often each module stands in the core, those of the core themselves included."""
        counts: Counter[str] = Counter()
        for root, number in self.roots.items():
            for name, each in self.hierarchy.instances(root).items():
                counts[name] += number * each
        return counts

    @once
    def modules(self) -> list[str]:
        """The modules that are synthesised on their own."""
        return list(dict.fromkeys(name for root in self.roots for name in split(self.hierarchy, root)))

    @once
    def results(self) -> dict[str, Result]:
        """The netlists of :attr:`modules`."""
        clocked = [name for name in self.modules if self.hierarchy.clocked(name)]
        results = self._search(clocked, self.clock)
        period = self.clock
        if results:
            fastest = max(result.fastest for result in results.values())
            period = max(period, fastest) if period else self._common_period(results)
            results = {name: result.at(period) for name, result in results.items()}
        results |= self._search([name for name in self.modules if name not in results], period)
        return {name: results[name] for name in self.modules}

    def _search(self, names: list[str], clock: float | None) -> dict[str, Result]:
        def search(name: str) -> Result:
            folder = self.folder(name)
            return synthesise_module(
                *(self.library, self.emission.text, name, folder),
                effort=self.effort,
                clock_ns=clock,
                say=lambda text: self.say(f"{folder.name}, {text}"),
            )

        return dict(zip(names, jobs.together([partial(search, name) for name in names]), strict=True))

    def _common_period(self, results: dict[str, Result]) -> float:
        """The period with the least area times period of all modules together."""

        def cost(period: float) -> float:
            area = 0.0
            for name, result in results.items():
                fitting = [made.candidate.area for made in result.front if made.candidate.period <= period]
                area += self.inside[name] * min(fitting, default=float("inf"))
            return area * period

        return min((made.candidate.period for result in results.values() for made in result.front), key=cost)

    @property
    def period(self) -> float:
        """The least clock period (ns) that all modules reach."""
        return max(result.best.period for result in self.results.values())

    @property
    def main(self) -> Result:
        """The module that stands for the core in words: the PE, or what takes most area."""
        pe = self.emission.modules.get("pe", "")
        largest = max(self.results, key=lambda name: self.results[name].best.area * self.inside[name])
        return self.results[pe if pe in self.results else largest]

    @once
    def boxes(self) -> list[Box]:
        """The synthesised modules as the engine sees them."""
        return jobs.together([partial(self._box, name) for name in self.results])

    def _box(self, name: str) -> Box:
        result, folder = self.results[name], self.folder(name)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.v").write_text(result.netlist)
        block = None
        if result.best.sequential_area and sta.available():
            block = characterise(self.library, result.netlist, name, result.best.area, folder)
        loads = port_loads(self.library, result.netlist, name)
        return Box(name, result.best.area, result.netlist, loads, block)

    @property
    def area(self) -> float:
        """Area of all modules of the core."""
        return sum(self.inside[name] * result.best.area for name, result in self.results.items())

    def critical_path(self, period_ns: float) -> str:
        """The critical path of :attr:`main` at a clock period."""
        return critical_path(self.library, self.main, self.folder(self.main.top), period_ns)
