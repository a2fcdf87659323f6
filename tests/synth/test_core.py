"""Hierarchies of any shape: what the core is, memories that become macros, paths through a module of the core."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from shutil import copy
from typing import Any

import pytest

from gen.emit.manifest import module_names
from gen.emit.verilog import Emission, emit
from hdl.lib.roles import OTHER, ROLES, in_words, role_of
from hdl.params import SUPPORTED, EngineParams
from synth_scripts.engine.core import Core, split
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.run import synthesise
from synth_scripts.library.library import Library
from synth_scripts.module.memory import MACRO_BITS, memories
from synth_scripts.netlist.hierarchy import Hierarchy
from synth_scripts.timing import sta

pytestmark = pytest.mark.synth
needs_sta = pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")

#: A unit stands in every PE, and once more outside of them; a PE has a register, and a path from x to through.
DESIGN = """module t_unit(x, y);
  input [3:0] x;
  output [3:0] y;
  assign y = x * 4'd5 + 4'd3;
endmodule

module t_pe(clk, en, x, y, through);
  input clk, en;
  input [3:0] x;
  output [3:0] y, through;
  reg [3:0] y;
  t_unit unit (
    .x(x),
    .y(through)
  );
  always @(posedge clk) if (en) y <= x + y;
endmodule

module t_pair(clk, en, x, y, z);
  input clk, en;
  input [7:0] x;
  output [7:0] y, z;
  t_pe pe0 (.clk(clk), .en(en), .x(x[3:0]), .y(y[3:0]), .through(z[3:0]));
  t_pe pe1 (.clk(clk), .en(en), .x(x[7:4]), .y(y[7:4]), .through(z[7:4]));
endmodule

module t_engine(clk, en, x, y);
  input clk, en;
  input [7:0] x;
  output [7:0] y;
  wire [7:0] y0, y1, z0, z1;
  reg [7:0] held, last;
  wire [3:0] side;
  assign y = last;
  t_pair pair0 (.clk(clk), .en(en), .x(held), .y(y0), .z(z0));
  t_pair pair1 (.clk(clk), .en(en), .x(y0), .y(y1), .z(z1));
  t_unit outside (.x(z0[3:0]), .y(side));
  always @(posedge clk) begin
    held <= x;
    last <= y1 ^ z0 ^ {z1[7:4], side};
  end
endmodule
"""
MEMORY = """module m_ram_64x16(clk, w_en, w_addr, w_data, r0_addr, r0_data);
  input clk, w_en;
  input [5:0] w_addr, r0_addr;
  input [15:0] w_data;
  output [15:0] r0_data;
  reg [15:0] words [63:0];
  always @(posedge clk) begin
    if (w_en)
      words[w_addr] <= w_data;
  end
  reg [15:0] _1_;
  always @(posedge clk) _1_ <= words[r0_addr];
  assign r0_data = _1_;
endmodule

module m_ram_4x8(
  input w_en,
  input [1:0] w_addr,
  input [7:0] w_data,
  input [1:0] r0_addr,
  output [7:0] r0_data,
  input clk
);
  reg [7:0] words [3:0];
  always @(posedge clk) begin
    if (w_en)
      words[w_addr] <= w_data;
  end
  reg [7:0] _1_;
  always @(posedge clk) _1_ <= words[r0_addr];
  assign r0_data = _1_;
endmodule

module m_pe(clk, a, y);
  input clk;
  input [7:0] a;
  output [7:0] y;
  reg [7:0] y;
  always @(posedge clk) y <= y + a;
endmodule

module m_engine(clk, en, addr, x, y);
  input clk, en;
  input [5:0] addr;
  input [15:0] x;
  output [7:0] y;
  wire [15:0] large;
  wire [7:0] small;
  m_ram_64x16 large_ram (.clk(clk), .w_en(en), .w_addr(addr), .w_data(x), .r0_addr(~addr), .r0_data(large));
  m_ram_4x8 small_ram (.clk(clk), .w_en(en), .w_addr(addr[1:0]), .w_data(x[7:0]), .r0_addr(addr[3:2]), .r0_data(small));
  m_pe pe (.clk(clk), .a(large[7:0] ^ large[15:8] ^ small), .y(y));
