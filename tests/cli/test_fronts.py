"""Commands on configurations that put something in front of an engine."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

GATE = '[engine]\nscheme = "mac"\nrows = 2\ncols = 2\n[gate]\npixels = 8\n'
DELTA = '[engine]\nrows = 2\ncols = 2\na = "s9"\npreload = true\n[delta]\nwords = 64\n[workload]\nk = 9\ntiles = 2\n'


@pytest.fixture
def files(here: Path) -> None:
    (here / "gate.toml").write_text(GATE)
    (here / "delta.toml").write_text(DELTA)


def test_check_and_explain_say_what_stands_there(files: None, bitloom) -> None:
    found = bitloom("check", "gate.toml")
    assert "behind a gate of 8 pixels: off, zero, hold, compact, decoy, s32 results" in found.out
    found = bitloom("check", "delta.toml", "--json").json
    assert found["config"]["delta"] == {"x": "u8", "words": 64}
    assert found["derived"]["streams"]["a"] == {"lanes": 2, "element_bits": 8, "tdata_bits": 16}
    assert "behind a delta encoder of 64 words, u8" in bitloom("explain", "delta.toml").out
    assert (
        bitloom("explain", "gate.toml", "--json").json["front"] == "a gate of 8 pixels: off, zero, hold, compact, decoy"
    )


@pytest.mark.sim
def test_a_gate_is_simulated_in_every_mode(files: None, bitloom) -> None:
    small = ("--set", "workload.name=random", "--set", "tiles=5", "--set", "k=6", "--set", "engine.preload=true")
    sim = bitloom("simulate", "gate.toml", *small, "--json").json
    assert sim["passed"]
    assert sim["workload"] == "random"
    assert [each["what"] for each in sim["front"]["compared"]] == [
        f"gate {mode}" for mode in ("off", "zero", "hold", "compact", "decoy")
    ]
    assert sim["elements_checked"] == 5 * 4 + sum(each["elements_checked"] for each in sim["front"]["compared"])
    assert {each["mismatches"] for each in sim["front"]["compared"]} == {0}


@pytest.mark.sim
def test_frames_are_simulated_and_reported(files: None, here: Path, bitloom) -> None:
    result = bitloom("simulate", "delta.toml", "-o", "out")
    assert result.status == 0, result.err
    sim = json.loads((here / "out/sim.json").read_text())
    assert (sim["workload"], sim["against"], sim["mismatches"]) == ("frames", "NumPy", 0)
    assert sim["elements_checked"] == 4 * sim["tiles"] * 4
    assert [each["what"] for each in sim["front"]["compared"]] == [
        "frames, shift 2, threshold 1",
        "frames, shift 0, threshold 5",
        "frames, sent whole",
    ]
    assert bitloom("report", "delta.toml", "-o", "out").status == 0
    page = (here / "out/report.html").read_text()
    for text in ("Behind a delta encoder of 64 words, u8", "delta_threshold", "frames, sent whole"):
        assert text in page


@pytest.mark.parametrize(
    ("command", "message"),
    [
        (
            ("simulate", "gate.toml", "--workload", "mobilenet"),
            "--workload: a network is computed by an engine alone, not behind a gate of 8 pixels: off, zero, hold, "
            "compact, decoy (take out [gate])",
        ),
        (
            ("synth", "delta.toml", "--sdf"),
            "--sdf: no netlist is simulated behind a delta encoder of 64 words, u8 (take out [delta])",
        ),
        (("map", "mobilenet", "--engine", "gate.toml"), "gate: a network is mapped on an engine alone"),
        (("search", "mobilenet", "--engine", "gate.toml", "--area", "1000"), "gate: a search is for an engine alone"),
        (
            ("workload", "sesr", "--engine", "gate.toml"),
            "gate: the workload sesr runs on an engine alone (take out [gate])",
        ),
        (
            ("workload", "gate", "--engine", "delta.toml"),
            "delta: the workload gate runs on an engine alone, or one with [gate] (take out [delta])",
        ),
    ],
)
def test_what_makes_no_sense_is_refused(files: None, here: Path, bitloom, command, message: str) -> None:
    result = bitloom(*command)
    assert result.status == 2
    assert message in result.err
    assert not list(here.glob("build/**/*.json"))


def test_a_sweep_over_its_keys(files: None, here: Path, bitloom) -> None:
    (here / "spec.toml").write_text("[gate]\n[sweep]\nrows = [1, 2]\n")
    result = bitloom("sweep", "spec.toml")
    assert result.status == 2
    assert "spec.toml:1: gate: has no values (write a key, or take it out)" in result.err
