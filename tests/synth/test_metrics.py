"""Figures of merit, roles, and fan-out trees."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_scripts.engine import metrics
from synth_scripts.engine.clock import Clock
from synth_scripts.library.library import Library
from synth_scripts.netlist import checks
from synth_scripts.netlist.netlist import Netlist


def test_metrics() -> None:
    throughput = metrics.gops(macs_per_cycle=256, period_ns=2.0)
    assert throughput == 256.0  # 256 MACs x 2 operations x 500 MHz
    assert metrics.per_area(throughput, area_um2=2e6) == 128.0
    assert metrics.per_watt(throughput, power_mw=512.0) == 500.0
    assert metrics.pj_per_mac(throughput, power_mw=512.0) == 4.0


def test_ratios_are_larger_where_the_design_is_better() -> None:
    ours = {"gops_per_mm2_core": 6.0, "gops_per_mm2_engine": 2.0, "pj_per_mac": 4.0, "clock_ns": 2.0}
    other = {"gops_per_mm2_core": 3.0, "gops_per_mm2_engine": 4.0, "pj_per_mac": 3.0, "clock_ns": 3.0}
    unmeasured = dict.fromkeys(("area_engine_total", "energy_core", "glitch_energy_core", "glitch_energy_engine"))
    found = metrics.ratios(ours, other)
    assert found == {"area_core": 2.0, "area_engine": 0.5, "energy_engine": 0.75, "clock": 1.5, **unmeasured}
    assert metrics.ratios(ours, {**other, "pj_per_mac": None})["energy_engine"] is None


@pytest.mark.parametrize(
    ("asked", "reached", "met", "period", "slack"),
    [(None, 3.0, True, 3.0, 0.0), (4.0, 3.0, True, 4.0, 1.0), (2.0, 3.0, False, 3.0, -1.0), (3.0, 3.0, True, 3.0, 0.0)],
)
def test_clock(asked: float | None, reached: float, met: bool, period: float, slack: float) -> None:
    clock = Clock(asked, reached)
    assert (clock.met, clock.period, clock.slack) == (met, period, slack)


BAD = """module bad(input clk, input en, input [3:0] d, output reg [3:0] q, output y);
  wire loop;
  assign loop = ~(loop & d[1]);
  always @* if (en) q = d;
  part a(.a(d[0]), .y(y));
  part b(.a(loop), .y(y));
endmodule
module part(input a, output y);
  assign y = ~a;
endmodule
"""


def test_checks_count_what_is_found(tmp_path: Path) -> None:
    found = checks.count(BAD, "bad", tmp_path, ["INVX1", "$_TBUF_"], ["INVX1"], clock_met=False)
    assert found == dict.fromkeys(found, 1)
    assert set(found) == {"latches", "combinational_loops", "multiple_drivers", "unmapped_cells", "missed_clock"}
    good = "module good(input a, output y);\n  assign y = ~a;\nendmodule\n"
    found = checks.count(good, "good", tmp_path, ["INVX1"], ["INVX1"], clock_met=True)
    assert found == dict.fromkeys(found, 0)


def netlist(sinks: int, library: Library, path: Path) -> Netlist:
    """A child with ``sinks`` inverters on its port, and a parent with two children on one net."""

    def cell(kind: str, pins: dict[str, tuple[str, int]]) -> dict:
        return {
            "type": kind,
            "connections": {pin: [bit] for pin, (_, bit) in pins.items()},
            "port_directions": {pin: direction for pin, (direction, _) in pins.items()},
        }

    inverters = {f"i{n}": cell("INVX1", {"A": ("input", 2), "Y": ("output", 3 + n)}) for n in range(sinks)}
    child = {"ports": {"a": {"direction": "input", "bits": [2]}}, "cells": inverters}
    children = {f"c{n}": cell("child", {"a": ("input", 2)}) for n in range(2)}
    parent = {"ports": {"a": {"direction": "input", "bits": [2]}}, "cells": children}
    for module in (child, parent):
        bits = {bit for each in module["cells"].values() for ends in each["connections"].values() for bit in ends}
        module["netnames"] = {f"n{bit}": {"bits": [bit]} for bit in bits}
    path.write_text(json.dumps({"modules": {"child": child, "parent": parent}}))
    return Netlist(path, library, "parent", {})


def test_counts(unit: Library, tmp_path: Path) -> None:
    found = netlist(5, unit, tmp_path / "n.json")
    assert found.order == ["child", "parent"]
    assert found.instances() == {"parent": 1, "child": 2, "INVX1": 10}
    assert found.local_area("child") == pytest.approx(5 * unit.areas["INVX1"])


@pytest.mark.parametrize("sinks", [10, 136, 137, 1000, 20000])
def test_trees_keep_every_driver_within_its_load(unit: Library, tmp_path: Path, sinks: int) -> None:
    found = netlist(sinks, unit, tmp_path / "n.json")
    added = found.grow_trees()
    assert (added > 0) == (sinks > unit.tree_load_ff)
    buffer, source, output = unit.tree_buffer
    loads: dict[int, float] = {}
    drivers: dict[int, int] = {}
    cells = found.module("child")["cells"]
    for cell in cells.values():
        bit = cell["connections"]["A"][0]
        loads[bit] = loads.get(bit, 0.0) + unit.loads[cell["type"]]["A"]
        if cell["type"] == buffer:
            drivers[cell["connections"][output][0]] = cell["connections"][source][0]
    assert max(loads.values()) <= unit.tree_load_ff * 1.001
    for cell in cells.values():  # every sink still hangs on the port
        bit = cell["connections"]["A"][0]
        while bit != 2:
            bit = drivers[bit]


def test_a_clock_port_has_no_tree(unit: Library, tmp_path: Path) -> None:
    """Also where no flip-flop hangs on it, but clock gates alone."""
    found = netlist(1000, unit, tmp_path / "n.json")
    ports = found.module("child")["ports"]
    ports["clk"] = ports.pop("a")
    assert found.grow_trees() == 0


def test_unmapped(unit: Library, tmp_path: Path) -> None:
    found = netlist(3, unit, tmp_path / "n.json")
    found.module("child")["cells"]["i0"]["type"] = "$_TBUF_"
    assert found.unmapped() == ["$_TBUF_ in child"]
