"""What the benchmarks of areas are built on."""

from __future__ import annotations

import argparse
from pathlib import Path

import pytest

from bench import _common
from bench.figures.comparison.group import Settings
from bench.pe_area_delay import boundary, designs
from gen.emit.verilog import emit
from hdl.params import BUILDS, EngineParams, OperandFormat
from synth_scripts.engine.run import synthesise
from synth_scripts.library.library import Library
from synth_scripts.library.sources import OSU018
from synth_scripts.module.flow import synthesise_module

pytestmark = pytest.mark.synth

PE = """module pe(
  input clk,
  input [2:0] x,
  output reg [2:0] y
);
  always @(posedge clk) y <= y ^ ~x;
endmodule
"""


def test_a_register_in_front_of_an_input(unit: Library, tmp_path: Path) -> None:
    plain = synthesise_module(unit, PE, "pe", tmp_path / "plain", effort="quick").best
    text = PE + boundary(PE, "pe", "x")
    registered = synthesise_module(unit, text, "pe_registered", tmp_path / "registered", effort="quick").best
    flop = unit.flops[0]
    assert (plain.cells[flop], registered.cells[flop]) == (3, 6)


def test_published_boundaries() -> None:
    """Every judged PE has both operands and the accumulator in flip-flops of its own."""
    made = designs()
    assert set(made) >= {"opt1", "opt3", "opt4c"}
    assert made["opt4c"].module == "bitloom_pe_registered"
    assert "reg [7:0] b" in made["opt4c"].text


def test_libraries_that_are_here(tmp_path: Path) -> None:
    (tmp_path / "sky130hd_tt.lib.gz").touch()
    options = argparse.Namespace(pdk=tmp_path, libraries=["sky130"])
    assert _common.libraries(options) == {"sky130": str(tmp_path / "sky130hd_tt.lib.gz")}
    assert "unit" in _common.libraries(argparse.Namespace(pdk=tmp_path / "none", libraries=None))


def test_every_engine_is_listed() -> None:
    pairs = [(params.array, params.scheme, params.rows, params.depth) for params in _common.engines(3, 5)]
    assert pairs == [(array, scheme, 3, 5) for array, schemes in BUILDS.items() for scheme in schemes]


@pytest.mark.skipif(not OSU018.exists(), reason="OSU018 is missing: install the Debian package qflow-tech-osu018")
def test_power_is_measured_at_quick_effort_where_it_is_asked_for(tmp_path: Path) -> None:
    two = OperandFormat(2, signed=True)
    params = EngineParams(scheme="mac", rows=1, cols=1, a=two, b=two, accumulator=6)
    emission, settings = emit(params), Settings("osu018", "quick")
    found = {ask: synthesise(params, emission, settings, tmp_path / str(ask), with_power=ask) for ask in (None, True)}
    assert found[None]["activity"] == "not measured at effort quick"
    assert found[None]["pj_per_mac"] is None
    assert found[True]["pj_per_mac"] > 0
