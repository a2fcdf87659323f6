"""The benchmarks as a whole: all of them run, each line says what it means, and none stops the others."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from bench import __main__ as bench
from bench._judge import Judge, Judgement
from bench._plan import FULL, QUICK, Run
from bench.figures import store

ROOT = Path(__file__).resolve().parents[1]
MET, MISSED = Judgement("area, all: of it", "at most 2", "1.5", True), Judgement("time", "at least 6 s", "5.0 s", False)


@pytest.mark.parametrize("runs", [QUICK, FULL], ids=["bench", "bench-full"])
def test_every_benchmark_is_run(runs):
    modules = {path.stem for path in (ROOT / "bench").glob("[!_]*.py")}
    assert {run.bench for run in runs} == modules
    assert len(set(map(str, runs))) == len(runs)
    names = {run.file_name for run in runs}
    assert len(names) == len(runs)
    assert names == {Path(name).name for name in names}, "a name is no path"


@pytest.mark.parametrize("target", ["quick", "full"])
def test_the_makefile_runs_them(target):
    assert f"-m bench {target} " in (ROOT / "Makefile").read_text(encoding="utf-8")


@pytest.mark.parametrize("run", [*QUICK, *FULL], ids=str)
def test_arguments_are_legal(run, monkeypatch, capsys):
    monkeypatch.setattr(sys, "argv", [run.bench, *run.arguments.split(), "--help"])
    with pytest.raises(SystemExit) as end:
        importlib.import_module(f"bench.{run.bench}").main()
    assert end.value.code == 0, capsys.readouterr().err


@pytest.mark.parametrize("judgement", [MET, MISSED], ids=["met", "missed"])
def test_a_judgement_is_read_back(judgement):
    assert Judgement.read(f"  {judgement}\n") == judgement


def test_other_lines_are_no_judgements():
    assert Judgement.read("target 3, measured 4: met") is None
    assert Judgement.read(f"{MET} or so") is None


def test_a_judge(capsys):
    judge = Judge()
    assert judge.least("speed", 2, 2)
    assert judge.most("time", 3, 3, "{:.1f} s")
    assert judge.status == 0
    assert not judge.least("speed", 2, 1.99)
    assert not judge.most("time", 3, 3.1)
    assert judge.status == 1
    assert capsys.readouterr().out.splitlines()[1] == "time: target at most 3.0 s, measured 3.0 s: met"


@pytest.mark.parametrize(
    ("text", "status", "good", "failure"),
    [
        (f"some\n{MET}\n", 0, True, ""),
        (f"{MET}\n{MISSED}\n", 1, False, ""),
        (f"{MET}\nTraceback\nValueError: no\n", 1, False, "status 1: ValueError: no"),
        (f"{MISSED}\n", 0, False, "status 0: " + str(MISSED)),
        ("some\n", 0, False, "judged nothing"),
        ("", 2, False, "status 2: nothing printed"),
    ],
)
def test_what_came_of_a_run(text, status, good, failure):
    found = bench.outcome(QUICK[0], text, status, 1.0)
    assert (found.good, found.failure) == (good, failure)


def test_one_that_fails_does_not_stop_the_rest(monkeypatch, capsys):
    """The one that fails is a real process; what the others print is given."""
    broken, fine = Run("not_there"), Run("fine")
    real = bench.execute

    def execute(run: Run) -> bench.Outcome:
        return real(run) if run is broken else bench.outcome(run, f"{MET}\n", 0, 1.0)

    found = list(bench.parallel(execute, [broken, fine], 1))
    assert {str(each.run): each.good for each in found} == {"not_there": False, "fine": True}
    assert bench.summary(found, 2.0) == 1
    said = capsys.readouterr().out
    assert "1 of 1 targets met by 2 runs" in said
    assert "not_there: FAILED: status 1" in said
    assert bench.summary(found[1:], 2.0) == 0
    assert bench.summary([], 0.0) == 1


def test_full_runs_are_kept(tmp_path, monkeypatch):
    """What was found is kept, though it misses a target; what failed is tried again, and keeps what there was."""
    monkeypatch.setattr(store, "RESULTS", tmp_path)
    runs, asked = [run for run in FULL if run.bench == "sparse"][:2], []
    text = {str(runs[0]): (f"{MISSED}\n", 1), str(runs[1]): ("Error\n", 2)}

    def execute(run: Run) -> bench.Outcome:
        asked.append(run)
        return bench.outcome(run, *text[str(run)], 1.0)

    monkeypatch.setattr(bench, "execute", execute)
    first = {str(each.run): each for each in bench.renewed(runs, 1, again=False)}
    assert first[str(runs[0])].judgements == (MISSED,)
    assert first[str(runs[1])].failure
    text[str(runs[1])] = (f"{MET}\n", 0)
    again = {str(each.run): each for each in bench.renewed(runs, 1, again=False)}
    assert asked == [*runs, runs[1]]
    assert [again[str(run)].judgements for run in runs] == [(MISSED,), (MET,)]
    list(bench.renewed(runs, 1, again=False))
    assert len(asked) == 3
    list(bench.renewed(runs[:1], 1, again=True))
    assert len(asked) == 4


def test_what_judges_results_is_run_again_when_they_change(tmp_path, monkeypatch):
    monkeypatch.setattr(store, "RESULTS", tmp_path)

    def sources() -> dict[str, str]:
        return {
            group.name: group.sources for group in bench.groups() if group.name.endswith(("/comparison", "/pim_rows"))
        }

    before = sources()
    assert sources() == before
    (tmp_path / "comparison.json").write_text('{"osu018: cube mac": {}}', encoding="utf-8")
    changed = {name for name, found in sources().items() if found != before[name]}
    assert changed == {"benches/comparison"}
