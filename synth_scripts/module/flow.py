"""Synthesis of one module: every style at every clock target, the best wins.

More effort never finds less: what a lower effort tries is part of what a higher one tries, and what is tried without a
clock is part of what is tried for a clock.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import partial
from pathlib import Path
from typing import Any

from synth_scripts.library.library import Library
from synth_scripts.module.candidates import (
    Candidate,
    Key,
    Made,
    Result,
    area_delay,
    best_at,
    front,
    objective,
    smallest_at,
)
from synth_scripts.module.styles import (
    ADDERS,
    EFFORTS,
    MULTIPLIERS,
    SCRIPTS,
    Effort,
    Style,
    abc_script,
    gate_clocks,
    lower,
    map_files,
)
from synth_scripts.netlist import checks
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import abc as abc_timing
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing
from synth_scripts.timing.walk import timer, walk
from synth_scripts.work import cache, jobs, yosys

__all__ = ["Candidate", "Made", "Result", "area_delay", "critical_path", "smallest_at", "synthesise_module"]

#: Styles that one run of Yosys maps at most: its start and the front end are shared by them.
BATCH = 8
#: Clock targets that ABC is given, FO4: it sizes gates for a target, and nothing is gained beyond these.
TARGETS = (5.0, 1000.0)


def synthesise_module(
    library: Library,
    verilog: str,
    top: str,
    folder: Path,
    *,
    effort: str | Effort = "normal",
    clock_ns: float | None = None,
    say: jobs.Say = jobs.quiet,
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
        ``quick``, ``normal`` or ``full``, each of which tries as well what those before it try; or what is to be tried.
    clock_ns : float, optional
        Ask for the smallest netlist at this clock (the fastest where none meets it) instead of the best clock.
    say : callable
        Told what is being tried.

    Raises
    ------
    CheckFailed
        Where the design has latches, combinational loops or several drivers for a net.
    ToolError
    """
    hierarchy = Hierarchy(verilog)
    if top in hierarchy.texts:  # so that equal modules of different engines are one job
        verilog = hierarchy.text(top)
    found = _found(library, verilog, top, folder, effort, clock_ns, say)
    return Result(top, best_at(clock_ns, found.front), tuple(found.tried.values()), tuple(found.front), timer(library))


def critical_path(library: Library, result: Result, folder: Path, period_ns: float) -> str:
    """The critical path of the best netlist at a clock period."""
    name = f"{result.top}.v"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text(result.netlist)
    if timer(library) == unit_timing.NAME:
        return walk(library, result.netlist, result.top, (), folder).path(period_ns)
    if not sta.available():
        return result.chosen.path
    return sta.paths(library, name, result.top, folder, period_ns=period_ns).path


class _Found:
    """What was tried, by its key, and the netlists that no other one beats."""

    def __init__(self, tried: dict[Key, Candidate], made: list[Made]) -> None:
        self.tried, self.front = tried, front(made)

    def __or__(self, other: _Found) -> _Found:
        return _Found(self.tried | other.tried, [*self.front, *other.front])

    @classmethod
    def read(cls, stored: dict[str, Any]) -> _Found:
        """From what the cache holds."""
        tried = [Candidate(**values) for values in stored["tried"]]
        made = [Made(Candidate(**candidate), netlist, path) for candidate, netlist, path in stored["front"]]
        return cls({each.key: each for each in tried}, made)

    def stored(self) -> dict[str, Any]:
        """What the cache holds."""
        return {
            "tried": [asdict(each) for each in self.tried.values()],
            "front": [(asdict(each.candidate), each.netlist, each.path) for each in self.front],
        }


