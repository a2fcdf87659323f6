"""Flattening, against Yosys' own."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_scripts.library.library import Library
from synth_scripts.netlist.flat import flatten
from synth_scripts.work import yosys

pytestmark = pytest.mark.synth

#: Modules in modules, twice; a net through a module, one at two outputs, a constant out of a module, pins left open.
TEXT = """module top(input clk, input [1:0] d, output [3:0] q, output same);
  wire [1:0] through, low;
  outer o0 (.clk(clk), .d(d), .q(q[1:0]), .through(through), .low(low[0]));
  outer o1 (.clk(clk), .d({1'b1, through[0]}), .q(q[3:2]), .through(), .low(low[1]));
  NOR2X1 g (.A(low[0]), .B(through[1]), .Y(same));
endmodule
module outer(input clk, input [1:0] d, output [1:0] q, output [1:0] through, output low);
  wire n;
  assign through = {d[0], d[0]};
  assign low = 1'b0;
  inner i (.clk(clk), .a(d[1]), .y(n), .z(q[1]));
  INVX1 v (.A(n), .Y(q[0]));
endmodule
module inner(input clk, input a, input open, output y, output z);
  wire k;
  DFFPOSX1 f (.CLK(clk), .D(a), .Q(y));
  NAND2X1 g (.A(a), .B(open), .Y(k));
  assign z = k;
endmodule
"""


def test_as_yosys_does(osu018: Library, tmp_path: Path) -> None:
    """The same cells, and pins joined alike; nets may have other numbers."""
    (tmp_path / "top.v").write_text(TEXT)
    commands = [f"read_liberty -lib -ignore_miss_func {osu018.mapping}", "read_verilog top.v", "hierarchy -top top"]
    commands += ["write_json modules.json", "flatten -noscopeinfo", "write_json flat.json"]
    yosys.run(commands, tmp_path, "flatten")
    modules, flat = (json.loads((tmp_path / f"{name}.json").read_text())["modules"] for name in ("modules", "flat"))
    ours, theirs = flatten(modules, "top", osu018.areas), flat["top"]
    inner = {f"o{number}.i.{name}" for number in "01" for name in "fg"}
    assert set(ours["cells"]) == set(theirs["cells"]) == {"g", "o0.v", "o1.v", *inner}
    pairs = set()
    for name, cell in theirs["cells"].items():
        assert ours["cells"][name]["type"] == cell["type"]
        for pin, bits in cell["connections"].items():
            pairs.add((ours["cells"][name]["connections"][pin][0], bits[0]))
    for port, spec in theirs["ports"].items():
        assert ours["ports"][port]["direction"] == spec["direction"]
        pairs |= set(zip(ours["ports"][port]["bits"], spec["bits"], strict=True))
    assert len({one for one, _ in pairs}) == len({other for _, other in pairs}) == len(pairs)
    constants = {(one, other) for one, other in pairs if isinstance(one, str) or isinstance(other, str)}
    assert constants == {("0", "0"), ("1", "1")}
    last = max(one for one, _ in pairs if isinstance(one, int))
    assert last <= ours["netnames"]["last"]["bits"][0]
