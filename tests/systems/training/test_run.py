"""Training on the RTL: single layers and a few steps, bit for bit; by the golden model beside fp32."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gen.emit.verilog import emit
from hdl.params import FLOATS
from sim_tb.run import run_workload
from sim_tb.systems.training.check import LAYERS, Passes
from sim_tb.systems.training.data import digits, read
from sim_tb.systems.training.layer import PASSES
from sim_tb.systems.training.run import Plan, Training, golden, single, train
from sim_tb.systems.training.study import engine
from sim_tb.workloads.workload import at_once

#: The digits by a network that learns enough in so many steps.
PLAN = Plan(steps=60, batch=16)


@pytest.mark.sim
@pytest.mark.parametrize("form", FLOATS)
def test_passes_of_every_layer_have_the_bits_and_the_cycles_of_the_models(form: str) -> None:
    params = engine(form)
    answer = run_workload(params, emit(params), workload=Passes(params, seed=3))
    assert answer["passed"], answer["problems"]
    passes = answer["network"]["passes"]
    assert [(each["layer"], each["pass"]) for each in passes] == [(each.name, one) for each in LAYERS for one in PASSES]
    assert all(each["cycles"] == each["model"] for each in passes)
    assert sum(each["macs"] for each in passes) == Passes(params).macs


@pytest.mark.sim
def test_passes_on_a_tree() -> None:
    params = engine("fp16", array="adder_tree", depth=4)
    answer = run_workload(params, emit(params), workload=Passes(params, seed=4))
    assert answer["passed"], answer["problems"]
    assert all(each["cycles"] == each["model"] for each in answer["network"]["passes"])


@pytest.mark.sim
def test_steps_of_training_on_the_rtl() -> None:
    """Five steps: losses, weights and results for the test images, which another order would change."""
    params, data = engine("bf16"), digits()
    plan = Plan(steps=60, batch=8, first=5)
    expected = golden(data, plan, params)
    answer = run_workload(params, emit(params), workload=Training(data, plan, params, expected.outputs()))
    assert answer["passed"], answer["problems"]
    assert answer["network"]["losses"] == expected.losses.tolist()
    assert len(expected.losses) == 5
    tree = golden(data, plan, engine("bf16", array="adder_tree", depth=4)).outputs()
    assert (tree["logits"] != expected.outputs()["logits"]).any()


@pytest.mark.parametrize("form", FLOATS)
def test_it_learns_as_well_as_in_fp32(form: str) -> None:
    data = digits()
    found, base = golden(data, PLAN, engine(form)), at_once(train(data, PLAN, single))
    assert base.accuracy > 0.8
    assert abs(found.accuracy - base.accuracy) <= 0.01
    assert found.losses[-10:].mean() < 0.5 * found.losses[:10].mean()
    assert not np.array_equal(found.losses, base.losses)


def test_the_first_steps_are_those_of_the_whole_run() -> None:
    data = digits()
    some, whole = (at_once(train(data, replace(PLAN, first=first), single)) for first in (7, 0))
    assert np.array_equal(some.losses, whole.losses[:7])
    other = at_once(train(data, replace(PLAN, seed=1, first=7), single))
    assert not np.array_equal(some.losses, other.losses)


def test_images_of_the_users(tmp_path: Path) -> None:
    """Not square, in colours, three classes."""
    rng = np.random.default_rng(1)
    path = tmp_path / "own.npz"
    np.savez(path, images=rng.random((30, 6, 5, 3)), labels=np.arange(30) % 3)
    data, plan = read(path), Plan(steps=3, batch=4)
    found = golden(data, plan, engine("bf16"))
    assert found.logits.shape == (10, 3)
    assert [each.shape for each in found.weights] == [(3, 3, 3, 8), (1, 1, 8, 16), (1, 1, 3 * 3 * 16, 3)]
