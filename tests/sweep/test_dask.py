"""Sweeps on a Dask scheduler: workers that are fine, that differ, that are lost; and schedulers that are."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager

import pytest

from gen.sources import digest
from gen.sweep import dask
from gen.sweep.child import run
from gen.sweep.point import WORKER_LOST, Answer, Task
from hdl.params import ConfigError, ToolError
from tests.sweep.conftest import SPEC, synth

distributed = pytest.importorskip("distributed")

MODULES = ("gen.sweep.point",)
TASK = Task(("schema",), modules=MODULES, sources=digest(*MODULES))

#: Dask and what it rests on warn of what is theirs.
pytestmark = pytest.mark.filterwarnings("ignore")


@contextmanager
def cluster(**settings):
    usual = {"n_workers": 1, "threads_per_worker": 1, "dashboard_address": ":0", "processes": False, "protocol": "tcp"}
    with distributed.LocalCluster(**(usual | settings)) as found:
        yield found


def on(address: str, tasks: dict[str, Task]) -> dict[str, Answer]:
    return dict(dask.Dask(address).run(tasks))


def test_workers():
    with cluster() as found:
        answers = on(found.scheduler_address, {"good": TASK, "bad": Task(("pim",), "", MODULES, TASK.sources)})
    assert (answers["good"].status, answers["good"].err) == (0, "")
    assert json.loads(answers["good"].out)["title"] == "Bitloom configuration"
    assert answers["bad"].status == 2
    assert "required: VERB" in answers["bad"].err


def test_a_worker_with_other_sources():
    answer = run(Task(("schema",), modules=MODULES, sources="others"))
    assert (answer.status, answer.lost) == (2, False)
    assert "another version of Bitloom" in answer.err


def test_an_error_on_a_worker(monkeypatch):
    def fail(task):
        raise ValueError("of the worker")

    monkeypatch.setattr(dask, "run", fail)
    with cluster() as found:
        answer = on(found.scheduler_address, {"a": TASK})["a"]
    assert (answer.status, answer.err) == (2, "on the worker: ValueError: of the worker")


def test_a_lost_worker_is_reported_and_ends_nothing(monkeypatch):
    from dask import config

    def work(task):
        import os

        from gen.sweep.point import Answer

        if task.config == "bad":
            os._exit(1)
        return Answer(0, task.config)

    monkeypatch.setattr(dask, "run", work)
    with config.set({"distributed.scheduler.allowed-failures": 1}), cluster(processes=True) as found:
        answers = on(found.scheduler_address, {name: Task((), name) for name in ("bad", "good")})
    assert answers["good"] == Answer(0, "good")  # whose worker was lost as well
    assert answers["bad"].status == WORKER_LOST
    assert answers["bad"].err.startswith("every worker that had it was lost, the last one tcp://")


def test_no_scheduler(monkeypatch):
    monkeypatch.setattr(dask, "PATIENCE", 1)
    for address in ("tcp://127.0.0.1:9", "nowhere", "http://127.0.0.1:9"):
        with pytest.raises(ConfigError, match=f"--scheduler: {address} can't be reached: "):
            dask.Dask(address)


def test_a_scheduler_that_is_lost(monkeypatch):
    monkeypatch.setattr(dask, "PATIENCE", 1)

    def work(task):
        import time

        time.sleep(2)

    monkeypatch.setattr(dask, "run", work)
    with cluster() as found:
        executor = dask.Dask(found.scheduler_address)
        timer = threading.Timer(0.5, found.close)
        timer.daemon = True
        timer.start()
        with pytest.raises(ToolError, match=r"scheduler tcp.* was lost: what is finished stays; try the same again"):
            dict(executor.run({"a": TASK, "b": TASK}))
        timer.join(10)


def test_without_dask(monkeypatch):
    import sys

    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(ToolError, match=r"Dask is missing: pip install 'bitloom\[dask\]'"):
        dask.Dask("tcp://127.0.0.1:9")


def test_jobs_of_a_batch_system():
    """dask-jobqueue with shell scripts in the place of Slurm's or LSF's jobs."""
    local = pytest.importorskip("dask_jobqueue.local")
    settings = {"cores": 1, "processes": 1, "memory": "1 GB", "scheduler_options": {"dashboard_address": ":0"}}
    with local.LocalCluster(**settings) as found:
        found.scale(1)
        answer = on(found.scheduler_address, {"a": TASK})["a"]
    assert answer.status == 0, answer.err
    assert json.loads(answer.out)["title"] == "Bitloom configuration"


def test_command(bitloom, here, monkeypatch):
    found = json.dumps(synth("x"))

    def work(task):
        from gen.sweep.point import Answer

        return Answer(0, found) if "cols = 1" in task.config else Answer(1, "", "bitloom: bad\n")

    monkeypatch.setattr(dask, "run", work)
    (here / "spec.toml").write_text(SPEC)
    with cluster() as there:
        result = bitloom("sweep", "spec.toml", "--scheduler", there.scheduler_address, "--json")
    assert result.status == 1
    assert [row["status"] for row in result.json["points"]] == ["done", "failed", "done", "failed"]
    assert [line.rpartition(": ")[2] for line in result.err.splitlines()] == ["bad", "bad"]
    monkeypatch.setattr(dask, "PATIENCE", 1)
    result = bitloom("sweep", "spec.toml", "--scheduler", "tcp://127.0.0.1:9")
    assert (result.status, result.out) == (2, "")
    assert result.err.startswith("bitloom: --scheduler: tcp://127.0.0.1:9 can't be reached: ")
    assert len(list((here / "build/spec/points").glob("*.json"))) == 2


def test_jobs_are_for_this_machine(bitloom, here):
    (here / "spec.toml").write_text(SPEC)
    result = bitloom("sweep", "spec.toml", "--scheduler", "tcp://127.0.0.1:9", "--jobs", "2")
    assert (result.status, result.err) == (
        2,
        "bitloom: --jobs: is for this machine, and --scheduler for others (leave one out)\n",
    )
