"""``bitloom pim simulate``."""

from __future__ import annotations

import json
import math
from collections import Counter

import pytest

from gen.report.pim import BEGINS, pim_report
from hdl.params.pim import PRESETS
from hdl.params.pim.system import changed
from sim_tb.pim import read_log
from sim_tb.pim.check.checker import check_log
from tests.pim.model.configs import GPT2

SMALL = {**GPT2, "n_embd": 16, "n_head": 2, "n_layer": 2, "n_positions": 40, "n_ctx": 40, "vocab_size": 32}
TINY = ("--system", "tiny", "--set", "rows=1024")


@pytest.fixture
def model(here):
    """A folder with the configuration of a small decoder."""
    (here / "model").mkdir()
    (here / "model" / "config.json").write_text(json.dumps(SMALL))
    return "model"


def test_figures(bitloom, model):
    """What is printed as JSON agrees with itself."""
    found = bitloom("pim", "simulate", model, *TINY, "--tokens", "2", "--from", "3", "--json").json
    params = changed(PRESETS["tiny"], {"rows": 1024})
    assert (found["model"], found["system"], found["changes"]) == ("model", "tiny", ["rows=1024"])
    assert (found["family"], found["layers"], found["first"], found["tokens"]) == ("gpt2", 2, 3, 2)
    assert (found["hash"], found["timing"]["hash"]) == (params.hash, params.timing.hash)
    assert {rule["symbol"]: rule["clocks"] for rule in found["timing"]["rules"]} == params.timing.symbols()
    assert all(rule["source"] and rule["meaning"] for rule in found["timing"]["rules"])
    assert found["sizes"]["rows"] == 1024
    assert sum(found["positions"]) == found["clocks"] == sum(found["causes"].values())
    assert found["clocks_per_token"] == found["clocks"] / 2
    assert found["seconds"] == pytest.approx(found["clocks"] * 1e-9)
    assert found["tokens_per_second"] == pytest.approx(2 / found["seconds"])
    energy = found["energy"]
    assert math.isclose(sum(energy["parts_pj"].values()), energy["total_pj"])
    assert energy["joules_per_token"] == pytest.approx(energy["total_pj"] * 1e-12 / 2)
    assert energy["average_mw"] == pytest.approx(energy["total_pj"] / (found["seconds"] * 1e9))
    assert set(energy["sources"]) == set(energy["table"])
    assert 0 < found["row_hits"]["share"] < 1
    assert found["row_hits"]["columns"] == sum(
        found["commands"][name] for name in ("RD_SB", "WR_SB", "WR_ELEM", "MAC_AB")
    )
    mac = found["commands"]["MAC_AB"] * params.timing.tccd / (params.channels * found["clocks"])
    assert found["utilisation"]["mac"] == pytest.approx(mac)
    assert found["refreshes"] == found["commands"]["REF"] > 0
    detail = found["detail"]
    assert (detail["position"], detail["clocks"]) == (4, found["positions"][1])
    assert sum(sum(causes.values()) for causes in detail["operations"].values()) == detail["clocks"]
    assert sum(sum(column.values()) for column in detail["columns"]) == detail["clocks"]
    assert len(detail["columns"]) <= 121


def test_text(bitloom, model):
    """What people read has the main figures, all parts, and the timing table with its hash and sources."""
    found = bitloom("pim", "simulate", model, *TINY, "--tokens", "1", "--json").json
    result = bitloom("pim", "simulate", model, *TINY, "--tokens", "1")
    assert (result.status, result.err) == (0, "")
    lines = result.out.splitlines()
    assert lines[0] == f"model: gpt2, {found['parameters']:,} parameters, 2 layers"
    assert lines[1].startswith("tiny, rows=1024: 2 channels of 4 banks with 4 multipliers each, 1,000 MHz; ")
    assert lines[2] == "position 0, with the output matrix"
    assert f"{found['clocks']:,}" in result.out
    assert f"timing table in effect, hash {PRESETS['tiny'].timing.hash}: a clock is 1000 ps" in lines
    for rule in found["timing"]["rules"]:
        assert any(
            line.split()[:2] == [rule["symbol"], f"{rule['clocks']:,}"] and rule["source"] in line for line in lines
        )
    for parts in (found["causes"], found["energy"]["parts_pj"]):
        for name, value in parts.items():
            assert any(line.split()[:1] == [name] and "%" in line for line in lines) == bool(value)
    assert bitloom("pim", "simulate", model, *TINY, "--tokens", "1", "-q").out == ""


def test_files(bitloom, here, model):
    """The log keeps every rule, the report holds what is printed, and older ones are replaced."""
    arguments = ("pim", "simulate", model, *TINY, "--tokens", "2", "-o", "report.html", "--log", "all.log", "--json")
    found = bitloom(*arguments).json
    params = changed(PRESETS["tiny"], {"rows": 1024})
    log = list(read_log(here / "all.log"))
    counts = Counter(entry.command for entry in log)
    assert counts.pop("REF") >= found["commands"].pop("REF")  # there are some while programs are loaded
    assert counts == found["commands"]
    assert check_log(params, log, log[-1].cycle) == []
    page = (here / "report.html").read_text(encoding="utf-8")
    assert page.startswith(BEGINS)
    assert page == pim_report(bitloom(*arguments).json)
    assert bitloom(*arguments, "--no-output-matrix").status == 0
    other = (here / "report.html").read_text(encoding="utf-8")
    assert other.startswith(BEGINS)
    assert "without the output matrix" in other


