"""The styles that every design is tried in: multipliers, adders, adder cells, mapping scripts and clock targets."""

from __future__ import annotations

from dataclasses import dataclass

from synth_scripts.library.library import Library

__all__ = [
    "ADDERS",
    "CELLS",
    "EFFORTS",
    "MULTIPLIERS",
    "SCRIPTS",
    "Effort",
    "Style",
    "abc_script",
    "gate_clocks",
    "lower",
    "map_files",
]

#: Multiplier style -> the Yosys passes that make it (run on word-level cells).
MULTIPLIERS: dict[str, tuple[str, ...]] = {
    "booth": ("booth", "alumacc"),
    "fused": ("alumacc",),
    "separate": ("alumacc t:$mul", "alumacc -macc-only t:$mul", "techmap t:$macc t:$macc_v2 t:$mul", "alumacc"),
    "booth-lowpower": ("booth -lowpower", "alumacc"),
    "tree": ("alumacc", "arith_tree -strategy 42"),
    "tree-3:2": ("alumacc", "arith_tree -strategy fa"),
}
#: Carry-propagate adder style -> its techmap file.
ADDERS: dict[str, str] = {
    "brent-kung": "",
    "ripple": "ripple.v",
    "sklansky": "+/choices/sklansky.v",
    "kogge-stone": "+/choices/kogge-stone.v",
    "han-carlson": "+/choices/han-carlson.v",
}
#: How full adders are mapped: as gates; onto adder cells where the design names them; or wherever they are found.
CELLS = ("gates", "adder-cells", "extracted")

#: Flip-flops of one enable from which on they get a clock gate: a gate has the area of about 1.5 flip-flops, and saves
#: each of them a multiplexer.
GATED_BITS = 4

_SIZE = "buffer -c -p;upsize {D};dnsize {D};stime -p"
#: Mapping scripts for ABC; the same for every design.
SCRIPTS: dict[str, str] = {
    "area-delay": f"strash;dch -f;amap -Q 2 -F 4 -A 8;{_SIZE}",
    "delay": f"strash;&get -n;&dch -f;&nf -p {{D}};&put;{_SIZE}",
    "as-drawn": f"strash;&get -n;&nf {{D}};&put;{_SIZE}",
    "area-lean": f"strash;dch -f;amap -Q 1 -F 4 -A 8;{_SIZE}",
    "delay-lean": f"strash;dch -f;amap -Q 4 -F 4 -A 8;{_SIZE}",
    "classic": f"strash;dch;map -B 0.9;topo;{_SIZE}",
    "restructure": f"strash;&get -n;&synch2;&nf -p {{D}};&put;{_SIZE}",
    "area": f"strash;scorr;dc2;strash;dch -f;amap;{_SIZE}",
}

RIPPLE = """(* techmap_celltype = "$lcu" *)
module _80_bitloom_ripple (P, G, CI, CO);
  parameter WIDTH = 1;
  input [WIDTH-1:0] P, G;
  input CI;
  output [WIDTH-1:0] CO;
  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : bits
      if (i == 0) assign CO[i] = G[i] | (P[i] & CI);
      else assign CO[i] = G[i] | (P[i] & CO[i-1]);
    end
  endgenerate
endmodule
"""


@dataclass(frozen=True)
class Style:
    """One way to build the arithmetic."""

    multiplier: str = "booth"
    adder: str = "brent-kung"
    cells: str = "gates"

    def __str__(self) -> str:
        return f"{self.multiplier}/{self.adder}/{self.cells}"


@dataclass(frozen=True)
class Effort:
    """How much is tried.

    Parameters
    ----------
    multipliers, adders, cells : tuple of str
        Names in :data:`MULTIPLIERS`, :data:`ADDERS` and :data:`CELLS`.
    first : tuple of str
        Scripts of the first round: with the first of them every style runs at every clock target, with the others those
        that did best.
    targets : tuple of float
        Clock targets, in FO4 of the library.
    promising : int
        How many styles go on from the first script to the others.
    finalists : int
        Styles of the second round, in which all scripts run at all targets.
    """

    multipliers: tuple[str, ...]
    adders: tuple[str, ...]
    cells: tuple[str, ...]
    first: tuple[str, ...]
    targets: tuple[float, ...]
    promising: int
    finalists: int


