"""Netlist, cells, SDF and SAIF: read back by Icarus Verilog, by OpenSTA and by a reader of the tests' own."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path
from typing import Any

import pytest

from gen.emit.verilog import emit
from gen.stimuli import Drawn
from hdl.params import EngineParams, OperandFormat
from synth_scripts.engine import exports
from synth_scripts.engine.engine import Form, best_engine
from synth_scripts.library.cell_verilog import CellVerilog
from synth_scripts.library.library import Library
from synth_scripts.netlist.flat import flatten, places
from synth_scripts.power import events
from synth_scripts.power.saif import saif
from synth_scripts.power.simulated import Setup, SimulatedEngine
from synth_scripts.timing import sta
from synth_scripts.timing.delays import delays
from synth_scripts.timing.sdf import sdf
from synth_scripts.work import icarus
from tests.synth.netlists import GATED, PLAIN, read, record

pytestmark = pytest.mark.synth
needs_icarus = pytest.mark.skipif(not icarus.available(), reason="Icarus Verilog is missing: apt-get install iverilog")
needs_sta = pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")

#: Two modules in one, one of them gated; a bus, and a name that must be escaped.
WHOLE = (
    PLAIN
    + GATED
    + """module whole(clk, d, en, q);
  input clk;
  input [3:0] d;
  input [1:0] en;
  output [1:0] q;
  wire [3:0] \\in[x] ;
  BUFX2 b0 (.A(d[0]), .Y(\\in[x] [0]));
  BUFX2 b1 (.A(d[1]), .Y(\\in[x] [1]));
  BUFX2 b2 (.A(d[2]), .Y(\\in[x] [2]));
  BUFX2 b3 (.A(d[3]), .Y(\\in[x] [3]));
  plain one (.clk(clk), .d(\\in[x] ), .q(q[0]));
  gated two (.clk(clk), .en(en), .d(q[0]), .q(q[1]));
endmodule
"""
)
#: Applies what was recorded, counts changes of some nets; inputs change after the clock edge as the writer has it.
BENCH = """`timescale 1fs/1fs
module bench;
  reg clk = 0; reg [5:0] in; reg [5:0] words [0:{last}];
  wire [1:0] q;
  whole dut (clk, in[3:0], in[5:4], q);
  integer cycle, n2 = 0, q0 = 0, gclk = 0, high = 0, from;
  always @(dut.one.n2) if (cycle > 0) n2 = n2 + 1;
  always @(q[0]) if (cycle > 0) q0 = q0 + 1;
  always @(dut.two.gclk) if (cycle > 0) gclk = gclk + 1;
  initial begin
    $readmemb("words", words);
    $sdf_annotate("simulated.sdf", dut);
    cycle = 0; in = words[0]; #{period};
    for (cycle = 1; cycle <= {last}; cycle = cycle + 1) begin
      clk = 1; #{later} in = words[cycle]; #({half} - {later}) clk = 0; #{half};
    end
    $display("COUNTED %0d %0d %0d", n2, q0, gclk);
    $finish;
  end
endmodule
"""


def tree(text: str) -> Any:
    """Parentheses as lists."""
    stack: list[list[Any]] = [[]]
    for token in re.findall(r'"[^"]*"|[()]|(?:\\.|[^\s()"])+', text):
        if token == "(":
            stack.append([])
        elif token == ")":
            done = stack.pop()
            stack[-1].append(done)
        else:
            stack[-1].append(token)
    assert len(stack) == 1
    return stack[0]


def instances(found: list[Any], path: tuple[str, ...] = ()) -> dict[tuple[str, ...], dict[str, dict[str, int]]]:
    """Nets by instance, and by name what is said of each."""
    here = (*path, found[1])
    nets, below = {}, {}
    for part in found[2:]:
        if part[0] == "NET":
            nets = {name.replace("\\", ""): {key: int(value) for key, value in said} for name, *said in part[1:]}
        elif part[0] == "INSTANCE":
            below |= instances(part, here)
    return {here: nets} | below


@needs_icarus
def test_others_repeat_what_we_count(osu018: Library, tmp_path: Path) -> None:
    """Icarus reads netlist, cells and SDF, and counts as many changes of nets as the SAIF file says."""
    modules = read(osu018, WHOLE, tmp_path)
    flat = flatten(modules, "whole", osu018.areas)
    where = places(modules, "whole", osu018.areas)
    simulator = record(osu018, flat, lanes=1, cycles=80)
    own = delays(osu018, flat)
    found = events.simulate(simulator, own, tmp_path / "events")
    cells = CellVerilog(osu018, {cell["type"] for cell in flat["cells"].values()})
    (tmp_path / "cells.v").write_text("`timescale 1ps/1fs\n" + cells.whole(0.1))
    (tmp_path / "simulated.sdf").write_text("".join(sdf(own, modules, where, "whole")))
    text = "".join(saif(found.activity, found.cycles, 5.0, modules, where, "whole"))
    table, ports = simulator.recording.lane(0), flat["ports"]  # type: ignore[union-attr]
    order = [*ports["en"]["bits"][::-1], *ports["d"]["bits"][::-1]]
    (tmp_path / "words").write_text("\n".join("".join(str(row[bit]) for bit in order) for row in table) + "\n")
    later = round(osu018.flop_delay_ps * 1e3)
    bench = BENCH.format(last=len(table) - 1, period=20_000_000, half=10_000_000, later=later)
    (tmp_path / "bench.v").write_text(bench)
    icarus.simulate(["netlist.v", "cells.v", "bench.v"], "bench", tmp_path, [{}])
    log = (tmp_path / "icarus.log").read_text()
    assert "SDF WARNING" not in log
    counted = re.search(r"COUNTED (\d+) (\d+) (\d+)", log)
    assert counted

    (file,) = tree(text)
    assert file[0] == "SAIFILE"
    said = {part[0]: part for part in file[1:] if isinstance(part, list)}
    duration = int(said["DURATION"][1])
    assert duration == 79 * 5_000_000
    nets = instances(said["INSTANCE"])
    assert set(nets) == {("whole",), ("whole", "one"), ("whole", "two")}
    for each in (net for group in nets.values() for net in group.values()):
        assert each["T0"] + each["T1"] == duration
        assert (each["T0"] >= 0, each["T1"] >= 0, each["TX"], each["IG"]) == (True, True, 0, 0)
    ours = (nets["whole", "one"]["n2"], nets["whole",]["q[0]"], nets["whole", "two"]["gclk"])
    assert [net["TC"] for net in ours[:2]] == [int(number) for number in counted.groups()[:2]]
    assert ours[2]["TC"] == pytest.approx(int(counted[3]), abs=2)  # by the enable, a cycle of which is cut off
    assert ours[0]["TC"] > 79 * simulator.activity(modules["plain"]["netnames"]["n2"]["bits"][0])[0]
    assert nets["whole",]["clk"]["TC"] == 2 * 79
    assert {"in[x][0]", "in[x][3]", "en[1]"} <= set(nets["whole",])
    assert nets["whole", "one"]["q"] == nets["whole",]["q[0]"]  # one net at two places


