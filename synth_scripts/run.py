"""Synthesis of an engine: the content of ``synth.json``."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any, Protocol

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from synth_scripts import checks, metrics, power, sta, yosys
from synth_scripts.block import characterise, port_loads
from synth_scripts.fabric import VARIANTS, Core, Fabric, synthesise_fabric
from synth_scripts.flow import Result, synthesise_module
from synth_scripts.library import Library, load
from synth_scripts.roles import ORDER, role

__all__ = ["Settings", "synthesise"]


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
    params: EngineParams, emission: Emission, settings: Settings, workdir: Path, *, with_power: bool = True
) -> dict[str, Any]:
    """Synthesise an engine: every part in its best style, the whole timed, its power from simulation.

    The core is synthesised module by module, once each, with a search over styles; everything around it likewise,
    with fan-out trees. Area is counted over the hierarchy. ``quick`` effort measures no power.

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

    Returns
    -------
    dict
        ``library``, ``corner``, ``library_notes``
            The cell library, its corner in words, and what to know about it.
        ``tools``, ``timing_by``
            Versions of Yosys and OpenSTA; and who timed: OpenSTA the whole engine, or ABC module by module, which
            sees no path through several modules.
        ``clock_ns``, ``wns_ns``
            The clock asked for, or the engine's best; slack of the worst path at it.
        ``fmax_mhz``, ``engine_fmax_mhz``, ``core_fmax_mhz``
            Best clock of the engine (the first two) and of the core alone.
        ``core_area_um2``, ``engine_area_um2``, ``cells``, ``area_unit``
            Cell area without wires (of the unit library in NAND2, as ``area_unit`` says); cells in the engine.
        ``core_inside``, ``engine_inside``
            What the two areas hold, in words.
        ``parts``
            Area of every module: ``role``, ``module``, ``instances``, ``area_um2`` of all of them, ``core``.
        ``fanout_buffers``
            Buffers of the fan-out trees, in modules counted once.
        ``throughput_gops``, ``core_throughput_gops``
            2 x rows x cols operations a cycle at the engine's and at the core's clock.
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
            As OpenSTA prints them.
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
    return _Run(params, emission, library, settings.effort, clock, workdir, with_power).figures()


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

    @property
    def prefix(self) -> str:
        return self.emission.top.removesuffix("_engine")

    @cached_property
    def results(self) -> dict[str, Result]:
        """The core's modules: the PE, and the recoder at the PE's clock."""
        results: dict[str, Result] = {}
        period = self.clock
        for name in (self.emission.modules.get("pe"), self.emission.modules.get("recode")):
            if name is not None:
                folder = self.workdir / role(name, self.prefix)
                results[name] = synthesise_module(
                    self.library, self.emission.text, name, folder, effort=self.effort, clock_ns=period
                )
                period = period or results[name].best.period
        return results

    @cached_property
    def core(self) -> list[Core]:
        """The core's modules as the engine sees them."""
        parts = []
        for name, result in self.results.items():
            folder = self.workdir / role(name, self.prefix)
            folder.mkdir(parents=True, exist_ok=True)
            (folder / f"{name}.v").write_text(result.netlist)
            block = None
            if result.best.sequential_area and sta.available():
                block = characterise(self.library, result.netlist, name, result.best.area, folder)
            loads = port_loads(self.library, result.netlist, name)
            parts.append(Core(name, result.best.area, result.netlist, loads, block))
        return parts

    @property
    def core_period(self) -> float:
        """The core's least clock period, ns."""
        return max(result.best.period for result in self.results.values())

    def _fabric(self, emission: Emission, folder: str, pairs: tuple[tuple[str, str], ...]) -> Fabric:
        return synthesise_fabric(
            self.library,
            emission.text,
            emission.top,
            self.core,
            self.workdir / folder,
            target_ns=self.clock or self.core_period,
            pairs=pairs,
        )

    @cached_property
    def fabric(self) -> Fabric:
        """Everything around the core."""
        return self._fabric(self.emission, "engine", VARIANTS[self.effort])

    @cached_property
    def power(self) -> tuple[dict[str, float] | None, str, int]:
        """Power by role (mW) at the run's clock, or None; in words where it is from; results compared.

        A large engine's is that of a small one: the core's modules by their number, other roles by their area.
        """
        reason = power.unavailable(self.library, self.effort) if self.with_power else "not asked for"
        if reason:
            return None, reason, 0
        small = power.reduced(self.params)
        k = power.tile_k(small, self.params)
        fabric = self.fabric
        if small != self.params:
            fabric = self._fabric(emit(small, self.prefix), "simulated", (self.fabric.pair,))
        verilog = "".join(part.netlist for part in self.core) + fabric.netlist
        found = power.measure_engine(self.library, small, k, verilog, self.emission.top, self.workdir / "power")
        by_role: dict[str, list[float]] = defaultdict(lambda: [0.0, 0.0])
        for name, module in found.modules.items():
            by_role[role(name, self.prefix)][0] += module.mw(self.period)
            by_role[role(name, self.prefix)][1] += module.area
        full: dict[str, float] = defaultdict(float)
        for part in self.parts:
            full[part["role"]] += part["area_um2"]
        watts = {name: mw * (full[name] / area if area else 1.0) for name, (mw, area) in by_role.items()}
        words = found.words if small == self.params else f"{found.words}; scaled to the full size by the parts' area"
        return watts, words, found.results

    @property
    def engine_period(self) -> float:
        """The engine's least clock period, ns."""
        return max(self.core_period, self.fabric.period)

    @property
    def period(self) -> float:
        """The clock of the run."""
        return self.clock or self.engine_period

    @cached_property
    def parts(self) -> list[dict[str, Any]]:
        """Area by module."""
        names = {part.name for part in self.core}
        areas = {part.name: part.area for part in self.core} | self.fabric.areas
        parts = [
            {
                "role": role(name, self.prefix),
                "module": name,
                "instances": self.fabric.instances[name],
                "area_um2": area * self.fabric.instances[name],
                "core": name in names,
            }
            for name, area in areas.items()
            if area and self.fabric.instances.get(name)
        ]
        place = {name: i for i, name in enumerate(ORDER)}
        return sorted(parts, key=lambda part: (place.get(part["role"], len(place)), part["module"]))

    def _cells(self) -> int:
        """Library cells in the whole engine."""
        instances = self.fabric.instances
        outside = sum(count for kind, count in instances.items() if kind in self.library.areas)
        return outside + sum(
            sum(result.best.cells.values()) * instances.get(name, 0) for name, result in self.results.items()
        )

    def figures(self) -> dict[str, Any]:
        """Everything, as ``synth.json`` holds it."""
        library, fabric = self.library, self.fabric
        pe = self.results[self.emission.modules["pe"]]
        core_area = sum(part["area_um2"] for part in self.parts if part["core"])
        engine_area = sum(part["area_um2"] for part in self.parts)
        macs = self.params.rows * self.params.cols
        throughput = metrics.gops(macs, self.period)
        core_throughput = metrics.gops(macs, self.clock or self.core_period)
        return {
            "library": library.name,
            "corner": library.corner_text,
            "library_notes": list(library.notes),
            "tools": {"yosys": yosys.version(), "opensta": sta.version() if sta.available() else "not installed"},
            "timing_by": pe.timing_by,
            "clock_ns": self.period,
            "wns_ns": self.period - self.engine_period,
            "fmax_mhz": 1e3 / self.engine_period,
            "engine_fmax_mhz": 1e3 / self.engine_period,
            "core_fmax_mhz": 1e3 / self.core_period,
            "core_area_um2": core_area,
            "engine_area_um2": engine_area,
            "area_unit": "NAND2" if library.is_unit else "um2",
            "cells": self._cells(),
            "core_inside": "PEs and recoders" if len(self.core) > 1 else "PEs",
            "engine_inside": "everything: core, skew, result buses, drain, final adders, stream registers, control",
            "parts": self.parts,
            "fanout_buffers": fabric.buffers,
            "throughput_gops": throughput,
            "core_throughput_gops": core_throughput,
            "gops_per_mm2_core": metrics.per_area(core_throughput, core_area),
            "gops_per_mm2_engine": metrics.per_area(throughput, engine_area),
            **self._power_figures(throughput),
            "style": pe.best.name,
            "styles": {**{name: result.best.name for name, result in self.results.items()}, "fabric": fabric.style},
            "tried": sum(len(result.tried) for result in self.results.values()),
            "critical_path": fabric.path if fabric.period > self.core_period else pe.path,
            "core_critical_path": pe.path,
            "checks": dict.fromkeys(checks.NAMES, 0),
        }

    def _power_figures(self, throughput: float) -> dict[str, Any]:
        parts, words, results = self.power
        if parts is None:
            names = ("power_mw", "core_power_mw", "gops_per_w", "pj_per_mac", "core_pj_per_mac")
            return {**dict.fromkeys(names), "power_parts_mw": {}, "activity": words, "netlist_results": 0}
        total = sum(parts.values())
        core = sum(parts.get(name, 0.0) for name in ("pe", "recode"))
        return {
            "power_mw": total,
            "core_power_mw": core,
            "power_parts_mw": parts,
            "activity": words,
            "gops_per_w": metrics.per_watt(throughput, total),
            "pj_per_mac": metrics.pj_per_mac(throughput, total),
            "core_pj_per_mac": metrics.pj_per_mac(throughput, core),
            "netlist_results": results,
        }
