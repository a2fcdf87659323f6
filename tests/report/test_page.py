"""The page as a whole: well formed, alone, complete, and honest about what is missing."""

from __future__ import annotations

import json
import re
from dataclasses import fields
from itertools import permutations
from pathlib import Path
from typing import Any

import pytest

from gen.explain import explain
from gen.report import build
from gen.report.data import load
from gen.report.document import style
from gen.report.figures import count, duration, percent, quantity, rate, ratio, share
from gen.report.page import page
from gen.report.records import Synthesis
from gen.report.simulation_records import Simulation
from hdl.lib.roles import ROLES
from hdl.params import SUPPORTED, BitloomError, ConfigError, EngineParams
from tests.report.conftest import (
    Json,
    asked,
    beside,
    manifest_of,
    report,
    simulation,
    synthesis,
    synthesis_with_comparison,
    unitless,
    with_memories,
)
from tests.report.page_reader import Page


def synthesis_of(scheme: str) -> Json:
    """A scheme beside another one."""
    return beside(synthesis(scheme, 1.0), synthesis("opt1" if scheme == "mac" else "mac", 1.9))


@pytest.mark.parametrize("scheme", ["mac", "opt1"])
@pytest.mark.parametrize(("rows", "cols"), [(1, 1), (3, 5), (1, 7), (6, 1), (16, 16), (64, 64)])
def test_well_formed_at_any_size(tmp_path, rows, cols, scheme):
    params = EngineParams(rows=rows, cols=cols, scheme=scheme)
    page = Page(report(tmp_path / "out", params, sim=simulation(), synth=synthesis_of(scheme)))
    assert f"{rows} × {cols}" in page.text
    for port in manifest_of(params)["ports"]:
        assert port["name"] in page.text


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_every_engine_has_a_page(tmp_path, array, scheme):
    params = EngineParams(array=array, scheme=scheme, rows=3, cols=2, depth=4, encoder="naf")
    page = Page(report(tmp_path / "out", params, sim=simulation(), synth=synthesis_of(scheme)))
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
    assert not [attribute for attribute in Page(full).attributes if attribute[1] in loading and attribute[2][0] != "#"]


def test_light_dark_and_paper(full):
    assert "prefers-color-scheme: dark" in full
    assert "@media print" in full
    names = set(re.findall(r"var\((--[\w-]+)\)", full)) - {"--colour", "--width"}  # set where they are used
    light, dark = (set(re.findall(r"(--[\w-]+):", block)) for block in re.findall(r":root \{(.*?)\}", full, re.S)[:2])
    assert names <= light
    assert {name for name in light if name not in ("--sans", "--mono")} == dark


