"""Whole engines: the content of synth.json."""

from __future__ import annotations

import json
from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from gen.emit.verilog import emit
from gen.timing import pes
from hdl.params import Dataflow, EngineParams, OperandFormat
from synth_scripts.engine.engine import smaller
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.run import synthesise
from synth_scripts.library.library import Library
from synth_scripts.power.engine import LIMIT, tile_k
from synth_scripts.timing import sta
from synth_scripts.work import icarus

pytestmark = pytest.mark.synth
KEYS = (
    *("library", "clock_ns", "fmax_mhz", "wns_ns", "core_area_um2", "engine_area_um2", "cells", "power_mw", "activity"),
    *("throughput_gops", "gops_per_mm2_core", "gops_per_mm2_engine", "gops_per_w", "clock_asked_ns", "clock_met"),
    *("memory_area_estimate_um2", "engine_total_area_um2", "gops_per_mm2_engine_total"),
    *("macro_power_mw", "power_model"),
)


@dataclass(frozen=True)
class Settings:
    library: str = "unit"
    clock_ns: float | str = "auto"
    effort: str = "quick"


def engine(scheme: str, **changes: Any) -> EngineParams:
    small = {"rows": 2, "cols": 3, "a": OperandFormat(4, True), "b": OperandFormat(4, True), "accumulator": 12}
    return EngineParams(scheme=scheme, **{**small, **changes})


@pytest.mark.parametrize("scheme", ["mac", "opt1"])
def test_unit_library(unit: Library, tmp_path: Path, scheme: str) -> None:
    params = engine(scheme)
    emission = emit(params)
    found = synthesise(params, emission, Settings(), tmp_path)
    assert set(KEYS) <= set(found)
    json.dumps(found)
    parts = {part["role"]: part for part in found["parts"]}
    assert parts["pe"]["instances"] == 6
    assert {part["role"] for part in found["parts"] if part["core"]} == (
        {"pe", "recode"} if scheme == "opt1" else {"pe"}
    )
    assert found["core_area_um2"] == pytest.approx(sum(p["area_um2"] for p in found["parts"] if p["core"]))
    assert found["engine_area_um2"] == pytest.approx(sum(p["area_um2"] for p in found["parts"]))
    assert found["throughput_gops"] == pytest.approx(2 * 6 * found["fmax_mhz"] / 1e3)
    assert found["gops_per_mm2_core"] == pytest.approx(found["core_throughput_gops"] / found["core_area_um2"] * 1e6)
    assert found["engine_fmax_mhz"] <= found["core_fmax_mhz"]
    assert found["area_unit"] == "NAND2"
    assert found["power_mw"] is None
    assert "no energy" in found["activity"]
    assert (found["clock_asked_ns"], found["clock_met"], found["wns_ns"]) == (None, True, 0)
    assert found["clock_ns"] == pytest.approx(1e3 / found["fmax_mhz"])
    assert found["memory_area_estimate_um2"] == 0
    assert found["engine_total_area_um2"] == found["engine_area_um2"]
    assert found["gops_per_mm2_engine_total"] == found["gops_per_mm2_engine"]
    assert (found["units"]["engine_area_um2"], found["units"]["clock_ns"]) == ("NAND2", "FO4")
    assert found["checks"] == dict.fromkeys(found["checks"], 0)
    again = synthesise(params, emission, Settings(), tmp_path / "again")
    assert again == found


@pytest.mark.parametrize("scheme", ["mac", "opt1"])
def test_a_missed_clock_gives_figures_at_the_one_reached(unit: Library, tmp_path: Path, scheme: str) -> None:
    """Any clock that is out of reach is the same to the search, and gives the same figures."""
    params = engine(scheme)
    emission = emit(params)
    found, hopeless = (synthesise(params, emission, Settings(clock_ns=clock), tmp_path) for clock in (1.0, 0.001))
    for each, asked in ((found, 1.0), (hopeless, 0.001)):
        assert (each["clock_asked_ns"], each["clock_met"]) == (asked, False)
        assert each["wns_ns"] == pytest.approx(asked - each["clock_ns"])
        assert each["checks"]["missed_clock"] == 1
    reached = found["clock_ns"]
    assert reached == pytest.approx(1e3 / found["engine_fmax_mhz"])
    assert reached > 10
    assert found["throughput_gops"] == found["core_throughput_gops"] == pytest.approx(2 * 6 / reached)
    assert found["gops_per_mm2_engine"] == pytest.approx(2 * 6 / reached / found["engine_area_um2"] * 1e6)
    assert found["gops_per_mm2_core"] == pytest.approx(2 * 6 / reached / found["core_area_um2"] * 1e6)
    differ = {key for key in found if found[key] != hopeless[key]}
    assert differ == {"clock_asked_ns", "wns_ns", "critical_path", "core_critical_path"}  # shown at the clock asked for