def test_other_systems(bitloom, model):
    arguments = ("pim", "simulate", model, *TINY, "--tokens", "1", "--from", "2", "--sensitivity")
    base, *others = bitloom(*arguments, "--json").json["sensitivity"]
    lines = bitloom(*arguments).out.splitlines()
    at = lines.index("position 2 by itself, on other systems") + 1
    assert lines[at].split() == ["1.00", f"{base['clocks']:,}", "clocks"]
    assert len(others) > 6
    for line, each in zip(lines[at + 1 :], others, strict=False):
        changes = ", ".join(f"{key}={value}" for key, value in each["changes"].items())
        assert line == f"  {each['clocks'] / base['clocks']:>6.2f}  {each['name']} ({changes})"
    assert bitloom("pim", "simulate", model, *TINY, "--tokens", "1", "--json").json["sensitivity"] is None


def test_a_trace(bitloom, here, model):
    arguments = ("--set", "timing.trefi=0", "--tokens", "1", "--export-aim-trace", "a.trace")
    result = bitloom("pim", "simulate", model, *arguments)
    assert (result.status, result.err) == (0, "")
    lines = (here / "a.trace").read_text().splitlines()
    assert (lines[0], lines[-1]) == ("W CFR 0 1", "AiM EOC")
    assert result.out.splitlines()[-1] == f"trace   a.trace, {len(lines):,} lines"
    assert "off: tREFI is 0" in result.out


def test_a_published_model(bitloom, model):
    """A name, unless there is a file or folder of that name; sixteen times the default clocks of a toy is too many."""
    result = bitloom("pim", "simulate", "gpt2-smal", "--tokens", "1")
    assert result.err == (
        "bitloom: there is no such file or folder, and no published model called 'gpt2-smal' "
        "(did you mean 'gpt2-small'?)\n"
    )
    result = bitloom("pim", "simulate", "gpt2-small", "--tokens", "2000")
    assert result.err == (
        "bitloom: gpt2-small: --tokens: must be 1 to 1024, what is left of the context of 1024, not 2000\n"
    )


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["none"], "there is no such file or folder, and no published model called 'none' (names are gpt2-small, "),
        (["none/model"], "none/model: "),
        (["bad.json"], "bad.json: line 1, column 1: not JSON"),
        (["model", "--tokens", "0"], "model: --tokens: must be 1 to 40, what is left of the context of 40, not 0"),
        (["model", "--tokens", "41"], "model: --tokens: must be 1 to 40, what is left of the context of 40, not 41"),
        (["model", "--from", "38", "--tokens", "3"], "model: --tokens: must be 1 to 2, what is left of the context"),
        (["model", "--from", "40"], "model: --from: must be 0 to 39, as the context ends there, not 40"),
        (["model", "--from", "-1"], "model: --from: must be 0 to 39, as the context ends there, not -1"),
        (["model", "--system", "tinny"], "system: must be one of "),
        (["model", "--system", "tiny", "--set", "rows=16"], "model: pim.rows: must be at least "),
        (["model", "--set", "rows"], "--set: must be KEY=VALUE with a number, true or false, not 'rows'"),
        (["model", "--set", "rows=many"], "--set: must be KEY=VALUE with a number, true or false, not 'rows=many'"),
        (["model", "--set", "rwos=9"], "pim.rwos: unknown key (did you mean 'rows'? legal: "),
        (["model", "--set", "timing.trq=9"], "timing.trq: unknown key (did you mean 'twr'? legal: "),
        (["model", "--set", "time.trp=9"], "time.trp: 'time' is no table of a system (did you mean 'timing'?)"),
        (["model", "--layout", "dence"], "model: layout: must be one of dense, rows, auto, not 'dence' (did you mean"),
        (["model", "-o", "report.txt"], "report.txt: a report ends in .html"),
        (["model", "-o", "mine.html"], "mine.html: is not a report of a simulation: it stays as it is"),
        (["model", "--log", "mine.html"], "mine.html: is not a command log: it stays as it is"),
        (["model", "--export-aim-trace", "mine.html"], "mine.html: is not a trace of AiM requests: it stays as it is"),
        (["model", "--log", "none/a.log"], "none/a.log: can't be written: there is no folder 'none'"),
        (["model", "--log", "model"], "model: can't be written: it is a folder"),
        (
            ["model", "--log", "a", "--export-aim-trace", "./a"],
            "--export-aim-trace: ./a is what --log writes already",
        ),
        (
            ["model", "--system", "tiny", "-o", "r.html", "--export-aim-trace", "a.trace"],
            "tiny: pim.banks: must be 16 for a trace of AiM requests, not 4",
        ),
    ],
)
def test_requests_that_are_wrong(bitloom, here, model, arguments, message):
    (here / "bad.json").write_text("mine")
    (here / "mine.html").write_text("mine")
    before = {path: path.read_bytes() for path in here.rglob("*") if path.is_file()}
    result = bitloom("pim", "simulate", *arguments)
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith(f"bitloom: {message}")
    assert {path: path.read_bytes() for path in here.rglob("*") if path.is_file()} == before


def test_command_lines_that_are_wrong(bitloom):
    result = bitloom("pim", "simulate", "gpt2-small", "--output-matrx")
    assert result.status == 2
    assert "did you mean '--output-matrix'?" in result.err