def test_says_what_was_found(full):
    text = Page(full).text
    for expected in (
        "More throughput per mm² than mac, for more energy per operation",
        "Gains over mac 3.61× throughput per mm², engine 265.9 against 73.67 GOPS/mm²",
        "3.61× throughput per mm², core",
        "1.90× clock rate, and throughput 410.3 against 216.0 MHz",
        "0.53× area, engine 790,005 against 1,501,009 µm²",
        "Costs against mac 1.04× energy per MAC, engine 3.026 against 2.900 pJ",
        "Verified bit for bit 118,273 results compared with the golden model; 97.3 % of 599 images right",
        "Best clock of each design 410.3 MHz; none was asked for; timed by OpenSTA",
        "osu018 typical 1.8 V 25 C; cells without wires or clock tree",
        "Energy by simulation netlist simulation of the workload",
        "the latch's area is that of the smallest flip-flop.",
        "no latches, no combinational loops",
        "37,213",
        "8,712,191",
        "opensta 2.0.17",
        "booth/ripple at 1.9 ns",
        "17 netlists of opt1, 32 netlists of mac",
        "from a to mac",
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
    params = EngineParams(scheme="opt1")
    values = set(leaves([simulation(), synthesis_with_comparison(), manifest_of(params)]))
    numbers = {value for value in values if isinstance(value, int | float) and not isinstance(value, bool)}
    allowed = {str(value) for value in values} | {"passed", "digits"}
    allowed |= {form for value in numbers for form in (count(value), percent(value), duration(value), quantity(value))}
    allowed |= {rate(value, "MAC/s") for value in numbers}
    allowed |= {text for pair in permutations(numbers, 2) for text in (ratio(*pair), share(*pair))}
    allowed |= {"1.00×", "100.0 %", "–"}
    cells = [re.sub(r" (better|worse)$", "", cell.strip()) for cell in Page(full).numeric]
    assert len(cells) > 60
    assert [cell for cell in cells if cell not in allowed] == []


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
    assert "bitloom_skew_3x5" in page.text
    assert quantity(3000.75) in page.numeric


def test_every_role_has_a_colour():
    """A rule of the style sheet for what its parts are drawn like."""
    css = style()
    assert [role.kind for role in ROLES if not re.search(rf"\.{role.kind}\b", css)] == []


def test_parts_without_a_name_are_other_parts(tmp_path):
    synth = synthesis_with_comparison()
    synth["parts"].append(
        {"role": "turn_24", "module": "bitloom_turn_24", "instances": 2, "area_um2": 77.125, "core": False}
    )
    page = Page(report(tmp_path / "out", synth=synth))
    assert "other parts" in page.text
    assert quantity(77.125) in page.numeric


def test_a_clock_that_was_met(tmp_path):
    synth = beside(asked(synthesis("opt1", 1.0), 10.0), asked(synthesis("mac", 1.9), 10.0))
    text = Page(report(tmp_path / "out", sim=simulation(), synth=synth)).text
    assert "Clock met 10.00 ns asked for, 7.563 ns to spare" in text
    assert "figures are at 10.00 ns" in text
    assert "10.00 ns asked for, met by all." in text
    assert "Clock reached, engine MHz" in text
    assert "missed" not in text
    assert "best" not in text.lower()


@pytest.mark.parametrize(
    ("clock", "late", "own"),
    [
        (3.0, "3.000 ns asked for; mac reaches 4.630 ns, 1.630 ns too late.", "Clock met 3.000 ns asked for"),
        (
            1.0,
            "1.000 ns asked for; opt1 reaches 2.437 ns, 1.437 ns too late; mac reaches 4.630 ns, 3.630 ns too late.",
            "Clock missed 1.000 ns asked for, 2.437 ns reached",
        ),
    ],
)
def test_a_clock_that_was_missed(tmp_path, clock, late, own):
    synth = beside(asked(synthesis("opt1", 1.0), clock), asked(synthesis("mac", 1.9), clock))
    page = Page(report(tmp_path / "out", sim=simulation(), synth=synth))
    assert f"Clock missed. {late} The figures of a design that missed are at the clock it reaches." in page.text
    assert own in page.text
    assert "mac clock missed" in page.text
    assert "mac, clock missed" in page.text
    assert f"missed: {late[late.index(';') + 2 : -1]}" in page.text
    assert "met by all" not in page.text
    assert "passed" not in page.text.replace("Verdict passed", "")


@pytest.mark.parametrize(
    ("ours", "theirs", "headline"),
    [
        ((2.0, 1.0), (1.0, 2.0), "More throughput per mm² than mac, for less energy per operation"),
        ((2.0, 2.0), (1.0, 1.0), "More throughput per mm² than mac, for more energy per operation"),
        ((1.0, 2.0), (2.0, 1.0), "Less throughput per mm² than mac, and more energy per operation"),
        ((1.0, 1.0), (2.0, 2.0), "Less throughput per mm² than mac, but less energy per operation"),
        ((1.0, 1.0), (1.001, 1.001), "As much throughput per mm² as mac, and the same energy per operation"),
        ((1.0, None), (2.0, 2.0), "Less throughput per mm² than mac; energy was not measured"),
        ((None, 1.0), (2.0, 2.0), "Against mac: throughput was not measured"),
    ],
)
def test_the_headline_is_honest(tmp_path, ours, theirs, headline):
    designs = [
        synthesis(scheme, 1.0) | {"gops_per_mm2_engine": area, "pj_per_mac": energy}
        for scheme, (area, energy) in (("opt1", ours), ("mac", theirs))
    ]
    text = Page(report(tmp_path / "out", synth=beside(*designs))).text
    assert headline in text


def test_energy_with_glitches_decides(tmp_path):
    """Where it is known of both designs; what is without them stands below it."""
    designs = [
        synthesis(scheme, 1.0) | {"glitch_pj_per_mac": glitching, "glitch_core_pj_per_mac": 1.0, "pj_per_mac": plain}
        for scheme, glitching, plain in (("opt1", 2.0, 1.1), ("mac", 3.0, 1.0))
    ]
    text = Page(report(tmp_path / "out", synth=beside(*designs))).text
    assert "As much throughput per mm² as mac, and less energy per operation" in text
    gains, costs = text.split("Costs against mac")[0], text.split("Costs against mac")[1]
    assert "0.67× energy per MAC, engine, with glitches" in gains
    assert "1.10× energy per MAC, engine" in costs
    assert "Energy per MAC, with glitches" in text
    assert "simulated without" not in text  # which is said of netlists that were


def test_what_the_engine_loses_is_reported_as_lost(tmp_path):
    """A core that gains inside of an engine that doesn't."""
    figures = {"gops_per_mm2_engine": 10.0, "gops_per_mm2_core": 400.0, "pj_per_mac": 3.0}
    other = {"gops_per_mm2_engine": 20.0, "gops_per_mm2_core": 200.0, "pj_per_mac": 3.0}
    synth = beside(synthesis("opt1", 1.0) | figures, synthesis("mac", 1.0) | other)
    text = Page(report(tmp_path / "out", synth=synth)).text
    assert "Less throughput per mm² than mac, and the same energy per operation" in text
    gains, costs = text.split("Costs against mac")[0], text.split("Costs against mac")[1]
    assert "2.00× throughput per mm², core" in gains
    assert costs.startswith(" 0.50× throughput per mm², engine")
    assert (
        "No different: energy per MAC, engine; energy per MAC, core; clock rate, and throughput; area, engine." in text
    )


def test_nothing_gained(tmp_path):
    text = Page(report(tmp_path / "out", synth=beside(synthesis("opt1", 2.0), synthesis("mac", 1.0)))).text
    assert "Gains over mac Nothing that was measured is better than mac." in text


def test_the_baseline_is_mac_wherever_it_stands(tmp_path):
    synth = beside(synthesis("opt1", 1.0), synthesis("opt4c", 2.0), synthesis("mac", 4.0), synthesis("opt4e", 3.0))
    page = Page(report(tmp_path / "out", synth=synth))
    assert "Gains over mac 16.00× throughput per mm², engine" in page.text
    assert "opt1 ÷ mac opt1 mac opt4c opt4e" in page.text
    assert "opt1 over each of them" in page.text
    synth = beside(synthesis("opt1", 1.0), synthesis("opt4c", 2.0))
    assert "Gains over opt4c" in Page(report(tmp_path / "other", synth=synth)).text


def test_memories_are_counted_and_marked(tmp_path):
    """One design has them as macros, one in flip-flops: the total decides, and each is shown."""
    ours, theirs = with_memories(synthesis("opt1", 1.0), macro=False), with_memories(synthesis("mac", 1.5), macro=True)
    page = Page(report(tmp_path / "out", synth=beside(ours, theirs)))
    for expected in (
        "throughput per mm², engine total 246.9 against 112.4 GOPS/mm²",
        "throughput per mm², engine cells 175.1 against 118.2 GOPS/mm²",
        "Memories are estimates 4,608 bits here; in every engine total they count by one rule, however they are built",
        "Area, engine total 0.8510 mm²",
        "memories, in flip-flops",
        "memories, as macros (estimate)",
        "Engine total (memories estimated)",
        "of it macros, by a model",
        "opt1 4,608 bits, of them 0 in macros; mac 4,608 bits, of them 4,608 in macros",
        "The model: bit cells of 0.35 NAND2",
        "opt1: there are none; mac: a word read charges its bit lines",
        "Hatched: memories that stand as macros",
    ):
        assert expected in page.text, expected
    assert {quantity(851_008.0), quantity(55_001.5), quantity(23.75)} <= set(page.numeric)
    for absent in ("Memories are estimates", "engine total", "macros"):
        assert absent not in Page(report(tmp_path / "none", synth=synthesis_with_comparison())).text


def test_energy_by_a_model_is_marked(tmp_path):
    synth = beside(with_memories(synthesis("opt1", 1.0), macro=True), synthesis("mac", 1.5))
    text = Page(report(tmp_path / "out", synth=synth)).text
    assert "Energy partly estimated macros by a model; the rest: netlist simulation of the workload" in text


def test_the_unit_library_has_its_own_units(tmp_path):
    designs = [unitless(synthesis(scheme, factor)) for scheme, factor in (("opt1", 1.0), ("mac", 1.9))]
    text = Page(report(tmp_path / "out", synth=beside(*designs))).text
    for expected in (
        "Clock 2.437 FO4",
        "Best clock period FO4",
        "Unit library, of no process NAND2 equivalents and FO4",
        "Energy not measured the unit library has no energy",
        "throughput per area, engine 265.9 against 73.67 op/FO4/MNAND2",
        "1.90× clock rate, and throughput 2.437 against 4.630 FO4 a cycle",
    ):
        assert expected in text, expected
    for silicon in ("µm²", "mm²", "MHz", "GOPS", "mW", "pJ", "1000 FO4"):
        assert silicon not in text, silicon


def test_same_input_same_bytes(tmp_path, full):
    assert report(tmp_path / "again", sim=simulation(), synth=synthesis_with_comparison()) == full


def test_steps_that_were_not_run_are_named(tmp_path):
    text = Page(report(tmp_path / "out")).text
    assert "Not simulated" in text
    assert "bitloom simulate" in text
    assert "Not synthesised" in text
    assert "bitloom synth" in text
    for absent in ("Verified", "GOPS", "mm²", "accuracy", "Gains", "passed"):
        assert absent not in text


def test_an_engine_alone_says_how_to_compare(tmp_path):
    text = Page(report(tmp_path / "out", synth=beside(synthesis("opt1", 1.0)))).text
    assert "without a design to compare with, gains and costs are not known" in text
    assert "--set 'synth.compare=[\"mac\"]'" in text
    for absent in ("Gains", "Costs", "÷", "Ratios"):
        assert absent not in text


def test_failures_are_not_dressed_up(tmp_path):
    sim = simulation() | {"passed": False, "mismatches": 17, "problems": ["tile 3: row 2 came twice"]}
    synth = synthesis_with_comparison()
    synth["checks"]["latches"] = 3
    text = Page(report(tmp_path / "out", sim=sim, synth=synth)).text
    assert "Simulation failed 118,273 results compared, 17 differ" in text
    assert "tile 3: row 2 came twice" in text
    assert "3 latches" in text
    assert "Verified" not in text
    assert "passed" not in text
    sim["mismatches"] = 0
    text = Page(report(tmp_path / "rules", sim=sim)).text
    assert "Simulation failed 118,273 results compared, rules of the interface were broken" in text


def test_text_from_files_is_escaped(tmp_path):
    manifest, sim, synth = manifest_of(EngineParams(scheme="opt1")), simulation(), synthesis_with_comparison()
    evil = "<script>alert('&\"')</script>"
    manifest["ports"][0]["description"] = manifest["top"] = evil
    sim["workload"], sim["problems"] = evil, [evil]
    synth["library"] = synth["compared"][0]["scheme"] = synth["parts"][0]["role"] = evil
    synth["library_notes"], synth["units"] = [evil], synth["units"] | {"throughput_gops": evil}
    html = report(tmp_path / "out", manifest=manifest, sim=sim, synth=synth)
    assert "<script" not in html
    assert evil in Page(html).text


def outcome(folder: Path) -> str:
    """The message with which files are refused; empty where there is a page."""
    try:
        Page(page(load(folder)))
    except ConfigError as error:
        return str(error)
    return ""


@pytest.mark.parametrize(
    "odd", [None, "text", -1, 0, [], {}, [1], {"a": 1}, True, float("nan"), 10**400], ids=lambda odd: repr(odd)[:9]
)
def test_odd_values_are_shown_or_refused(tmp_path, odd):
    """Every key of every file: the page, or a message that names file and key; nothing else."""
    files = {
        "manifest": manifest_of(EngineParams(scheme="opt1", rows=1, cols=1)),
        "sim": simulation(),
        "synth": beside(synthesis("opt1", 1.0), synthesis("mac", 2.0)),
    }
    for name, content in files.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(content))
    for name, content in files.items():
        changed = [(key, content | {key: odd}) for key in content]
        if name == "synth":
            other = content["compared"][0]
            changed += [(key, content | {"compared": [other | {key: odd}]}) for key in other]
        for key, each in changed:
            (tmp_path / f"{name}.json").write_text(json.dumps(each))
            refused = outcome(tmp_path)
            assert not refused or (f"{name}.json: " in refused and key in refused), refused
        (tmp_path / f"{name}.json").write_text(json.dumps(content))


