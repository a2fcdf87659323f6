"""Flat netlists have the connections that Yosys' ``flatten`` gives them."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from synth_scripts import yosys
from synth_scripts.flatten import flattened_module

pytestmark = pytest.mark.synth

#: Wires straight through a module, one net at two ports, constants in and out, pins and ports that nothing is at.
DESIGN = """(* blackbox *) module cell2(input a, input b, output y); endmodule
module through(input [2:0] a, output [2:0] y, output twice, output one, output lost);
  assign y = {a[0], a[1], 1'b1};
  assign one = 1'b1;
  cell2 own (.a(a[2]), .b(1'b0), .y(twice));
  assign lost = twice;
endmodule
module middle(input [2:0] a, output [4:0] y);
  wire [2:0] first;
  through in (.a(a), .y(first), .twice(y[3]), .one(y[4]));
  through out (.a({first[0], y[3], first[2]}), .y(y[2:0]));
endmodule
module top(input [2:0] a, input [2:0] b, output [4:0] y, output z, output idle);
  wire [4:0] inner;
  middle one (.a(a), .y(inner));
  middle two (.a({b[0], inner[1:0]}), .y(y));
  cell2 last (.a(inner[4]), .b(inner[3]), .y(z));
  cell2 open (.a(inner[2]), .b(b[1]));
endmodule
"""


def groups(module: dict[str, Any]) -> set[frozenset[str]]:
    """What is connected, whatever the nets are called: pins and port bits by net, constants among them."""
    nets: dict[Any, set[str]] = {}
    for name, cell in module["cells"].items():
        for pin, bits in cell["connections"].items():
            for bit in bits:
                nets.setdefault(bit, {str(bit)} if isinstance(bit, str) else set()).add(f"{name}/{pin}")
    for name, port in module["ports"].items():
        for i, bit in enumerate(port["bits"]):
            nets.setdefault(bit, {str(bit)} if isinstance(bit, str) else set()).add(f"{name}[{i}]")
    return {frozenset(pins) for pins in nets.values()}


def test_as_yosys_flattens(tmp_path: Path) -> None:
    (tmp_path / "design.v").write_text(DESIGN)
    commands = ["read_verilog design.v", "hierarchy -top top", "write_json modules.json"]
    yosys.run([*commands, "flatten -noscopeinfo", "write_json flat.json"], tmp_path, "flatten")
    modules, flat = (json.loads((tmp_path / f"{name}.json").read_text())["modules"] for name in ("modules", "flat"))
    ours = flattened_module(modules, "top")
    assert (
        set(ours["cells"])
        == set(flat["top"]["cells"])
        == {
            *(f"{path}.{part}.own" for path in ("one", "two") for part in ("in", "out")),
            *("last", "open"),
        }
    )
    assert groups(ours) == groups(flat["top"])
    assert max(
        bit
        for cell in ours["cells"].values()
        for bits in cell["connections"].values()
        for bit in bits
        if isinstance(bit, int)
    ) <= max(ours["netnames"]["nets"]["bits"])
