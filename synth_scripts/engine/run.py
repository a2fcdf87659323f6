"""Synthesis of an engine: the content of ``synth.json``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple, Protocol

from gen.emit.verilog import Emission
from gen.stimuli import Drawn, Stimuli
from gen.timing import macs_per_cycle
from hdl.lib.roles import ROLES, in_words
from hdl.params import Dataflow, EngineParams
from synth_scripts.engine import exports, metrics
from synth_scripts.engine.clock import Clock, target
from synth_scripts.engine.core import Core
from synth_scripts.engine.energy import energy_figures, no_energy_figures
from synth_scripts.engine.engine import Engine, Form, best_engine
from synth_scripts.engine.fabric import Fabric
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.units import units
from synth_scripts.engine.variants import Search
from synth_scripts.engine.wireless import engine_periods
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.module.memory import COUNTED, MODEL, Memory, memories
from synth_scripts.netlist import checks
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.power import engine as power
from synth_scripts.power.simulated import Setup, SimulatedEngine
from synth_scripts.timing import sta
from synth_scripts.work import jobs, yosys
from synth_scripts.work.once import once

__all__ = ["Form", "Settings", "strongest", "synthesise"]

_EFFICIENCY = (
    *("throughput_gops", "core_throughput_gops"),
    *("gops_per_mm2_core", "gops_per_mm2_engine", "gops_per_mm2_engine_total"),
)


class Settings(Protocol):
    """What :func:`synthesise` reads of the ``[synth]`` section."""

    @property
    def library(self) -> str | Sequence[str]:
        """``auto``, a library's name, a path or paths."""

    @property
    def clock_ns(self) -> float | str:
        """The clock asked for, or ``auto``: the design's own best."""

    @property
    def effort(self) -> str:
        """``quick``, ``normal`` or ``full``."""


def synthesise(
    params: EngineParams,
    emission: Emission,
    settings: Settings,
    workdir: Path,
    *,
    library: Library | None = None,
    with_power: bool | None = None,
    rate: Rate | None = None,
    stimuli: Stimuli | None = None,
    say: jobs.Say = jobs.quiet,
) -> dict[str, Any]:
    """Synthesise an engine: every part in its best style, the whole timed, its power from simulation.

    The core is synthesised module by module, once each, with a search over styles; everything around it likewise,
    with fan-out trees. Area is counted over the hierarchy. Large memories are macros, outside of the area of cells; one
    more area counts everything. ``quick`` effort measures no power unless it is asked for.

    Parameters
    ----------
    params : EngineParams
    emission : Emission
        The engine's Verilog.
    settings : Settings
    workdir : Path
        For scripts, logs and netlists; what is in there stays.
    library : Library, optional
        The one that the settings name, where more is said about it than they hold.
    with_power : bool, optional
        Measure power, where the library allows it; left out, where effort allows it as well.
    rate : Rate, optional
        Multiply-accumulates a cycle, where the operands decide: measured, see :mod:`sim_tb.rate`. Without it such an
        engine's figures of throughput are null.
    stimuli : Stimuli, optional
        What the engine multiplies while its power is measured; the usual normal operands where they are left out.
    say : callable
        Told what is being done.

    Returns
    -------
    dict
        Keys as ``docs/files.md`` lists them, each figure with its unit in ``units``. Figures are at ``clock_ns``: the
        engine's best clock, or the one asked for if it is met, else the one that is reached. What was not measured is
        None.

    Raises
    ------
    CheckFailed
        Where the design has latches, combinational loops, several drivers of a net or unmapped cells, or the netlist
        computes something else.
    ToolError
        Where a library or program is missing or unusable.
    """
    forms = [Form(params, emission, workdir, say)]
    return strongest(forms, settings, library=library, with_power=with_power, rate=rate, stimuli=stimuli)[1]


