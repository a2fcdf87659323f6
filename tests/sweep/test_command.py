"""``bitloom sweep`` as a command: files, texts, status; most with results that are made up, once with real ones."""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

import gen.sweep.local
from gen.sweep.point import Answer
from tests.cli.test_full_disk import disk
from tests.conftest import ROOT
from tests.sweep.conftest import SPEC, Runner, synth

__all__ = ["disk"]


@pytest.fixture
def spec(here, monkeypatch):
    """``spec.toml`` in the current folder; returns what sets a stand-in for the processes."""
    (here / "spec.toml").write_text(SPEC)

    def use(**answers) -> Runner:
        runner = Runner(**answers)
        monkeypatch.setattr(gen.sweep.local, "Runner", runner.given)
        return runner

    use()
    return use


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text)))


def test_table(bitloom, here, spec):
    result = bitloom("sweep", "spec.toml", "--jobs", "1")
    assert (result.status, result.err) == (0, "")
    assert result.out.splitlines()[:2] == ["sweep   4 of 4 points done", "table   build/spec/table.csv"]
    found = rows((here / "build/spec/table.csv").read_text())
    assert [row["engine.cols"] for row in found] == ["1", "2", "1", "2"]
    assert [row["engine.depth"] for row in found] == ["", "", "2", "2"]
    assert {row["status"] for row in found} == {"done"}
    assert {row["library"] for row in found} == {"osu018"}
    assert [row["power_mw"] for row in found] == [""] * 4
    page = (here / "build/spec/sweep.html").read_text()
    assert "4 points of bitloom synth, 4 done" in page
    for row in found:
        assert f"bitloom synth build/spec/{row['result'].replace('.json', '.toml')}" in page
        kept = json.loads((here / "build/spec" / row["result"]).read_text())
        assert float(row["engine_area_um2"]) == kept["result"]["engine_area_um2"]


def test_parquet(bitloom, here, spec):
    parquet = pytest.importorskip("pyarrow.parquet")
    missed = Answer(1, json.dumps(synth("x") | {"clock_met": False}), "bitloom: too slow\n")
    spec(_0=Answer(1, "", "bitloom: bad\n"), _1=missed)
    bitloom("sweep", "spec.toml", "--jobs", "1")
    content = parquet.read_table(here / "build/spec/table.parquet").to_pydict()
    found = rows((here / "build/spec/table.csv").read_text())
    assert list(content) == list(found[0])
    assert content["status"] == ["failed", "missed", "done", "done"]
    assert content["engine.depth"] == [None, None, 2, 2]
    assert content["engine_area_um2"][0] is None
    assert content["engine_area_um2"][1:] == [float(row["engine_area_um2"]) for row in found[1:]]


def test_without_pyarrow(bitloom, here, spec, monkeypatch):
    import sys

    assert bitloom("sweep", "spec.toml").status == 0
    monkeypatch.setitem(sys.modules, "pyarrow", None)
    result = bitloom("sweep", "spec.toml")
    assert result.status == 0
    assert "not as Parquet: PyArrow is missing: pip install 'bitloom[parquet]'" in result.out
    assert not (here / "build/spec/table.parquet").exists()  # that of another table


def test_best(bitloom, spec):
    result = bitloom("sweep", "spec.toml", "--best", "gops_per_mm2_engine", "--jobs", "1")
    assert result.status == 0
    lines = result.out.split("best    ")[1].splitlines()
    assert lines[0].startswith("gops_per_mm2_engine on osu018: ")
    assert lines[0].endswith(" GOPS/mm2, 2x1x2 cube opt1, s8 x s8, of 4 points")
    assert [line.split() for line in lines[1:5]] == [
        ["engine.array", "cube"],
        ["engine.scheme", "opt1"],
        ["engine.depth", "2"],
        ["engine.cols", "1"],
    ]
    assert lines[5].strip().startswith("bitloom synth build/spec/points/")


def test_best_is_the_least_where_less_is_better(bitloom, spec):
    found = bitloom("sweep", "spec.toml", "--best", "pj_per_mac", "--json").json
    values = [row["pj_per_mac"] for row in found["points"]]
    assert [each["value"] for each in found["best"]] == [min(values)]
    most = bitloom("sweep", "spec.toml", "--best", "gops_per_mm2_engine", "--json").json
    assert most["best"][0]["value"] == max(row["gops_per_mm2_engine"] for row in most["points"])


