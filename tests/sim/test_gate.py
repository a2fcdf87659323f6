"""Engines behind a gate in Verilator: products of every mode, time, and what the probe counts."""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import pytest

from gen.emit.verilog import emit
from hdl.params import CheckFailed, EngineParams
from hdl.params.gate import DEFAULT_SEED, MODES, GateParams
from sim_tb.golden.gate import draw
from sim_tb.systems.gate.attack import distances
from sim_tb.systems.gate.checks import check_products, check_time
from sim_tb.systems.gate.jobs import Setting, run_jobs
from sim_tb.tiles import random_tiles
from tests.sim.icarus import Script, simulate

pytestmark = pytest.mark.sim

DENSE = GateParams(EngineParams(array="systolic_os", scheme="mac", rows=2, cols=2), pixels=16)
SKIPPING = GateParams(EngineParams(array="systolic_os", scheme="opt4c", rows=2, cols=2), pixels=16)
ONE = GateParams(EngineParams(array="systolic_os", scheme="mac", rows=1, cols=1), pixels=16)
#: Half of the pixels are important, in no order.
HALF = np.array([0, 1, 1, 0, 0, 0, 1, 0, 1, 1, 0, 1, 0, 0, 1, 1], bool)


@pytest.mark.parametrize("mode", MODES)
@pytest.mark.parametrize("k", [1, 7, 30])
def test_products_are_those_of_the_golden_model(mode: str, k: int) -> None:
    found = check_products(Setting(DENSE, mode, HALF, 100), jobs=20, tiles=4, k=k, stall=90, seed=k)
    assert (found.elements, found.wrong) == (20 * 4 * 4, 0)


@pytest.mark.parametrize("mode", SKIPPING.modes)
def test_products_of_an_engine_that_skips_zeros(mode: str) -> None:
    assert check_products(Setting(SKIPPING, mode, HALF, 100), jobs=10, tiles=3, k=20, stall=60, seed=2).wrong == 0


@pytest.mark.parametrize("mode", [name for name, mode in MODES.items() if mode.constant])
def test_time_is_the_same_over_1000_inputs_and_weights(mode: str) -> None:
    found = check_time(Setting(DENSE, mode, HALF, 128), jobs=1000, k=16, seed=3)
    assert (found.jobs, found.wrong) == (1000, 0)
    assert found.constant


def test_time_is_not_the_same_where_zero_digits_are_skipped() -> None:
    """The test of constant time can fail: skipping engines take as long as their operands have digits."""
    found = check_time(Setting(SKIPPING, "zero", HALF, 128), jobs=1000, k=16, seed=3)
    assert found.wrong == 0
    assert not found.constant


def test_compact_takes_as_long_as_pixels_are_left() -> None:
    rng = np.random.default_rng(5)
    a, b = rng.integers(-128, 128, (200, 1, 2, 16)), rng.integers(-128, 128, (200, 1, 16, 2))
    seeds = rng.integers(1, 1 << 63, 200).astype(np.uint64)
    found = run_jobs(Setting(DENSE, "compact", HALF, 128), a, b, seeds)
    drawn = [draw(DENSE, "compact", HALF, 128, 1, 16, int(seed)).steps("compact")[0] for seed in seeds]
    assert len(set(drawn)) > 3
    assert len(set(found.cycles - np.array(drawn))) == 1
    assert found.active.tolist() == [int(steps) for steps in drawn]


@pytest.mark.parametrize("mode", ["off", "zero"])
def test_the_probe_counts_toggles(mode: str) -> None:
    """Of sum and operands: those that the golden model's numbers have, clock by clock."""
    rng, k = np.random.default_rng(6), 16
    a, w = rng.integers(-128, 128, (50, k)), rng.integers(-128, 128, k)
    seeds = np.zeros(50, np.uint64)
    seeds[0] = DEFAULT_SEED
    b = np.broadcast_to(w[None, None, :, None], (50, 1, k, 1))
    found = run_jobs(Setting(ONE, mode, HALF, 128), a[:, None, None], b, seeds, samples=2 * k + 20).toggles
    drawn = draw(ONE, mode, HALF, 128, 50, k, DEFAULT_SEED)
    x = np.where(drawn.runs, a, 0)
    sums = np.cumsum(x * w, axis=1)
    before = np.hstack([np.zeros((50, 1), np.int64), sums[:, :-1]])
    changes = distances(before, sums, 32)[:, 1:-1]  # the first step begins a sum, and clears what is there
    loads = distances(x[:, 1:-1], x[:, 2:], 8) + distances(w[1:-1], w[2:], 8)
    wanted = changes + loads
    starts = [s for s in range(found.shape[1] - k) if (found[:, s : s + k - 2] == wanted).all()]
    assert len(starts) == 1