@needs_sta
def test_opensta_reads_the_delays(osu018: Library, tmp_path: Path) -> None:
    """A path timed with our delays is as long as their sum."""
    modules = read(osu018, WHOLE, tmp_path)
    flat = flatten(modules, "whole", osu018.areas)
    own = delays(osu018, flat)
    (tmp_path / "own.sdf").write_text("".join(sdf(own, modules, places(modules, "whole", osu018.areas), "whole")))
    commands = [
        f"read_liberty {osu018.files[0]}",
        "read_verilog netlist.v",
        "link_design whole",
        "create_clock -name clock -period 10 [get_ports clk]",
        "read_sdf own.sdf",
        "report_checks -from one/f0/CLK -to two/f/D -digits 6",
        "report_checks -from one/f0/CLK -through one/g1/Y -digits 6",
    ]
    log = sta.run(commands, tmp_path, "sdf")
    arrivals = [float(each) for each in re.findall(r"([\d.]+)\s+data arrival time", log)]
    assert arrivals
    cells = own.cells
    gates = [(f"one.g{i}", "A", "Y") for i in (1, 2, 3, 4)]
    steps = [("one.f0", "CLK", "Q"), *gates]
    least = sum(min(cells[name][one, other]) for name, one, other in steps)
    most = sum(max(cells[name][one, other]) for name, one, other in steps)
    assert least * 1e-6 <= arrivals[0] <= most * 1e-6


@needs_sta
@needs_icarus
def test_files_of_an_engine(osu018: Library, tmp_path: Path) -> None:
    """All of them, of a small engine: everything parses, and every gate has its delays."""
    operand = OperandFormat(3, True)
    params = EngineParams(scheme="opt1", rows=1, cols=1, a=operand, b=operand, accumulator=8)
    engine = best_engine([Form(params, emit(params), tmp_path)], osu018, "quick", None)
    verilog = "".join(box.netlist for box in engine.core.boxes) + engine.fabric.netlist
    setup = Setup(osu018, params, 8, verilog, engine.emission.top, tmp_path / "work", [], Drawn())
    found = exports.export(lambda: SimulatedEngine(setup), verilog, ("sdf", "saif"), engine.period, tmp_path)
    assert set(found) == {"simulated", "cells", "sdf", "saif"}
    text = {kind: (tmp_path / name).read_text() for kind, name in found.items()}
    command = ["iverilog", "-g2001", "-gspecify", "-s", engine.emission.top, "-o", "/dev/null"]
    files = [str(tmp_path / found[kind]) for kind in ("simulated", "cells")]
    assert subprocess.run([*command, *files], capture_output=True, text=True, check=False).stderr == ""
    (file,) = tree(text["sdf"])
    cells = [part for part in file if part[0] == "CELL"]
    gates = SimulatedEngine(setup).flat["cells"]
    assert len(cells) == len({str(cell[2]) for cell in cells}) == len(gates)
    (activity,) = tree(text["saif"])
    top = next(part for part in activity if part[0] == "INSTANCE")
    nets = [net for group in instances(top).values() for net in group.values()]
    assert sum(net["TC"] for net in nets) > 0
