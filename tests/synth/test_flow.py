"""Synthesis of one module: area, timing, the checks that fail a run, and the netlist's function."""

from __future__ import annotations

import json
import random
import re
from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

from hdl.params import CheckFailed, ToolError
from synth_scripts.library.library import Library
from synth_scripts.module.candidates import Candidate, objective
from synth_scripts.module.flow import Result, area_delay, critical_path, smallest_at, synthesise_module
from synth_scripts.module.styles import CELLS, EFFORTS
from synth_scripts.netlist import checks
from synth_scripts.power.gatesim import Simulator
from synth_scripts.timing import sta
from synth_scripts.work import yosys

pytestmark = pytest.mark.synth
needs_sta = pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")


@pytest.fixture(scope="module")
def result(osu018: Library, mac_text: str, tmp_path_factory: pytest.TempPathFactory) -> Result:
    return synthesise_module(osu018, mac_text, "mac", tmp_path_factory.mktemp("mac"), effort="quick")


def test_best_is_the_least_area_times_period(result: Result) -> None:
    assert area_delay(result.best) == min(area_delay(candidate) for candidate in result.tried)
    assert len({candidate.style for candidate in result.tried}) > 1


def test_area_is_the_sum_of_cells(result: Result, osu018: Library) -> None:
    assert result.best.area == pytest.approx(
        sum(osu018.areas[kind] * count for kind, count in result.best.cells.items())
    )
    assert result.best.cells["DFFPOSX1"] == 18
    assert result.best.cells["LATCH"] == 1  # the enable became one composed clock gate
    assert 0 < result.best.sequential_area < result.best.area


@needs_sta
def test_timing_is_of_a_path_with_setup(result: Result, osu018: Library, tmp_path: Path) -> None:
    assert result.timing_by == "OpenSTA"
    assert "library setup time" in critical_path(osu018, result, tmp_path, result.best.period)
    assert result.best.period >= result.best.register_period > 0


def test_a_given_clock_asks_for_the_smallest(osu018: Library, mac_text: str, result: Result, tmp_path: Path) -> None:
    slow = synthesise_module(osu018, mac_text, "mac", tmp_path, effort="quick", clock_ns=20.0)
    assert slow.best.area <= result.best.area
    assert slow.best.period <= 20.0
    assert smallest_at(20.0)(slow.best) == min(map(smallest_at(20.0), slow.tried))
    assert set(map(key, result.tried)) < set(map(key, slow.tried))


def test_a_clock_that_is_met_without_asking_is_met_as_well(
    osu018: Library, mac_text: str, result: Result, tmp_path: Path
) -> None:
    clock = result.best.period
    asked = synthesise_module(osu018, mac_text, "mac", tmp_path, effort="quick", clock_ns=clock)
    assert asked.best.period <= clock
    assert asked.best.area <= result.best.area


@pytest.mark.parametrize("clock", [1e-9, 1e9])
def test_clocks_out_of_reach(osu018: Library, mac_text: str, tmp_path: Path, clock: float) -> None:
    """The fastest that there is, and the smallest."""
    found = synthesise_module(osu018, mac_text, "mac", tmp_path, effort="quick", clock_ns=clock)
    if clock < 1:
        assert found.best.period == found.fastest == min(each.period for each in found.tried)
    else:
        assert found.best.area == min(each.area for each in found.tried)


def key(candidate: Candidate) -> tuple[str, str, float]:
    return candidate.key


ADDS = """module adds(clk, a, y);
  input clk;
  input [5:0] a;
  output [5:0] y;
  reg [5:0] y, x;
  always @(posedge clk) begin
    x <= a;
    y <= y + x;
  end
endmodule
"""