def _found(
    library: Library,
    verilog: str,
    top: str,
    folder: Path,
    effort: str | Effort,
    clock_ns: float | None,
    say: jobs.Say,
) -> _Found:
    """What an effort finds, with all that lower ones and the search without a clock find."""
    named = (
        asdict(effort) if isinstance(effort, Effort) else [asdict(EFFORTS[name]) for name in (effort, *lower(effort))]
    )
    key = cache.key(__name__, verilog, top, library.digest, named, clock_ns, sta.available(), yosys.version())
    stored = cache.read("modules", key)
    if stored is not None:
        return _Found.read(stored)
    known = _Found({}, [])
    if clock_ns:
        known |= _found(library, verilog, top, folder, effort, None, say)
    if isinstance(effort, str) and lower(effort):
        known |= _found(library, verilog, top, folder, lower(effort)[0], clock_ns, say)
    folder.mkdir(parents=True, exist_ok=True)
    tried = effort if isinstance(effort, Effort) else EFFORTS[effort]
    found = known | _Search(library, verilog, top, folder, tried, clock_ns, known.tried, say).run()
    cache.write("modules", key, found.stored())
    return found


class _Search:
    """The search for one module by one effort.

    ``known`` are candidates that were made before: they are not made again.
    """

    def __init__(
        self,
        library: Library,
        verilog: str,
        top: str,
        folder: Path,
        effort: Effort,
        clock_ns: float | None,
        known: dict[Key, Candidate],
        say: jobs.Say,
    ) -> None:
        self.library, self.top, self.folder, self.effort = library, top, folder, effort
        self.known, self.say = known, say
        self.objective = objective(clock_ns)
        self.at_clock = clock_ns is not None
        least, most = (limit * library.fo4_ps for limit in TARGETS)
        self.targets = [target * library.fo4_ps for target in effort.targets]
        if clock_ns:
            self.targets = [min(max(clock_ns * 1e3, least), most)]
        (folder / "design.v").write_text(verilog)
        maps = map_files(library)
        for name, text in maps.items():
            (folder / name).write_text(text)
        self.maps = {name for name, text in maps.items() if text}
        (folder / "abc.constr").write_text(f"set_driving_cell {library.driver}\nset_load {library.load_ff:g}\n")
        self.tried: dict[Key, Candidate] = {}
        self.made: list[Made] = []
        self.files = 0

    def run(self) -> _Found:
        """The rounds."""
        styles = self._styles()
        by_name = {str(style): style for style in styles}
        first, *others = self.effort.first
        if self.at_clock and self.known:  # which styles are promising is known from the search without a clock
            self.tried = {key: each for key, each in self.known.items() if each.style in by_name}
            others = list(self.effort.first)
        else:
            self._round([(style, first) for style in styles])
        promising = [by_name[name] for name in self._ranking()[: self.effort.promising]]
        self._round([(style, script) for style in promising for script in others])
        finalists = self._ranking()[: self.effort.finalists]
        rest = [script for script in SCRIPTS if script not in self.effort.first]
        self._round([(by_name[name], script) for name in finalists for script in rest])
        return _Found(self.tried, self.made)

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
        if timer(self.library) == "ABC":  # it sees no path through an adder cell
            cells = self.effort.cells[:1]
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
        commands += [*gate_clocks(self.library), maps, "opt -fast -nodffe -nosdff"]
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
        """Map every (style, script) at every target and time the netlists, those excepted that are known."""
        wanted: list[Key] = []
        new: dict[Style, dict[str, _Plan]] = {}
        for style, script in pairs:
            for target in self.targets:
                plan = _Plan(style, script, target)
                wanted.append(plan.key)
                if plan.key not in self.known and plan.key not in self.tried:
                    new.setdefault(style, {})[f"candidate_{self.files}"] = plan
                    self.files += 1
        styles = list(new.values())
        share = max(1, min(BATCH, -(-len(styles) // jobs.cores())))
        batches = [styles[i : i + share] for i in range(0, len(styles), share)]
        total, done = sum(map(len, styles)), [0]

        def batch(plans: list[dict[str, _Plan]]) -> list[Made]:
            made = self._made(plans)
            done[0] += len(made)
            self.say(f"{done[0]} of {total} netlists")
            return made

        if batches:
            self.say(f"0 of {total} netlists")
        made = [each for found in jobs.together([partial(batch, plans) for plans in batches]) for each in found]
        candidates = self.known | {each.candidate.key: each.candidate for each in made}
        self.tried |= {key: candidates[key] for key in wanted if key not in self.tried}
        self.made = front([*self.made, *made])

    def _made(self, plans: Sequence[dict[str, _Plan]]) -> list[Made]:
        """Map and time some styles, each with what is planned by name of file."""
        self._map(plans)
        together = {name: plan for each in plans for name, plan in each.items()}
        timing = self._time(list(together))
        made = []
        for name, plan in together.items():
            suffixes = ("json", "v", "abc.json", "cells.json")  # scripts and logs stay
            files = {suffix: self.folder / f"{name}.{suffix}" for suffix in suffixes}
            cells = {kind: int(count) for kind, count in _stat(files["json"])["num_cells_by_type"].items()}
            areas = self.library.areas
            checks.mapped([f"{kind} in {self.top}" for kind in cells if kind not in areas], self.library.name)
            area = sum(areas[kind] * count for kind, count in cells.items())
            sequential = sum(areas[kind] * count for kind, count in cells.items() if kind in self.library.clock_pins)
            found = timing[name]
            candidate = Candidate(*plan.key, area, sequential, found.period, found.register_period, cells)
            made.append(Made(candidate, files["v"].read_text(), found.path))
            for path in files.values():
                path.unlink(missing_ok=True)
        return made

    def _map(self, plans: Sequence[dict[str, _Plan]]) -> None:
        commands = [*self._front(), "design -save words"]
        names: list[str] = []
        for each in plans:
            style = next(iter(each.values())).style
            commands += ["design -load words", *self._gates(style), "design -save gates"]
            for name, plan in each.items():
                (self.folder / f"{name}.abc").write_text(abc_script(plan.script, plan.target_ps))
                commands += [
                    "design -load gates",
                    f"abc -liberty {yosys.LIBRARY} -constr abc.constr -script {name}.abc",
                    "opt_clean -purge",
                    f"tee -o {name}.json stat -json",
                    *([f"write_json {name}.cells.json"] if timer(self.library) == unit_timing.NAME else []),
                    f"write_verilog -noattr -noexpr -nohex -nodec -simple-lhs {name}.v",
                ]
                names.append(name)
        files = {yosys.LIBRARY: self.library.mapping}
        log = yosys.run(commands, self.folder, f"map_{names[0]}", check=self.top, files=files)
        abc_timing.keep(log, names, self.folder)
        for name in names:
            path = self.folder / f"{name}.v"
            path.write_text(sta.plain(path.read_text()))

    def _time(self, names: list[str]) -> dict[str, sta.Timing]:
        if sta.available():
            return sta.measure(
                self.library, {name: f"{name}.v" for name in names}, self.top, self.folder, log=f"time_{names[0]}"
            )
        if timer(self.library) == unit_timing.NAME:
            return {name: self._walked(self.folder / f"{name}.cells.json") for name in names}
        return abc_timing.measure(self.library, names, self.folder)

    def _walked(self, path: Path) -> sta.Timing:
        module = json.loads(path.read_text())["modules"][self.top]
        every, inside = (unit_timing.Walk(self.library, module, ports=ports).period for ports in (True, False))
        return sta.Timing(every, inside)


@dataclass(frozen=True)
class _Plan:
    """A netlist that is to be made."""

    style: Style
    script: str
    target_ps: float

    @property
    def key(self) -> Key:
        """As :attr:`Candidate.key`."""
        return (str(self.style), self.script, self.target_ps / 1e3)


def _stat(path: Path) -> dict[str, Any]:
    """The counts of the only module in a ``stat -json`` file."""
    return next(iter(json.loads(path.read_text())["modules"].values()))
