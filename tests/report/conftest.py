"""An output folder as the steps leave it, with figures that nothing else can produce."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gen.output import open_output
from gen.report import build
from hdl.engine.top import engine_ports
from hdl.params import EngineParams
from tests.report.browser import driver as driver

Json = dict[str, Any]

SILICON = {
    "clock_ns": "ns",
    "fmax_mhz": "MHz",
    "core_area_um2": "um2",
    "throughput_gops": "GOPS",
    "gops_per_mm2_engine": "GOPS/mm2",
    "power_mw": "mW",
    "gops_per_w": "GOPS/W",
    "pj_per_mac": "pJ",
}
UNITLESS = SILICON | {
    "clock_ns": "FO4",
    "fmax_mhz": "1/(1000 FO4)",
    "core_area_um2": "NAND2",
    "throughput_gops": "op/FO4",
    "gops_per_mm2_engine": "op/FO4/MNAND2",
}
for units in (SILICON, UNITLESS):
    units["engine_area_um2"] = units["core_area_um2"]


def manifest_of(params: EngineParams) -> Json:
    return {
        "generator": "bitloom",
        "bitloom_version": "9.8.7",
        "config": {"engine": params.to_dict()},
        "config_hash": "c0ffee" * 10,
        "top": "bitloom_engine",
        "prefix": "bitloom",
        "ports": [vars(port) for port in engine_ports(params)],
        "latency": 22,
        "tools": {"amaranth": "0.5.77"},
    }


def simulation() -> Json:
    return {
        "passed": True,
        "elements_checked": 118_273,
        "mismatches": 0,
        "macs": 8_712_191,
        "cycles": 37_213,
        "utilization": 0.9147,
        "seed": 4711,
        "sim_seconds": 1.83,
        "macs_per_second": 4_760_760.1,
        "accuracy": 0.9731,
        "workload": "digits",
        "images": 599,
        "accuracy_numpy": 0.9731,
        "accuracy_float": 0.9748,
        "counters": {"cycles": 37_213, "active": 34_031, "starved": 3_101, "blocked": 81},
        "problems": [],
        "versions": {"verilator": "5.48"},
    }


def synthesis(scheme: str, factor: float) -> Json:
    parts = [
        ("pe", "bitloom_pe", 256, 700_003.5 * factor, True),
        ("control", "bitloom_control", 1, 90_001.25 * factor, False),
    ]
    return {
        "scheme": scheme,
        "library": "osu018",
        "corner": "typical 1.8 V 25 C",
        "library_notes": ["the latch's area is that of the smallest flip-flop"],
        "tools": {"opensta": "2.0.17"},
        "timing_by": "OpenSTA",
        "clock_asked_ns": None,
        "clock_met": True,
        "clock_ns": 2.437 * factor,
        "fmax_mhz": 1e3 / (2.437 * factor),
        "core_fmax_mhz": 531.7 / factor,
        "wns_ns": 0.0,
        "core_area_um2": 700_003.5 * factor,
        "engine_area_um2": 790_004.75 * factor,
        "engine_total_area_um2": 790_004.75 * factor,
        "macro_area_estimate_um2": 0,
        "macro_bits": 0,
        "memories": [],
        "memory_model": "",
        "core_inside": "PEs and recoders",
        "engine_inside": "everything: core and control",
        "cells": round(23_457 * factor),
        "power_mw": 317.9,
        "core_power_mw": 211.3,
        "macro_power_mw": 0.0,
        "power_model": "",
        "activity": "netlist simulation of the workload: without glitches",
        "macs_per_cycle": 256.0,
        "throughput_by": "every PE, in every cycle",
        "core_throughput_gops": 272.2 / factor,
        "throughput_gops": 210.1 / factor,
        "gops_per_mm2_core": 272.2e6 / 700_003.5 / factor**2,
        "gops_per_mm2_engine": 210.1e6 / 790_004.75 / factor**2,
        "gops_per_mm2_engine_total": 210.1e6 / 790_004.75 / factor**2,
        "gops_per_w": 660.9 / factor,
        "pj_per_mac": 3.026 * factor,
        "core_pj_per_mac": 1.553 * factor,
        "glitches": "64 of the streams repeated with delays",
        "glitch_power_mw": None,
        "glitch_core_power_mw": None,
        "glitch_pj_per_mac": None,
        "glitch_core_pj_per_mac": None,
        "parts": [dict(zip(("role", "module", "instances", "area_um2", "core"), part, strict=True)) for part in parts],
        "styles": {"bitloom_pe": f"booth/ripple at {factor} ns"},
        "tried": round(17 * factor),
        "critical_path": f"from a to {scheme}",
        "checks": {"latches": 0, "combinational_loops": 0, "missed_clock": 0},
        "units": SILICON,
    }


def ratios(design: Json, other: Json) -> Json:
    """As ``synth.json`` has them: this design over the other one, larger is better for this one."""

    def over(ours: Any, theirs: Any) -> float | None:
        return ours / theirs if ours and theirs else None

    return {
        "area_core": over(design["gops_per_mm2_core"], other["gops_per_mm2_core"]),
        "area_engine": over(design["gops_per_mm2_engine"], other["gops_per_mm2_engine"]),
        "area_engine_total": over(design["gops_per_mm2_engine_total"], other["gops_per_mm2_engine_total"]),
        "energy_core": over(other["core_pj_per_mac"], design["core_pj_per_mac"]),
        "energy_engine": over(other["pj_per_mac"], design["pj_per_mac"]),
        "glitch_energy_core": over(other["glitch_core_pj_per_mac"], design["glitch_core_pj_per_mac"]),
        "glitch_energy_engine": over(other["glitch_pj_per_mac"], design["glitch_pj_per_mac"]),
        "clock": over(other["clock_ns"], design["clock_ns"]),
    }


def beside(design: Json, *others: Json) -> Json:
    """A design and those it is compared with."""
    return design | {"compared": [other | {"ratios": ratios(design, other)} for other in others]}


def synthesis_with_comparison() -> Json:
    return beside(synthesis("opt1", 1.0), synthesis("mac", 1.9) | {"pj_per_mac": 2.9, "core_pj_per_mac": 1.7})


def unitless(design: Json) -> Json:
    """A design on the library without a process: no energy."""
    figures = ("power_mw", "core_power_mw", "macro_power_mw", "gops_per_w", "pj_per_mac", "core_pj_per_mac")
    reason = {"activity": "not measured: the unit library has no energy"}
    named = {"library": "bitloom_unit", "corner": "no process: NAND2 equivalents and FO4 (1 ns = 1 FO4)"}
    return design | dict.fromkeys(figures) | reason | named | {"units": UNITLESS}


def asked(design: Json, clock_ns: float) -> Json:
    """A design as it is when a clock was asked for: at it, or at what it reaches."""
    reached = 1e3 / design["fmax_mhz"]
    met = reached <= clock_ns
    return design | {
        "clock_asked_ns": clock_ns,
        "clock_met": met,
        "clock_ns": clock_ns if met else reached,
        "wns_ns": clock_ns - reached,
        "checks": design["checks"] | {"missed_clock": int(not met)},
    }


def with_memories(design: Json, *, macro: bool) -> Json:
    """A design with a memory of 4,608 bits, as a macro or in flip-flops, and its power by a model where it is one."""
    memory = {"module": "bitloom_ram_64x72", "words": 64, "width": 72, "reads": 1, "instances": 1, "macro": macro}
    cells = 0.0 if macro else 410_007.5
    part = {"role": "memory", "module": "bitloom_ram_64x72", "instances": 1, "area_um2": cells, "core": False}
    engine = design["engine_area_um2"] + cells
    total = design["engine_area_um2"] + 61_003.25
    return design | {
        "memories": [memory],
        "macro_bits": 4_608 if macro else 0,
        "macro_area_estimate_um2": 55_001.5 if macro else 0,
        "memory_model": "bit cells of 0.35 NAND2 with one read port",
        "parts": design["parts"] + ([] if macro else [part]),
        "engine_area_um2": engine,
        "engine_total_area_um2": total,
        "gops_per_mm2_engine": design["throughput_gops"] / engine * 1e6,
        "gops_per_mm2_engine_total": design["throughput_gops"] / total * 1e6,
        "macro_power_mw": 23.75 if macro else 0.0,
        "power_model": "a word read charges its bit lines" if macro else "",
        "throughput_by": "simulation of 4 tiles, K = 512, normal operands (sigma 30), seed 1: 542.3 cycles a tile",
    }


def laid_out(title: str, factor: float) -> Json:
    """Two layouts of a small design."""
    figures = {
        "core_area_um2": 20_123.5 * factor,
        "density": 0.7713,
        "wire_mm": 17.31 * factor,
        "wire_ff": 1_931.5 * factor,
        "ns": 1.973 * factor,
        "ns_switching": 2.079 * factor,
        "ns_ideal": 1.867 * factor,
        "ns_estimated": 1.95 * factor,
    }
    runs = [{"seed": seed, "same_as_netlist": True, "violations": {"Metal2 area": seed - 1}} for seed in (1, 2)]
    drawing = {
        "per_um": 100,
        "width": 20_000,
        "height": 15_100,
        "core": [840, 550, 19_160, 14_550],
        "cells": {"logic": "840 550 320 1000 1160 550 240 1000", "flip-flop": "840 1550 960 1000"},
        "wires": {"metal2": "900 0 900 1200", "metal3": "900 1200 1500 1200 0 2000 900 2000"},
        "left_out": 0,
    }
    return {
        "title": title,
        "module": "bitloom_pe",
        "cells": round(483 * factor),
        "median": figures,
        "least": {key: value * 0.991 for key, value in figures.items()},
        "most": figures,
        "runs": runs,
        "shown_seed": 2,
        "drawing": drawing,
    }


def layouts() -> Json:
    """As ``layout.json`` has them."""
    design, other = laid_out("opt1", 1.0), laid_out("mac (fused)", 1.31)
    clock, area = (other["median"][key] / design["median"][key] for key in ("ns", "core_area_um2"))
    units = {"core_area_um2": "um2", "density": "1", "wire_mm": "mm"} | dict.fromkeys(
        ("ns", "ns_switching", "ns_ideal", "ns_estimated"), "ns"
    )
    return {
        "of": "PE",
        "library": "osu018",
        "corner": "typical 1.8 V 25 C",
        "layers": 6,
        "seeds": [1, 2],
        "designs": [design, other | {"ratios": {"clock": clock, "core_area": 1 / area}}],
        "tools": {"magic": "8.3.105"},
        "units": units,
    }


def report(folder: Path, params: EngineParams | None = None, **files: Any) -> str:
    """The report on a folder with these files: JSON values, or text that is written as it is."""
    output = open_output(folder)
    files = {"manifest": manifest_of(params or EngineParams(scheme="opt1")), **files}
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        output.write(f"{name}.json", text)
    return build(folder).read_text(encoding="utf-8")


@pytest.fixture
def full(tmp_path: Path) -> str:
    return report(tmp_path / "out", sim=simulation(), synth=synthesis_with_comparison())
