"""Speed of engines, measured by simulation of a streak of tiles."""

from __future__ import annotations

import numpy as np
import pytest

from gen.emit.verilog import emit
from gen.nest.encoders import density
from hdl.params import Dataflow, EngineParams, OperandFormat
from sim_tb.rate import measure_streak
from sim_tb.tiles import normal_tiles

pytestmark = pytest.mark.sim


def test_normal_tiles() -> None:
    """Mean, spread and range of the operands; B's spread is as large a part of its range."""
    params = EngineParams(rows=8, cols=8, b=OperandFormat(4, signed=True))
    tiles = normal_tiles(params, 4, 500, 30.0, np.random.default_rng(3))
    assert (tiles.a.shape, tiles.b.shape) == ((4, 8, 500), (4, 500, 8))
    assert (tiles.a.min() >= -128, tiles.a.max() <= 127) == (True, True)
    assert abs(tiles.a.mean()) < 1
    assert tiles.a.std() == pytest.approx(30, rel=0.03)
    assert tiles.b.std() == pytest.approx(30 * 7 / 127, rel=0.05)
    narrow = EngineParams(rows=2, cols=2, a=OperandFormat(4, signed=True))
    assert np.abs(normal_tiles(narrow, 1, 400, 30.0, np.random.default_rng(3)).a).max() <= 8


def test_a_dense_engine_takes_its_interval() -> None:
    params = EngineParams(rows=2, cols=3, scheme="mac")
    streak = measure_streak(params, emit(params), k=20, tiles=5)
    assert streak.cycles == Dataflow(params).tile_interval(20)
    assert streak.macs_per_cycle == 6
    assert "5 tiles, K = 20, uniform operands, seed 1" in streak.words


def test_a_sparse_engine_takes_its_digits() -> None:
    """One row, one column: about as many cycles as operands have digits that are not zero."""
    params = EngineParams(array="matrix_2d", scheme="opt4c", rows=1, cols=1)
    streak = measure_streak(params, emit(params), k=512, tiles=5, sigma=20.0)
    mean = density(params.encoder, params.a, 20.0).mean
    assert 0.97 * mean <= streak.cycles / 512 < 1.1 * mean
    assert streak.macs_per_cycle == pytest.approx(512 / streak.cycles)
    assert "sigma 20" in streak.words