def strongest(
    forms: Sequence[Form],
    settings: Settings,
    *,
    library: Library | None = None,
    with_power: bool | None = None,
    rate: Rate | None = None,
    stimuli: Stimuli | None = None,
    files: Collection[str] = (),
) -> tuple[EngineParams, dict[str, Any]]:
    """The best of several forms of an engine, which differ in their cores, and its figures as :func:`synthesise` gives.

    Nothing but their cores is synthesised of forms whose cores tell that others are better. ``files`` are kinds of
    :mod:`synth_scripts.engine.exports`, which are written beside the netlist.
    """
    library = library or load(settings.library)
    asked = None if isinstance(settings.clock_ns, str) else float(settings.clock_ns)
    engine = best_engine(forms, library, settings.effort, target(asked, library))
    engine.asked = asked
    params = engine.params
    if rate is None and (macs := macs_per_cycle(params)) is not None:
        steps = Dataflow(params).beat_steps
        rate = Rate(float(macs), f"every PE, in every {'cycle' if steps == 1 else f'{steps} cycles'}")
    form = next(form for form in forms if form.params == params)
    made = (params, engine.emission, library, settings.effort, asked, form.workdir, with_power, rate, engine)
    return params, _Run(*made, stimuli=stimuli, exports=files, say=form.say).figures()


