"""The comparison of whole engines: which designs, which is the best, and what is said where it falls short."""

from __future__ import annotations

import json
from typing import Any

import pytest

from bench import comparison as bench
from bench.figures import store
from bench.figures.comparison import page, results
from bench.figures.comparison.designs import CONTESTS, DESIGNS, LIBRARIES
from bench.figures.comparison.group import EFFORT, comparison, item, measure
from hdl.params import ToolError
from hdl.params.built import unbuilt

CLOCK, AREA = 200.0, 2e6


def figures(**changed: Any) -> dict[str, Any]:
    """Of a design whose engine has twice the area of its core, and the same clock."""
    found = {
        "title": "x",
        "effort": "quick",
        "operands": "some",
        "corner": "typical",
        "macs_per_cycle": 256,
        "clock_ns": 1e3 / CLOCK,
        "core_fmax_mhz": CLOCK,
        "engine_fmax_mhz": CLOCK,
        "core_area_um2": AREA / 2,
        "engine_total_area_um2": AREA,
        **dict.fromkeys(("gops_per_mm2_core", "gops_per_mm2_engine", "gops_per_mm2_engine_total"), 10.0),
        **dict.fromkeys(("pj_per_mac", "core_pj_per_mac"), 20.0),
        **dict.fromkeys(("glitch_pj_per_mac", "glitch_core_pj_per_mac"), 40.0),
    }
    assert set(changed) <= set(found)
    return found | changed


@pytest.fixture
def kept(tmp_path, monkeypatch):
    """Makes results of designs on libraries."""
    monkeypatch.setattr(store, "RESULTS", tmp_path)

    def keep(*, new: tuple[str, ...] = (), **designs: dict[str, dict[str, Any]]) -> None:
        made = {
            item(library, name): {
                "figures": each,
                "measured": "2026-01-02",
                "sources": "new" if name in new else "old",
                "versions": {},
            }
            for library, found in designs.items()
            for name, each in found.items()
        }
        (tmp_path / "comparison.json").write_text(json.dumps(made), encoding="utf-8")

    return keep


def test_every_array_has_both_kinds_of_the_same_size():
    for contest in CONTESTS:
        dense = [design for design in DESIGNS.values() if design.contest is contest and not design.serial]
        assert {design.plain for design in dense} == {True, False}
        for design in dense:
            assert not unbuilt(design.params.axes)
            assert len(design.forms) == (2 if design.plain else 1)
        assert len({(design.params.rows, design.params.cols, design.params.k_step) for design in dense}) == 1
        assert len({design.params.rows * design.params.cols * design.params.k_step for design in dense}) == 1
    assert len([design for design in DESIGNS.values() if design.laconic]) == 1
    assert sum(design.serial for design in DESIGNS.values()) >= 4


def test_trees_in_pes_are_no_form_of_an_array_without():
    """They are other arrays, of smaller tiles: one of them is compared with others of their kind."""
    for contest in CONTESTS:
        mine = [design for design in DESIGNS.values() if design.contest is contest and not design.serial]
        assert all(("tree of" in design.name) == (contest.steps > 1) for design in mine)
        assert (contest.reported is None) == (contest.wanted is None) == (contest.steps > 1)


def test_the_effort_is_part_of_what_results_rest_on():
    one, other = comparison(EFFORT), comparison("full")
    assert list(one.items) == list(other.items)
    assert set(one.items) == {item(lib, name) for lib in LIBRARIES for name in DESIGNS}
    assert one.sources != other.sources
    assert one.grows


def test_what_takes_long_is_measured_last():
    """An interrupted measurement has the engines with names on all libraries before an hour goes to one point."""
    order = list(comparison().items)
    presets = [item(lib, name) for lib in LIBRARIES for name in ("systolic_os mac", "matrix_2d opt2")]
    slow = [item(lib, name) for lib in LIBRARIES for name, design in DESIGNS.items() if design.serial]
    assert max(map(order.index, presets)) < order.index(item(LIBRARIES[0], "systolic_os mac, tree of 4"))
    assert set(order[-len(slow) :]) == set(slow)


def test_a_library_that_is_not_there(monkeypatch):
    monkeypatch.setattr("bench.figures.comparison.group.library_settings", dict)
    with pytest.raises(ToolError, match="sky130 is not there"):
        measure("systolic_os mac", "sky130", "quick")


