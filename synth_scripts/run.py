"""Synthesis of an engine: the content of ``synth.json``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from gen.emit.verilog import Emission
from gen.timing import macs_per_cycle, pes
from hdl.params import EngineParams
from synth_scripts import checks, jobs, metrics, power, sta, yosys
from synth_scripts.core import Core
from synth_scripts.engine import Engine, best_engine
from synth_scripts.fabric import Fabric
from synth_scripts.library import Library, load
from synth_scripts.memory import MODEL, Memory, memories
from synth_scripts.metrics import Rate
from synth_scripts.roles import ORDER, role, words

__all__ = ["Settings", "synthesise"]

_EFFICIENCY = ("throughput_gops", "core_throughput_gops", "gops_per_mm2_core", "gops_per_mm2_engine")
_POWER = ("power_mw", "core_power_mw", "gops_per_w", "pj_per_mac", "core_pj_per_mac")


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
    with_power: bool = True,
    rate: Rate | None = None,
    say: jobs.Say = jobs.quiet,
) -> dict[str, Any]:
    """Synthesise an engine: every part in its best style, the whole timed, its power from simulation.

    The core is synthesised module by module, once each, with a search over styles; everything around it likewise,
    with fan-out trees. Area is counted over the hierarchy. Large memories stay outside of every area. ``quick`` effort
    measures no power.

    Parameters
    ----------
    params : EngineParams
    emission : Emission
        The engine's Verilog.
    settings : Settings
    workdir : Path
        For scripts, logs and netlists; what is in there stays.
    with_power : bool
        Measure power, where effort and library allow it.
    rate : Rate, optional
        Multiply-accumulates a cycle, where the operands decide: measured, see :mod:`sim_tb.rate`. Without it such an
        engine's figures of throughput are null.
    say : callable
        Told what is being done.

    Returns
    -------
    dict
        ``library``, ``corner``, ``library_notes``
            The cell library, its corner in words, and what to know about it.
        ``tools``, ``timing_by``
            Versions of Yosys and OpenSTA; and who timed: OpenSTA the whole engine, or ABC module by module, which
            sees no path through several modules. An engine of more than 64 rows or columns is timed at 64.
        ``clock_ns``, ``wns_ns``
            The clock asked for, or the engine's best; slack of the worst path at it.
        ``fmax_mhz``, ``engine_fmax_mhz``, ``core_fmax_mhz``
            Best clock of the engine (the first two) and of the core alone.
        ``core_area_um2``, ``engine_area_um2``, ``cells``, ``area_unit``
            Cell area without wires (of the unit library in NAND2, as ``area_unit`` says); cells in the engine.
        ``core_inside``, ``engine_inside``
            What the two areas hold, in words.
        ``parts``
            Area of every module: ``role``, ``module``, ``instances``, ``area_um2`` of all of them, ``core``. A module
            that stands in the core and outside of it is listed twice.
        ``memories``, ``macro_bits``, ``macro_area_estimate_um2``, ``memory_model``
            Every memory: ``module``, ``words``, ``width``, ``reads``, ``instances``, ``macro``. Bits in macros, which
            are in no area above; an estimate of their area, and the model that it and their timing follow.
        ``fanout_buffers``
            Buffers of the fan-out trees, in modules counted once.
        ``throughput_gops``, ``core_throughput_gops``
            Two operations for each multiply-accumulate, at the engine's and at the core's clock.
        ``macs_per_cycle``, ``throughput_by``
            Multiply-accumulates a cycle, and where the number is from.
        ``gops_per_mm2_core``, ``gops_per_mm2_engine``
            The core at its own clock over the core's area; the engine at its own over the engine's. With a given clock
            both are at that clock. Of the unit library: per 1e6 NAND2 equivalents, with 1 FO4 as 1 ns.
        ``power_mw``, ``core_power_mw``, ``power_parts_mw``, ``activity``
            Power at ``clock_ns`` of the engine, of its core and by role; null where it was not measured, and
            ``activity`` says why. No wires, no clock tree, no glitches.
        ``gops_per_w``, ``pj_per_mac``, ``core_pj_per_mac``
            The engine's energy efficiency; energy of a multiply-accumulate in the engine and in its core.
        ``netlist_results``
            Results of the simulated netlist that were compared with the product, all equal.
        ``style``, ``styles``, ``tried``
            The winning style of the PE, of every part; how many netlists were compared.
        ``critical_path``, ``core_critical_path``
            At the clock of the run, ``clock_ns``, as OpenSTA prints them.
        ``checks``
            Each check of :mod:`synth_scripts.checks` with the number of findings: a run with any fails.

    Raises
    ------
    CheckFailed
        Where the design has latches, combinational loops, several drivers of a net or unmapped cells, or the netlist
        computes something else.
    ToolError
        Where a library or program is missing or unusable.
    """
    library = load(settings.library if isinstance(settings.library, str) else list(settings.library))
    clock = None if isinstance(settings.clock_ns, str) else float(settings.clock_ns)
    if rate is None and macs_per_cycle(params) is not None:
        rate = Rate(float(pes(params)), "every PE, in every cycle")
    return _Run(params, emission, library, settings.effort, clock, workdir, with_power, rate, say).figures()


@dataclass
class _Run:
    """The steps; each is done when first asked for."""

    params: EngineParams
    emission: Emission
    library: Library
    effort: str
    clock: float | None
    workdir: Path
    with_power: bool
    rate: Rate | None
    say: jobs.Say = jobs.quiet

    @cached_property
    def engine(self) -> Engine:
        """The best engine that the effort finds."""
        return best_engine(
            *(self.params, self.emission, self.library, self.effort, self.clock, self.workdir), say=self.say
        )

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
    def period(self) -> float:
        """The clock of the run."""
        return self.clock or self.engine_period

    @cached_property
    def parts(self) -> list[dict[str, Any]]:
        """Area by module."""
        areas = {box.name: box.area for box in self.core.boxes} | self.fabric.areas
        parts = []
        for name, area in areas.items():
            instances = self.fabric.instances.get(name, 0)
            inside = min(instances, self.core.inside[name])
            for count, core in ((inside, True), (instances - inside, False)):
                if area and count:
                    part = {"role": role(name, self.core.prefix), "module": name, "instances": count}
                    parts.append({**part, "area_um2": area * count, "core": core})
        place = {name: i for i, name in enumerate(ORDER)}
        return sorted(parts, key=lambda part: (place.get(part["role"], len(place)), part["module"], not part["core"]))

    @cached_property
    def memories(self) -> list[tuple[Memory, int]]:
        """Every memory, and how often it is there."""
        everywhere = self.core.hierarchy.instances(self.emission.top)
        found = memories(self.core.hierarchy, self.core.prefix)
        return [(memory, everywhere[memory.module]) for memory in found if everywhere[memory.module]]

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
        core_area = sum(part["area_um2"] for part in self.parts if part["core"])
        engine_area = sum(part["area_um2"] for part in self.parts)
        inside, outside = ({part["role"] for part in self.parts if part["core"] == core} for core in (True, False))
        return {
            "library": library.name,
            "corner": library.corner_text,
            "library_notes": list(library.notes),
            "tools": {"yosys": yosys.version(), "opensta": sta.version() if sta.available() else "not installed"},
            "timing_by": self._timing_by,
            "clock_ns": self.period,
            "wns_ns": self.period - self.engine_period,
            "fmax_mhz": 1e3 / self.engine_period,
            "engine_fmax_mhz": 1e3 / self.engine_period,
            "core_fmax_mhz": 1e3 / self.core_period,
            "core_area_um2": core_area,
            "engine_area_um2": engine_area,
            "area_unit": "NAND2" if library.is_unit else "um2",
            "cells": self._cells(),
            "core_inside": words(inside),
            "engine_inside": f"everything: core, {words(outside - inside)}",
            "parts": self.parts,
            **self._memory_figures(),
            "fanout_buffers": fabric.buffers,
            **self._throughput_figures(core_area, engine_area),
            **self._power_figures(),
            "style": main.best.name,
            "styles": {**{name: result.best.name for name, result in results.items()}, "fabric": fabric.style},
            "tried": sum(len(result.tried) for result in results.values()),
            "critical_path": self.engine.path,
            "core_critical_path": self.engine.core_path,
            "checks": dict.fromkeys(checks.NAMES, 0),
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
            "memory_model": MODEL if macros else "",
        }

    def _throughput_figures(self, core_area: float, engine_area: float) -> dict[str, Any]:
        if self.rate is None:
            return {**dict.fromkeys(_EFFICIENCY), "macs_per_cycle": None, "throughput_by": "not measured"}
        macs = self.rate.macs_per_cycle
        throughput = metrics.gops(macs, self.period)
        core_throughput = metrics.gops(macs, self.clock or self.core_period)
        return {
            "throughput_gops": throughput,
            "core_throughput_gops": core_throughput,
            "gops_per_mm2_core": metrics.per_area(core_throughput, core_area),
            "gops_per_mm2_engine": metrics.per_area(throughput, engine_area),
            "macs_per_cycle": macs,
            "throughput_by": self.rate.words,
        }

    @cached_property
    def power(self) -> tuple[dict[str, float] | None, str, int]:
        """Power by role (mW) at the run's clock, or None; in words where it is from; results compared.

        A large engine's is that of a small one: the core's modules by their number, other roles by their area.
        """
        reason = power.unavailable(self.library, self.effort) if self.with_power else "not asked for"
        if any(memory.macro for memory, _ in self.memories):
            reason = reason or "not measured: memories are macros, of which there is no netlist"
        if reason:
            return None, reason, 0
        self.say("power")
        small, emission = self.engine.smaller(power.LIMIT)
        fabric = self.fabric
        if small != self.params:
            fabric = self.engine.fabric_of(emission, "simulated", (self.fabric.pair,), timed=False)
        verilog = "".join(box.netlist for box in self.core.boxes) + fabric.netlist
        k = power.tile_k(small, self.params)
        found = power.measure_engine(self.library, small, k, verilog, self.emission.top, self.workdir / "power")
        by_role: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for name, module in found.modules.items():
            by_role[role(name, self.core.prefix)][0] += module.mw(self.period)
            by_role[role(name, self.core.prefix)][1] += module.area
        full: dict[str, float] = defaultdict(float)
        for part in self.parts:
            full[part["role"]] += part["area_um2"]
        watts = {name: mw * (full[name] / area if area else 1.0) for name, (mw, area) in by_role.items()}
        note = found.words if small == self.params else f"{found.words}; scaled to the full size by the parts' area"
        return watts, note, found.results

    def _power_figures(self) -> dict[str, Any]:
        parts, note, results = self.power
        if parts is None or self.rate is None:
            return {**dict.fromkeys(_POWER), "power_parts_mw": {}, "activity": note, "netlist_results": 0}
        throughput = metrics.gops(self.rate.macs_per_cycle, self.period)
        total = sum(parts.values())
        inside = {part["role"] for part in self.parts if part["core"]}
        core = sum(parts.get(name, 0.0) for name in inside)
        return {
            "power_mw": total,
            "core_power_mw": core,
            "power_parts_mw": parts,
            "activity": note,
            "gops_per_w": metrics.per_watt(throughput, total),
            "pj_per_mac": metrics.pj_per_mac(throughput, total),
            "core_pj_per_mac": metrics.pj_per_mac(throughput, core),
            "netlist_results": results,
        }
