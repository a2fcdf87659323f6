"""Tiling, placement and quantisation of the digits network, in NumPy alone."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from hdl.params import EngineParams, ToolError
from sim_tb.golden import Matrix
from sim_tb.workloads import digits
from sim_tb.workloads.catalogue import WORKLOADS, workload_class
from sim_tb.workloads.network import SHIFT, Network, Placement, requantise
from sim_tb.workloads.tiling import Tiling, splits
from sim_tb.workloads.workload import at_once, multiply_numpy

ENGINES = [
    {},
    {"rows": 3, "cols": 5, "a": "u8", "b": "s8"},
    {"rows": 3, "cols": 5, "a": "s8", "b": "u4"},
    {"rows": 2, "cols": 2, "a": "u8", "b": "u8"},
    {"rows": 8, "cols": 4, "a": "s16", "b": "s16", "accumulator": 48},
    {"array": "matrix_2d", "rows": 3, "cols": 6, "column_groups": 6, "preload": True},
    {"rows": 4, "cols": 4, "a": "s4", "b": "s8", "accumulator": 14},  # K is limited to 8
]


@pytest.mark.parametrize("values", ENGINES, ids=str)
@pytest.mark.parametrize("shape", [(1, 1, 1), (7, 20, 11), (16, 64, 32)])
def test_tiles_of_a_product_add_up(values: dict, shape: tuple[int, int, int]) -> None:
    params = EngineParams.from_dict(values)
    m, k, n = shape
    rng = np.random.default_rng(1)
    a = rng.integers(params.a.min, params.a.max, (m, k), endpoint=True)
    b = rng.integers(params.b.min, params.b.max, (k, n), endpoint=True)
    start = rng.integers(-9, 9, (m, n)) if params.preload else None
    expected = a @ b + (0 if start is None else start)
    for split in splits(params):
        tiling = Tiling(params, m, k, n, split)
        parts = tiling.cut(a, b, start)
        assert all(tiles.k <= params.k_limit for tiles in parts)
        assert sum(tiles.count * tiles.k for tiles in parts) == tiling.beats
        assert np.array_equal(tiling.join([tiles.golden(params) for tiles in parts]), expected)


def test_columns_are_split_where_that_takes_fewer_tiles() -> None:
    params = EngineParams(array="matrix_2d", rows=4, cols=8, column_groups=4)
    assert splits(params) == [1, 2, 4]
    for n, split, grid in ((8, 1, (16, 1)), (5, 4, (4, 3)), (4, 2, (8, 1)), (3, 2, (8, 1)), (2, 4, (4, 1))):
        tiling = Tiling.quickest(params, 64, 5, n)
        assert (tiling.split, tiling.grid) == (split, grid)


def test_requantisation_rounds_half_up_and_saturates() -> None:
    half = 1 << (SHIFT - 1)
    values = np.array([-5, 0, 1, 2, 3, 4, 1000])
    assert requantise(values, half, 100).tolist() == [0, 0, 1, 1, 2, 2, 100]


@pytest.mark.parametrize("values", ENGINES, ids=str)
def test_operands_fit_their_formats(values: dict) -> None:
    params = EngineParams.from_dict(values)
    place = Placement(params)
    network = digits.prepare(params)
    seen: list[Matrix] = []

    async def spy(a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
        seen.append(a)
        stored = b + place.offset
        assert place.activation.min <= a.min() <= a.max() <= place.activation.max
        assert place.weight.min <= stored.min() <= stored.max() <= place.weight.max
        return await multiply_numpy(a, b)

    logits = at_once(network.logits(spy))
    assert len(seen) == 2
    assert len(np.unique(seen[1])) > 2  # the hidden layer is not saturated away
    assert network.accuracy(logits) > 0.9
    assert network.float_accuracy > 0.93


def test_the_network_is_the_same_every_time(tmp_path) -> None:
    first, second = (digits.prepare(EngineParams()) for _ in range(2))
    first.save(tmp_path / "network.npz")
    loaded = Network.load(tmp_path / "network.npz")
    for name, value in vars(first).items():
        assert np.array_equal(value, getattr(second, name)), name
        assert np.array_equal(value, getattr(loaded, name)), name


def test_a_tiny_engine_gets_fewer_images() -> None:
    network = digits.prepare(EngineParams(rows=1, cols=1))
    assert 50 < len(network.labels) < 200


def test_missing_scikit_learn_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "sklearn.datasets", None)
    with pytest.raises(ToolError, match=r"scikit-learn: pip install 'bitloom\[workload\]'"):
        digits.prepare(EngineParams())


@pytest.mark.parametrize("name", WORKLOADS)
def test_every_workload_has_its_name(name: str) -> None:
    assert workload_class(name).name == name
