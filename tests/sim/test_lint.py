"""The generated Verilog under Verilator's strictest lint. What is waived is waived in the Verilog, with its reason."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path

import pytest

from sim_tb.tools import find_verilator
from tests.sim.engines import ENGINES, hardware, params

pytestmark = pytest.mark.sim


@pytest.mark.parametrize("name", ENGINES)
def test_lint(name: str, tmp_path: Path) -> None:
    emission = hardware(name)
    source = tmp_path / f"{emission.top}.v"
    source.write_text(emission.text)
    tool = find_verilator()
    command = [tool.executable, "--lint-only", "-Wall", "--top-module", emission.top, source]
    run = subprocess.run(command, env={**os.environ, **tool.environment}, capture_output=True, text=True)
    warnings = [line for line in run.stderr.splitlines() if line.startswith("%Warning-")]
    assert warnings == [], run.stderr
    errors = [line for line in run.stderr.splitlines() if line.startswith("%Error")]
    assert all("Exiting due to" in line for line in errors), run.stderr
    assert run.returncode == 0, run.stderr
    lines = emission.text.splitlines()
    for number, line in enumerate(lines):
        if "lint_off" in line:
            assert "//" in lines[number - 1] or "//" in line, f"line {number + 1}: a waiver without a reason: {line}"
    # Every signal shows in a waveform as it is called here: none is a keyword, or has the name of another one.
    assert set(re.findall(r"\\\S+", emission.text)) == set()


def test_the_harness_is_clean(tmp_path: Path) -> None:
    """The testbench's own modules: no latches, no multiple drivers, no unused signals."""
    from sim_tb.models import harness_model

    model = harness_model(params("default"), hardware("default"))
    for name, text in model.sources.items():
        (tmp_path / name).write_text(text)
    tool = find_verilator()
    settings = [f"-G{name}={value}" for name, value in model.parameters.items()]
    settings += [f"-D{name}={value}" for name, value in model.defines.items()]
    waived = ["-Wno-WIDTH", "-Wno-DECLFILENAME", "-Wno-UNUSEDSIGNAL", "-Wno-BLKSEQ", "-Wno-PROCASSINIT"]
    command = [tool.executable, "--lint-only", "-Wall", *waived, "--no-timing", "--top-module", "harness", *settings]
    run = subprocess.run(
        [*command, *sorted(tmp_path.iterdir())], env={**os.environ, **tool.environment}, capture_output=True, text=True
    )
    assert run.returncode == 0, run.stderr