def test_nothing_toggles_while_the_array_holds() -> None:
    rng, k = np.random.default_rng(7), 16
    a = rng.integers(1, 128, (50, 1, 1, k))
    b = rng.integers(1, 128, (50, 1, k, 1))
    nothing = np.zeros(16, bool)
    found = run_jobs(Setting(ONE, "hold", nothing, 0), a, b, np.full(50, 3, np.uint64), samples=2 * k + 20)
    # All are pruned: the only step is that of the last pixel, with zero. Its weight enters, and a sum begins and ends.
    assert (found.results == 0).all()
    assert (found.toggles[:, : k + 2] == 0).all()
    assert (found.toggles > 0).sum(axis=1).max() == 3


def other_threshold(text: str) -> str:
    """A pixel runs where its number is not greater."""
    return re.sub(r"(lfsr_word\[7:0\]) < threshold", r"\1 <= threshold", text)


def no_hold(text: str) -> str:
    """The array moves on in steps that are passed over, with the operand that waits."""
    module = re.search(r"^module bitloom_control\(.*?^endmodule", text, re.DOTALL | re.MULTILINE)
    assert module
    return text.replace(module[0], re.sub(r"~ hold\b", "1'b1", module[0]))


def decoy_in_the_sum(text: str) -> str:
    """Decoys are added to the sum."""
    module = re.search(r"^module bitloom_pe\(.*?^endmodule", text, re.DOTALL | re.MULTILINE)
    assert module
    return text.replace(module[0], re.sub(r"a_out\[8\] \?", "1'b0 ?", module[0]))


@pytest.mark.parametrize(
    ("mode", "change"), [("zero", other_threshold), ("hold", no_hold), ("decoy", decoy_in_the_sum)]
)
def test_a_broken_gate_is_found(mode: str, change: Callable[[str], str]) -> None:
    whole, setting = emit(DENSE), Setting(DENSE, mode, HALF, 100)
    hardware = replace(whole, text=change(whole.text))
    assert hardware.text != whole.text, "nothing to mutate"
    try:
        found = check_products(setting, jobs=20, tiles=3, k=30, stall=40, seed=1, hardware=hardware)
    except CheckFailed:
        return
    assert found.wrong > 0


@pytest.mark.parametrize("mode", MODES)
def test_nothing_unknown_gets_through(mode: str) -> None:
    """One cycle of reset, stalls, resets in the middle of jobs; without a map and luck all pixels are pruned."""
    params, rng = DENSE.engine, np.random.default_rng(9)
    script = Script(params, DENSE, {"gate_mode": MODES[mode].code})
    kept = []
    for _ in range(3):
        script.reset()
        script.quiet(3)
        work = [random_tiles(params, 1, int(k), rng) for k in rng.integers(1, 20, 4)]
        script.send(work)
        script.job(4)
        kept.append(work)
        script.stalls(*(int(each) for each in rng.integers(0, 12, 4)))
        script.send(work[:2])
        script.offer(2)
        script.wait(int(rng.integers(1, 30)))
    hardware = emit(DENSE)
    run = simulate(script, hardware.top, hardware.text)
    assert not run.faults, "\n".join(run.faults[:10])
    assert len(run.jobs) == len(kept)
    for work, end in zip(kept, run.jobs, strict=True):
        got = script.results(run.results[end - 4 * params.rows : end])
        golden = np.concatenate([tiles.golden(params) for tiles in work])
        assert np.array_equal(got, golden * (not MODES[mode].prunes))
