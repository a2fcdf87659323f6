"""Variants of what surrounds a core: modules without adders are mapped once, and are in every variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_scripts.engine.fabric import Fabric
from synth_scripts.engine.search import synthesise_fabric
from synth_scripts.engine.variants import Search, Variant
from synth_scripts.library.library import Library

pytestmark = pytest.mark.synth

DESIGN = """module adds(input clk, input [15:0] a, output reg [15:0] y);
  always @(posedge clk) y <= y + a;
endmodule
module plain(input clk, input [3:0] a, output reg y);
  always @(posedge clk) y <= ^a;
endmodule
module top(input clk, input [15:0] a, output [15:0] y, output z);
  adds one(.clk(clk), .a(a), .y(y));
  plain two(.clk(clk), .a(a[3:0]), .y(z));
endmodule
"""


def test_variants_are_what_each_is_alone(unit: Library, tmp_path: Path) -> None:
    variants = tuple(Variant(adder, script) for adder in ("ripple", "sklansky") for script in ("area-delay", "classic"))
    alone = [
        synthesise_fabric(unit, DESIGN, "top", [], tmp_path / "alone", target_ns=15.0, search=Search((each,)))
        for each in variants
    ]
    assert len({str(fabric.areas) for fabric in alone}) > 1
    best = synthesise_fabric(unit, DESIGN, "top", [], tmp_path / "together", target_ns=15.0, search=Search(variants))
    expected = min(alone, key=lambda fabric: fabric.area([]) * fabric.period)
    assert best.variant == expected.variant
    assert figures(best) == figures(expected)
    # At a clock out of reach the fastest wins: the one with its carries in parallel, which is not mapped first.
    fast = synthesise_fabric(
        unit,
        DESIGN,
        "top",
        [],
        tmp_path / "fast",
        target_ns=15.0,
        clock_ns=1.0,
        search=Search((variants[0], variants[2])),
    )
    assert fast.variant == variants[2]
    assert figures(fast) == figures(alone[2])
    assert set(fast.areas) == {"adds", "plain", "top"}
    assert fast.areas["plain"] > 0


def figures(fabric: Fabric) -> tuple[object, ...]:
    """All but names: cells have numbers by their order."""
    return (fabric.areas, fabric.instances, fabric.period, fabric.buffers)


#: A register of 8 bits and one of 7, each with an enable of its own.
ENABLED = """module top(input clk, input [1:0] en, input [7:0] a, output reg [7:0] y, output reg [6:0] z);
  always @(posedge clk) begin
    if (en[0]) y <= a;
    if (en[1]) z <= a[6:0];
  end
endmodule
"""


@pytest.mark.parametrize(("gate_bits", "gates"), [(9, 0), (8, 1), (7, 2)])
def test_clock_gates_of_so_many_flip_flops(osu018: Library, tmp_path: Path, gate_bits: int, gates: int) -> None:
    search = Search((Variant("sklansky", "classic"),))
    fabric = synthesise_fabric(
        osu018, ENABLED, "top", [], tmp_path, target_ns=15.0, search=search, timed=False, gate_bits=gate_bits
    )
    assert osu018.clock_gate is None
    assert fabric.instances.get("LATCH", 0) == gates
    assert sum(fabric.instances.get(kind, 0) for kind in osu018.flops) == 15
