from __future__ import annotations

import re
from pathlib import Path
from unittest import mock

import pytest

from gen.emit.tidy import tidy
from gen.emit.verilog import emit
from hdl.params import ToolError
from synth_scripts.work import yosys
from tests.sim.engines import hardware, params

WRITTEN = r"""module m(clk, a, y, z);
  input clk;
  wire clk;
  input [3:0] a;
  wire [3:0] a;
  output [3:0] y;
  reg [3:0] y;
  output z;
  wire z;
  wire [3:0] _0_;
  wire _1_;
  wire _2_;
  wire _3_;
  reg \wait ;
  assign _0_ = a + 4'h1;
  assign _1_ = a[0] & \wait ;
  assign z = ~ _1_;
  assign _2_ = a[1] ^ \wait ;
  assign wide = { a[3], a[3], a[3], a[3], a[3:2], a[3:2], a[3:2], z, z };
  assign all = b & { z, z, z };
  always @(posedge clk)
    y <= _0_;
  always @(posedge clk)
    \wait  <= _1_;
  always @(posedge clk)
    if (_2_) held <= _2_;
  n other (
    .o(_3_)
  );
endmodule
"""
#: Once read, once declared; what is read twice, or taken where something else enables it, keeps its wire. Ports are
#: declared in the head, registers share a block, and repeats are counted.
TIDY = r"""module m(
  input clk,
  input [3:0] a,
  output reg [3:0] y,
  output z
);
  wire _1_;
  wire _2_;
  wire unused_3;
  reg \wait ;
  assign _1_ = a[0] & \wait ;
  assign z = ~ _1_;
  assign _2_ = a[1] ^ \wait ;
  assign wide = { {4{a[3]}}, {3{a[3:2]}}, z, z };
  assign all = b & {3{z}};
  always @(posedge clk) begin
    y <= a + 4'h1;
    \wait  <= _1_;
    if (_2_) held <= _2_;
  end
  n other (
    .o(unused_3)
  );
endmodule
"""


def test_a_module_made_tidy():
    assert tidy(WRITTEN) == TIDY


def test_ports_are_declared_in_the_head():
    """In the order of the list, which Yosys breaks where it gets long; with signs, and names that are keywords."""
    written = r"""module \m.x (a, \wait , y
, clk);
  input clk;
  wire clk;
  input signed [3:0] a;
  wire signed [3:0] a;
  input \wait ;
  wire \wait ;
  output signed [3:0] y;
  reg signed [3:0] y;
endmodule
"""
    ported = r"""module \m.x (
  input signed [3:0] a,
  input \wait ,
  output reg signed [3:0] y,
  input clk
);
endmodule
"""
    assert tidy(written) == ported


def test_a_port_that_is_listed_and_not_declared_is_an_error():
    with pytest.raises(KeyError, match="a"):
        tidy("module m(a);\nendmodule\n")


def test_registers_of_a_clock_edge_share_a_block():
    """Where the first of them stood. One alone needs no block, and what has more than a line keeps its own."""
    memory = """  always @(posedge clk) begin
    if (w_en)
      words[w_addr] <= w_data;
  end
"""
    reset = """  always @(posedge clk, posedge rst)
    if (rst) c <= 1'h0;
    else c <= x;
"""
    written = f"""  assign x = a & b;
  always @(posedge clk)
    if (en) a <= x;
{memory}  always @(negedge clk)
    d <= x;
  always @(posedge other)
    e <= x;
  assign z = x;
{reset}  always @(posedge clk)
    b <= a;
"""
    joined = f"""  assign x = a & b;
  always @(posedge clk) begin
    if (en) a <= x;
    b <= a;
  end
{memory}  always @(negedge clk)
    d <= x;
  always @(posedge other)
    e <= x;
  assign z = x;
{reset}"""
    head = "module m(\n\n);\n"
    assert tidy(f"module m();\n{written}endmodule\n") == f"{head}{joined}endmodule\n"


@pytest.mark.parametrize(
    ("constant", "short"),
    [
        *(("8'h00", "8'h0"), ("8'h0f", "8'hf"), ("9'sh01a", "9'sh1a"), ("12'hf00", "12'hf00")),
        *(("1'h0", "1'h0"), ("8'h0x", "8'h0x"), ("32'd0", "32'd0")),
    ],
)
def test_constants_without_leading_zeros(constant: str, short: str):
    """An x stays where it is: at the left it would fill the rest."""
    assert f"  assign y = a + {short};\n" in tidy(f"module m();\n  assign y = a + {constant};\nendmodule\n")


@pytest.mark.parametrize("name", ["one_pe", "one_pe_mac", "opt3_systolic"])
def test_a_tidy_engine_is_the_same_engine(name: str, tmp_path: Path):
    """Proved by Yosys: whatever stands in the registers, everything that has a name is the same in both."""
    text, plain = hardware(name).text, untidied(name)
    assert len(text) < len(plain)
    prove_equal(plain, text, tmp_path)


def test_another_engine_is_not_the_same(tmp_path: Path):
    text = hardware("one_pe").text
    changed = text.replace(" <= rst ? 1'h0", " <= rst ? 1'h1", 1)
    assert changed != text
    with pytest.raises(ToolError, match=r"\d unproven"):
        prove_equal(untidied("one_pe"), changed, tmp_path)


def untidied(name: str) -> str:
    """An engine as Yosys writes it."""
    with mock.patch("gen.emit.verilog.tidy", lambda module: module):
        return emit(params(name)).text


def prove_equal(gold: str, gate: str, folder: Path) -> None:
    """Raises ToolError for two engines that are not the same."""
    script = []
    for name, text in (("gold", gold), ("gate", gate)):
        (folder / f"{name}.v").write_text(text)
        script += [f"read_verilog {name}.v", "hierarchy -check -top bitloom_engine", "proc", "flatten", "memory"]
        script += ["opt_clean", f"design -stash {name}"]
    script += [f"design -copy-from {name} -as {name} bitloom_engine" for name in ("gold", "gate")]
    script += ["equiv_make gold gate both", "equiv_struct both", "equiv_simple both", "equiv_status -assert both"]
    yosys.run(script, folder, "equal")


@pytest.mark.parametrize("name", ["one_pe", "opt4c"])
def test_an_engine_says_everything_once(name: str):
    for module in hardware(name).text.split("endmodule\n")[:-1]:
        declared = re.findall(r"^  (?:input|output|wire|reg)(?: reg)? (?:\[\d+:0\] )?(\w+)[,;]?$", module, re.M)
        assert declared
        assert len(declared) == len(set(declared))
        computed = re.findall(r"^  assign .+? = (.+ .+);$", module, re.M)
        assert len(computed) == len(set(computed))
