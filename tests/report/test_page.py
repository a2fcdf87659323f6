"""The page as a whole: well formed, alone, complete, and honest about what is missing."""

from __future__ import annotations

import json
import re
from itertools import permutations

import pytest

from gen.explain import explain
from gen.report import build
from gen.report.figures import count, duration, percent, quantity, rate, ratio, share
from gen.report.synthesis import ROLES
from hdl.params import SUPPORTED, BitloomError, ConfigError, EngineParams
from synth_scripts.roles import ORDER
from tests.report.conftest import manifest_of, report, simulation, synthesis_with_comparison
from tests.report.page_reader import Page


@pytest.mark.parametrize("scheme", ["mac", "opt1"])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 5), (1, 7), (6, 1), (16, 16), (64, 64)])
def test_well_formed_at_any_size(tmp_path, rows, cols, scheme):
    params = EngineParams(rows=rows, cols=cols, scheme=scheme)
    page = Page(report(tmp_path / "out", params, sim=simulation(), synth=synthesis_with_comparison()))
    assert f"{rows} × {cols}" in page.text
    for port in manifest_of(params)["ports"]:
        assert port["name"] in page.text


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_every_engine_has_a_page(tmp_path, array, scheme):
    params = EngineParams(array=array, scheme=scheme, rows=3, cols=2, depth=4, encoder="naf")
    page = Page(report(tmp_path / "out", params, sim=simulation(), synth=synthesis_with_comparison()))
    found = explain(params, 1024)
    assert "Tiles follow each other " in page.text
    assert f", {scheme}" in page.text
    for place in found.hardware:
        assert place.text in page.text
    for step in found.steps:
        assert " ".join(step.nest.split()) in page.text
        assert step.moves in page.text
    assert found.hardware or scheme == "laconic"


def test_needs_nothing_but_itself(full):
    assert not re.search(r"https?:|//[a-z]|@import|url\(|<script|<link|<iframe", full)
    loading = {"src", "href", "srcset", "data", "action", "poster", "xlink:href"}
    assert not [attribute for attribute in Page(full).attributes if attribute[1] in loading]


def test_light_dark_and_paper(full):
    assert "prefers-color-scheme: dark" in full
    assert "@media print" in full
    names = set(re.findall(r"var\((--[\w-]+)\)", full))
    light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{(.*?)\}", full, re.S)[:2])
    assert names <= light
    assert {name for name in light if name not in ("--sans", "--mono")} == dark


def test_says_what_was_found(full):
    text = Page(full).text
    for expected in (
        "Verified bit for bit",
        "118,273 elements compared, accuracy 97.3 %",
        "Synthesis checks passed",
        "37,213",
        "8,712,191",
        "410.3 MHz",
        "265.9",
        "osu018",
        "typical 1.8 V 25 C",
        "netlist simulation of the workload",
        "opensta 2.0.17",
        "booth/ripple at 1.9 ns",
        "opt1: 17, mac: 32",
        "from a to mac",
        "LATCH has no area",
        "the engine's best clock",
        "read as 2, is 7",
        "Before quantisation in floating point 97.5 %",
        "Starved operands were missing 3,101",
        "verilator 5.48",
        "c0ffee",
        "9.8.7",
    ):
        assert expected in text, expected


def leaves(value):
    if isinstance(value, dict | list):
        for item in value.values() if isinstance(value, dict) else value:
            yield from leaves(item)
    else:
        yield value


def test_every_number_in_a_table_comes_from_the_files(full):
    """From one JSON value, or the ratio of two; nothing else may stand in a numeric cell."""
    params = EngineParams()
    values = set(leaves([simulation(), synthesis_with_comparison(), manifest_of(params)]))
    numbers = {value for value in values if isinstance(value, int | float) and not isinstance(value, bool)}
    units = ("", "µm²", "ns")
    allowed = {str(value) for value in values} | {"passed", "digits"}
    allowed |= {form for value in numbers for form in (count(value), percent(value), duration(value))}
    allowed |= {rate(value, "MAC/s") for value in numbers}
    allowed |= {quantity(value, unit) for value in numbers for unit in units}
    allowed |= {text for pair in permutations(numbers, 2) for text in (ratio(*pair), share(*pair))}
    allowed |= {"1.00×", "100.0 %"}
    cells = Page(full).numeric
    assert len(cells) > 60
    assert [cell for cell in cells if cell.strip() not in allowed] == []


def test_a_changed_figure_changes_the_page(tmp_path, full):
    synth = synthesis_with_comparison()
    synth["gops_per_mm2_core"] = 450.2
    changed = report(tmp_path / "changed", sim=simulation(), synth=synth)
    assert "450.2" in Page(changed).text
    assert "450.2" not in Page(full).text


def test_parts_of_one_kind_are_one_row(tmp_path):
    synth = synthesis_with_comparison()
    for size, area in (("3x5", 1000.25), ("5x5", 2000.5)):
        module = f"bitloom_skew_{size}"
        synth["parts"].append({"role": "skew", "module": module, "instances": 1, "area_um2": area, "core": False})
    page = Page(report(tmp_path / "out", synth=synth))
    assert "bitloom_skew_3x5 , bitloom_skew_5x5" in page.text
    assert quantity(3000.75) in page.numeric