@pytest.mark.parametrize("clock", [None, 2.0])
@pytest.mark.parametrize("name", ["unit", "osu018"])
def test_more_effort_never_finds_less(
    name: str, clock: float | None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    library = request.getfixturevalue(name)
    least = objective(clock)
    found = [
        synthesise_module(library, ADDS, "adds", tmp_path / effort, effort=effort, clock_ns=clock) for effort in EFFORTS
    ]
    for lower, higher in pairwise(found):
        assert set(map(key, lower.tried)) < set(map(key, higher.tried))
        assert least(higher.best) <= least(lower.best)


def test_equal_jobs_come_from_the_cache(osu018: Library, mac_text: str, result: Result, tmp_path: Path) -> None:
    more = mac_text + "module unrelated(input a, output b);\n  assign b = a;\nendmodule\n"
    again = synthesise_module(osu018, more, "mac", tmp_path, effort="quick")
    assert again == result
    assert not list(tmp_path.glob("*.log"))


def test_unit_library_without_opensta(
    unit: Library, mac_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth_scripts.timing.sta.available", lambda: False)
    found = synthesise_module(unit, mac_text, "mac", tmp_path, effort="quick")
    assert found.timing_by == "Bitloom by the delays of the unit library"
    assert found.best.period > (unit.flop_delay_ps + unit.flop_setup_ps) / 1e3
    assert found.best.cells["ICG"] == 1


def test_without_any_clock_gate_enables_become_multiplexers(unit: Library, mac_text: str, tmp_path: Path) -> None:
    library = replace(unit, clock_gate=None, latch_gate=None, digest="no gates")
    found = synthesise_module(library, mac_text, "mac", tmp_path, effort="quick")
    assert "ICG" not in found.best.cells
    assert found.best.cells["DFF"] == 18


@pytest.mark.parametrize("name", ["unit", "osu018"])
def test_the_netlist_multiplies(name: str, request: pytest.FixtureRequest, mac_text: str, tmp_path: Path) -> None:
    """Gates against integers, with enables and clears at random; a changed netlist would not agree."""
    library = request.getfixturevalue(name)
    netlist = synthesise_module(library, mac_text, "mac", tmp_path, effort="quick").netlist
    assert mismatches(library, netlist, tmp_path) == 0
    broken = netlist.replace("NAND2X1 ", "NOR2X1 ", 1)
    assert broken != netlist
    assert mismatches(library, broken, tmp_path) > 0


def mismatches(library: Library, netlist: str, folder: Path, lanes: int = 16, seed: int = 5) -> int:
    print(f"seed {seed}")
    simulator = simulate(library, netlist, "mac", folder, lanes)
    source = random.Random(seed)
    state = [(0, 0, 0)] * lanes
    wrong = 0
    for cycle in range(60):
        enable, clear = int(source.random() < 0.7 or cycle < 2), int(source.random() < 0.2 or cycle < 2)
        a, b = ([source.randrange(16) for _ in range(lanes)] for _ in "ab")
        for port, value in (("en", enable), ("clear", clear), ("a", a), ("b", b)):
            simulator.set(port, value)
        simulator.settle()
        simulator.clock()
        if enable:
            state = [
                (x, y, ((0 if clear else acc) + signed(p) * signed(q)) & 1023)
                for x, y, (p, q, acc) in zip(a, b, state, strict=True)
            ]
        if cycle > 2:
            wrong += sum(simulator.get("acc", lane) != state[lane][2] for lane in range(lanes))
    return wrong


def signed(value: int) -> int:
    return value - 16 if value & 8 else value


def simulate(library: Library, netlist: str, top: str, folder: Path, lanes: int) -> Simulator:
    (folder / "netlist.v").write_text(netlist)
    read = [
        f"read_liberty -lib -ignore_miss_func {library.mapping}",
        "read_verilog netlist.v",
        "write_json netlist.json",
    ]
    yosys.run(read, folder, "read")
    return Simulator(json.loads((folder / "netlist.json").read_text())["modules"][top], library, lanes)


HEAD = "module bad(input clk, input a, input b, input c, output reg y);\n"
BAD = {
    "latch": (HEAD + "  always @* if (a) y = b;\nendmodule\n", "atch"),
    "loop": (
        HEAD + "  wire p, q;\n  assign p = ~(q & a);\n  assign q = ~(p & b);\n"
        "  always @(posedge clk) y <= q;\nendmodule\n",
        "found logic loop|problems",
    ),
    "drivers": (
        HEAD + "  wire p;\n  assign p = a & b;\n  assign p = a | c;\n  always @(posedge clk) y <= p;\nendmodule\n",
        "multiple conflicting drivers|problems",
    ),
    "missing": (HEAD + "  nowhere part(.a(a));\n  always @(posedge clk) y <= a;\nendmodule\n", "nowhere"),
    "syntax": ("module bad(input clk;\n", "syntax error"),
}


@pytest.mark.parametrize("kind", BAD)
def test_bad_designs_fail(unit: Library, tmp_path: Path, kind: str) -> None:
    text, message = BAD[kind]
    with pytest.raises(CheckFailed, match=message) as raised:
        synthesise_module(unit, text, "bad", tmp_path, effort="quick")
    assert "log:" in str(raised.value)


def test_unmapped_cells_fail(unit: Library, tmp_path: Path) -> None:
    """The unit library has no flip-flop with asynchronous reset."""
    text = HEAD + "  always @(posedge clk or negedge a) if (!a) y <= 0; else y <= b ^ c;\nendmodule\n"
    with pytest.raises(CheckFailed, match="async set or reset are not supported"):
        synthesise_module(unit, text, "bad", tmp_path, effort="quick")


def test_unmapped_cells_are_named() -> None:
    checks.mapped([], "cells")
    with pytest.raises(CheckFailed, match=r"not mapped to the library cells: \$_TBUF_ in x"):
        checks.mapped(["$_TBUF_ in x"], "cells")


def test_without_yosys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(ToolError, match="install the Python package pyosys"):
        yosys.run(["help"], tmp_path, "none")


@needs_sta
def test_the_unit_library_is_timed_alike_without_opensta(
    unit: Library, mac_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The same candidates with the same clocks, adder cells and clock gates among them; and the same path."""
    effort = replace(EFFORTS["quick"], cells=CELLS[:2])
    by_sta = synthesise_module(unit, mac_text, "mac", tmp_path / "sta", effort=effort)
    path = critical_path(unit, by_sta, tmp_path / "sta", 20.0)
    monkeypatch.setattr("synth_scripts.timing.sta.available", lambda: False)
    own = synthesise_module(unit, mac_text, "mac", tmp_path / "own", effort=effort)
    assert [each.name for each in own.tried] == [each.name for each in by_sta.tried]
    assert any("FAX1" in each.cells for each in own.tried)
    for one, other in zip(own.tried, by_sta.tried, strict=True):
        assert one.period == pytest.approx(other.period, rel=1e-3), one.name
        assert one.register_period == pytest.approx(other.register_period, rel=1e-3), one.name
    assert own.netlist == by_sta.netlist
    slacks = [re.findall(r"(-?[\d.]+)\s+slack", text) for text in (critical_path(unit, own, tmp_path, 20.0), path)]
    assert float(slacks[0][0]) == pytest.approx(float(slacks[1][0]), abs=2e-3)


def test_a_library_that_abc_times_has_no_adder_cells(
    osu018: Library, mac_text: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """ABC sees no path through one: such a netlist would look too fast."""
    monkeypatch.setattr("synth_scripts.timing.sta.available", lambda: False)
    effort = replace(EFFORTS["quick"], cells=CELLS[:2])
    found = synthesise_module(osu018, mac_text, "mac", tmp_path, effort=effort)
    assert found.timing_by == "ABC"
    assert osu018.full_adder is not None
    assert not any(osu018.full_adder.cell in each.cells for each in found.tried)
