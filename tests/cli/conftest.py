"""Running the command line in this process, with stand-ins for the steps that take long."""

from __future__ import annotations

import json
import os
import sys
from dataclasses import dataclass
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from gen.cli import main
from hdl.params import CheckFailed
from synth_scripts.engine.units import units

SMALL = "[engine]\nrows = 2\ncols = 3\n"


@dataclass
class Result:
    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty current folder with one configuration, ``small.toml``."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / "small.toml").write_text(SMALL)
    return tmp_path


@pytest.fixture
def bitloom(here: Path, capsys: pytest.CaptureFixture[str]):
    """``bitloom("check", "small.toml")`` is that command."""

    def run(*arguments: str | os.PathLike[str]) -> Result:
        capsys.readouterr()
        status = main([os.fspath(argument) for argument in arguments])
        out, err = capsys.readouterr()
        assert "Traceback" not in err
        return Result(status, out, err)

    return run


SIM = {
    "passed": True,
    "elements_checked": 1200,
    "mismatches": 0,
    "macs": 76800,
    "cycles": 4000,
    "utilization": 0.96,
    "seed": 1,
    "sim_seconds": 0.5,
    "macs_per_second": 153600.0,
}
SYNTH = {
    "library": "osu018",
    "corner": "typical",
    "area_unit": "um2",
    "clock_asked_ns": None,
    "clock_met": True,
    "clock_ns": 1.25,
    "fmax_mhz": 800.0,
    "engine_fmax_mhz": 800.0,
    "core_fmax_mhz": 900.0,
    "wns_ns": 0.0,
    "core_area_um2": 12345.6,
    "engine_area_um2": 23456.7,
    "memory_area_estimate_um2": 0.0,
    "engine_total_area_um2": 23456.7,
    "cells": 100,
    "power_mw": None,
    "pj_per_mac": None,
    "core_pj_per_mac": None,
    "activity": "not measured at effort quick",
    "glitches": "not measured: no simulator",
    "glitch_power_mw": None,
    "glitch_pj_per_mac": None,
    "glitch_core_pj_per_mac": None,
    "throughput_gops": 9.6,
    "gops_per_mm2_core": 777.0,
    "gops_per_mm2_engine": 409.0,
    "gops_per_mm2_engine_total": 409.0,
    "gops_per_w": None,
}
SYNTH["units"] = units(SYNTH, unit_library=False)


@pytest.fixture
def steps(monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Stand-ins for the steps: ``steps.sim`` and ``steps.synth`` are what they give, or what they raise.

    ``steps.synth`` may be a function of an engine's parameters, and ``steps.form`` is the form that is the strongest.
    """
    from synth_scripts.engine.run import Form

    stand_in = SimpleNamespace(sim=dict(SIM), synth=dict(SYNTH), form=0, calls=[])

    def give(what: Any) -> Any:
        print("a library that prints")
        if isinstance(what, BaseException):
            raise what
        return dict(what)

    def simulate(config, output, *, seed, waves, hardware, workload, say):
        stand_in.calls.append(("simulate", seed, waves))
        assert f"module {hardware.top}(" in hardware.text
        say("building")
        answer = {**give(stand_in.sim), "seed": seed}
        output.write_json("sim.json", answer)
        if not answer["passed"]:
            raise CheckFailed("the results differ from NumPy's")
        return answer

    def strongest(forms, settings, *, library=None, rate=None, stimuli=None, files=()):
        stand_in.stimuli, stand_in.files = stimuli, list(files)
        stand_in.calls += [("synthesise", each.params.scheme, settings.library, each.workdir.name) for each in forms]
        forms[0].say("building")
        params = forms[stand_in.form % len(forms)].params
        given = stand_in.synth(params) if callable(stand_in.synth) else stand_in.synth
        return params, {**give(given), "netlist": {"engine": "netlist/engine.v"}}

    def build(folder):
        from gen.output import open_output

        stand_in.calls.append(("report",))
        return open_output(folder).write("report.html", "<html>")

    monkeypatch.setitem(sys.modules, "sim_tb.simulate", SimpleNamespace(simulate=simulate))
    monkeypatch.setitem(sys.modules, "synth_scripts.engine.run", SimpleNamespace(Form=Form, strongest=strongest))
    monkeypatch.setitem(sys.modules, "gen.report", SimpleNamespace(build=build))
    return stand_in