endmodule
"""


@dataclass(frozen=True)
class Settings:
    library: str
    clock_ns: float | str = "auto"
    effort: str = "quick"


def emission(text: str, prefix: str, core: tuple[str, ...]) -> Emission:
    cores = {f"{prefix}_{name}": 0 for name in core}
    kinds = {name: "memory" if "_ram_" in name else name.removeprefix(f"{prefix}_") for name in module_names(text)}
    roles = {name: role_of(kind).name for name, kind in kinds.items()}
    return Emission(f"{prefix}_engine", prefix, text, [], {"pe": f"{prefix}_pe"}, cores, roles, None)


def run(design: Emission, library: str, folder: Path, **options: Any) -> dict[str, Any]:
    """Synthesise a design that no parameters describe; those given only say that there is one PE."""
    params = EngineParams(rows=1, cols=1, scheme="mac")
    return synthesise(params, design, Settings(library), folder, with_power=False, **options)


def test_hierarchy_counts_instances() -> None:
    hierarchy = Hierarchy(DESIGN)
    assert hierarchy.below("t_engine") == ["t_engine", "t_pair", "t_pe", "t_unit"]
    assert hierarchy.instances("t_engine") == {"t_engine": 1, "t_pair": 2, "t_pe": 4, "t_unit": 5}
    assert hierarchy.instances("t_engine", ["t_pe"]) == {"t_engine": 1, "t_pair": 2, "t_pe": 4, "t_unit": 1}
    assert hierarchy.text("t_pe") == DESIGN.partition("module t_pair")[0].replace("\n\nmodule", "\nmodule")[:-1]
    assert hierarchy.clocked("t_pe")
    assert not hierarchy.clocked("t_unit")


def test_a_large_module_is_split() -> None:
    hierarchy = Hierarchy(DESIGN)
    assert split(hierarchy, "t_pair") == ["t_pair"]
    assert split(hierarchy, "t_pair", limit=1) == ["t_unit"]
    assert split(hierarchy, "t_pair", limit=len(hierarchy.text("t_pe")) + 5) == ["t_pe"]


def test_a_core_module_inside_another_belongs_to_it(unit: Library, tmp_path: Path) -> None:
    design = emission(DESIGN, "t", ("pe", "unit"))
    core = Core(unit, design, "quick", None, tmp_path)
    assert core.roots == {"t_pe": 4, "t_unit": 1}
    assert core.inside == {"t_pe": 4, "t_unit": 5}
    found = run(design, "unit", tmp_path)
    parts = {(part["module"], part["core"]): part for part in found["parts"]}
    assert {key: part["instances"] for key, part in parts.items()} == {
        ("t_pe", True): 4,
        ("t_unit", True): 1,
        ("t_engine", False): 1,
    }
    expected = 4 * core.results["t_pe"].best.area + core.results["t_unit"].best.area
    assert found["core_area_um2"] == pytest.approx(expected)
    assert found["engine_area_um2"] == pytest.approx(sum(part["area_um2"] for part in found["parts"]))


def test_a_module_in_the_core_and_outside_is_listed_twice(
    unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Where the PE is split, its unit is a module of its own, which also stands outside of the core."""
    monkeypatch.setattr("synth_scripts.engine.core.split", lambda hierarchy, name: ["t_unit"])
    found = run(emission(DESIGN, "t", ("pe",)), "unit", tmp_path)
    parts = {(part["module"], part["core"]): part["instances"] for part in found["parts"]}
    assert parts == {("t_unit", True): 4, ("t_pe", True): 4, ("t_unit", False): 1, ("t_engine", False): 1}


