"""The golden model of the gate against a register of bits, and against what its parameters promise."""

from __future__ import annotations

import numpy as np
import pytest

from hdl.params import EngineParams
from hdl.params.gate import DEFAULT_SEED, GateParams
from sim_tb.golden.gate import draw, gated_gemm, random_bits

ENGINE = EngineParams(scheme="mac", rows=2, cols=3)


def register(state: int, count: int) -> list[int]:
    """The same bits, one after another."""
    drawn = []
    for _ in range(count):
        bit = (state >> 63 ^ state >> 62 ^ state >> 60 ^ state >> 59) & 1
        state = (state << 1 | bit) & (2**64 - 1)
        drawn.append(bit)
    return drawn


@pytest.mark.parametrize("state", [1, 1 << 63, DEFAULT_SEED, 2**64 - 1])
def test_bits_are_those_of_a_register(state: int) -> None:
    for count in (0, 1, 59, 60, 61, 4000):
        assert random_bits(state, count).tolist() == register(state, count)


def test_shares_are_those_of_the_threshold() -> None:
    params = GateParams(ENGINE, pixels=8)
    for threshold in (0, 64, 255):
        runs = draw(params, "zero", np.zeros(8, bool), threshold, 2000, 8, DEFAULT_SEED).runs
        assert abs(runs.mean() - threshold / 256) < 0.02


def test_important_pixels_run_and_those_behind_the_map_are_not_important() -> None:
    params = GateParams(ENGINE, pixels=3)
    drawn = draw(params, "zero", np.array([True, False, True]), 0, 5, 6, 7)
    assert (drawn.runs == [True, False, True, False, False, False]).all()
    assert draw(params, "off", np.zeros(3, bool), 0, 5, 6, 7).runs.all()


def test_products_lose_what_is_pruned() -> None:
    params = GateParams(ENGINE, pixels=3)
    drawn = draw(params, "hold", np.array([True, False, True]), 0, 1, 3, 7)
    a, b = np.arange(6).reshape(1, 2, 3), np.arange(9).reshape(1, 3, 3)
    found = gated_gemm(params, drawn, a, b)
    assert found.tolist() == [[[12, 14, 16], [30, 38, 46]]]


def test_steps_of_a_tile() -> None:
    params = GateParams(ENGINE, pixels=4)
    drawn = draw(params, "compact", np.array([True, False, False, False]), 0, 2, 4, 9)
    assert drawn.steps("compact").tolist() == [2, 2]  # the important one, and the last
    assert drawn.steps("hold").tolist() == [4, 4]