def required(kind: type) -> list[str]:
    return [field.name for field in fields(kind) if field.default is field.default_factory]


@pytest.mark.parametrize(("name", "kind"), [("sim", Simulation), ("synth", Synthesis)])
def test_a_missing_key_is_named(tmp_path, name, kind):
    files = {"sim": simulation(), "synth": synthesis_with_comparison()}
    keys = required(kind)
    assert len(keys) > 10
    for key in keys:
        content = {other: value for other, value in files[name].items() if other != key}
        step = {"sim": "simulate", "synth": "synth"}[name]
        message = rf"{name}\.json: has no {key} .*not what this version of Bitloom writes: run `bitloom {step}` again"
        with pytest.raises(ConfigError, match=message):
            report(tmp_path / key, **{name: content})


def test_results_of_an_older_version_are_refused_in_one_message(tmp_path):
    old: dict[str, Any] = synthesis_with_comparison()
    for design in (old, *old["compared"]):
        for key in ("clock_met", "clock_asked_ns", "units", "engine_total_area_um2"):
            del design[key]
    with pytest.raises(ConfigError) as caught:
        report(tmp_path / "out", synth=old)
    own, other = str(caught.value).splitlines()
    assert "synth.json: has no clock_asked_ns, clock_met, engine_total_area_um2, units" in own
    assert "synth.json: compared[0]: has no clock_asked_ns, clock_met" in other
    assert not (tmp_path / "out" / "report.html").exists()