@needs_sta
@pytest.mark.parametrize("name", ["unit", "osu018"])
def test_paths_through_a_module_of_the_core_are_timed(
    name: str, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """From ``held`` through a PE and the unit outside to ``last``: as long as in the netlist without timing models."""
    library = request.getfixturevalue(name)
    found = run(emission(DESIGN, "t", ("pe",)), name, tmp_path)
    copy(tmp_path / "pe/t_pe.v", tmp_path / "engine")
    read = ["read_verilog t_pe.v"]
    whole = sta.settle(library, "t_engine.v", "t_engine", tmp_path / "engine", start_ns=5.0, read=read).period
    assert 1e3 / found["engine_fmax_mhz"] == pytest.approx(whole, rel=0.05)
    assert found["engine_fmax_mhz"] < found["core_fmax_mhz"]
    assert "through" in found["critical_path"]


def test_memories_are_found() -> None:
    found = {memory.module: memory for memory in memories(Hierarchy(MEMORY), emission(MEMORY, "m", ()).memories)}
    large, small = found["m_ram_64x16"], found["m_ram_4x8"]
    assert (large.words, large.width, large.reads, large.bits, large.macro) == (64, 16, 1, 1024, True)
    assert (small.words, small.width, small.reads, small.bits, small.macro) == (4, 8, 1, 32, False)
    assert small.ports["w_addr"] == ("input", 2)
    assert small.bits < MACRO_BITS <= large.bits
    assert not memories(Hierarchy(MEMORY), ())


@needs_sta
def test_large_memories_are_macros(unit: Library, tmp_path: Path) -> None:
    """Their bits are outside of the area, small ones are flip-flops, and paths at a macro have its stated times."""
    found = run(emission(MEMORY, "m", ("pe",)), "unit", tmp_path)
    assert found["macro_bits"] == 1024
    assert found["macro_area_estimate_um2"] == pytest.approx(0.35 * (64 + 16) * (16 + 10))
    assert "bit cells" in found["memory_model"]
    assert {each["module"]: each["macro"] for each in found["memories"]} == {"m_ram_64x16": True, "m_ram_4x8": False}
    areas = {part["module"]: part["area_um2"] for part in found["parts"]}
    assert set(areas) == {"m_pe", "m_ram_4x8", "m_engine"}
    flops = unit.areas[unit.flops[0]]
    assert 40 * flops < areas["m_ram_4x8"] < 100 * flops  # 4 words and the word read
    assert "large_ram" in found["critical_path"]
    assert found["clock_ns"] > 12.0  # FO4 from clock to output alone
    assert found["clock_ns"] > 1e3 / found["core_fmax_mhz"]


def test_throughput_is_null_unless_it_is_known(unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    design = emission(DESIGN, "t", ("pe",))
    monkeypatch.setattr("synth_scripts.engine.run.macs_per_cycle", lambda params: None)
    unknown = run(design, "unit", tmp_path / "unknown")
    assert unknown["throughput_gops"] is None
    assert unknown["gops_per_mm2_core"] is None
    known = run(design, "unit", tmp_path / "known", rate=Rate(2.5, "measured"))
    assert known["throughput_gops"] == pytest.approx(2 * 2.5 * known["fmax_mhz"] / 1e3)
    assert (known["macs_per_cycle"], known["throughput_by"]) == (2.5, "measured")


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_every_module_has_a_role_and_those_of_the_core_a_folder(
    array: str, scheme: str, unit: Library, tmp_path: Path
) -> None:
    sizes = {"depth": 2} if array in ("systolic_ws", "cube", "adder_tree") else {}
    emission = emit(EngineParams(array=array, scheme=scheme, rows=2, cols=2, preload=True, **sizes), "b")
    assert set(emission.roles) == set(module_names(emission.text))
    assert OTHER.name not in emission.roles.values()
    assert set(emission.roles.values()) <= {role.name for role in ROLES}
    core = Core(unit, emission, "quick", None, tmp_path)
    assert len({core.folder(name) for name in core.modules} | {tmp_path / "engine"}) == len(core.modules) + 1


def test_roles() -> None:
    assert [role_of(name).name for name in ("pe", "memory", "new")] == ["pe", "memory", "other"]
    assert len({role.name for role in ROLES}) == len(ROLES)
    assert in_words({"recode", "pe"}) == "PEs and recoders"
    assert in_words({"other", "row", "bus", "engine"}) == "result buses, control and other parts"
