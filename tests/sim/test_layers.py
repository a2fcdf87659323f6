"""Operands of real layers, cut into tiles."""

from __future__ import annotations

import sys

import numpy as np
import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams, OperandFormat, ToolError
from sim_tb.rate import measure_streak
from sim_tb.workloads.layers import FILTERS, LINES, PATCH, Layers, load

SIGNED, PLAIN = OperandFormat(8, True), OperandFormat(8, False)
NEEDS = {"digits": "sklearn", "photographs": "skimage"}


@pytest.fixture(scope="module", params=sorted(NEEDS))
def layers(request: pytest.FixtureRequest) -> Layers:
    pytest.importorskip(NEEDS[request.param])
    return load(request.param, EngineParams())


def test_products_fit(layers: Layers) -> None:
    """Activations have no sign, weights do, and both use their range."""
    for a, b in layers.products:
        assert a.shape[1] == b.shape[0]
        assert (a.min() >= 0, 60 <= a.max() <= 127) == (True, True)
        assert (b.min() < 0 < b.max(), 60 <= np.abs(b).max() <= 127) == (True, True)
    if layers.kind == "photographs":
        rows = [-(-(height - PATCH + 1) // LINES) * (width - PATCH + 1) for height, width in ((300, 451), (400, 600))]
        assert [a.shape for a, _ in layers.products] == [(count, 3 * PATCH**2) for count in rows]
        assert layers.products[0][1].shape == (3 * PATCH**2, FILTERS)


def test_tiles_are_parts_of_the_products(layers: Layers) -> None:
    params, rng = EngineParams(rows=4, cols=3), np.random.default_rng(2)
    for k in (1, 16, 64):
        a, b = layers.tile(params, k, rng)
        assert (a.shape, b.shape) == ((4, k), (k, 3))
    a, b = layers.tile(params, 8, np.random.default_rng(5))
    found = 0
    for whole, weights in layers.products:
        size, columns = whole.shape[1], weights.shape[1]
        for start in range(size):
            steps = (start + np.arange(8)) % size
            rows = np.flatnonzero((whole[:, steps] == a[0]).all(axis=1))
            for first in range(columns):
                chosen = weights[np.ix_(steps, (first + np.arange(3)) % columns)]
                found += bool(len(rows)) and (chosen == b).all()
    assert found


def test_neighbouring_pixels_are_alike() -> None:
    """What random numbers don't have: the next row of A is nearly the one before it."""
    pytest.importorskip("skimage")
    a, _ = load("photographs", EngineParams()).tile(EngineParams(rows=16), 64, np.random.default_rng(3))
    assert np.abs(np.diff(a, axis=0)).mean() < 0.5 * np.abs(a - a.mean()).mean() + 8


@pytest.mark.parametrize("kind", sorted(NEEDS))
@pytest.mark.parametrize(
    ("a", "b"), [(PLAIN, SIGNED), (SIGNED, PLAIN), (OperandFormat(4, True), OperandFormat(4, True))]
)
def test_other_formats(kind: str, a: OperandFormat, b: OperandFormat) -> None:
    pytest.importorskip(NEEDS[kind])
    params = EngineParams(a=a, b=b)
    for left, right in load(kind, params).products:
        assert (a.min <= left.min(), left.max() <= a.max) == (True, True)
        assert (b.min <= right.min(), right.max() <= b.max) == (True, True)


def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(ToolError, match=r"needs scikit-image: pip install 'bitloom\[photographs\]'"):
        load("photographs", EngineParams())


@pytest.mark.sim
def test_throughput_on_a_layer() -> None:
    """Half of the activations behind a ReLU are zero: an engine that skips zeros is quicker on them than on noise."""
    pytest.importorskip("sklearn")
    params = EngineParams(array="matrix_2d", scheme="opt4c", rows=1, cols=1, encoder="ent")
    hardware = emit(params)
    layer, noise = (
        measure_streak(params, hardware, k=64, tiles=4, stimuli=each) for each in (load("digits", params), None)
    )
    assert layer.cycles < 0.8 * noise.cycles
    assert "network on handwritten digits" in layer.words