def test_the_best_engine_stands_for_its_array(kept):
    """The design with the best core loses where its engine does, and ratios are those of one design."""
    kept(
        osu018={
            "adder_tree mac": figures(),
            "adder_tree opt1": figures(gops_per_mm2_core=30.0, gops_per_mm2_engine_total=11.0),
            "adder_tree opt2": figures(gops_per_mm2_core=20.0, gops_per_mm2_engine_total=15.0, glitch_pj_per_mac=32.0),
        },
        sky130={
            "adder_tree mac": figures(),
            "adder_tree opt1": figures(gops_per_mm2_engine_total=18.0),
            "adder_tree opt2": figures(gops_per_mm2_engine_total=9.0),
            # No design of its family is there to answer it.
            "adder_tree mac, B recoded": figures(gops_per_mm2_engine_total=17.0),
        },
        asap7={"adder_tree mac": figures(), "adder_tree opt1": figures(gops_per_mm2_engine_total=30.0)},
    )
    first, second = results.pairs()
    assert (first.best.design.name, first.library) == ("adder_tree opt2", "osu018")
    assert first.ratios["area_core"] == 2.0
    assert first.ratios["glitch_energy_engine"] == 1.25
    assert (second.best.design.name, second.plain.design.name) == ("adder_tree opt1", "adder_tree mac")
    assert results.medians(first.contest, "area_engine_total") == pytest.approx((1.5 + 1.8) / 2)
    assert results.medians(CONTESTS[0], "area_core") is None
    row = next(line for line in page.PARTS["comparison-arrays"]().splitlines() if "adder_tree" in line)
    assert row.endswith("| 1.56 | 1.50 | 1.65 | 1.49 | 1.00 | 1.12 | osu018, sky130 |")


def test_in_each_figure_the_best_of_both_kinds_are_compared(kept):
    """The best core needn't be that of the best engine; and glitches can bring no more than there is without any."""
    of = {design.contest.label: design.contest for design in DESIGNS.values()}
    kept(
        osu018={
            "systolic_ws mac": figures(gops_per_mm2_core=8.0, gops_per_mm2_engine_total=9.0, glitch_pj_per_mac=36.0),
            "systolic_ws mac, B recoded": figures(glitch_pj_per_mac=30.0),
            "systolic_ws opt1": figures(gops_per_mm2_core=12.0, gops_per_mm2_engine_total=20.0, pj_per_mac=16.0),
            "systolic_ws opt1, B recoded": figures(glitch_pj_per_mac=24.0, pj_per_mac=20.0),
            "systolic_ws opt1, all carries": figures(gops_per_mm2_core=15.0),
            # A serial design and an array of its own are no part of it.
            "matrix_2d laconic": figures(gops_per_mm2_core=99.0),
        },
    )
    contest = of["systolic_ws"]
    assert results.each_best(contest, "osu018", "area_core") == 1.5
    assert results.each_best(contest, "osu018", "area_engine_total") == 2.0
    assert results.each_best(contest, "osu018", "glitch_energy_engine") == 1.25
    assert results.each_best(contest, "osu018", results.STILL) == 30 / 16
    assert results.each_best(contest, "sky130", "area_core") is None
    assert results.each_median(contest, "area_core") == 1.5
    assert results.each_median(of["matrix_2d"], "area_core") is None
    assert results.medians(contest, "area_core") == 1.2
    row = next(line for line in page.PARTS["comparison-each"]().splitlines() if "`systolic_ws`" in line)
    assert row == "| `systolic_ws` | 1.50 | 1.80 | 2.00 | 1.60 | 1.00 | 1.25 | 1.30 | 1.88 |"
    core, energy = page.PARTS["comparison-aims"]().splitlines()
    assert (
        core == "- `systolic_ws`: in area efficiency the core has 1.50 times the plain one's, where 1.80 is aimed at."
    )
    assert "the engine has 1.25 times the plain one's, where 1.30 is aimed at" in energy
    assert energy.endswith("; without a single glitch it would have 1.88 times.")
    kept(osu018={"cube mac": figures(), "cube opt1": figures(gops_per_mm2_core=17.999)})
    assert page.PARTS["comparison-aims"]().startswith("- `cube`: in area efficiency the core has 1.800 times")
    kept(osu018={"cube mac": figures(glitch_pj_per_mac=25.0), "cube opt1": figures(glitch_pj_per_mac=21.0)})
    assert page.PARTS["comparison-aims"]().endswith(
        "would have 1.25 times, so that fewer glitches alone can't bring it there."
    )


