"""Synthesis of an engine: the content of ``synth.json``."""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Protocol

from gen.emit.verilog import Emission
from hdl.params import EngineParams
from synth_scripts import checks, metrics, power, sta, yosys
from synth_scripts.block import characterise, port_loads
from synth_scripts.fabric import Core, Fabric, synthesise_fabric
from synth_scripts.flow import Result, synthesise_module
from synth_scripts.library import Library, load

__all__ = ["Settings", "synthesise"]

#: Module name after the prefix -> the part of the engine it is.
ROLES = (
    (r"pe", "pe"),
    (r"recode", "recode"),
    (r"row", "row"),
    (r"rows_\d+", "bus"),
    (r"array", "array"),
    (r"skew_\w+", "skew"),
    (r"deskew_\w+", "deskew"),
    (r"finish", "adders"),
    (r"drain", "drain"),
    (r"slice_\w+", "slice"),
    (r"control", "control"),
    (r"engine", "engine"),
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


def synthesise(params: EngineParams, emission: Emission, settings: Settings, workdir: Path) -> dict[str, Any]:
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

    Returns
    -------
    dict
        ``library``, ``corner``, ``library_notes``
            The cell library, its corner in words, and what to know about it.
        ``tools``
            Versions of Yosys and OpenSTA; ``timing_by`` says which of them timed.
        ``clock_ns``, ``wns_ns``
            The clock asked for, or the engine's best; worst slack at it.
        ``fmax_mhz``, ``engine_fmax_mhz``, ``core_fmax_mhz``
            Best clock of the engine (the first two) and of the core alone.
        ``core_area_um2``, ``engine_area_um2``, ``cells``, ``area_unit``
            Cell area without wires (NAND2 equivalents for the unit library, as ``area_unit`` says); cells in the engine.
        ``core_inside``, ``engine_inside``
            What the two areas hold, in words.
        ``parts``
            Area of every module: ``role``, ``module``, ``instances``, ``area_um2`` (of all instances together), ``core``.
        ``throughput_gops``, ``core_throughput_gops``
            2 x rows x cols operations a cycle at the engine's and at the core's clock.
        ``gops_per_mm2_core``, ``gops_per_mm2_engine``
            The core at its own clock over the core's area; the engine at its own over the engine's. With a given clock
            both are at that clock. Of the unit library, per NAND2 equivalent x 1e-6 and FO4.
        ``power_mw``, ``activity``, ``gops_per_w``, ``pj_per_mac``, ``power_parts_mw``
            Power of the engine at its clock; null where it was not measured, and ``activity`` says why.
        ``style``, ``styles``, ``tried``
            The winning style of the PE, of every part; how many netlists were compared.
        ``critical_path``, ``core_critical_path``
            As OpenSTA prints them.
        ``checks``
            Each check of :mod:`synth_scripts.checks` with the number of findings: a run with any fails.

    Raises
    ------
    CheckFailed
        Where the design has latches, combinational loops, several drivers of a net or unmapped cells.
    ToolError
        Where a library or program is missing or unusable.
    """
    library = load(settings.library if isinstance(settings.library, str) else list(settings.library))
    clock = None if isinstance(settings.clock_ns, str) else float(settings.clock_ns)
    flow = _Flow(library, emission, settings.effort, clock, workdir)
    core = flow.core()
    fabric = flow.fabric(core)
    return _figures(params, library, flow, core, fabric, clock)


class _Flow:
    """The steps, in order."""

    def __init__(self, library: Library, emission: Emission, effort: str, clock: float | None, workdir: Path) -> None:
        self.library, self.emission, self.effort, self.clock, self.workdir = library, emission, effort, clock, workdir
        self.results: dict[str, Result] = {}

    def core(self) -> list[Core]:
        """The PE, and the recoder at the PE's clock."""
        parts = []
        period = self.clock
        for role in ("pe", "recode"):
            name = self.emission.modules.get(role)
            if name is None:
                continue
            folder = self.workdir / role
            result = synthesise_module(
                self.library, self.emission.text, name, folder, effort=self.effort, clock_ns=period
            )
            self.results[name] = result
            period = period or result.best.period
            parts.append(self._part(name, result, folder))
        return parts

    def _part(self, name: str, result: Result, folder: Path) -> Core:
        folder.mkdir(parents=True, exist_ok=True)
        (folder / f"{name}.v").write_text(result.netlist)
        block = None
        if result.best.sequential_area and sta.available():
            block = characterise(self.library, result.netlist, name, result.best.area, folder)
        loads = port_loads(self.library, result.netlist, name)
        return Core(name, result.best.area, result.netlist, loads, block)

    @property
    def core_period(self) -> float:
        """The core's least clock period, ns."""
        return max(result.best.period for result in self.results.values())

    def fabric(self, core: list[Core]) -> Fabric:
        """Everything else, at the core's clock."""
        target = self.clock or self.core_period
        top = self.emission.top
        return synthesise_fabric(
            self.library, self.emission.text, top, core, self.workdir / "engine", target_ns=target, effort=self.effort
        )


def _figures(
    params: EngineParams, library: Library, flow: _Flow, core: list[Core], fabric: Fabric, clock: float | None
) -> dict[str, Any]:
    engine_period = max(flow.core_period, fabric.period)
    run_period, core_run = (clock, clock) if clock else (engine_period, flow.core_period)
    core_area = sum(part.area * fabric.instances[part.name] for part in core)
    engine_area = core_area + sum(area * fabric.instances[name] for name, area in fabric.areas.items())
    macs = params.rows * params.cols
    throughput, core_throughput = metrics.gops(macs, run_period), metrics.gops(macs, core_run)
    measured = power.measure(params, library, flow, core, fabric, run_period)
    pe = flow.results[flow.emission.modules["pe"]]
    return {
        "library": library.name,
        "corner": library.corner_text,
        "library_notes": list(library.notes),
        "tools": {"yosys": yosys.version(), "opensta": sta.version() if sta.available() else "not installed"},
        "timing_by": pe.timing_by,
        "clock_ns": run_period,
        "wns_ns": min(0.0, run_period - engine_period) if clock is None else run_period - engine_period,
        "fmax_mhz": 1e3 / engine_period,
        "engine_fmax_mhz": 1e3 / engine_period,
        "core_fmax_mhz": 1e3 / flow.core_period,
        "core_area_um2": core_area,
        "engine_area_um2": engine_area,
        "area_unit": "NAND2" if library.is_unit else "um2",
        "cells": _cells(library, flow, fabric),
        "core_inside": "PEs and recoders" if len(core) > 1 else "PEs",
        "engine_inside": "everything: core, skew, result buses, drain, final adders, stream registers, control",
        "parts": _parts(flow, core, fabric),
        "fanout_buffers": fabric.buffers,
        "throughput_gops": throughput,
        "core_throughput_gops": core_throughput,
        "gops_per_mm2_core": metrics.per_area(core_throughput, core_area),
        "gops_per_mm2_engine": metrics.per_area(throughput, engine_area),
        "power_mw": measured.total_mw,
        "power_parts_mw": measured.parts_mw,
        "activity": measured.activity,
        "gops_per_w": metrics.per_watt(throughput, measured.total_mw) if measured.total_mw else None,
        "pj_per_mac": metrics.pj_per_mac(throughput, measured.total_mw) if measured.total_mw else None,
        "style": pe.best.name,
        "styles": {**{name: result.best.name for name, result in flow.results.items()}, "fabric": fabric.style},
        "tried": sum(len(result.tried) for result in flow.results.values()),
        "critical_path": fabric.path if fabric.period > flow.core_period else pe.path,
        "core_critical_path": pe.path,
        "checks": dict.fromkeys(checks.NAMES, 0),
    }


def _cells(library: Library, flow: _Flow, fabric: Fabric) -> int:
    """Library cells in the whole engine."""
    outside = sum(count for kind, count in fabric.instances.items() if kind in library.areas)
    inside = sum(
        sum(result.best.cells.values()) * fabric.instances[name] for name, result in flow.results.items()
    )
    return outside + inside


def _parts(flow: _Flow, core: list[Core], fabric: Fabric) -> list[dict[str, Any]]:
    areas = {part.name: part.area for part in core} | fabric.areas
    names = {part.name for part in core}
    prefix = flow.emission.top.removesuffix("_engine")
    parts = [
        {
            "role": _role(name.removeprefix(f"{prefix}_")),
            "module": name,
            "instances": fabric.instances[name],
            "area_um2": area * fabric.instances[name],
            "core": name in names,
        }
        for name, area in areas.items()
        if area
    ]
    order = [role for _, role in ROLES]
    return sorted(parts, key=lambda part: (order.index(part["role"]) if part["role"] in order else len(order), part["module"]))


def _role(name: str) -> str:
    return next((role for pattern, role in ROLES if re.fullmatch(pattern, name)), name)