def test_best_of_each_library(bitloom, spec):
    others = {f"_{number}": Answer(0, json.dumps(synth("x") | {"library": "other"})) for number in (1, 2)}
    spec(**others)
    found = bitloom("sweep", "spec.toml", "--best", "pj_per_mac", "--json", "--jobs", "1").json["best"]
    assert [(each["group"], each["of"]) for each in found] == [("osu018", 2), ("other", 2)]


def test_what_missed_its_clock_is_not_the_best(bitloom, spec):
    spec(_2=Answer(1, json.dumps(synth("")), "bitloom: opt1 misses its clock\n"))
    result = bitloom("sweep", "spec.toml", "--best", "engine_area_um2", "--jobs", "1")
    assert result.status == 1
    assert "3 of 4 points done, 1 missed what was asked" in result.out
    assert "of 3 points" in result.out
    assert result.err.startswith("bitloom: point 3 (engine.array=cube, engine.scheme=opt1, ")
    assert result.err.endswith(": opt1 misses its clock\n")


@pytest.mark.parametrize(
    ("figure", "message"),
    [
        ("gops_per_mm2_engin", "'synth' has no such figure (did you mean 'gops_per_mm2_engine'?)"),
        ("tried", "neither more nor less of it is better (legal: clock_ns, "),
        ("wns_ns", "neither more nor less of it is better (legal: clock_ns, "),
        ("xyz", "'synth' has no such figure (legal: clock_ns, "),
    ],
)
def test_a_figure_that_there_is_not(bitloom, here, spec, figure, message):
    result = bitloom("sweep", "spec.toml", "--best", figure)
    assert result.status == 2
    assert result.err.startswith(f"bitloom: --best: not {figure!r}: {message}")
    assert not (here / "build").exists()


def test_a_figure_that_was_not_measured(bitloom, here, spec):
    result = bitloom("sweep", "spec.toml", "--best", "power_mw")
    assert (result.status, result.err) == (1, "bitloom: no point has power_mw (power: not measured)\n")
    assert "4 of 4 points done" in result.out
    assert (here / "build/spec/table.csv").exists()


def test_the_best_of_none(bitloom, spec):
    spec(**{f"_{number}": Answer(2, "", f"bitloom: bad {number}\n") for number in range(4)})
    result = bitloom("sweep", "spec.toml", "--best", "clock_ns", "--jobs", "1")
    assert (result.status, result.out.splitlines()[0]) == (1, "sweep   0 of 4 points done, 4 failed")
    assert [line.rpartition(": ")[2] for line in result.err.splitlines()] == [
        *(f"bad {number}" for number in range(4)),
        "none is done",
    ]


def test_bad_points(bitloom, spec):
    spec(_1=Answer(2, "", "bitloom: OpenSTA is missing\n"))
    result = bitloom("sweep", "spec.toml", "--json", "--jobs", "1")
    assert result.status == 1
    assert [row["status"] for row in result.json["points"]] == ["done", "failed", "done", "done"]
    assert result.err == (
        "bitloom: point 2 (engine.array=systolic_os, engine.scheme=mac, engine.cols=2): OpenSTA is missing\n"
    )


def test_wrong_points_are_refused_before_anything_runs(bitloom, here, spec):
    runner = spec()
    (here / "spec.toml").write_text(SPEC.replace("cols = [1, 2]", "cols = [1, 2, 0]"))
    result = bitloom("sweep", "spec.toml")
    assert (result.status, result.out) == (2, "")
    assert result.err == (
        "bitloom: spec.toml:7: engine.cols: must be 1 to 1024, not 0; in 2 of 6 points, the first with "
        "engine.array=systolic_os, engine.scheme=mac, engine.cols=0 (the nearest legal value is 1)\n"
    )
    assert runner.tasks == []
    assert not (here / "build").exists()


def test_a_missing_library_is_refused_before_anything_runs(bitloom, here, spec):
    (here / "spec.toml").write_text(SPEC.replace('"unit"', '"none.lib"'))
    result = bitloom("sweep", "spec.toml")
    assert result.status == 2
    assert result.err.startswith("bitloom: synth.library: ")
    assert "none.lib" in result.err


