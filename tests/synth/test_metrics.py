"""Figures of merit, and what checks count."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_scripts.engine import metrics
from synth_scripts.engine.clock import Clock
from synth_scripts.netlist import checks


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
