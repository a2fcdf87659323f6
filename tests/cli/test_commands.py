"""What commands print and write when all is well, and when a step finds something wrong."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time

import pytest

from gen.cli.console import Console, table
from gen.config import load, schema
from hdl.params import ARRAYS, BUILDS, ENCODERS, MULTIPLIERS, SCHEMES, SUPPORTED, CheckFailed, ToolError
from hdl.params.axis_words import AXES, in_words
from hdl.params.built import unbuilt
from hdl.params.plain_axes import axes_from
from hdl.params.presets import preset
from synth_scripts.engine.units import units
from tests.cli.conftest import SIM, SYNTH
from tests.conftest import ROOT

ENGINE = [f"bitloom_engine.{suffix}" for suffix in ("f", "sdc", "v", "ys")]
FILES = [".bitloom", *ENGINE, "manifest.json"]


def lines(text: str) -> list[str]:
    """Lines with single blanks."""
    return [" ".join(line.split()) for line in text.splitlines()]


def listing(folder) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


# --- commands that only print ----------------------------------------------------------------------------------------
def test_check(bitloom):
    result = bitloom("check", "small.toml", "--set", "a=u8", "--set", "accumulator=20")
    assert (result.status, result.err) == (0, "")
    assert result.out == (
        "small.toml: fine: 2x3 systolic_os opt1, u8 x s8, s20 results\n"
        "  PEs                                   6\n"
        "  multiply-accumulates a cycle          6\n"
        "  bits of a product                    16\n"
        "  bits of an accumulator               20\n"
        "  greatest K                           16\n"
        "  cycles of a tile              max(K, 2)\n"
        "  bits of s_axis_a_tdata               16\n"
        "  bits of s_axis_b_tdata               24\n"
        "  bits of m_axis_c_tdata               64\n"
    )


def test_check_as_json(bitloom):
    content = bitloom("check", "small.toml", "--json").json
    assert content["config"]["engine"]["rows"] == 2
    assert content["derived"]["k_limit"] == 131071
    assert content["derived"]["streams"]["c"] == {"lanes": 3, "element_bits": 32, "tdata_bits": 96}


def test_check_reads_the_library(bitloom, here):
    result = bitloom("check", "small.toml", "--set", "library=nope.lib")
    assert (result.status, result.out) == (2, "")
    assert "synth.library" in result.err
    assert "nope.lib: the library file can't be read" in result.err
    (here / "half.lib").write_text("library (half) { cell (INV) {")
    result = bitloom("check", "small.toml", "--set", "library=half.lib")
    assert (result.status, result.out) == (2, "")
    assert "half.lib: not a Liberty file: the file ends inside the group 'cell (INV)' of line 1" in result.err
    assert bitloom("check", "small.toml", "--set", "library=unit").status == 0


def test_list(bitloom):
    result = bitloom("list").out
    lines = result.splitlines()
    assert lines[0].split() == ["array", *SCHEMES]
    for line, array in zip(lines[1:], ARRAYS, strict=False):
        assert line.split() == [array, *("yes" if scheme in BUILDS.get(array, ()) else "no" for scheme in SCHEMES)]
    assert "unit (embedded)" in lines[-1]
    for name in (*ENCODERS, *MULTIPLIERS):
        assert re.search(rf"\b{name}\b", result), name
    content = bitloom("list", "--json").json
    assert content["axes"].keys() == AXES.keys()
    for array, scheme in SUPPORTED:
        assert content["presets"][array][scheme] == in_words(preset(array, scheme).axes)
    for axis, values in content["axes"].items():
        named = {words[axis] for each in content["presets"].values() for words in each.values()}
        assert set(values["built"]) == {each["words"][axis] for each in content["engines"]} >= named
        for value in values["values"]:
            has = value in values["built"]
            row = rf"  {re.escape(value if has else f'({value})')} +([\d,]+) +[\d,]+$"
            assert (re.search(row, result, re.M)[1] != "0") == has
            assert (value in values["together"]) == has
        for value, others in values["together"].items():
            assert others.keys() == AXES.keys() - {axis}
            assert all(
                value in content["axes"][other]["together"][each][axis] for other in others for each in others[other]
            )
    assert {(each["array"], each["scheme"]) for each in content["engines"]} - {(None, None)} == SUPPORTED
    for engine in content["engines"]:
        assert not unbuilt(axes_from(engine["point"]))
    assert all(f"  {text}\n" in result for text in content["not_built"])
    assert content["supported"] == {array: list(BUILDS.get(array, ())) for array in ARRAYS}
    assert content["libraries"]["unit"] == "embedded"


def test_schema(bitloom):
    assert bitloom("schema").json == bitloom("schema", "--json").json == schema()


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_explain(bitloom, array, scheme):
    options = ["small.toml", "--set", f"array={array}", "--set", f"scheme={scheme}", "--set", "depth=2"]
    result = bitloom("explain", *options, "--sigma", "30")
    assert (result.status, result.err) == (0, "")
    step = load("small.toml", options[2::2]).engine.k_step
    assert f"K up to {131_071 // step * step:,}" in result.out
    content = bitloom("explain", *options, "--sigma", "30", "--json").json
    assert content["k"] == 64
    assert content["sigma"] == (None if content["sigma"] is None else 30)
    assert content["nest"] == (content["steps"][-1]["nest"] if content["steps"] else None)
    for place in content["hardware"]:
        assert place["text"] in result.out
    assert len(bitloom("explain", *options, "--final").out) <= len(result.out)


@pytest.mark.parametrize("sigma", ["0", "-1", "nan", "x", "1e9"])
def test_sigma_is_a_positive_number(bitloom, sigma):
    result = bitloom("explain", "small.toml", f"--sigma={sigma}")
    assert result.status == 2
    assert f"argument --sigma: must be above 0 and up to 1,000,000, not '{sigma}'" in result.err


def test_quiet_says_nothing(bitloom, steps):
    for command in ("check", "list", "explain", "schema"):
        arguments = [command, "small.toml"] if command in ("check", "explain") else [command]
        assert bitloom(*arguments, "-q").out == ""
    result = bitloom("run", "small.toml", "-q")
    assert (result.status, result.out) == (0, "")


# --- steps -----------------------------------------------------------------------------------------------------------
def test_generate(bitloom, here):
    result = bitloom("generate", "small.toml")
    assert (result.status, result.err) == (0, "")
    size = (here / "build/small/bitloom_engine.v").stat().st_size
    assert result.out == f"generated  build/small/bitloom_engine.v ({size / 1000:.0f} kB, 26 ports)\n"
    assert listing(here / "build/small") == FILES


def test_json_of_generate_is_the_manifest(bitloom, here):
    content = bitloom("generate", "small.toml", "--json").json
    assert content == json.loads((here / "build/small/manifest.json").read_text())


def test_run(bitloom, here, steps):
    result = bitloom("run", "small.toml", "-o", "out", "--seed", "7", "--waves")
    assert result.status == 0
    first, *designs, last = steps.calls
    assert (first, last) == (("simulate", 7, True), ("report",))
    assert sorted(designs) == [  # side by side
        ("synthesise", "mac", "auto", "mac-fused"),
        ("synthesise", "mac", "auto", "mac-inferred"),
        ("synthesise", "opt1", "auto", "opt1"),
    ]
    assert lines(result.out)[1:] == [
        "simulated 1,200 results equal to NumPy, 4,000 cycles, 96.0% of the PEs' cycles used, 0.2 M MAC/s",
        "synthesised on osu018, typical",
        "opt1 mac",
        "best clock of the engine MHz 800 800",
        "best clock of the core MHz 900 900",
        "clock period of the engine's figures ns 1.25 1.25",
        "area of the core um2 12,346 12,346",
        "area of the engine, cells um2 23,457 23,457",
        "throughput GOPS 9.6 9.6",
        "throughput per area of the engine's cells GOPS/mm2 409 409",
        "throughput per area of the core GOPS/mm2 777 777",
        "opt1 against mac: the engine gives 1.00x the throughput per area (the core alone 1.00x); energy:",
        "not measured at effort quick",
        "report out/report.html",
    ]
    assert listing(here / "out") == sorted([*FILES, "report.html", "sim.json", "synth.json", "synth"])
    sim, synth = (json.loads((here / "out" / name).read_text()) for name in ("sim.json", "synth.json"))
    assert sim == {**SIM, "seed": 7}
    same = {"area_core": 1, "area_engine": 1, "area_engine_total": 1, "clock": 1}
    energy = ("energy_core", "energy_engine", "glitch_energy_core", "glitch_energy_engine")
    ratios = {**same, **dict.fromkeys(energy)}
    netlists = [{"netlist": {"engine": f"synth/{name}/netlist/engine.v"}} for name in ("opt1", "mac-fused")]
    other = {"scheme": "mac", "multiplier": "fused", **SYNTH, **netlists[1], "ratios": ratios}
    assert synth == {"scheme": "opt1", **SYNTH, **netlists[0], "compared": [other]}


@pytest.mark.parametrize("command", ["synth", "run"])
def test_files_beside_the_netlist_are_asked_for(bitloom, steps, command):
    for options in ([], ["--sdf"], ["--saif"], ["--sdf", "--saif"]):
        bitloom(command, "small.toml", "-o", "out", *options)
        assert [f"--{kind}" for kind in steps.files] == options


@pytest.mark.parametrize("text", ["normal", "normal 35", "uniform"])
def test_operands_reach_synthesis(bitloom, steps, text):
    bitloom("synth", "small.toml", "-o", "out", "--set", f"operands={text}")
    assert steps.stimuli.operands.text == text


def test_waveform_is_named(bitloom, steps):
    steps.sim["waves"] = {"file": "sim/waves.vcd", "bytes": 1234567}
    lines = bitloom("simulate", "small.toml", "-o", "out", "--waves").out.splitlines()
    assert lines[-1] == "waveform   out/sim/waves.vcd (1.2 MB)"


def test_json_of_run_is_all_of_stdout(bitloom, here, steps):
    result = bitloom("run", "small.toml", "-o", "out", "--json")
    assert set(result.json) == {"manifest", "sim", "synth", "report"}
    assert result.json["report"] == "out/report.html"
    assert "a library that prints" in result.err


def test_baseline_is_the_strongest_there_is(bitloom, steps):
    steps.form = 1
    steps.synth = lambda params: {**SYNTH, "gops_per_mm2_engine_total": 500.0 if params.scheme == "mac" else 409.0}
    (baseline,) = bitloom("synth", "small.toml", "--json").json["compared"]
    assert (baseline["multiplier"], baseline["gops_per_mm2_engine_total"]) == ("inferred", 500.0)
    assert baseline["ratios"]["area_engine_total"] == 409.0 / 500.0


def test_synthesis_says_how_far_it_is(bitloom, steps):
    """Of every design, by its scheme and form; on a terminal the line changes, and with -v each stays."""
    said = bitloom("synth", "small.toml", "-v").err
    for name in ("opt1", "mac (fused)"):
        assert f"  synthesising {name}: building\n" in said
    assert "synthesising 2 designs, " in said


def test_nothing_to_compare(bitloom, steps):
    result = bitloom("synth", "small.toml", "--set", "scheme=mac", "--json")
    assert result.json["compared"] == []
    result = bitloom("synth", "small.toml", "--set", "compare=[]", "--json", "-o", "other")
    assert (result.json["scheme"], result.json["compared"]) == ("opt1", [])


MISSED = {"clock_asked_ns": 1.0, "clock_met": False, "wns_ns": -0.25}


@pytest.mark.parametrize("command", ["synth", "run"])
def test_a_missed_clock_is_said_and_is_status_1(bitloom, here, steps, command):
    """Everything is written first; the message says which design, what was asked for and what is reached."""
    steps.synth |= MISSED
    result = bitloom(command, "small.toml", "-o", "out")
    assert result.status == 1
    said = "misses its clock: 1 ns asked for, 1.25 ns reached, 0.25 ns too slow; its figures are at the clock reached"
    assert f"\n  opt1 {said}\n  mac {said}\n" in result.out
    assert "clock that the engine reaches MHz 800 800" in lines(result.out)
    assert result.err.endswith(f"bitloom: opt1 {said}\n  mac {said}\n")
    written = json.loads((here / "out/synth.json").read_text())
    assert (written["clock_met"], written["compared"][0]["clock_met"]) == (False, False)
    assert (here / "out/report.html").exists() == (command == "run")
    result = bitloom("synth", "small.toml", "-o", "out", "--json")
    assert (result.status, result.json) == (1, written)


def test_macros_and_measured_throughput_are_said(bitloom, steps):
    steps.synth |= {"macro_bits": 4096, "macro_area_estimate_um2": 1234.5, "area_unit": "um2"}
    steps.synth |= {"throughput_by": "simulation of 4 tiles", "library_notes": [], "power_model": "a model"}
    assert bitloom("synth", "small.toml", "--set", "compare=[]").out.splitlines()[1:4] == [
        "  opt1: 4,096 bits in macros, outside of the area of cells (estimate 1,234 um2)",
        "  opt1: power of macros by a model, which synth.json states",
        "  opt1: throughput from simulation of 4 tiles",
    ]


def test_the_sentence_says_what_is_worse(bitloom, steps):
    """The whole engine with every memory comes first, and what it costs stands beside."""

    def synthesise(params):
        if params.scheme == "mac":
            return {**SYNTH, "power_mw": 12.0, "pj_per_mac": 2.5, "core_pj_per_mac": 2.0}
        own = {"memory_area_estimate_um2": 9e4, "gops_per_mm2_engine_total": 40.9, "gops_per_mm2_core": 888.0}
        return {**SYNTH, **own, "power_mw": 15.0, "pj_per_mac": 3.0, "core_pj_per_mac": 1.0}

    steps.synth = synthesise
    out = bitloom("synth", "small.toml").out
    said = " ".join(lines(out[out.index("  opt1 against") :]))
    assert said == (
        "opt1 against mac: the engine gives only 0.10x the throughput per area, every memory counted (the core alone "
        "1.14x), and takes 1.20x the energy per MAC, which is more (the core alone 0.50x), without glitches (not "
        "measured: no simulator)"
    )
    assert {
        "throughput per area, every memory counted GOPS/mm2 40.9 409",
        "power of the engine at that clock mW 15 12",
        "energy per MAC, engine pJ 3 2.5",
    } <= set(lines(out))


def test_energy_with_glitches_comes_first(bitloom, steps):
    def synthesise(params):
        factor = 2.0 if params.scheme == "mac" else 1.5
        plain = {"power_mw": 12.0, "pj_per_mac": 2.5, "core_pj_per_mac": 2.0}
        return {**SYNTH, **plain, **{f"glitch_{key}": factor * value for key, value in plain.items()}}

    steps.synth = synthesise
    out = bitloom("synth", "small.toml").out
    said = " ".join(lines(out[out.index("  opt1 against") :]))
    assert said.endswith(
        "and takes 0.75x the energy per MAC (the core alone 0.75x) with glitches, 1.00x the energy per MAC (the core "
        "alone 1.00x) without"
    )
    assert {
        "power of the engine with glitches mW 18 24",
        "energy per MAC, engine with glitches pJ 3.75 5",
        "energy per MAC, core with glitches pJ 3 4",
    } <= set(lines(out))


def test_the_unit_library_is_shown_in_its_own_units(bitloom, steps):
    steps.synth |= {"library": "unit", "area_unit": "NAND2", "library_notes": ["embedded"]}
    steps.synth |= {"clock_ns": 40.0, "engine_fmax_mhz": 25.0, "core_fmax_mhz": 40.0}
    steps.synth["units"] = units(steps.synth, unit_library=True)
    assert lines(bitloom("synth", "small.toml", "--set", "compare=[]").out) == [
        "synthesised on unit, typical",
        "embedded",
        "opt1",
        "best clock of the engine FO4 40",
        "best clock of the core FO4 25",
        "clock period of the engine's figures FO4 40",
        "area of the core NAND2 12,346",
        "area of the engine, cells NAND2 23,457",
        "throughput op/FO4 9.6",
        "throughput per area of the engine's cells op/FO4/MNAND2 409",
        "throughput per area of the core op/FO4/MNAND2 777",
    ]


def test_failed_simulation_is_reported_and_is_status_1(bitloom, here, steps):
    steps.sim |= {"passed": False, "mismatches": 3}
    result = bitloom("run", "small.toml", "-o", "out")
    assert result.status == 1
    assert "1,200 results compared with NumPy, 3 DIFFER" in result.out
    assert result.err.splitlines()[-1] == "bitloom: the results differ from NumPy's"
    assert [call[0] for call in steps.calls] == ["simulate", "report"]
    assert json.loads((here / "out/sim.json").read_text())["passed"] is False
    result = bitloom("simulate", "small.toml", "-o", "out", "--json")
    assert (result.status, result.json["passed"]) == (1, False)


def test_failed_check_of_synthesis_leaves_no_older_result(bitloom, here, steps):
    assert bitloom("run", "small.toml", "-o", "out").status == 0
    steps.synth = CheckFailed("latches in bitloom_pe: 3\nsee the log")
    result = bitloom("synth", "small.toml", "-o", "out")
    assert result.status == 1
    assert result.err.endswith("bitloom: latches in bitloom_pe: 3\n  see the log\n")
    assert not (here / "out/synth.json").exists()
    assert not (here / "out/report.html").exists()
    assert (here / "out/sim.json").exists()


def test_missing_tool_is_status_2(bitloom, here, steps):
    steps.sim = ToolError("Simulation needs perl (on Debian and Ubuntu: apt-get install perl)")
    result = bitloom("simulate", "small.toml", "-o", "out")
    assert result.status == 2
    assert result.err.endswith("bitloom: Simulation needs perl (on Debian and Ubuntu: apt-get install perl)\n")
    assert listing(here / "out") == FILES


def test_new_result_removes_the_report_of_the_old_one(bitloom, here, steps):
    assert bitloom("run", "small.toml", "-o", "out").status == 0
    assert bitloom("simulate", "small.toml", "-o", "out").status == 0
    assert (here / "out/report.html").exists()  # the result is the same
    assert bitloom("simulate", "small.toml", "-o", "out", "--seed", "2").status == 0
    assert not (here / "out/report.html").exists()
    assert bitloom("report", "small.toml", "-o", "out").out == "report     out/report.html\n"


def test_result_changed_by_hand_is_refused_before_the_work(bitloom, here, steps):
    assert bitloom("simulate", "small.toml", "-o", "out").status == 0
    (here / "out/sim.json").write_text("{}")
    steps.calls.clear()
    result = bitloom("simulate", "small.toml", "-o", "out")
    assert result.status == 2
    assert result.err.startswith("bitloom: out/sim.json: was changed since Bitloom wrote it")
    assert steps.calls == []


# --- interruption ----------------------------------------------------------------------------------------------------
def test_interrupted_step(bitloom, here, steps):
    assert bitloom("run", "small.toml", "-o", "out").status == 0
    before = {path: path.read_bytes() for path in (here / "out").iterdir() if path.is_file()}
    steps.synth = KeyboardInterrupt()
    result = bitloom("synth", "small.toml", "-o", "out")
    assert result.status == 2
    assert result.err.endswith("bitloom: interrupted; nothing is half-written\n")
    assert {path: path.read_bytes() for path in (here / "out").iterdir() if path.is_file()} == before


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_process(here, number):
    """A real signal in the middle of generation: status 2, a message, and a folder the next run accepts."""
    command = [sys.executable, "-m", "gen.cli", "generate", "small.toml", "-o", "out"]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    with subprocess.Popen(
        [*command, "--set", "rows=200", "--set", "cols=200"], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        while not (here / "out/.bitloom").exists():
            time.sleep(0.01)
        time.sleep(0.3)
        process.send_signal(number)
        message = process.communicate()[1]
    assert (process.returncode, message) == (2, "bitloom: interrupted; nothing is half-written\n")
    assert listing(here / "out") == [".bitloom"]
    subprocess.run(command, env=environment, check=True)
    assert listing(here / "out") == FILES


def test_reader_that_leaves_is_no_error(here):
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-m", "gen.cli", "schema"]
    read, write = os.pipe()
    os.close(read)
    result = subprocess.run(command, env=environment, stdout=write, stderr=subprocess.PIPE, text=True, check=False)
    os.close(write)
    assert (result.returncode, result.stderr) == (2, "")


# --- the console -----------------------------------------------------------------------------------------------------
def test_progress_is_for_terminals(capsys, monkeypatch):
    with Console() as console, console.doing("working"):
        pass
    assert capsys.readouterr().err == ""
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    with Console() as console, console.doing("working"):
        time.sleep(0.05)
    assert capsys.readouterr().err == "\r\x1b[Kworking ... 0 s\r\x1b[K"
    with Console(quiet=True) as console, console.doing("working"):
        pass
    assert capsys.readouterr().err == ""


def test_details_are_for_those_who_ask(capsys):
    with Console(verbose=1) as console, console.doing("working"):
        pass
    assert capsys.readouterr().err == "working: 0.0 s\n"
    with Console(verbose=1) as console, console.doing("working") as say:
        say("half done")
    assert capsys.readouterr().err == "  half done\nworking: 0.0 s\n"


def test_table():
    assert table([["a", "bb", "c"], ["aaa", "1", "22"]], indent="  ") == "  a    bb   c\n  aaa   1  22"
