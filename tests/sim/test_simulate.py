"""Workloads on generated Verilog: what ends up in sim.json, and what a user sees where it goes wrong."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from gen.config import Config, WorkloadSettings
from gen.emit.verilog import emit
from gen.output import open_output
from hdl.params import CheckFailed, EngineParams, ToolError
from sim_tb.messages import WORKLOAD
from sim_tb.run import run_model, run_workload
from sim_tb.simulate import simulate
from sim_tb.workloads.tileset import RandomTiles
from tests.sim.engines import ENGINES, hardware, params

pytestmark = pytest.mark.sim

#: design.md, section 8.
KEYS = {"passed", "elements_checked", "mismatches", "macs", "cycles", "utilization", "seed", "sim_seconds"}


def config(engine: str, **workload: Any) -> Config:
    return Config(engine=params(engine), workload=WorkloadSettings(**workload))


@pytest.mark.parametrize("name", ["one_pe", "default", "narrow", "mixed_sign", "sixteen", "unsigned"])
def test_digits(name: str, tmp_path: Path) -> None:
    """Every inference GEMM on the RTL; logits equal to NumPy's, accuracy the same."""
    said: list[str] = []
    with open_output(tmp_path / "out") as output:
        answer = simulate(config(name), output, hardware=hardware(name), say=said.append)
    stored = json.loads((tmp_path / "out" / "sim.json").read_text())
    assert stored == answer
    assert answer["passed"]
    assert {*KEYS, "macs_per_second", "workload", "accuracy", "images", "tiles", "versions"} <= set(answer)
    assert answer["mismatches"] == 0
    assert answer["elements_checked"] == answer["tiles"] * params(name).rows * params(name).cols
    assert answer["macs"] >= answer["images"] * (64 * 32 + 32 * 10)
    assert answer["images"] >= 50
    assert answer["accuracy"] == answer["accuracy_numpy"]
    assert answer["accuracy"] > 0.8
    assert 0 < answer["utilization"] <= 1
    assert (tmp_path / "out" / "sim" / "sim.log").stat().st_size > 0
    assert said


@pytest.mark.parametrize("name", ENGINES)
def test_random_workload(name: str) -> None:
    """A short workload of random tiles on every engine: results, and the cycles of their operands."""
    engine = params(name)
    k = min(3 * engine.k_step, engine.k_limit)
    answer = run_workload(engine, hardware(name), tiles=20, k=k)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 20 * engine.rows * engine.cols
    assert answer["macs"] == answer["elements_checked"] * k


def test_random_tiles(tmp_path: Path) -> None:
    with open_output(tmp_path / "out") as output:
        answer = simulate(config("default", name="random", tiles=500, k=40, seed=9), output, seed=11)
    assert answer["passed"]
    assert (answer["seed"], answer["tiles"]) == (11, 500)
    assert answer["macs"] == 500 * 40 * 15
    assert answer["utilization"] > 0.99  # back to back


def test_results_do_not_depend_on_the_memory_depth() -> None:
    runs = [
        run_workload(params("default"), hardware("default"), tiles=30, k=100, depth=depth) for depth in (128, 1 << 14)
    ]
    assert all(run["passed"] and run["elements_checked"] == 450 for run in runs)


def test_long_tiles_get_memories_that_hold_them() -> None:
    answer = run_workload(params("mac"), hardware("mac"), tiles=2, k=20_000)
    assert answer["passed"]
    assert answer["macs"] == 2 * 20_000 * 16


def test_a_mismatch_is_recorded_and_raised(tmp_path: Path) -> None:
    good = hardware("default")
    bad = replace(good, text=re.sub(r"(assign sum\w+_s = .*?) \^ ", r"\1 | ", good.text, count=1))
    assert bad.text != good.text
    with open_output(tmp_path / "out") as output, pytest.raises(CheckFailed) as caught:
        simulate(config("default", name="random", tiles=20), output, hardware=bad)
    stored = json.loads((tmp_path / "out" / "sim.json").read_text())
    assert not stored["passed"]
    assert stored["mismatches"] > 0
    assert re.search(r"differ from NumPy's: \d+ of \d+ elements, seed 1", str(caught.value))
    assert re.search(r"tile \d+, C\[\d, \d\]: expected -?\d+, got -?\d+", str(caught.value))


def test_waves(tmp_path: Path) -> None:
    said: list[str] = []
    with open_output(tmp_path / "out") as output:
        work = config("one_pe", name="random", tiles=3, k=4)
        answer = simulate(work, output, hardware=hardware("one_pe"), waves=True, say=said.append)
    wave = tmp_path / "out" / answer["waves"]["file"]
    assert wave.stat().st_size == answer["waves"]["bytes"]
    assert wave.read_text().startswith("$version")
    assert "s_axis_a_tvalid" in wave.read_text()
    assert any(str(wave) in line and "MB" in line for line in said)


def test_a_simulation_without_an_answer_shows_its_log() -> None:
    from sim_tb.models import harness_model

    model = harness_model(params("one_pe"), hardware("one_pe"))
    with pytest.raises(ToolError, match=r"ended without a result \(status \d, seed 3\)"):
        run_model(model, "sim_tb.tb.no_such_module", {"seed": 3})


def test_a_simulation_that_takes_too_long_is_ended() -> None:
    from sim_tb.models import harness_model

    work = RandomTiles.draw(params("one_pe"), tiles=100_000, k=64, seed=1)
    request = {"engine": params("one_pe").to_dict(), "workload": "random", "seed": 1, "depth": 1 << 14}
    model = harness_model(params("one_pe"), hardware("one_pe"))
    with pytest.raises(ToolError, match="ended without a result"):
        run_model(model, "sim_tb.tb.workload", request, files={WORKLOAD: work.save}, timeout=1.0)


def test_verilog_that_verilator_refuses() -> None:
    broken = replace(emit(EngineParams(rows=2, cols=2)), text="module bitloom_engine(input clk;\n")
    with pytest.raises(ToolError, match=r"could not build bitloom_engine-opt1-2x2:\n.*syntax error"):
        run_workload(EngineParams(rows=2, cols=2), broken, tiles=1, k=1)