def test_a_unit_that_is_missing_is_named(tmp_path):
    synth = synthesis_with_comparison()
    synth["units"] = {key: unit for key, unit in synth["units"].items() if key != "pj_per_mac"}
    with pytest.raises(ConfigError, match=r"synth\.json: units: has no pj_per_mac"):
        report(tmp_path / "out", synth=synth)


def test_results_of_another_engine_are_refused(tmp_path):
    with pytest.raises(ConfigError, match=r"synth\.json: is of scheme mac, the engine's is opt1 .*bitloom synth"):
        report(tmp_path / "out", synth=beside(synthesis("mac", 1.0)))


def with_config(config: Json) -> Json:
    return manifest_of(EngineParams()) | {"config": config}


def test_without_a_manifest(tmp_path):
    with pytest.raises(ConfigError, match=r"manifest\.json: no such file.*bitloom generate"):
        build(tmp_path)


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("manifest", "{", r"manifest\.json: is not JSON: .* line 1, column 2"),
        ("sim", '{\n"a": }', r"sim\.json: is not JSON: .* line 2, column 6"),
        ("sim", "[" * 100_000, r"sim\.json: is not JSON"),
        ("synth", "[1]", r"synth\.json: must be an object, is \[1\]"),
        ("manifest", "{}", r"manifest\.json: has no bitloom_version, config, .*bitloom generate"),
        ("manifest", with_config({}), r"manifest\.json: config\.engine: is missing"),
        ("manifest", with_config({"engine": {"rows": 0}}), r"manifest\.json: engine\.rows: must be 1 to 1024"),
        ("manifest", with_config({"engine": {"lanes": 3}}), r"config\.engine: does not describe an engine.*lanes"),
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


