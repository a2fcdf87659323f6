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

Json = dict[str, Any]


def manifest_of(params: EngineParams) -> Json:
    return {
        "generator": "bitloom",
        "bitloom_version": "9.8.7",
        "config": {"engine": params.to_dict()},
        "config_hash": "c0ffee" * 10,
        "top": "bitloom_engine",
        "ports": [vars(port) for port in engine_ports(params)],
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
        "examples": [
            {"image": [[0, 16], [8, 0]], "label": 1, "predicted": 1},
            {"image": [[16, 16], [8, 0]], "label": 7, "predicted": 2},
        ],
        "versions": {"verilator": "5.48"},
    }


def synthesis(scheme: str, factor: float) -> Json:
    parts = [
        ("pe", "bitloom_pe", 256, 700_003.5, True),
        ("control", "bitloom_control", 1, 90_001.25, False),
    ]
    return {
        "scheme": scheme,
        "library": "osu018",
        "corner": "typical 1.8 V 25 C",
        "library_notes": ["LATCH has no area"],
        "tools": {"opensta": "2.0.17"},
        "clock_ns": 2.437 * factor,
        "fmax_mhz": 1e3 / (2.437 * factor),
        "core_fmax_mhz": 531.7 / factor,
        "wns_ns": 0.0,
        "core_area_um2": 700_003.5 * factor,
        "engine_area_um2": 790_004.75 * factor,
        "area_unit": "um2",
        "cells": round(23_457 * factor),
        "power_mw": 317.9,
        "activity": "netlist simulation of the workload",
        "core_throughput_gops": 272.2 / factor,
        "throughput_gops": 210.1 / factor,
        "gops_per_mm2_core": 388.8 / factor,
        "gops_per_mm2_engine": 265.95 / factor,
        "gops_per_w": 660.9,
        "parts": [dict(zip(("role", "module", "instances", "area_um2", "core"), part, strict=True)) for part in parts],
        "styles": {"bitloom_pe": f"booth/ripple at {factor} ns"},
        "tried": round(17 * factor),
        "critical_path": f"from a to {scheme}",
        "checks": {"latches": 0, "combinational_loops": 0},
    }


def synthesis_with_comparison() -> Json:
    return synthesis("opt1", 1.0) | {"compared": [synthesis("mac", 1.9)]}


def report(folder: Path, params: EngineParams | None = None, **files: Any) -> str:
    """The report on a folder with these files: JSON values, or text that is written as it is."""
    output = open_output(folder)
    files = {"manifest": manifest_of(params or EngineParams()), **files}
    for name, content in files.items():
        text = content if isinstance(content, str) else json.dumps(content)
        output.write(f"{name}.json", text)
    return build(folder).read_text(encoding="utf-8")


@pytest.fixture
def full(tmp_path: Path) -> str:
    return report(tmp_path / "out", sim=simulation(), synth=synthesis_with_comparison())
