"""Variants of what surrounds a core: modules without adders are mapped once, and are in every variant."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_scripts.fabric import Fabric, synthesise_fabric
from synth_scripts.library import Library

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
    pairs = tuple((adder, script) for adder in ("ripple", "sklansky") for script in ("area-delay", "classic"))
    alone = [
        synthesise_fabric(unit, DESIGN, "top", [], tmp_path / "alone", target_ns=15.0, pairs=(pair,)) for pair in pairs
    ]
    assert len({str(fabric.areas) for fabric in alone}) > 1
    best = synthesise_fabric(unit, DESIGN, "top", [], tmp_path / "together", target_ns=15.0, pairs=pairs)
    expected = min(alone, key=lambda fabric: fabric.area([]) * fabric.period)
    assert best.pair == expected.pair
    assert figures(best) == figures(expected)
    # At a clock out of reach the fastest wins: the one with its carries in parallel, which is not mapped first.
    fast = synthesise_fabric(
        unit, DESIGN, "top", [], tmp_path / "fast", target_ns=15.0, clock_ns=1.0, pairs=(pairs[0], pairs[2])
    )
    assert fast.pair == pairs[2]
    assert figures(fast) == figures(alone[2])
    assert set(fast.areas) == {"adds", "plain", "top"}
    assert fast.areas["plain"] > 0


def figures(fabric: Fabric) -> tuple[object, ...]:
    """All but names: cells have numbers by their order."""
    return (fabric.areas, fabric.instances, fabric.period, fabric.buffers)
