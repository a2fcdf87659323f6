"""Small netlists of OSU018 cells, and their simulation with and without delays."""

from __future__ import annotations

import json
import random
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from synth_scripts.library.library import Library
from synth_scripts.power.gatesim import Simulator
from synth_scripts.power.recording import Recording
from synth_scripts.work import yosys

__all__ = ["CHAIN", "GATED", "PLAIN", "read", "record"]

#: An input and the same behind three inverters meet in an exclusive or, which is 1 but for a pulse at every change;
#: the same with two ways of equal length, and with two of which one is hardly longer.
CHAIN = """module chain(clk, a, y, z, w);
  input clk, a;
  output y, z, w;
  wire r, n1, n2, n3, m1, b1;
  DFFPOSX1 f (.CLK(clk), .D(a), .Q(r));
  INVX1 g1 (.A(r), .Y(n1));
  INVX1 g2 (.A(n1), .Y(n2));
  INVX1 g3 (.A(n2), .Y(n3));
  XOR2X1 gy (.A(r), .B(n3), .Y(y));
  INVX1 g4 (.A(r), .Y(m1));
  XOR2X1 gz (.A(n1), .B(m1), .Y(z));
  INVX8 g5 (.A(r), .Y(b1));
  XOR2X1 gw (.A(r), .B(b1), .Y(w));
endmodule
"""
PLAIN = """module plain(clk, d, q);
  input clk;
  input [3:0] d;
  output q;
  wire [3:0] r;
  wire n1, n2, n3;
  DFFPOSX1 f0 (.CLK(clk), .D(d[0]), .Q(r[0]));
  DFFPOSX1 f1 (.CLK(clk), .D(d[1]), .Q(r[1]));
  DFFPOSX1 f2 (.CLK(clk), .D(d[2]), .Q(r[2]));
  DFFPOSX1 f3 (.CLK(clk), .D(d[3]), .Q(r[3]));
  NAND2X1 g1 (.A(r[0]), .B(r[1]), .Y(n1));
  XOR2X1 g2 (.A(n1), .B(r[2]), .Y(n2));
  INVX2 g3 (.A(n2), .Y(n3));
  NOR2X1 g4 (.A(n3), .B(r[3]), .Y(q));
endmodule
"""
#: A register that keeps its value, behind a clock gate made of a latch, whose enable comes from gates.
GATED = """module gated(clk, en, d, q);
  input clk, d;
  input [1:0] en;
  output q;
  wire go, low, held, gclk;
  wire [1:0] e;
  DFFPOSX1 f0 (.CLK(clk), .D(en[0]), .Q(e[0]));
  DFFPOSX1 f1 (.CLK(clk), .D(en[1]), .Q(e[1]));
  XOR2X1 x (.A(e[0]), .B(e[1]), .Y(go));
  INVX1 i (.A(clk), .Y(low));
  LATCH l (.CLK(low), .D(go), .Q(held));
  AND2X1 a (.A(clk), .B(held), .Y(gclk));
  DFFPOSX1 f (.CLK(gclk), .D(d), .Q(q));
endmodule
"""


def read(library: Library, text: str, folder: Path) -> dict[str, Any]:
    """Modules in Yosys' JSON form."""
    (folder / "netlist.v").write_text(text)
    commands = [
        f"read_liberty -lib -ignore_miss_func {library.mapping}",
        "read_verilog netlist.v",
        "write_json netlist.json",
    ]
    yosys.run(commands, folder, "read")
    return dict(json.loads((folder / "netlist.json").read_text())["modules"])


def record(
    library: Library,
    module: Mapping[str, Any],
    draw: Callable[[random.Random, str, int], int] | None = None,
    *,
    cycles: int = 40,
    lanes: int = 2,
) -> Simulator:
    """Simulate without delays, on random inputs or drawn ones, and record it."""
    simulator = Simulator(dict(module), library, lanes)
    simulator.recording = Recording()
    source = random.Random(17)
    for cycle in range(cycles):
        for name, port in module["ports"].items():
            if port["direction"] == "input" and name != "clk":
                width = len(port["bits"])
                words = [draw(source, name, cycle) if draw else source.getrandbits(width) for _ in range(lanes)]
                simulator.set(name, words)
        simulator.settle()
        simulator.count()
        simulator.clock()
    return simulator