@dataclass
class _Run:
    """The steps; each is done when first asked for."""

    params: EngineParams
    emission: Emission
    library: Library
    effort: str
    asked: float | None
    workdir: Path
    with_power: bool | None
    rate: Rate | None
    engine: Engine
    stimuli: Stimuli | None = None
    exports: Collection[str] = ()
    say: jobs.Say = jobs.quiet

    @property
    def core(self) -> Core:
        """The core's modules."""
        return self.engine.core

    @property
    def fabric(self) -> Fabric:
        """Everything around the core."""
        return self.engine.fabric

    @property
    def core_period(self) -> float:
        """The core's least clock period, ns: inside of its modules, and from one to the other."""
        return self.engine.core_period

    @property
    def _timing_by(self) -> str:
        timed, tool = self.engine.timed[0], self.core.main.timing_by
        return tool if timed == self.params else f"{tool}, the engine's at {timed.rows}x{timed.cols}"

    @property
    def engine_period(self) -> float:
        """The engine's least clock period, ns."""
        return self.engine.period

    @property
    def clock(self) -> Clock:
        """The clock of all figures."""
        return Clock(self.asked, self.engine_period)

    @property
    def period(self) -> float:
        """Its period, ns."""
        return self.clock.period

    @once
    def parts(self) -> list[dict[str, Any]]:
        """Area by module."""
        areas = {box.name: box.area for box in self.core.boxes} | self.fabric.areas
        parts = []
        for name, area in areas.items():
            instances = self.fabric.instances.get(name, 0)
            inside = min(instances, self.core.inside[name])
            for count, core in ((inside, True), (instances - inside, False)):
                if area and count:
                    part = {"role": self.emission.roles[name], "module": name, "instances": count}
                    parts.append({**part, "area_um2": area * count, "core": core})
        place = {role.name: i for i, role in enumerate(ROLES)}
        return sorted(parts, key=lambda part: (place[part["role"]], part["module"], not part["core"]))

    def _memories(self, emission: Emission) -> list[tuple[Memory, int]]:
        """Every memory of an engine, and how often it is there."""
        hierarchy = Hierarchy(emission.text)
        everywhere = hierarchy.instances(emission.top)
        found = memories(hierarchy, emission.memories)
        return [(memory, everywhere[memory.module]) for memory in found if everywhere[memory.module]]

    @once
    def memories(self) -> list[tuple[Memory, int]]:
        """Every memory of this engine."""
        return self._memories(self.emission)

    def _counted(self, found: list[tuple[Memory, int]]) -> float:
        """The area of memories by the rule that knows no threshold."""
        return sum(memory.counted(self.library) * count for memory, count in found)

    def _cells(self) -> int:
        """Library cells in the whole engine."""
        instances = self.fabric.instances
        outside = sum(count for kind, count in instances.items() if kind in self.library.areas)
        return outside + sum(
            sum(result.best.cells.values()) * instances.get(name, 0) for name, result in self.core.results.items()
        )

    def figures(self) -> dict[str, Any]:
        """Everything, as ``synth.json`` holds it."""
        library, fabric, main, results = self.library, self.fabric, self.core.main, self.core.results
        inside, outside = ({part["role"] for part in self.parts if part["core"] == core} for core in (True, False))
        found = {
            "library": library.name,
            "corner": library.corner_text,
            "library_notes": list(library.notes),
            "tools": {"yosys": yosys.version(), "opensta": sta.version() if sta.available() else "not installed"},
            "timing_by": self._timing_by,
            **self.clock.figures(),
            "fmax_mhz": 1e3 / self.engine_period,
            "engine_fmax_mhz": 1e3 / self.engine_period,
            "core_fmax_mhz": 1e3 / self.core_period,
            **self._wireless_figures(),
            **self._area_figures(),
            "area_unit": "NAND2" if library.is_unit else "um2",
            "cells": self._cells(),
            "core_inside": in_words(inside),
            "engine_inside": f"everything: core, {in_words(outside - inside)}",
            "parts": self.parts,
            **self._memory_figures(),
            "fanout_buffers": fabric.buffers,
            **self._throughput_figures(),
            **self._power_figures(),
            "netlist": self._files(),
            "style": main.best.name,
            "styles": {**{name: result.best.name for name, result in results.items()}, "fabric": fabric.style},
            "tried": self.engine.tried,
            "critical_path": self.engine.path,
            "core_critical_path": self.engine.core_path,
            "checks": self._checks(),
        }
        return {**found, "units": units(found, unit_library=library.is_unit)}

    def _wireless_figures(self) -> dict[str, Any]:
        """The wire load, and clocks of the same netlists without it."""
        self.say("timing without wires")
        found = engine_periods(self.engine, self.workdir / "wireless")
        return {
            "wire_ff_per_sink": self.library.wires.ff,
            "wires": self.library.wires.words,
            "engine_fmax_mhz_wireless": found.engine and 1e3 / found.engine,
            "core_fmax_mhz_wireless": found.core and 1e3 / found.core,
        }

    def _checks(self) -> dict[str, int]:
        kinds = {*self.fabric.instances, *(kind for result in self.core.results.values() for kind in result.best.cells)}
        known = {*self.library.areas, *self.core.hierarchy.texts}
        emission, folder = self.emission, self.workdir / "checks"
        return checks.count(emission.text, emission.top, folder, kinds, known, clock_met=self.clock.met)

    def _area_figures(self) -> dict[str, Any]:
        areas = {core: sum(part["area_um2"] for part in self.parts if part["core"] == core) for core in (True, False)}
        made = {memory.module for memory, _ in self.memories}
        cells = sum(part["area_um2"] for part in self.parts if part["module"] in made)
        engine, counted = areas[True] + areas[False], self._counted(self.memories)
        return {
            "core_area_um2": areas[True],
            "engine_area_um2": engine,
            "memory_area_estimate_um2": counted,
            "engine_total_area_um2": engine - cells + counted,
        }

    def _memory_figures(self) -> dict[str, Any]:
        macros = [(memory, count) for memory, count in self.memories if memory.macro]
        return {
            "memories": [
                {
                    "module": memory.module,
                    "words": memory.words,
                    "width": memory.width,
                    "reads": memory.reads,
                    "instances": count,
                    "macro": memory.macro,
                }
                for memory, count in self.memories
            ],
            "macro_bits": sum(memory.bits * count for memory, count in macros),
            "macro_area_estimate_um2": sum(memory.area(self.library) * count for memory, count in macros),
            "memory_model": f"{MODEL}; {COUNTED}" if self.memories else "",
        }

    def _throughput_figures(self) -> dict[str, Any]:
        if self.rate is None:
            return {**dict.fromkeys(_EFFICIENCY), "macs_per_cycle": None, "throughput_by": "not measured"}
        macs, areas = self.rate.macs_per_cycle, self._area_figures()
        throughput = metrics.gops(macs, self.period)
        core_throughput = metrics.gops(macs, self.period if self.asked else self.core_period)
        return {
            "throughput_gops": throughput,
            "core_throughput_gops": core_throughput,
            "gops_per_mm2_core": metrics.per_area(core_throughput, areas["core_area_um2"]),
            "gops_per_mm2_engine": metrics.per_area(throughput, areas["engine_area_um2"]),
            "gops_per_mm2_engine_total": metrics.per_area(throughput, areas["engine_total_area_um2"]),
            "macs_per_cycle": macs,
            "throughput_by": self.rate.words,
        }

    @once
    def simulated(self) -> _Simulated:
        """The engine that is simulated: this one, or a smaller one with the same core."""
        small, emission = self.engine.smaller(power.LIMIT)
        fabric = self.fabric
        if small != self.params:
            fabric = self.engine.fabric_of(emission, "simulated", Search((self.fabric.variant,)), timed=False)
        verilog = "".join(box.netlist for box in self.core.boxes) + fabric.netlist
        return _Simulated(small, emission, verilog, self._memories(emission))

    def _power_figures(self) -> dict[str, Any]:
        """Power at the run's clock. A large engine's is that of a small one, scaled."""
        effort, front = self.effort if self.with_power is None else "", self.emission.front
        reason = "not asked for" if self.with_power is False else power.unavailable(self.library, effort, front)
        if reason:
            return no_energy_figures(reason)
        self.say("power")
        small = self.simulated
        areas: dict[str, float] = defaultdict(float)
        for part in self.parts:
            areas[part["role"]] += part["area_um2"]
        scale = self._counted(self.memories) / self._counted(small.memories) if small.memories else 1.0

        def by_role(parts: power.Parts) -> power.RolePower:
            return parts.by_role(small.emission.roles, self.period, areas, scale)

        inside = {part["role"] for part in self.parts if part["core"]}
        gops = None if self.rate is None else metrics.gops(self.rate.macs_per_cycle, self.period)
        found = power.measure_engine(self._setup("power"))
        figures = energy_figures(found, by_role, inside, gops, whole=small.params == self.params)
        passing = f"; {front.title} lets all operands pass" if front else ""
        return figures | {"activity": figures["activity"] + passing}

    def _setup(self, folder: str) -> Setup:
        """What is simulated, on which operands, and where."""
        small = self.simulated
        k, place = power.tile_k(small.params, self.params), self.workdir / folder
        macros = [memory for memory, _ in small.memories if memory.macro]
        stimuli = self.stimuli or Drawn()
        return Setup(self.library, small.params, k, small.verilog, small.emission.top, place, macros, stimuli)

    def _files(self) -> dict[str, str]:
        """The mapped netlist, and what was asked for beside it: names in the folder of scripts, logs and netlists."""
        verilog = "".join(box.netlist for box in self.core.boxes) + self.fabric.netlist
        macros = [memory for memory, _ in self.memories if memory.macro]
        found = {"engine": exports.netlist(verilog, macros, self.workdir)}
        if self.exports:
            self.say("files")
            setup = self._setup("exports")

            def make() -> SimulatedEngine:
                return SimulatedEngine(setup)

            found |= exports.export(make, self.simulated.verilog, self.exports, self.period, self.workdir)
        return found


class _Simulated(NamedTuple):
    """An engine that is simulated: its Verilog, and its memories with how often each is there."""

    params: EngineParams
    emission: Emission
    verilog: str
    memories: list[tuple[Memory, int]]