_ALL = tuple(MULTIPLIERS)
#: The lowest first; each tries as well what those before it try, see :func:`lower`.
EFFORTS: dict[str, Effort] = {
    "quick": Effort(("booth", "fused"), ("brent-kung", "sklansky"), CELLS[:1], ("area-delay",), (15.0,), 1, 1),
    "normal": Effort(_ALL, tuple(ADDERS), CELLS[:2], ("area-delay", "classic"), (15.0,), 12, 2),
    "full": Effort(_ALL, tuple(ADDERS), CELLS, ("area-delay", "classic", "delay"), (15.0, 35.0), 1000, 4),
}


def lower(effort: str) -> list[str]:
    """The efforts below a named one, the highest first: what they find is part of what it tries."""
    names = list(EFFORTS)
    return names[: names.index(effort)][::-1]


def abc_script(name: str, target_ps: float) -> str:
    """The text of a mapping script for a clock target."""
    return SCRIPTS[name].replace("{D}", f"-D {target_ps:.0f}").replace(";", "\n") + "\n"


def gate_clocks(library: Library, least: int = GATED_BITS) -> list[str]:
    """The Yosys commands by which ``least`` or more flip-flops of one enable get a clock gate, if the library has one.

    The pass counts cells, and a register is one, however wide: so registers are taken apart first.
    """
    if not (library.clock_gate or library.latch_gate):
        return []
    gate = f"clockgate -pos bitloom_clock_gate ce:clk:gclk -min_net_size {least}"
    return ["simplemap t:$dffe", gate, "techmap -map clock_gate.v"]


def map_files(library: Library) -> dict[str, str]:
    """Techmap files by name: the clock gate, adder cells (where the library has them) and the ripple adder."""
    files = {"clock_gate.v": _clock_gate(library), "ripple.v": RIPPLE}
    adder = library.full_adder
    if adder is not None:
        a, b, c = adder.inputs
        files["adder_cells.v"] = f"""(* techmap_celltype = "$fa" *)
module _80_bitloom_full_adder (A, B, C, X, Y);
  parameter WIDTH = 1;
  input [WIDTH-1:0] A, B, C;
  output [WIDTH-1:0] X, Y;
  parameter _TECHMAP_CONSTMSK_A_ = 0;
  parameter _TECHMAP_CONSTMSK_B_ = 0;
  parameter _TECHMAP_CONSTMSK_C_ = 0;
  wire [WIDTH-1:0] s, k;
  genvar i;
  generate
    for (i = 0; i < WIDTH; i = i + 1) begin : bits
      if (_TECHMAP_CONSTMSK_A_[i] || _TECHMAP_CONSTMSK_B_[i] || _TECHMAP_CONSTMSK_C_[i]) begin
        assign Y[i] = A[i] ^ B[i] ^ C[i];
        assign X[i] = (A[i] & B[i]) | (A[i] & C[i]) | (B[i] & C[i]);
      end else begin
        {adder.cell} adder (.{a}(A[i]), .{b}(B[i]), .{c}(C[i]), .{adder.sum}(s[i]), .{adder.carry}(k[i]));
        assign Y[i] = {"~" if adder.sum_inverted else ""}s[i];
        assign X[i] = {"~" if adder.carry_inverted else ""}k[i];
      end
    end
  endgenerate
endmodule
"""
    return files


def _clock_gate(library: Library) -> str:
    gate, parts = library.clock_gate, library.latch_gate
    if gate is not None:
        ties = "".join(f", .{pin}(1'b0)" for pin in gate.tie_low)
        body = f"  {gate.cell} gate (.{gate.clock}(clk), .{gate.enable}(ce), .{gate.output}(gclk){ties});\n"
    elif parts is not None:
        latch, inverter, both = parts["latch"], parts["inverter"], parts["and"]
        body = (
            "  wire low, enabled;\n"
            f"  {inverter[0]} invert (.{inverter[1]}(clk), .{inverter[2]}(low));\n"
            f"  {latch[0]} hold (.{latch[1]}(low), .{latch[2]}(ce), .{latch[3]}(enabled));\n"
            f"  {both[0]} gate (.{both[1]}(clk), .{both[2]}(enabled), .{both[3]}(gclk));\n"
        )
    else:
        return ""
    return f"module bitloom_clock_gate (input ce, input clk, output gclk);\n{body}endmodule\n"
