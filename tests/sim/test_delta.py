"""Engines behind a delta encoder in Verilator and Icarus: frames equal a full recomputation, and faults are found."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace
from functools import cache
from typing import Any

import numpy as np
import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams, OperandFormat
from hdl.params.delta import DeltaSetting
from hdl.params.delta_front import DeltaFront
from sim_tb.run import run_workload
from sim_tb.systems.delta.frames import Frames
from tests.sim.icarus import Script, simulate
from tests.sim.test_mutation import mutate

pytestmark = pytest.mark.sim


def front_of(x: str, words: int = 32, **engine: Any) -> DeltaFront:
    return DeltaFront(EngineParams.from_dict({"preload": True, "cols": 2, **engine}), OperandFormat.parse(x), words)


#: Formats that hold every change or not, beats of one and of several steps of K, results and weights that stay.
FRONTS = {
    "opt4c": front_of("u8", scheme="opt4c", rows=3, a="s9", segment=16),
    "saturating": front_of("u8", scheme="opt1", rows=2, a="s6", b="u4", accumulator=20),
    "stationary": front_of("s5", array="systolic_ws", scheme="mac", rows=2, depth=3, a="s7"),
    "lanes": front_of("u4", array="matrix_2d", scheme="opt4e", rows=2, a="s5", segment=32),
}
SMALL = FRONTS["saturating"]


@cache
def hardware(name: str) -> Emission:
    return emit(FRONTS[name])


def answer_of(name: str, work: Frames, given: Emission | None = None) -> dict[str, Any]:
    return run_workload(FRONTS[name].engine, given or hardware(name), workload=work, seed=3)


@pytest.mark.parametrize("stalled", [False, True])
@pytest.mark.parametrize("name", FRONTS)
def test_every_frame_equals_a_full_recomputation(name: str, stalled: bool) -> None:
    front = FRONTS[name]
    setting = DeltaSetting(threshold=2 if stalled else 1)
    work = Frames.drawn(front, setting, frames=6, tiles=2, k=7, seed=4, stalled=stalled)
    answer = answer_of(name, work)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 6 * 2 * front.engine.rows * front.engine.cols
    if name == "saturating":
        assert (np.abs(np.diff(work.activations, axis=0)) > front.engine.a.max).any()
        assert (work.sent.changes == front.engine.a.max).any()


@pytest.mark.parametrize(
    "setting", [DeltaSetting(whole=True), DeltaSetting(shift=3), DeltaSetting(threshold=9)], ids=str
)
def test_settings(setting: DeltaSetting) -> None:
    work = Frames.drawn(SMALL, setting, frames=5, tiles=3, k=4, seed=5, stalled=True)
    assert answer_of("saturating", work)["passed"]


def test_a_frame_that_is_too_long_is_reported() -> None:
    longer = replace(SMALL, words=64)
    work = Frames.drawn(longer, DeltaSetting(whole=True), frames=2, tiles=3, k=11, seed=6)
    answer = answer_of("saturating", work)
    assert answer["problems"] == ["error_frame was raised"], "sent whole, it is right all the same"
    fits = Frames.drawn(longer, DeltaSetting(), frames=2, tiles=2, k=16, seed=6)
    assert answer_of("saturating", fits)["passed"]


def never_back(module: str) -> str:
    """Beats are numbered on from frame to frame."""
    return re.sub(r"start \? 5'h0 :", "1'b0 ? 5'h0 :", module)


def first_as_asked(module: str) -> str:
    """The first frame is not sent whole unless it is asked for."""
    return re.sub(r"~ ?begun", "1'b0", module)


def no_threshold(module: str) -> str:
    """Every change is sent, whatever the threshold is."""
    return re.sub(r"\bi_threshold(?= ?:)", "8'h01", module)


def ahead_of_its_job(module: str) -> str:
    """Beats enter before their job does, and are numbered with the frame before."""
    return re.sub(r"\bopen <= .*;", "open <= 1'b1;", module)


def lost(module: str) -> str:
    """Beats are taken before their job is, and lost."""
    return re.sub(r"(assign s_axis_a_tready = .*)\bframe_open\b", r"\g<1>1'b1", module)


@pytest.mark.parametrize(
    ("part", "change"),
    [
        ("delta_frame", never_back),
        ("delta_frame", first_as_asked),
        ("delta_frame", no_threshold),
        ("delta_frame", ahead_of_its_job),
        ("delta_engine", lost),
    ],
)
def test_a_mutation_is_caught(part: str, change: Callable[[str], str]) -> None:
    setting = DeltaSetting(shift=1, threshold=3)
    work = Frames.drawn(SMALL, setting, frames=4, tiles=2, k=5, seed=7, stalled=True)
    assert answer_of("saturating", work)["passed"]
    answer = answer_of("saturating", work, mutate(hardware("saturating"), part, change))
    assert not answer["passed"]


def test_nothing_unknown_gets_through() -> None:
    """One cycle of reset; stalls; resets in the middle of frames, after which the next one is whole."""
    front, rng = FRONTS["opt4c"], np.random.default_rng(8)
    setting = DeltaSetting(shift=1)
    script = Script(front.engine, front, Frames.drawn(front, setting, frames=2, tiles=1, k=1, seed=0).settings)
    kept = []
    for seed in range(4):
        script.reset()
        script.quiet(3)
        work = Frames.drawn(front, setting, frames=3, tiles=2, k=5, seed=seed)
        for frame in work.jobs:
            script.send([frame])
            script.job(2)
        kept += work.jobs
        script.stalls(*(int(each) for each in rng.integers(0, 12, 4)))
        script.send(work.jobs[:1])
        script.offer(2)
        script.wait(int(rng.integers(1, 30)))
    run = simulate(script, hardware("opt4c").top, hardware("opt4c").text)
    assert not run.faults, "\n".join(run.faults[:10])
    assert len(run.jobs) == len(kept)
    for tiles, end in zip(kept, run.jobs, strict=True):
        got = script.results(run.results[end - 2 * front.engine.rows : end])
        assert np.array_equal(got, tiles.golden(front.engine))
