"""The model of window and rows; tests/cli/test_configs.py compares it with simulated engines."""

from __future__ import annotations

import pytest

from gen.nest.encoders import density
from gen.nest.engines import engine_nest, engine_tile
from gen.nest.table import table
from gen.nest.window import expected_interval
from hdl.params import EngineParams, OperandFormat


def engine(**more: object) -> EngineParams:
    return EngineParams(**{"scheme": "opt4c", "rows": 4, "cols": 2, "encoder": "ent", **more})


@pytest.mark.parametrize("sigma", [20.0, 30.0, None])
def test_one_row_takes_a_cycle_for_each_digit(sigma):
    """With long segments: the ends of planes cost little, and there is no other row to wait for."""
    found = expected_interval(engine(rows=1, segment=1024), 1024, sigma) / 1024
    mean = density("ent", engine().a, sigma).mean
    assert 0.995 * mean < found < 1.02 * mean  # drawn at random


def test_rows_cost_the_less_the_longer_the_window():
    found = [expected_interval(engine(rows=16, queue=queue), 1024, 20.0) for queue in (2, 4, 8, 16, 32)]
    assert found == sorted(found, reverse=True)
    assert found[0] > 1.1 * found[-1]


@pytest.mark.parametrize("scheme", ["opt3", "opt4c", "opt4e"])
def test_no_faster_than_the_nest(scheme):
    params = engine(scheme=scheme, rows=8)
    nest = engine_nest(params)
    assert nest is not None
    ideal = table(nest, engine_tile(params, 1024), sigma=20.0).cycles.row
    assert ideal < expected_interval(params, 1024, 20.0) < 1.5 * ideal


def test_long_tiles_take_in_proportion():
    short, long = (expected_interval(engine(), k, 20.0) for k in (4096, 1 << 20))
    assert long == pytest.approx(256 * short)


@pytest.mark.parametrize("a", ["s2", "u16", "s8"])
@pytest.mark.parametrize("k", [1, 2, 7])
def test_corners(a, k):
    params = engine(a=OperandFormat.parse(a), encoder="bit_serial", rows=1, cols=1, group=1, queue=2, segment=8)
    for sigma in (None, 0.01, 1e6):
        assert expected_interval(params, k, sigma) >= k
