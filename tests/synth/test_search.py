"""The search for the best way to synthesise what is around a core."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from synth_scripts.engine.fabric import Fabric
from synth_scripts.engine.making import Making
from synth_scripts.engine.search import synthesise_fabric
from synth_scripts.engine.variants import SEARCHES, STRONG, Search, Variant, Way
from synth_scripts.library.library import Library
from synth_scripts.module.styles import ADDERS, SCRIPTS
from synth_scripts.timing import sta
from synth_scripts.work import jobs

needs_sta = pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")
#: A long sum, and a short one that any adder is fast enough for, in a module between it and the top.
DESIGN = """module long(input clk, input [31:0] a, output reg [31:0] y);
  always @(posedge clk) y <= y + a;
endmodule
module short(input clk, input [7:0] a, output reg [7:0] y);
  always @(posedge clk) y <= y + a;
endmodule
module middle(input clk, input [7:0] a, output [7:0] y);
  short inner(.clk(clk), .a(a), .y(y));
endmodule
module top(input clk, input [31:0] a, output [31:0] y, output [7:0] z);
  long one(.clk(clk), .a(a), .y(y));
  middle two(.clk(clk), .a(a[7:0]), .y(z));
endmodule
"""
FAST = Variant("kogge-stone", "classic")
#: Its short sum has another adder, from another script.
MIXED = FAST._replace(lean=(("short", Way("ripple", "area-delay")),))
FIRST = (FAST, Variant("ripple", "classic"))


@pytest.fixture(params=["walk", pytest.param("unit", marks=needs_sta), pytest.param("osu018", marks=needs_sta)])
def library(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> Library:
    """A library and a timer."""
    if request.param == "walk":
        monkeypatch.setattr(sta, "available", lambda: False)
    found: Library = request.getfixturevalue("unit" if request.param == "walk" else request.param)
    return found


def fabric(library: Library, folder: Path, search: Search, clock_ns: float | None = None) -> Fabric:
    return synthesise_fabric(library, DESIGN, "top", [], folder, target_ns=5.0, clock_ns=clock_ns, search=search)


def test_modules_off_the_critical_path_become_small(library: Library, tmp_path: Path) -> None:
    # Nothing reaches this clock: the fastest wins, and of equally fast ones the smallest.
    before = fabric(library, tmp_path / "before", Search(FIRST), clock_ns=0.1)
    assert (before.variant, before.variant.lean) == (FAST, ())
    after = fabric(library, tmp_path / "after", Search(FIRST, again=1), clock_ns=0.1)
    assert dict(after.variant.lean)["short"] == Way("ripple", "classic")
    assert "long" not in dict(after.variant.lean)
    assert after.period <= before.period * 1.0001
    assert after.area([]) < before.area([])
    assert after.areas["short"] < before.areas["short"]
    # What was found is made again from its variant alone, and from what is kept of it.
    kept = Variant.kept(*json.loads(json.dumps(after.variant)))
    assert kept == after.variant
    again = fabric(library, tmp_path / "again", Search((kept,)))
    assert (again.areas, again.period, again.buffers) == (after.areas, after.period, after.buffers)


def test_where_the_critical_path_is(library: Library, tmp_path: Path) -> None:
    making = Making(library, DESIGN, "top", [], tmp_path, 5.0, True, 4, jobs.quiet)
    fast, slow = making.fabrics(FIRST)
    for each in (fast, slow):
        # At the top stand buffers of inputs.
        assert {"long"} <= making.modules_on(each.path) <= {"long", "top"}
    assert slow.period > fast.period
    # Of a longer name than another's, through two modules, as either program writes it, and at the top.
    assert making.modules_on("^ two/inner/_12_/Y (INVX1)") == {"short"}
    assert making.modules_on("two.inner.\\_12_.Y") == {"short"}
    assert making.modules_on("two/inner_12_/Y") == {"middle"}
    assert making.modules_on("0.0000 _12_/Y (INVX1)") == {"top"}
    assert making.modules_on("2.4000 -0.5") == set()
    # A variant is the same from its forms here as it is alone.
    making.fabrics([Variant("ripple", "area-delay")])
    (here,) = making.fabrics([MIXED])
    alone = fabric(library, tmp_path / "alone", Search((MIXED,)))
    assert (here.areas, here.period, here.buffers) == (alone.areas, alone.period, alone.buffers)
    assert here.areas["short"] not in (fast.areas["short"], slow.areas["short"])
    # None is made twice.
    assert making.fabrics(FIRST)[1] is slow


def test_copies_that_change_nothing_are_left_out(library: Library, tmp_path: Path) -> None:
    small = "module top(input clk, input a, output reg y);\n  always @(posedge clk) y <= a;\nendmodule\n"
    making = Making(library, small, "top", [], tmp_path, 5.0, True, 4, jobs.quiet)
    assert [each.variant for each in making.fabrics([FAST, FAST._replace(copies=8)])] == [FAST]
    # Alone it is made all the same.
    (only,) = Making(library, small, "top", [], tmp_path, 5.0, True, 4, jobs.quiet).fabrics([FAST._replace(copies=8)])
    assert only.variant.copies == 8


def test_more_effort_tries_what_less_does() -> None:
    quick, normal, full = (SEARCHES[effort] for effort in ("quick", "normal", "full"))
    assert {*quick.first} <= {*normal.first}
    assert full.before == normal
    assert quick.again == 0 < normal.again < full.again
    for search in (quick, normal, full):
        assert {way.adder for each in search.first for way in each.ways} <= ADDERS.keys()
        assert {way.script for each in search.first for way in each.ways} <= SCRIPTS.keys()
        assert STRONG not in {each.slow for each in search.first}
