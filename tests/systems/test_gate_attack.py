"""Attacks on a gate: on traces of the golden model, whose masks are known, and on those of the RTL."""

from __future__ import annotations

import numpy as np
import pytest

from hdl.params import EngineParams, OperandFormat
from hdl.params.gate import GateParams
from sim_tb.systems.gate.attack import Profile, correlations, distances, naive_evidence
from sim_tb.systems.gate.campaign import ATTACKERS
from sim_tb.systems.gate.digits import importance, most_important
from sim_tb.systems.gate.page import ENOUGH, needed
from sim_tb.systems.gate.patterns import PATTERNS, Search, aware_evidence
from sim_tb.systems.gate.study import FIRST, PIXELS, attack_all, counts_up_to
from sim_tb.systems.gate.traces import Traces

K, COUNT = 12, 400
WIDTH = OperandFormat(8, signed=True)


def traces(mode: str, sigma: float, seed: int = 1) -> tuple[Traces, np.ndarray, np.ndarray, Profile]:
    """What a PE would show whose first operands enter in sample 2: traces, weights, masks, and a profile."""
    rng = np.random.default_rng(seed)
    x, w = rng.integers(-128, 128, (COUNT, K)), rng.integers(-128, 128, K)
    runs = rng.random((COUNT, K)) < 0.5 if mode != "off" else np.ones((COUNT, K), bool)
    samples = np.zeros((COUNT, K + 6))
    for t in range(COUNT):
        a = b = total = change = 0
        at = 2
        for k in range(K):
            here = x[t, k] if runs[t, k] else 0
            if runs[t, k] or mode == "zero":
                loads = distances(np.array([a]), np.array([here]), 8) + distances(np.array([b]), w[k : k + 1], 8)
                samples[t, at] = change + loads[0]
                after = total + here * w[k]
                change = distances(np.array([total]), np.array([after]), 32)[0]
                a, b, total = here, w[k], after
                at += 1
            elif mode == "hold":
                at += 1
        samples[t, at] = change
    cycles = 40 - (K - runs.sum(axis=1) if mode == "compact" else 0) * np.ones(COUNT, np.int64)
    usual, variance = 16.0, 34.0 + sigma**2
    profile = Profile(2, 0.0, sigma**2, usual, variance, 8.0, 30.0, sigma**2, 40, 32, WIDTH)
    return Traces(x, samples + rng.normal(0, sigma, samples.shape), cycles), w, runs, profile


@pytest.mark.parametrize(("mode", "least"), [("zero", 0.85), ("hold", 0.95), ("compact", 0.5)])
def test_the_search_finds_the_masks_of_clear_traces(mode: str, least: float) -> None:
    """With next to no noise it knows the sums of nearly all traces; where nothing shows of pruned pixels, of most."""
    seen, weights, runs, profile = traces(mode, 0.5)
    search = Search(profile, PATTERNS[mode], seen, np.zeros(K, bool), 0.5)
    for pixel in range(K - 1):
        search.advance(pixel, weights[pixel])
    best = search.beam.score.argmax(axis=1)
    sums = search.beam.sums[np.arange(COUNT), best]
    truth = (np.where(runs, seen.inputs, 0) * weights)[:, : K - 2].sum(axis=1)
    last = np.where(runs, seen.inputs, 0)[:, K - 2] * weights[K - 2]  # shows in the sample that was not looked at
    share = np.mean((sums == truth) | (sums == truth + last))
    assert share > least


def test_a_pruned_engine_misleads_the_naive_attacker_alone() -> None:
    seen, weights, _, profile = traces("hold", 1.0)
    pixels = range(6, K - 1)
    naive = [naive_evidence(profile, seen, weights, k).rank(COUNT, profile.candidates, weights[k]) for k in pixels]
    search = Search(profile, PATTERNS["hold"], seen, np.zeros(K, bool), 0.5)
    aware = [
        evidence.rank(COUNT, profile.candidates, int(weights[k]))
        for k, evidence in aware_evidence(search, weights, pixels)
    ]
    assert np.median(aware) <= 1 < np.median(naive)


def test_correlations_are_pearsons() -> None:
    rng = np.random.default_rng(3)
    left, right = rng.normal(size=(4, 50)), rng.normal(size=(50, 3))
    found = correlations(left, right)
    wanted = np.abs(np.corrcoef(np.vstack([left, right.T]))[:4, 4:])
    assert np.allclose(found, wanted)
    counts = rng.integers(0, 3, 50).astype(float)
    repeated = np.repeat(np.arange(50), counts.astype(int))
    assert np.allclose(correlations(left, right, counts), correlations(left[:, repeated], right[repeated]))
    assert (correlations(np.ones((1, 50)), right) == 0).all()


def test_distances_are_those_of_twos_complements() -> None:
    pairs = np.array([[0, -1], [5, 5], [-1, -2], [127, -128]])
    assert distances(pairs[:, 0], pairs[:, 1], 8).tolist() == [8, 0, 1, 8]
    assert distances(pairs[:, 0], pairs[:, 1], 32).tolist() == [32, 0, 1, 32]


@pytest.mark.sim
def test_the_unprotected_engine_gives_its_weights_away() -> None:
    """28 of 32 within 100 traces at a noise of 4 toggles; with these, naive ones find next to none behind a gate."""
    params = np.zeros(PIXELS, bool), 128, 4.0, 0, 12345
    bare = attack_all("off", counts_up_to(100), *params)
    assert bare.targets == PIXELS - FIRST == 32
    assert bare.found("fixed", 100) >= ENOUGH
    assert needed(bare) in (50, 100)
    hidden = attack_all("hold", (100,), *params)
    assert max(hidden.found(name, 100) for name in ATTACKERS if name != "aware") <= 4


def test_important_pixels_are_those_of_the_map() -> None:
    pytest.importorskip("sklearn")
    values = importance()
    chosen = most_important(values, 32)
    assert values.shape == (64,)
    assert chosen.sum() == 32
    assert values[chosen].min() >= values[~chosen].max()
    assert not chosen[0]  # a corner, which is white in all images


def test_gates_know_which_modes_an_engine_can_have() -> None:
    assert GateParams(EngineParams(scheme="mac")).modes == ("off", "zero", "hold", "compact", "decoy")
    assert GateParams(EngineParams(scheme="opt1")).modes == ("off", "zero", "hold", "compact")
    assert GateParams(EngineParams(scheme="opt4c")).modes == ("off", "zero", "compact")