def sparse(
    scheme: str, bits: int, folder: Path, patch: pytest.MonkeyPatch, *, library: str = "unit", width: int = 2
) -> dict[str, Any]:
    """A small engine that skips zeros, with memories as macros from so many bits on, and its power if there is any."""
    patch.setattr("synth_scripts.module.memory.MACRO_BITS", bits)
    patch.setattr(
        "synth_scripts.power.engine.unavailable", lambda library, effort, front: "no energy" if library.is_unit else ""
    )
    operand, segment = OperandFormat(width, True), 32 if scheme == "opt4e" else 4 * width
    params = engine(scheme, cols=2, a=operand, b=operand, accumulator=3 * width, encoder="ent", segment=segment)
    return synthesise(params, emit(params), Settings(library), folder, rate=Rate(2.0, "two of the four PEs"))


def test_the_threshold_of_macros_does_not_decide(
    unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where everything is counted, an engine is as large with its memories as macros as with them as flip-flops."""
    macros, cells = (sparse("opt3", bits, tmp_path, monkeypatch) for bits in (1, 1_000_000))
    assert {each["macro"] for each in macros["memories"]} == {True}
    assert {each["macro"] for each in cells["memories"]} == {False}
    assert (macros["macro_bits"] > 0, cells["macro_bits"]) == (True, 0)
    assert cells["engine_area_um2"] > 1.1 * macros["engine_area_um2"]
    assert macros["memory_area_estimate_um2"] == cells["memory_area_estimate_um2"] > 0
    assert macros["engine_total_area_um2"] == pytest.approx(cells["engine_total_area_um2"], rel=0.05)
    total = macros["engine_area_um2"] + macros["memory_area_estimate_um2"]
    assert macros["engine_total_area_um2"] == pytest.approx(total)
    for found in (macros, cells):
        expected = found["throughput_gops"] / found["engine_total_area_um2"] * 1e6
        assert found["gops_per_mm2_engine_total"] == pytest.approx(expected)
        assert "by its shape" in found["memory_model"]


@pytest.mark.parametrize("scheme", ["opt3", "opt4c", "opt4e"])
def test_power_where_there_are_macros(
    osu018: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """The macros' part follows a stated model; beside what the same memories of flip-flops take, it is less."""
    found = sparse(scheme, 32, tmp_path, monkeypatch, library="osu018", width=4)
    assert found["macro_bits"] > 0
    assert found["netlist_results"] > 0
    assert found["power_model"].startswith("macros by a model")
    assert 0 < found["macro_power_mw"] <= found["power_parts_mw"]["memory"] < found["power_mw"]
    assert found["power_mw"] == pytest.approx(sum(found["power_parts_mw"].values()))
    assert found["pj_per_mac"] == pytest.approx(2 * found["power_mw"] / found["throughput_gops"])
    assert "normal operands (sigma 1.25 of A" in found["activity"]
    if scheme != "opt3":
        return
    cells = sparse(scheme, 1_000_000, tmp_path, monkeypatch, library="osu018", width=4)
    assert (cells["macro_power_mw"], cells["power_model"]) == (0, "")
    each = [design["power_parts_mw"]["memory"] * design["clock_ns"] for design in (found, cells)]
    assert 0.1 * each[1] < each[0] < each[1]


@pytest.mark.skipif(not (sta.available() and icarus.available()), reason="OpenSTA or Icarus Verilog is not installed")
def test_given_clock_and_power(osu018: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """At a clock that is met: positive slack, power of the simulated netlist, whose results are right."""
    monkeypatch.setattr("synth_scripts.power.engine.unavailable", lambda library, effort, front: "")
    params = engine("opt1")
    found = synthesise(params, emit(params), Settings(library="osu018", clock_ns=20.0), tmp_path)
    assert (found["clock_asked_ns"], found["clock_met"], found["clock_ns"]) == (20.0, True, 20.0)
    assert found["wns_ns"] > 0
    assert (found["macro_power_mw"], found["power_model"]) == (0, "")
    assert found["units"] | {"power_mw": "mW", "clock_ns": "ns", "pj_per_mac": "pJ"} == found["units"]
    assert found["throughput_gops"] == pytest.approx(2 * 6 / 20.0)
    assert found["netlist_results"] > 0
    assert found["power_mw"] == pytest.approx(sum(found["power_parts_mw"].values()))
    assert 0 < found["core_power_mw"] < found["power_mw"]
    assert found["glitch_power_mw"] == pytest.approx(sum(found["glitch_power_parts_mw"].values()))
    assert found["glitch_power_mw"] > 1.05 * found["power_mw"]
    assert found["glitch_core_power_mw"] > 1.1 * found["core_power_mw"]
    assert found["glitch_pj_per_mac"] / found["pj_per_mac"] == pytest.approx(
        found["glitch_power_mw"] / found["power_mw"]
    )
    assert "Icarus Verilog" in found["glitches"]
    assert 0.5 * found["power_mw"] < found["idle_power_mw"] < 0.9 * found["power_mw"]  # most of it is the clock
    assert "16 cycles without operands" in found["idle"]
    assert "2x3 simulated without glitches" in found["activity"]
    assert found["gops_per_w"] == pytest.approx(found["throughput_gops"] / found["power_mw"] * 1e3)
    assert "critical" not in found["critical_path"]
    assert "slack" in found["critical_path"]
    whole = whole_netlist(osu018, tmp_path, "engine/bitloom_engine.v", "pe/bitloom_pe.v", "recode/bitloom_recode.v")
    assert 1e3 / found["engine_fmax_mhz"] == pytest.approx(whole, rel=0.03)


def whole_netlist(library: Library, folder: Path, netlist: str, *others: str) -> float:
    """The period of a netlist in which no part is a timing model."""
    path = folder / netlist
    read = [f"read_verilog {Path(copy(folder / other, path.parent)).name}" for other in others]
    return sta.settle(library, path.name, path.stem, path.parent, start_ns=20.0, read=read, log="whole").period


def test_a_large_engine_is_simulated_small() -> None:
    full = EngineParams(rows=16, cols=64)
    small = smaller(full, LIMIT)
    assert (small.rows, small.cols) == (8, 8)
    assert tile_k(small, full) == 32  # the drain is as busy as with K = 64 on 16 rows
    assert tile_k(full, full) == 64
    few = EngineParams(rows=4, cols=6)
    assert smaller(few, LIMIT) == few


@pytest.mark.parametrize("array", ["systolic_os", "systolic_ws", "adder_tree", "cube", "matrix_2d"])
def test_a_simulated_engine_is_as_busy_as_it_can_be(array: str) -> None:
    """No cycle of it is idle, as energy is told for each multiply-accumulate that the array could make."""
    full = EngineParams(array=array, rows=16, cols=16, depth=16)
    small = smaller(full, LIMIT)
    assert pes(small) == LIMIT * LIMIT
    k = tile_k(small, full)
    macs = small.rows * small.cols * k
    assert Dataflow(small).tile_interval(k) * pes(small) == macs


def test_a_very_large_engine_is_timed_small(unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Areas are the whole engine's; the clock is that of the smaller one."""
    small = engine("mac", rows=2, cols=2)
    expected = synthesise(small, emit(small), Settings(), tmp_path / "small")
    monkeypatch.setattr("synth_scripts.engine.engine.COMPARED", 2)
    monkeypatch.setattr("synth_scripts.engine.engine.TIMED", 2)
    large = engine("mac", rows=4, cols=4)
    found = synthesise(large, emit(large), Settings(), tmp_path / "large")
    assert found["timing_by"].endswith("the engine's at 2x2")
    assert found["fmax_mhz"] == expected["fmax_mhz"]
    assert found["core_area_um2"] == pytest.approx(4 * expected["core_area_um2"])
    assert found["styles"]["fabric"] == expected["styles"]["fabric"]
