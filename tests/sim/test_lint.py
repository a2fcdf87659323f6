"""The generated Verilog under Verilator's strictest lint. What is waived is waived in the Verilog, with its reason."""

from __future__ import annotations

import os
import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams, OperandFormat
from hdl.params.delta_front import DeltaFront
from hdl.params.gate import GateParams
from sim_tb.tools import find_verilator
from tests.sim.engines import ENGINES, hardware, params

pytestmark = pytest.mark.sim


def delta(words: int, x: str, **engine: Any) -> DeltaFront:
    """A delta encoder before an engine that takes initial values."""
    return DeltaFront(EngineParams.from_dict({"preload": True, **engine}), OperandFormat.parse(x), words)


#: Engines behind a gate: all modes, with other numbers of pixels and bits, and some of the modes; and behind a delta
#: encoder, with streams that are and aren't filled up to bytes, and formats that hold changes or not.
FRONTED = {
    "gate mac": GateParams(EngineParams(scheme="mac", rows=2, cols=2)),
    "gate opt1": GateParams(EngineParams(scheme="opt1", rows=3, cols=2, preload=True), pixels=12, observe=True),
    "gate opt4c": GateParams(EngineParams(array="matrix_2d", scheme="opt4c", rows=2, cols=2)),
    "gate narrow": GateParams(EngineParams.from_dict({"scheme": "mac", "rows": 1, "cols": 3, "a": "s4", "b": "u5"})),
    "gate decoy": GateParams(EngineParams(scheme="mac", rows=1, cols=1), pixels=1, modes=("decoy",)),
    "delta opt4c": delta(1024, "u8", scheme="opt4c", rows=2, cols=2, a="s9"),
    "delta opt1": delta(5, "s7", scheme="opt1", rows=3, cols=2, a="s8", b="u5"),
    "delta stationary": delta(100, "u10", array="systolic_ws", scheme="mac", rows=3, cols=2, depth=3, a="s12"),
    "delta opt4e": delta(2, "u4", scheme="opt4e", rows=1, cols=1, a="s5"),
    "delta narrow": delta(3, "u3", scheme="mac", rows=1, cols=1, a="s2"),
}


@pytest.mark.parametrize("name", [*ENGINES, *FRONTED])
def test_lint(name: str, tmp_path: Path) -> None:
    emission = emit(FRONTED[name]) if name in FRONTED else hardware(name)
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