def test_a_number_that_is_none_is_refused(tmp_path):
    """NaN is not JSON, but Python's reader takes it: it never shows as a number."""
    text = json.dumps(simulation() | {"utilization": float("nan")})
    with pytest.raises(ConfigError, match=r"sim\.json: utilization: must be a number, is NaN"):
        report(tmp_path / "out", sim=text)


def test_the_layers_of_a_network(tmp_path):
    layer = {
        "name": "conv<1>", "kind": "ConvDepthwise", "computed": {"m": 1_201, "k": 9, "n": 1, "groups": 37},
        "cropped": True, "cycles": 12_347, "utilization": 0.0613, "elements_checked": 44_437, "mismatches": 3,
        "corrections": "initial values",
    }  # fmt: skip
    network = {
        "file": "mobile.onnx", "layers_of_network": 54, "input": "first of pieces.npy", "layers": [layer],
        "elsewhere": {"attention": "its operand q is in floating point"}, "others": {"Relu": 13},
        "quantised": "by ONNX Runtime, on 16 inputs of pieces.npy",
    }  # fmt: skip
    text = Page(report(tmp_path / "out", sim=simulation() | {"against": "ONNX Runtime", "network": network})).text
    assert "1 of 54 layers of mobile.onnx, compared with ONNX Runtime" in text
    for shown in ("conv<1>", "a part", "1,201", "12,347", "6.1", "44,437", "initial values", "13 Relu"):
        assert shown in text, shown
    assert "attention: its operand q is in floating point" in text
