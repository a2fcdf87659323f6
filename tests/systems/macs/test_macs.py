"""The adapter of MACS: its integers, its products on the RTL, its schedules, and requests that are wrong."""

from __future__ import annotations

from fractions import Fraction
from math import erf, sqrt
from pathlib import Path

import numpy as np
import pytest

from gen.emit.verilog import emit
from hdl.params import ConfigError, EngineParams
from sim_tb.run import run_workload
from sim_tb.systems.macs.adapter import FULL, SMALL, SOURCES, Adapter
from sim_tb.systems.macs.adapter import layer_norm as exact_norm
from sim_tb.systems.macs.engines import compared, of_user, schedules
from sim_tb.systems.macs.fixed import TOP, UNIT, gelu_table, layer_norm, looked_up, requantise
from sim_tb.systems.macs.integers import IntegerAdapter
from sim_tb.systems.macs.sources import draw, order
from sim_tb.systems.macs.study import study
from sim_tb.systems.study import Request
from tests.sim.test_mutation import mutate, xor_to_or


def test_requantisation_rounds_halves_up_and_saturates() -> None:
    half = 1 << 23
    assert requantise(np.array([-3, -1, 0, 1, 3, 253, 254, 1000, -1000]), half).tolist() == [
        *(-1, 0, 0, 1, 2, 127, 127, 127, -127)
    ]


def test_gelu_by_table() -> None:
    table = gelu_table(1 / 16, 1 / 32)
    assert len(table) == 256
    for x in range(-128, 128):
        exact = x / 16 * (1 + erf(x / 16 / sqrt(2))) / 2 * 32
        assert abs(looked_up(table, np.array([x]))[0] - min(exact, TOP)) <= 0.5
    assert table.min() == round(-0.17 * 32)


def test_layer_norm_in_integers() -> None:
    rng = np.random.default_rng(1)
    for scale in (3, 100, 1 << 20, 1 << 30):
        rows = rng.integers(-scale, scale, (4, 768), endpoint=True)
        found = layer_norm(rows)
        exact = exact_norm(rows.astype(np.float64)) * UNIT
        assert np.abs(found - exact).max() <= 0.5 + 2e-3
    assert (layer_norm(np.full((2, 5), 7)) == 0).all(), "equal values"
    assert layer_norm(np.array([[0, 0, 0, 1000]])).tolist() == [[-18, -18, -18, 55]]
    spike = np.zeros((1, 64), np.int64)
    spike[0, 0] = 9
    assert layer_norm(spike)[0, 0] == TOP, "sqrt(63) is beyond 127 / 32"


def test_layer_norm_rounds_as_it_says() -> None:
    """With rational numbers, from the text."""
    rows = np.random.default_rng(2).integers(-1000, 1000, (1, 12))
    n, x = 12, rows[0].tolist()
    c = [n * each - sum(x) for each in x]
    v = sum(each * each for each in c)
    root = int(Fraction(n * UNIT**2 << 96, v).__floor__() ** 0.5)
    while (root + 1) ** 2 <= (n * UNIT**2 << 96) // v:
        root += 1
    while root**2 > (n * UNIT**2 << 96) // v:
        root -= 1
    expected = [(Fraction(each * root, 1 << 48) + Fraction(1, 2)).__floor__() for each in c]
    assert layer_norm(rows)[0].tolist() == expected


@pytest.fixture(scope="module")
def work() -> IntegerAdapter:
    calibration = draw(SMALL.embedding, 4, 9)[0]
    return IntegerAdapter.of(Adapter.drawn(SMALL, 1), *draw(SMALL.embedding, 1, 1), calibration)


def test_operands_have_eight_bits(work: IntegerAdapter) -> None:
    for key, values in work.arrays.items():
        if key not in ("b1", "b2", "factor"):
            assert np.abs(values).max() <= TOP, key
    assert {key: work.arrays[key].shape for key in ("k40", "v160")} == {"k40": (96, 40), "v160": (96, 160)}
    assert [product.name for product in work.topology][:4] == ["fc1", "fc2", "k40", "v40"]


def test_tokens_are_those_of_floating_point() -> None:
    adapter, sources = Adapter.drawn(SMALL, 3), draw(SMALL.embedding, 8, 3)
    tokens = IntegerAdapter.of(adapter, *sources, draw(SMALL.embedding, 4, 4)[0]).expected()["tokens"]
    exact = adapter.tokens(sources[0]).reshape(tokens.shape)
    cosines = (tokens * exact).sum(axis=1) / np.linalg.norm(tokens, axis=1) / np.linalg.norm(exact, axis=1)
    assert len(cosines) == 8 * SOURCES
    assert cosines.min() > 0.999


def test_order_of_sources() -> None:
    assert order(np.array([[0.1, 0.5, 0.3]])).tolist() == [[1, 2, 0]]


def test_it_is_stored(work: IntegerAdapter, tmp_path: Path) -> None:
    work.save(tmp_path / "workload")
    found = IntegerAdapter.load(tmp_path / "workload")
    assert found.heads == work.heads
    assert all((found.arrays[key] == values).all() for key, values in work.arrays.items())


@pytest.mark.sim
@pytest.mark.parametrize("values", [{}, {"array": "systolic_ws", "depth": 8}], ids=str)
def test_products_on_the_rtl(values: dict, work: IntegerAdapter) -> None:
    params = EngineParams.from_dict({"rows": 8, "cols": 8, **values})
    answer = run_workload(params, emit(params), workload=work, effort="quick")
    assert answer["passed"], answer["problems"]
    assert list(answer["measured"]["cycles"]) == [product.name for product in work.topology]


@pytest.mark.sim
def test_a_wrong_product_is_found(work: IntegerAdapter) -> None:
    params = EngineParams(rows=8, cols=8)
    answer = run_workload(params, mutate(emit(params), "pe", xor_to_or), workload=work, effort="quick")
    assert not answer["passed"]
    assert any("fc1 differ from NumPy's" in problem for problem in answer["problems"])


def test_schedules() -> None:
    one, eight = schedules(EngineParams(), FULL)
    assert (one.batch, eight.batch) == (1, 8)
    assert one.possible == pytest.approx(6 / 16)
    assert one.utilisation > 0.37
    assert eight.utilisation > 0.99
    assert set(one.products) == {"fc1", "fc2", "k320", "k640", "k1280"}
    assert len({(params.array, params.rows) for params in compared()}) >= 5


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"a": "s4"}, "engine.a: must hold activations from -127 to 127, not s4"),
        ({"a": "u8"}, "engine.a: must hold activations from -127 to 127, not u8"),
        ({"b": "u8"}, "engine.b: must hold activations from -127 to 127, not u8"),
        ({"b": "s6"}, "engine.b: must hold weights from -127 to 127, not s6"),
        ({"a": "fp16", "b": "fp16", "scheme": "mac"}, "engine.a: must be integers of eight bits or more, not fp16"),
    ],
)
def test_engines_that_do_not_fit(values: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        of_user(EngineParams.from_dict(values))


@pytest.mark.parametrize(
    ("options", "words"),
    [({"batch": "0"}, "--option batch: must be a whole number from 1 to 16"), ({"draw": "3"}, "did you mean 'draws'")],
)
def test_options_that_are_wrong(options: dict[str, str], words: str, tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match=words):
        study(Request(tmp_path, quick=True, options=options), lambda text: None)
