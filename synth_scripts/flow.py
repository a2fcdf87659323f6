"""Synthesis of one module: every style at every clock target, the best wins."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

from synth_scripts import abc_timing, cache, checks, sta, yosys
from synth_scripts.hierarchy import Hierarchy
from synth_scripts.library import Library
from synth_scripts.styles import ADDERS, EFFORTS, MULTIPLIERS, SCRIPTS, Effort, Style, abc_script, map_files

__all__ = ["Candidate", "Made", "Result", "area_delay", "smallest_at", "synthesise_module"]


@dataclass(frozen=True)
class Candidate:
    """One synthesised netlist.

    Parameters
    ----------
    style : str
        Multiplier, adder and adder-cell style.
    script : str
        Mapping script.
    target_ns : float
        Clock target.
    area, sequential_area : float
        In the library's unit, and the flip-flops' (and clock gates') part of it.
    period, register_period : float
        Least clock period, and that of paths inside, ns.
    cells : dict
        Cell counts.
    """

    style: str
    script: str
    target_ns: float
    area: float
    sequential_area: float
    period: float
    register_period: float
    cells: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        """How the candidate was made, in words."""
        return f"{self.style}, {self.script} at {self.target_ns:.3g} ns"


@dataclass(frozen=True)
class Made:
    """A candidate with its netlist and critical path."""

    candidate: Candidate
    netlist: str
    path: str


@dataclass(frozen=True)
class Result:
    """The best candidate, its netlist and critical path, and everything that was tried.

    ``front`` are the candidates that no other one beats in both area and period, the largest first.
    """

    top: str
    best: Candidate
    netlist: str
    path: str
    tried: tuple[Candidate, ...]
    front: tuple[Made, ...]
    timing_by: str

    def at(self, clock_ns: float) -> Result:
        """The same with the smallest candidate that reaches a clock as the best; the fastest where none does."""
        made = min(self.front, key=lambda each: smallest_at(clock_ns)(each.candidate))
        return replace(self, best=made.candidate, netlist=made.netlist, path=made.path)


def area_delay(candidate: Candidate) -> float:
    """Area times period: the inverse of throughput over area at the design's own best clock."""
    return candidate.area * max(candidate.period, 1e-9)


def smallest_at(clock_ns: float) -> Callable[[Candidate], tuple[float, float]]:
    """The objective at a given clock: the smallest that meets it, else the fastest."""
    return lambda candidate: (max(candidate.period, clock_ns), candidate.area)


def synthesise_module(
    library: Library,
    verilog: str,
    top: str,
    folder: Path,
    *,
    effort: str | Effort = "normal",
    clock_ns: float | None = None,
) -> Result:
    """Synthesise one module, flattened, in every style.

    Parameters
    ----------
    library : Library
    verilog : str
        Verilog text that holds the module and all it instantiates.
    top : str
    folder : Path
        Where scripts, logs and netlists go.
    effort : str or Effort
        ``quick``, ``normal`` or ``full``, or what is to be tried.
    clock_ns : float, optional
        Ask for the smallest netlist at this clock instead of the least area times period.

    Raises
    ------
    CheckFailed
        Where the design has latches, combinational loops or several drivers for a net.
    ToolError
    """
    hierarchy = Hierarchy(verilog)
    if top in hierarchy.texts:  # so that equal modules of different engines are one job
        verilog = hierarchy.text(top)
    named = asdict(effort) if isinstance(effort, Effort) else effort
    key = cache.digest(
        "module with front", verilog, top, library.digest, named, clock_ns, sta.available(), yosys.version()
    )
    stored = cache.read("modules", key)
    if stored is None:
        folder.mkdir(parents=True, exist_ok=True)
        tried = effort if isinstance(effort, Effort) else EFFORTS[effort]
        stored = _Search(library, verilog, top, folder, tried, clock_ns).run()
        cache.write("modules", key, stored)
    candidates = tuple(Candidate(**values) for values in stored["tried"])
    front = tuple(Made(Candidate(**candidate), netlist, path) for candidate, netlist, path in stored["front"])
    best = Made(Candidate(**stored["best"][0]), *stored["best"][1:])
    return Result(top, best.candidate, best.netlist, best.path, candidates, front, stored["timing_by"])


class _Search:
    """The search for one module."""

    def __init__(
        self, library: Library, verilog: str, top: str, folder: Path, effort: Effort, clock_ns: float | None
    ) -> None:
        self.library, self.top, self.folder, self.effort = library, top, folder, effort
        self.objective = smallest_at(clock_ns) if clock_ns else area_delay
        self.targets = [clock_ns * 1e3] if clock_ns else [target * library.fo4_ps for target in effort.targets]
        (folder / "design.v").write_text(verilog)
        maps = map_files(library)
        for name, text in maps.items():
            (folder / name).write_text(text)
        self.maps = {name for name, text in maps.items() if text}
        (folder / "abc.constr").write_text(f"set_driving_cell {library.driver}\nset_load {library.load_ff:g}\n")
        self.tried: dict[str, Candidate] = {}

    def run(self) -> dict[str, Any]:
        """The rounds; returns what the cache stores."""
        styles = self._styles()
        self._round([(style, self.effort.first[0]) for style in styles])
        by_name = {str(style): style for style in styles}
        promising = [by_name[name] for name in self._ranking()[: self.effort.promising]]
        self._round([(style, script) for style in promising for script in self.effort.first[1:]])
        finalists = self._ranking()[: self.effort.finalists]
        rest = [script for script in SCRIPTS if script not in self.effort.first]
        self._round([(by_name[name], script) for name in finalists for script in rest])
        best = min(self.tried, key=lambda name: self.objective(self.tried[name]))
        front = list(dict.fromkeys([*self._front_names(), best]))
        timing = self._time({name: f"{name}.v" for name in front})
        made = {
            name: (asdict(self.tried[name]), (self.folder / f"{name}.v").read_text(), timing[name].path)
            for name in front
        }
        for name in self.tried:
            (self.folder / f"{name}.v").unlink(missing_ok=True)
        return {
            "best": made[best],
            "front": list(made.values()),
            "tried": [asdict(candidate) for candidate in self.tried.values()],
            "timing_by": "OpenSTA" if sta.available() else "ABC",
        }

    def _front_names(self) -> list[str]:
        """The candidates that are the smallest at their period."""
        names: list[str] = []
        for name, candidate in sorted(self.tried.items(), key=lambda item: (item[1].period, item[1].area)):
            if not names or candidate.area < self.tried[names[-1]].area:
                names.append(name)
        return names

    def _ranking(self) -> list[str]:
        """Styles, the best first."""
        return list(dict.fromkeys(each.style for each in sorted(self.tried.values(), key=self.objective)))

    def _styles(self) -> list[Style]:
        """The styles that make a difference to this design: without a multiplier all multiplier styles are one."""
        yosys.run([*self._front(), "tee -o words.json stat -json"], self.folder, "words", check=self.top)
        words = set(_stat(self.folder / "words.json")["num_cells_by_type"])
        multiplies = bool(words & {"$mul", "$macc", "$macc_v2"})
        adds = multiplies or bool(words & {"$add", "$sub", "$alu", "$neg", "$lt", "$le", "$ge", "$gt"})
        multipliers = self.effort.multipliers if multiplies else self.effort.multipliers[:1]
        adders = self.effort.adders if adds else self.effort.adders[:1]
        cells = self.effort.cells if "adder_cells.v" in self.maps else self.effort.cells[:1]
        if not multiplies:  # only multipliers are made of words of full adders
            cells = tuple(name for name in cells if name != "adder-cells")
        return [Style(m, a, c) for m in multipliers for a in adders for c in cells]

    def _front(self) -> list[str]:
        """Reading and checking, word-level clean-up."""
        return [
            "read_verilog -sv design.v",
            f"hierarchy -check -top {self.top}",
            "proc",
            "attrmap -remove init",
            "check -nolatches -assert",
            "flatten",
            "check -assert",
            *yosys.COARSE,
        ]

    def _gates(self, style: Style) -> list[str]:
        """From words to gates and flip-flops."""
        adder = ADDERS[style.adder]
        maps = "techmap -map +/techmap.v"
        if adder:
            maps += f" -map {adder}"
        if style.cells != "gates":
            maps += " -map adder_cells.v"
        commands = [*MULTIPLIERS[style.multiplier], "opt -nosdff", "opt_clean", "opt -full -nosdff"]
        if "clock_gate.v" in self.maps:
            commands += ["clockgate -pos bitloom_clock_gate ce:clk:gclk -min_net_size 3", "techmap -map clock_gate.v"]
        commands += [maps, "opt -fast -nodffe -nosdff"]
        if style.cells == "extracted":
            commands += [
                "extract_fa -fa",
                "opt_clean",
                "techmap -map +/techmap.v -map adder_cells.v",
                "opt -fast -nodffe -nosdff",
            ]
        return [
            *commands,
            f"dfflibmap -liberty {yosys.LIBRARY}",
            "opt -nodffe -nosdff",
            "setundef -zero",
            "opt_clean -purge",
        ]

    def _round(self, pairs: list[tuple[Style, str]]) -> None:
        """Map every (style, script) at every target and time the netlists."""
        jobs: dict[Style, list[str]] = {}
        for style, script in pairs:
            jobs.setdefault(style, []).append(script)
        made: dict[str, tuple[Style, str, float]] = {}
        for style, scripts in jobs.items():
            made |= self._map(style, scripts, len(self.tried) + len(made))
        timing = self._time({name: f"{name}.v" for name in made})
        for name, (style, script, target) in made.items():
            stat = _stat(self.folder / f"{name}.json")
            cells = {kind: int(count) for kind, count in stat["num_cells_by_type"].items()}
            areas = self.library.areas
            checks.mapped([f"{kind} in {self.top}" for kind in cells if kind not in areas], self.library.name)
            area = sum(areas[kind] * count for kind, count in cells.items())
            sequential = sum(areas[kind] * count for kind, count in cells.items() if kind in self.library.clock_pins)
            found = timing[name]
            self.tried[name] = Candidate(
                str(style), script, target / 1e3, area, sequential, found.period, found.register_period, cells
            )

    def _map(self, style: Style, scripts: list[str], first: int) -> dict[str, tuple[Style, str, float]]:
        commands = [*self._front(), *self._gates(style), "design -save gates"]
        made: dict[str, tuple[Style, str, float]] = {}
        for script in scripts:
            for target in self.targets:
                name = f"candidate_{first + len(made)}"
                (self.folder / f"{name}.abc").write_text(abc_script(script, target))
                commands += [
                    "design -load gates",
                    f"abc -liberty {yosys.LIBRARY} -constr abc.constr -script {name}.abc",
                    "opt_clean -purge",
                    f"tee -o {name}.json stat -json",
                    f"write_verilog -noattr -noexpr -nohex -nodec -simple-lhs {name}.v",
                ]
                made[name] = (style, script, target)
        log = yosys.run(
            *(commands, self.folder, f"map_{str(style).replace('/', '_')}_{first}"),
            check=self.top,
            files={yosys.LIBRARY: self.library.mapping},
        )
        abc_timing.keep(log, list(made), self.folder)
        for name in made:
            path = self.folder / f"{name}.v"
            path.write_text(sta.plain(path.read_text()))
        return made

    def _time(self, netlists: dict[str, str]) -> dict[str, sta.Timing]:
        if sta.available():
            return sta.measure(self.library, netlists, self.top, self.folder)
        return abc_timing.measure(self.library, list(netlists), self.folder)


def _stat(path: Path) -> dict[str, Any]:
    """The counts of the only module in a ``stat -json`` file."""
    return next(iter(json.loads(path.read_text())["modules"].values()))
