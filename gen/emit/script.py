"""The synthesis script of an engine: what makes a plain Yosys build it the way ``bitloom synth`` does."""

from __future__ import annotations

from math import prod
from typing import TYPE_CHECKING

from gen.config import Config
from gen.emit.memories import module_text, shape

if TYPE_CHECKING:
    from gen.emit.verilog import Emission

__all__ = ["CELLS", "MACRO_BITS", "script"]

#: The name under which the script expects the cell library.
CELLS = "cells.lib"
#: Memories of this many bits and more stand as black boxes, for macros, as they do in ``bitloom synth``.
MACRO_BITS = 512
#: The share of a clock period that ABC, which sees no flip-flops, may spend between them.
LOGIC = 0.8

TEMPLATE = """\
# Synthesis of {top} with Yosys (0.23 or later), on any cell library: an uncompressed Liberty file.
# In the folder of this script:
#
#     cp LIBRARY.lib {cells}
#     yosys {top}.ys
#
# It prints the area and writes {top}_netlist.v. Yosys' own `synth` gives a larger and slower engine. Nets with many
# sinks are left to place and route, as the clock is.

# An adder whose carries pass log2(WIDTH) levels (Sklansky), for all additions.
read_verilog <<EOT
(* techmap_celltype = "$lcu" *)
module _80_sklansky (P, G, CI, CO);
  parameter WIDTH = 2;
  localparam LEVELS = $clog2(WIDTH);
  input [WIDTH-1:0] P, G;
  input CI;
  output [WIDTH-1:0] CO;
  // Level l + 1 ends groups of 2 ** (l + 1) bits; bit i of level l is bit l * WIDTH + i.
  wire [WIDTH*(LEVELS+1)-1:0] p, g;
  assign p[WIDTH-1:0] = P;
  assign g[WIDTH-1:0] = G | (P & CI);
  genvar l, i;
  generate
    for (l = 0; l < LEVELS; l = l + 1) begin : levels
      for (i = 0; i < WIDTH; i = i + 1) begin : bits
        if ((i >> l) % 2) begin
          assign p[(l+1)*WIDTH+i] = p[l*WIDTH+i] & p[l*WIDTH+((i>>l)<<l)-1];
          assign g[(l+1)*WIDTH+i] = g[l*WIDTH+i] | (p[l*WIDTH+i] & g[l*WIDTH+((i>>l)<<l)-1]);
        end else begin
          assign p[(l+1)*WIDTH+i] = p[l*WIDTH+i];
          assign g[(l+1)*WIDTH+i] = g[l*WIDTH+i];
        end
      end
    end
  endgenerate
  assign CO = g[WIDTH*LEVELS+:WIDTH];
endmodule
EOT
design -stash adders

read_verilog {verilog}
{macros}hierarchy -check -top {top}
proc
check -assert

# What repeats is flattened inside, once; the engine keeps its hierarchy.
flatten {core}

# Words
opt_expr
opt_clean
opt -nodffe -nosdff
wreduce
peepopt
opt_clean
alumacc
memory -nomap
memory_map
opt -nosdff
opt -full -nosdff

# With Yosys 0.48 or later and a library that has clock-gating cells, this saves area and most of the clock's power:
# clockgate -liberty {cells} -min_net_size 3

# Gates and cells
techmap -map +/techmap.v -map %adders
opt -fast -nodffe -nosdff
dfflibmap -liberty {cells}
opt -nodffe -nosdff
abc -liberty {cells} -script {abc}
setundef -zero
opt_clean -purge

select -assert-none t:$*
stat -liberty {cells}
write_verilog -noattr -noexpr -nohex -nodec -simple-lhs {top}_netlist.v
"""


def script(config: Config, emission: Emission, verilog: str) -> str:
    """The text of the script.

    Parameters
    ----------
    config : Config
        ``synth.clock_ns`` is what gates are sized for; ``auto`` is as fast as can be.
    emission : Emission
    verilog : str
        Name of the Verilog file, beside the script.
    """
    clock = config.synth.clock_ns
    target = f",-D,{1e3 * LOGIC * clock:.0f}" if isinstance(clock, (int, float)) else ""
    macros = "".join(f"blackbox {name}\n" for name in _macros(emission))
    note = f"# Memories of {MACRO_BITS} bits or more, for which macros are put; without these lines: flip-flops.\n"
    return TEMPLATE.format(
        top=emission.top,
        cells=CELLS,
        verilog=verilog,
        macros=f"\n{note}{macros}\n" if macros else "",
        core=" ".join(emission.core),
        abc=f"+strash;&get,-n;&dch,-f;&nf,-p{target};&put;buffer,-c,-p;upsize{target};dnsize{target};stime,-p",
    )


def _macros(emission: Emission) -> list[str]:
    """Modules that are large memories."""
    shapes = {name: shape(module_text(emission.text, name)) for name in emission.memories}
    return [name for name, found in shapes.items() if found is not None and prod(found) >= MACRO_BITS]