def test_files_of_others(bitloom, here, spec):
    runner = spec()
    assert bitloom("sweep", "spec.toml", "-o", "out").status == 0
    (here / "out/table.csv").write_text("mine")
    runner.tasks.clear()
    result = bitloom("sweep", "spec.toml", "-o", "out")
    assert result.status == 2
    assert "out/table.csv: was changed since Bitloom wrote it" in result.err
    assert bitloom("sweep", "spec.toml", "-o", "out", "--force").status == 0
    assert runner.tasks == []


def test_interrupt(bitloom, here, spec):
    spec(_2=KeyboardInterrupt())
    result = bitloom("sweep", "spec.toml", "--jobs", "1")
    assert (result.status, result.out) == (2, "")
    assert "interrupted" in result.err
    runner = spec()
    assert bitloom("sweep", "spec.toml").status == 0
    assert len(runner.tasks) == 2


@pytest.mark.parametrize("jobs", ["0", "x", "-1"])
def test_jobs(bitloom, spec, jobs):
    result = bitloom("sweep", "spec.toml", f"--jobs={jobs}")
    assert result.status == 2
    assert result.err.startswith(f"bitloom: argument --jobs: must be an integer from 1 to 4096, not {jobs!r}")


REAL = """\
[engine]
rows = 1
cols = 1
a = "s2"
b = "s2"
accumulator = 6
[synth]
library = "unit"
effort = "quick"
[sweep]
scheme = ["mac", "opt1"]
"""


@pytest.mark.mount
def test_a_full_disk(bitloom, here, spec, disk):
    out = disk("40k") / "out"
    filler = disk("40k") / "filler"
    filler.write_bytes(b"x" * 12_000)
    result = bitloom("sweep", "spec.toml", "-o", out, "--jobs", "1")
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith(f"bitloom: {out}")
    assert "No space left on device" in line
    kept = len(list(out.glob("points/*.json")))
    filler.unlink()
    disk("4m")
    runner = spec()
    assert bitloom("sweep", "spec.toml", "-o", out).status == 0
    assert len(runner.tasks) == 4 - kept


@pytest.mark.slow
@pytest.mark.synth
@pytest.mark.parametrize("number", [signal.SIGKILL, signal.SIGTERM])
def test_killed_and_resumed(bitloom, here, number):
    """What was finished is not touched again, and nothing goes on without the sweep."""
    (here / "spec.toml").write_text(REAL)
    arguments = [sys.executable, "-m", "gen.cli", "sweep", "spec.toml", "--jobs", "1"]
    places = {"PYTHONPATH": str(ROOT), "TMPDIR": str(here)}
    sweep = subprocess.Popen(arguments, env={**os.environ, **places}, stderr=subprocess.PIPE, text=True)
    end = time.monotonic() + 120
    while not (finished := list(here.glob("build/spec/points/*.json"))):
        assert sweep.poll() is None
        assert time.monotonic() < end
        time.sleep(0.02)
    sweep.send_signal(number)
    _, errors = sweep.communicate(timeout=30)
    assert sweep.returncode == (-number if number == signal.SIGKILL else 2)
    assert errors == ("" if number == signal.SIGKILL else "bitloom: interrupted; nothing is half-written\n")
    while processes(str(here)):
        assert time.monotonic() < end
        time.sleep(0.02)
    assert list(here.glob("bitloom-*")) == []
    before = {path: path.stat().st_mtime_ns for path in finished}
    result = bitloom("sweep", "spec.toml")
    assert result.status == 0
    assert "2 of 2 points done" in result.out
    assert {path: path.stat().st_mtime_ns for path in finished} == before


def processes(folder: str) -> list[int]:
    """Those that work in a folder, or below it."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if os.readlink(process / "cwd").startswith(folder) and process.name != str(os.getpid()):
                found.append(int(process.name))
    return found


@pytest.mark.slow
@pytest.mark.synth
def test_for_real(bitloom, here):
    (here / "spec.toml").write_text(REAL)
    found = bitloom("sweep", "spec.toml", "--best", "engine_area_um2", "--json").json
    assert [row["status"] for row in found["points"]] == ["done", "done"]
    command = found["best"][0]["command"].split()
    alone = bitloom(*command[1:], "--json", "-o", "alone").json
    assert alone["engine_area_um2"] == found["best"][0]["value"]
