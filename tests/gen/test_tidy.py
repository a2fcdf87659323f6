from __future__ import annotations

import re

import pytest

from gen.emit.tidy import tidy
from tests.sim.engines import hardware

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
#: Once read, once declared; what is read twice, or taken where something else enables it, keeps its wire. Repeats are
#: counted.
TIDY = r"""module m(clk, a, y, z);
  input clk;
  input [3:0] a;
  output reg [3:0] y;
  output z;
  wire _1_;
  wire _2_;
  wire unused_3;
  reg \wait ;
  assign _1_ = a[0] & \wait ;
  assign z = ~ _1_;
  assign _2_ = a[1] ^ \wait ;
  assign wide = { {4{a[3]}}, {3{a[3:2]}}, z, z };
  assign all = b & {3{z}};
  always @(posedge clk)
    y <= a + 4'h1;
  always @(posedge clk)
    \wait  <= _1_;
  always @(posedge clk)
    if (_2_) held <= _2_;
  n other (
    .o(unused_3)
  );
endmodule
"""


def test_a_module_made_tidy():
    assert tidy(WRITTEN) == TIDY


@pytest.mark.parametrize("name", ["one_pe", "opt4c"])
def test_an_engine_says_everything_once(name: str):
    for module in re.split(r"(?<=endmodule\n)", hardware(name).text):
        declared = re.findall(r"^  (?:input|output|wire|reg)(?: reg)? (?:\[\d+:0\] )?(\S+) ?;$", module, re.M)
        assert len(declared) == len(set(declared))
        computed = re.findall(r"^  assign .+? = (.+ .+);$", module, re.M)
        assert len(computed) == len(set(computed))