def test_every_part_of_an_engine_has_a_name():
    assert set(ORDER) <= set(ROLES)


def test_a_given_clock_is_not_called_the_best(tmp_path):
    synth = synthesis_with_comparison()
    synth |= {"clock_ns": 10.0}
    text = Page(report(tmp_path / "out", synth=synth)).text
    assert "best clock, the core" not in text
    assert "a clock period of 10.00 ns" in text


def test_the_unit_library_has_its_own_units(tmp_path):
    synth = synthesis_with_comparison()
    for design in (synth, *synth["compared"]):
        design |= {"area_unit": "NAND2", "power_mw": None, "gops_per_w": None}
    text = Page(report(tmp_path / "out", synth=synth)).text
    assert "Area of the core NAND2" in text
    assert "FO4" in text
    for silicon in ("µm²", "mm²", "MHz", "GOPS", "mW"):
        assert silicon not in text


def test_same_input_same_bytes(tmp_path, full):
    assert report(tmp_path / "again", sim=simulation(), synth=synthesis_with_comparison()) == full


def test_steps_that_were_not_run_are_named(tmp_path):
    text = Page(report(tmp_path / "out")).text
    assert "Not simulated" in text
    assert "bitloom simulate" in text
    assert "Not synthesised" in text
    assert "bitloom synth" in text
    for absent in ("Verified", "GOPS", "mm²", "accuracy"):
        assert absent not in text


def test_failures_are_not_dressed_up(tmp_path):
    sim = simulation() | {"passed": False, "mismatches": 17, "problems": ["tile 3: row 2 came twice"]}
    synth = synthesis_with_comparison()
    synth["checks"]["latches"] = 3
    text = Page(report(tmp_path / "out", sim=sim, synth=synth)).text
    assert "Simulation failed" in text
    assert "17 differ" in text
    assert "tile 3: row 2 came twice" in text
    assert "Synthesis checks failed" in text
    assert "Verified" not in text
    assert "checks passed" not in text


def test_text_from_files_is_escaped(tmp_path):
    manifest, sim, synth = manifest_of(EngineParams()), simulation(), synthesis_with_comparison()
    evil = "<script>alert('&\"')</script>"
    manifest["ports"][0]["description"] = manifest["top"] = evil
    sim["workload"] = sim["problems"] = [evil]
    synth["library"] = synth["compared"][0]["scheme"] = synth["parts"][0]["role"] = evil
    html = report(tmp_path / "out", manifest=manifest, sim=sim, synth=synth)
    assert "<script" not in html
    assert evil in Page(html).text


@pytest.mark.parametrize("odd", [None, "text", -1, [], {}, [1], {"a": 1}, True, float("nan")])
def test_odd_values_do_not_break_the_page(tmp_path, odd):
    for name, content in (("sim", simulation()), ("synth", synthesis_with_comparison())):
        for number, key in enumerate(content):
            Page(report(tmp_path / f"{name}{number}", **{name: content | {key: odd}}))


def test_without_a_manifest(tmp_path):
    with pytest.raises(ConfigError, match=r"manifest\.json: no such file.*bitloom generate"):
        build(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("manifest", "{", r"manifest\.json: is not JSON: .* line 1, column 2"),
        ("sim", '{\n"a": }', r"sim\.json: is not JSON: .* line 2, column 6"),
        ("synth", "[1]", r"synth\.json: must hold a JSON object"),
        ("manifest", "{}", r"manifest\.json: config\.engine: is missing"),
        ("manifest", '{"config": []}', r"config\.engine: is missing"),
        ("manifest", '{"config": {"engine": {"rows": 0}}}', r"manifest\.json: engine\.rows: must be 1 to 1024"),
        ("manifest", '{"config": {"engine": {"lanes": 3}}}', r"config\.engine: does not describe an engine.*lanes"),
    ],
)
def test_bad_files_are_named(tmp_path, name, content, message):
    with pytest.raises(ConfigError, match=message):
        report(tmp_path / "out", **{name: content})
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_file_that_is_not_text(tmp_path):
    report(tmp_path / "out")
    (tmp_path / "out" / "sim.json").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(ConfigError, match=r"sim\.json: is not UTF-8 text"):
        build(tmp_path / "out")


def test_a_report_changed_by_hand_is_kept(tmp_path):
    report(tmp_path / "out")
    target = tmp_path / "out" / "report.html"
    target.write_text("mine")
    with pytest.raises(BitloomError, match=r"report\.html"):
        build(tmp_path / "out")
    assert target.read_text() == "mine"


def test_json_is_what_the_steps_write(tmp_path):
    """NaN is not JSON, but Python's reader takes it: it shows as a dash, never as a number."""
    text = json.dumps(simulation() | {"utilization": float("nan")})
    assert "nan" not in Page(report(tmp_path / "out", sim=text)).text.lower().replace("nano", "")