@pytest.mark.parametrize(
    ("changed", "words"),
    [
        ({"gops_per_mm2_core": 12.0, "core_area_um2": AREA}, "its clock is 1.00 times as fast and its area 2.00 times"),
        ({"gops_per_mm2_engine_total": 11.0, "engine_fmax_mhz": 100.0}, "runs at 0.50 of its core's clock"),
        ({"gops_per_mm2_engine_total": 11.0, "engine_total_area_um2": 2 * AREA}, "around the core is 3.00 times as"),
        ({"glitch_core_pj_per_mac": 41.0, "core_pj_per_mac": 41.0}, "take 0 % more in its core, 100 % in the plain"),
    ],
)
def test_what_falls_short_is_said_with_its_reason(kept, changed, words):
    enough = figures(
        **dict.fromkeys(("gops_per_mm2_core", "gops_per_mm2_engine_total"), 20.0),
        **dict.fromkeys(("glitch_pj_per_mac", "glitch_core_pj_per_mac"), 20.0),
    )
    short = page.PARTS["comparison-shortfalls"]
    kept(osu018={"cube mac": figures(), "cube opt1": enough})
    assert short() == "Of what is measured, no ratio falls short."
    kept(osu018={"cube mac": figures(), "cube opt1": enough | changed})
    (sentence,) = short().splitlines()
    assert words in sentence


def test_sparse_designs_stand_beside_laconic_and_the_best_dense_one(kept):
    kept(
        osu018={
            "systolic_os mac": figures(),
            "systolic_os opt1": figures(gops_per_mm2_engine_total=20.0),
            "matrix_2d laconic": figures(gops_per_mm2_core=4.0, gops_per_mm2_engine_total=2.0),
            "matrix_2d opt3": figures(gops_per_mm2_core=2.0),
            "matrix_2d opt4c": figures(gops_per_mm2_core=12.0, gops_per_mm2_engine_total=5.0),
        }
    )
    opt4c = next(line for line in page.PARTS["comparison-serial"]().splitlines() if "opt4c" in line)
    assert opt4c == "| osu018 | `matrix_2d opt4c` | 3.00 | 2.50 | `systolic_os opt1` | 1.20 | 0.25 |"
    assert results.over_laconic("osu018", "area_core") == ("matrix_2d opt4c", 3.0)
    assert results.over_laconic("sky130", "area_core") is None
    said = page.PARTS["comparison-serial-shortfalls"]()
    assert said == "Of what is measured, no ratio falls short."
    kept(
        osu018={
            "matrix_2d laconic": figures(gops_per_mm2_engine_total=2.0),
            "matrix_2d opt4c": figures(gops_per_mm2_core=12.0, gops_per_mm2_engine_total=20.0),
        }
    )
    said = page.PARTS["comparison-serial-shortfalls"]()
    assert said.startswith("- osu018: the best serial core is that of `matrix_2d opt4c`, 1.20 times")
    assert len(said.splitlines()) == 1


def test_what_is_missing_is_said(kept):
    kept(osu018={name: figures() for name in DESIGNS if name != "cube mac"}, sky130={"cube mac": figures()})
    said = page.PARTS["comparison-missing"]()
    assert "osu018: `cube mac`;" in said
    assert "asap7: everything" in said
    kept(osu018={"cube mac": figures()})
    assert page.PARTS["comparison-serial-shortfalls"]() == "None of them is measured yet beside Laconic."
    kept(**{library: {name: figures() for name in DESIGNS} for library in LIBRARIES})
    assert page.PARTS["comparison-missing"]() == "Every design is measured on every library."


def test_runs_of_other_sources_are_told_apart(kept):
    two = {"cube mac": figures(), "cube opt1": figures()}
    kept(osu018=two)
    assert page.PARTS["comparison-states"]() == "All runs are of the same sources."
    kept(osu018=two, new=("cube opt1",))
    assert page.PARTS["comparison-states"]().splitlines()[-2:] == ["- `osu018: cube mac`", "- `osu018: cube opt1`"]


def test_medians_are_judged(kept, monkeypatch, capsys):
    monkeypatch.setattr("sys.argv", ["comparison"])
    good = figures(**dict.fromkeys(("gops_per_mm2_core", "gops_per_mm2_engine_total"), 40.0), glitch_pj_per_mac=20.0)
    all_good = {name: figures() if design.plain or design.laconic else good for name, design in DESIGNS.items()}
    everywhere = dict.fromkeys(LIBRARIES, all_good)
    kept(**everywhere)
    assert bench.main() == 0
    assert "cube on osu018 sky130 sg13g2 asap7, effort quick, core, area efficiency: target" in capsys.readouterr().out
    slow = all_good | {name: figures() for name, design in DESIGNS.items() if design.contest.name == "cube"}
    kept(**everywhere | {"osu018": slow})  # one of four does not move the median
    assert bench.main() == 0
    kept(**dict.fromkeys(LIBRARIES, slow))
    assert bench.main() == 1
    kept(osu018=all_good)  # good where it is measured, but not measured everywhere
    assert bench.main() == 1
    kept()
    assert bench.main() == 1
    assert (
        "cube on nothing, effort unknown, core, area efficiency: target at least 1.80, measured nothing: MISSED"
        in capsys.readouterr().out
    )
