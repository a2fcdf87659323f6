"""The synthesis script beside an engine, run with Yosys alone."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from bench.figures.scripts import SCRIPTS, Built, build
from gen.config import Config, OutputSettings, SynthSettings
from gen.emit.script import CELLS, MACRO_BITS, script
from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams, OperandFormat
from sim_tb.run import run_workload
from synth_scripts.engine.run import synthesise
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.library.sources import OSU018
from synth_scripts.module import memory
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import sta
from synth_scripts.work import yosys

#: The script's engine may be worse than ours by this much, in area times period: it has neither gates of clocks nor
#: trees for nets of many sinks, each of which has a wire.
TOLERANCE = 1.4

S4 = OperandFormat(4, signed=True)
SMALL = {"a": S4, "b": S4, "accumulator": 16}
#: Multiplier and adder that Yosys finds; and trees with planes.
SIMULATED = [
    EngineParams(array="systolic_os", scheme="mac", multiplier="inferred", rows=2, cols=1, **SMALL),
    EngineParams(array="adder_tree", scheme="opt2", rows=2, cols=1, depth=4, **SMALL),
]
#: The other bodies.
BUILT = [
    EngineParams(array="systolic_ws", scheme="opt1", rows=1, cols=2, depth=2, **SMALL),
    EngineParams(array="cube", scheme="opt1", rows=1, cols=1, depth=2, **SMALL),
    EngineParams(array="matrix_2d", scheme="laconic", rows=1, cols=1, depth=2, **SMALL),
    EngineParams(array="matrix_2d", scheme="opt4c", rows=1, cols=1, queue=2, **SMALL),
]
SPARSE = BUILT[3]


def name_of(params: EngineParams) -> str:
    return f"{params.array} {params.scheme}"


def run(emission: Emission, library: Library, folder: Path) -> str:
    """The netlist that the script writes."""
    (folder / "engine.v").write_text(emission.text)
    (folder / CELLS).write_text(Path(library.mapping).read_text())
    yosys.run(script(Config(), emission, "engine.v").splitlines(), folder, "script", check=emission.top)
    return (folder / f"{emission.top}_netlist.v").read_text()


@pytest.mark.synth
@pytest.mark.sim
@pytest.mark.slow
@pytest.mark.parametrize("params", SIMULATED, ids=name_of)
def test_netlists_compute_what_the_engine_does(params, tmp_path):
    """In Verilator, with what Yosys reads of the cells; flip-flops and memories begin with random values."""
    library = load("unit")
    emission = emit(params)
    netlist = run(emission, library, tmp_path)
    assert not re.search(r"^  (always|assign .*[+*])", netlist, re.MULTILINE)
    yosys.run([f"read_liberty -ignore_miss_func {CELLS}", "write_verilog -noattr cells.v"], tmp_path, "cells")
    text = f"{netlist}\n{(tmp_path / 'cells.v').read_text()}"
    answer = run_workload(params, replace(emission, text=text), tiles=6, k=min(9, params.k_limit), seed=7)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 6 * params.rows * params.cols


@pytest.mark.synth
@pytest.mark.parametrize("params", BUILT, ids=name_of)
def test_runs_on_every_body(params, tmp_path):
    """To its end, where it checks that nothing is left that is no cell."""
    emission = emit(params)
    netlist = run(emission, load("unit"), tmp_path)
    names = set(Hierarchy(netlist).texts)
    assert emission.top in names
    assert emission.core.keys() <= names
    assert not names - set(Hierarchy(emission.text).texts)


@pytest.fixture(scope="module")
def opt1() -> Emission:
    return emit(EngineParams(scheme="opt1", rows=3, cols=2))


@pytest.mark.synth
@pytest.mark.slow
@pytest.mark.skipif(not sta.available(), reason="OpenSTA is missing: install the Debian package opensta")
def test_reaches_our_style_where_yosys_alone_does_not(opt1, tmp_path):
    library = load("osu018" if OSU018.exists() else "unit")
    settings = SynthSettings(library="osu018" if OSU018.exists() else "unit", effort="quick")
    params = EngineParams(scheme="opt1", rows=3, cols=2)
    ours = synthesise(params, opt1, settings, tmp_path / "ours", with_power=False)
    best = ours["engine_area_um2"] * 1e3 / ours["engine_fmax_mhz"]
    found: dict[str, Built] = {}
    for name in ("default", "shipped"):
        (tmp_path / name).mkdir()
        found[name] = build(library, opt1, SCRIPTS[name](opt1), tmp_path / name)
    assert found["shipped"].area_delay < TOLERANCE * best
    assert found["default"].area_delay > 1.5 * found["shipped"].area_delay
    assert found["default"].flops == found["shipped"].flops


@pytest.mark.skipif(shutil.which("yosys") is None, reason="no yosys on the path")
def test_runs_in_the_yosys_of_the_machine(tmp_path):
    """Debian 12 has 0.23, the oldest that the script names."""
    emission = emit(EngineParams(scheme="opt1", rows=1, cols=2, a=S4, b=S4, accumulator=12), "npu")
    (tmp_path / "npu_engine.v").write_text(emission.text)
    (tmp_path / "npu_engine.ys").write_text(script(Config(), emission, "npu_engine.v"))
    (tmp_path / CELLS).write_text(Path(load("unit").mapping).read_text())
    done = subprocess.run(["yosys", "-q", "npu_engine.ys"], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "module npu_engine(" in (tmp_path / "npu_engine_netlist.v").read_text()


def test_clock_and_prefix_of_the_configuration(opt1):
    free = script(Config(), opt1, "a.v")
    bound = script(Config(synth=SynthSettings(clock_ns=2.5), output=OutputSettings(prefix="npu")), opt1, "a.v")
    assert "upsize;" in free
    assert "upsize,-D,2000;" in bound
    assert "\nflatten bitloom_pe bitloom_recode\n" in free


@pytest.mark.parametrize(("segment", "large"), [(32, False), (256, True)])
def test_large_memories_are_boxes_as_in_our_flow(segment, large):
    emission = emit(replace(SPARSE, segment=segment))
    found = memory.memories(Hierarchy(emission.text), emission.memories)
    boxes = re.findall(r"^blackbox (\w+)$", script(Config(), emission, "a.v"), re.MULTILINE)
    assert sorted(boxes) == sorted(each.module for each in found if each.macro)
    assert len(found) > len(boxes)
    assert bool(boxes) == large
    assert MACRO_BITS == memory.MACRO_BITS
