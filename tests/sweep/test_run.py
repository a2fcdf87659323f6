"""The mechanics of sweeps: what is computed, kept, tried again, reported; with results that are made up."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gen.sweep.child import Runner as Process
from gen.sweep.local import Local, cores
from gen.sweep.point import Answer, Task
from gen.sweep.run import sweep
from gen.sweep.store import Store
from hdl.params import ConfigError, ToolError
from tests.sweep.conftest import SPEC, Runner, synth

LOST = Answer(-signal.SIGKILL)
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def swept(planned, tmp_path):
    """``swept(runner, text)`` is what became of the points of a sweep file."""

    def make(runner: Runner, text: str = SPEC, jobs: int = 1, say=lambda text: None, **versions: str):
        folder = tmp_path / "points"
        folder.mkdir(exist_ok=True)
        return sweep(planned(text, **versions).points, Store(folder), Local(jobs, runner.given), say)

    return make


def test_all_done(swept, tmp_path):
    runner = Runner()
    outcomes = swept(runner)
    assert [outcome.status for outcome in outcomes] == ["done"] * 4
    assert [outcome.result for outcome in outcomes] == [synth(each.config) for each in runner.tasks]
    names = {outcome.point.key for outcome in outcomes}
    assert {path.name for path in (tmp_path / "points").iterdir()} == {
        f"{name}{suffix}" for name in names for suffix in (".json", ".toml")
    }
    first = outcomes[0].point
    assert (tmp_path / "points" / f"{first.key}.toml").read_text() == first.task.config


def test_nothing_finished_is_done_again(swept):
    swept(Runner())
    again = Runner()
    assert [outcome.status for outcome in swept(again)] == ["done"] * 4
    assert again.tasks == []
    more = Runner()
    assert len(swept(more, SPEC.replace("[1, 2]", "[1, 2, 3]"))) == 6
    assert [task.config.count("cols = 3") for task in more.tasks] == [1, 1]


@pytest.mark.parametrize("change", ["another library", "other versions", "a setting", "other sources"])
def test_what_makes_it_be_done_again(swept, monkeypatch, change):
    swept(Runner(), opensta="1")
    if change == "other sources":
        monkeypatch.setattr("gen.sweep.plan.digest", lambda *modules: "others")
    text = {"another library": SPEC.replace("unit", "osu018"), "a setting": SPEC.replace("rows = 2", "rows = 3")}
    again = Runner()
    swept(again, text.get(change, SPEC), opensta="2" if change == "other versions" else "1")
    assert len(again.tasks) == 4


def test_damaged_results_are_done_again(swept, tmp_path):
    outcomes = swept(Runner())
    whole, cut, other = (tmp_path / "points" / f"{outcome.point.key}.json" for outcome in outcomes[:3])
    cut.write_bytes(cut.read_bytes()[:100])
    other.write_bytes(whole.read_bytes())
    (tmp_path / "points" / ".new-left").write_text("half")
    again = Runner()
    swept(again)
    assert len(again.tasks) == 2
    assert not (tmp_path / "points" / ".new-left").exists()


def test_points_that_are_alike_are_computed_once(swept):
    """The encoder of an engine that multiplies is ignored, but two rows of the table have it."""
    runner = Runner()
    outcomes = swept(runner, "[synth]\nlibrary = 'unit'\n[[point]]\nrows = 8\n[[point]]\nrows = 8\ncols = 16\n")
    assert len(outcomes) == 2
    assert len(runner.tasks) == len({outcome.point.key for outcome in outcomes})


@pytest.mark.parametrize(
    ("answer", "problem"),
    [
        (Answer(1, "", "bitloom: the design has latches\n  log: x\n"), "the design has latches; log: x"),
        (Answer(2, "", "bitloom: warning: the cache\nbitloom: OpenSTA is missing\n"), "OpenSTA is missing"),
        (Answer(1, "", "Traceback (most recent call last):\n  x\nMemoryError: 3\n"), "MemoryError: 3"),
        (Answer(0, "no JSON", ""), "it printed no result"),
        (Answer(0, "3", ""), "it printed no result"),
    ],
)
def test_a_bad_point_ends_nothing(swept, answer, problem):
    outcomes = swept(Runner(_1=answer))
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done", "done"]
    assert (outcomes[1].problem, outcomes[1].result) == (problem, {})
    again = Runner()
    assert [outcome.status for outcome in swept(again)] == ["done"] * 4
    assert len(again.tasks) == 1


def test_a_missed_clock_has_figures(swept):
    missed = Answer(1, json.dumps(synth("x") | {"clock_met": False}), "bitloom: opt1 misses its clock\n")
    outcome = swept(Runner(_0=missed))[0]
    assert (outcome.status, outcome.problem) == ("missed", "opt1 misses its clock")
    assert outcome.result["engine_area_um2"] == 101
    again = Runner()
    assert swept(again)[0].status == "missed"
    assert again.tasks == []


def test_a_lost_process_is_tried_once_more(swept):
    runner = Runner(_1=LOST)
    assert [outcome.status for outcome in swept(runner)] == ["done"] * 4
    assert runner.tasks[1] == runner.tasks[2]
    assert len(runner.tasks) == 5


def test_a_process_that_is_lost_twice_is_reported(swept):
    runner = Runner(_1=LOST, _2=LOST)
    outcomes = swept(runner)
    assert [outcome.status for outcome in outcomes] == ["done", "failed", "done", "done"]
    assert outcomes[1].problem == "its process was ended twice, the last time by SIGKILL"
    assert len(runner.tasks) == 5


@pytest.mark.parametrize("error", [KeyboardInterrupt(), ToolError("there is no temporary folder")])
def test_what_ends_a_sweep_keeps_what_is_finished(swept, error):
    runner = Runner(_2=error)
    with pytest.raises(type(error)):
        swept(runner)
    assert runner.stopped == 1
    again = Runner()
    assert [outcome.status for outcome in swept(again)] == ["done"] * 4
    assert len(again.tasks) == 2


def test_a_full_disk(swept, monkeypatch, tmp_path):
    real, written = os.replace, []

    def replace(source, target):
        if str(target).endswith(".json"):
            written.append(target)
            if len(written) == 3:
                raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        real(source, target)

    monkeypatch.setattr("gen.sweep.store.os.replace", replace)
    with pytest.raises(ConfigError) as error:
        swept(Runner())
    path = tmp_path / "points" / Path(written[2]).name
    assert str(error.value) == (
        f"{path}: can't be written: No space left on device (what is finished stays; try the same again)"
    )
    assert len(list((tmp_path / "points").glob("*.json"))) == 2
    assert list((tmp_path / "points").glob(".new-*")) == []
    again = Runner()
    swept(again)
    assert len(again.tasks) == 2


def test_side_by_side(swept):
    runner = Runner()
    outcomes = swept(runner, jobs=3)
    assert [outcome.status for outcome in outcomes] == ["done"] * 4
    assert [outcome.result for outcome in outcomes] == [synth(outcome.point.task.config) for outcome in outcomes]


def test_progress(swept, monkeypatch):
    clock = iter(range(0, 1_000_000, 90))
    monkeypatch.setattr("gen.sweep.run.time.monotonic", lambda: next(clock))
    said: list[str] = []
    swept(Runner(_2=Answer(1)), say=said.append)
    assert said == [
        "sweep: 0 of 4 points",
        "sweep: 1 of 4 points, about 4 min left",
        "sweep: 2 of 4 points, about 3 min left",
        "sweep: 3 of 4 points, 1 failed, about 90 s left",
        "sweep: 4 of 4 points, 1 failed",
    ]


@pytest.mark.parametrize("jobs", [1, 2, 5])
def test_cores_are_dealt_out(jobs):
    shares = []
    Local(jobs, lambda share: shares.append(list(share)))
    assert len(shares) == jobs
    assert {core for share in shares for core in share} == set(cores()[: max(jobs, len(cores()))])
    assert all(shares)


# --- processes -------------------------------------------------------------------------------------------------------
def test_a_task_in_a_process():
    answer = Process()(Task(("list",)))
    assert (answer.status, answer.err) == (0, "")
    assert json.loads(answer.out)
    assert answer.seconds > 0


def test_a_task_that_is_wrong():
    answer = Process()(Task(("synth", "point.toml"), "[engine]\nrows = 0\n"))
    assert (answer.status, answer.out) == (2, "")
    assert answer.err.startswith("bitloom: point.toml: engine.rows: must be 1 to 1024")


def test_a_task_that_is_ended(monkeypatch):
    monkeypatch.setattr("gen.sweep.child._MAIN", "import os; os.kill(os.getpid(), 9)")
    answer = Process()(Task(("list",)))
    assert (answer.status, answer.lost) == (-9, True)


HOLD = """
import sys
from gen.sweep import child
from gen.sweep.point import Task
child._MAIN = (
    "import os, pathlib, time; pathlib.Path(sys.argv[1]).write_text(str(os.getpid())); "
    "from gen.process import interruptible; interruptible(to_the_end=True).__enter__(); time.sleep(60)"
)
print("go", flush=True)
child.Runner()(Task((sys.argv[1],)))
"""


@pytest.fixture
def hold(tmp_path):
    """Start a process that runs a task, which never ends, and writes its number into a file."""
    work = tmp_path / "work"
    work.mkdir()
    places = {**os.environ, "TMPDIR": str(work)}
    note = tmp_path / "pid"
    command = [sys.executable, "-c", HOLD, note]
    with subprocess.Popen(command, cwd=ROOT, env=places, stdout=subprocess.PIPE, text=True) as parent:
        assert parent.stdout.readline() == "go\n"
        yield parent, note, work
        parent.kill()


def wait(condition) -> None:
    end = time.monotonic() + 60
    while not condition():
        assert time.monotonic() < end
        time.sleep(0.02)


def test_processes_end_with_the_sweep(hold):
    """Even if it is killed in a way that it can't notice."""
    parent, note, work = hold
    wait(lambda: note.exists() and note.read_text())
    child = int(note.read_text())
    assert running(child)
    parent.kill()
    wait(lambda: not running(child))
    wait(lambda: not list(work.iterdir()))


@pytest.mark.slow
@pytest.mark.parametrize("moment", [0.0, 0.03, 0.06, 0.1, 0.15, 0.25, 0.5])
def test_nothing_stays_whenever_it_is_killed(hold, moment):
    """While processes are started, too."""
    parent, note, work = hold
    time.sleep(moment)
    parent.kill()
    wait(lambda: not keepers(work))
    assert not list(work.iterdir())
    assert not note.exists() or not running(int(note.read_text() or 0))


def keepers(work: Path) -> list[str]:
    """Processes whose temporary folder is this one."""
    found = []
    for process in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            if f"TMPDIR={work}".encode() in (process / "environ").read_bytes():
                found.append(process.name)
    return found


def running(process: int) -> bool:
    """Whether it is there and has not ended."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
