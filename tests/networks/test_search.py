"""The search for an engine, on areas and clocks that are known."""

from __future__ import annotations

import tomllib
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pytest

from gen.cli.commands.search import _toml
from gen.config import read as read_config
from hdl.params import CheckFailed, EngineParams
from sim_tb.mapping.fit import Fit, Measured, fit
from sim_tb.mapping.kinds import SIDES, Kind, kinds
from sim_tb.mapping.network import map_network
from sim_tb.mapping.search import Candidate, front, network_cycles, search
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.readers import read

NETWORK = Topology("net", (Product("one", "Gemm", 300, 200, 100), Product("two", "Gemm", 300, 200, 100)))


def cost(params: EngineParams) -> tuple[float, float]:
    """An area of PEs, rows, columns and the rest; carries saved make a clock short, lanes share what a PE has once."""
    down = params.depth if params.weight_stationary else params.rows
    lanes = 1 if params.weight_stationary else params.k_step
    pe = 10.0 + 6.0 * lanes
    return 500.0 + 40.0 * down + 90.0 * params.cols + pe * down * params.cols, 2.0 if params.axes.saves_carries else 3.5


class Bench:
    """Stands in for synthesis, and counts."""

    def __init__(self, off: float = 0.0) -> None:
        self.off, self.made = off, 0

    def __call__(self, engines: Sequence[EngineParams]) -> list[Measured]:
        self.made += len(engines)
        return [Measured(each, cost(each)[0] * (1 + self.off * (each.cols > 8)), cost(each)[1]) for each in engines]


def sizes(*pairs: tuple[int, int]) -> list[Measured]:
    return Bench()([EngineParams(rows=rows, cols=cols) for rows, cols in pairs])


def test_a_fit_of_what_it_models_is_exact() -> None:
    found = fit(sizes((4, 4), (4, 8), (8, 4), (6, 6), (8, 8)))
    assert found.area_error == pytest.approx(0, abs=1e-9)
    assert found.clock_error == 0
    assert found.terms == pytest.approx((500, 40, 90, 16))
    assert found.area(EngineParams(rows=64, cols=32)) == pytest.approx(cost(EngineParams(rows=64, cols=32))[0])


def test_the_error_is_that_of_what_was_left_out() -> None:
    """Each left-out engine is predicted from the others by an independent solution."""
    rng = np.random.default_rng(5)
    known = [
        Measured(each.params, each.area * rng.uniform(0.9, 1.1), each.clock * rng.uniform(0.9, 1.1))
        for each in sizes((4, 4), (4, 8), (8, 4), (8, 8), (6, 6))
    ]
    errors = []
    for index, left in enumerate(known):
        others = known[:index] + known[index + 1 :]
        matrix = [[1, p.rows, p.cols, p.rows * p.cols] for p in (each.params for each in others)]
        terms = np.linalg.solve(np.array(matrix, float), [each.area for each in others])
        guess = terms @ [1, left.params.rows, left.params.cols, left.params.rows * left.params.cols]
        errors.append(abs(guess / left.area - 1))
    assert fit(known).area_error == pytest.approx(np.mean(errors))
    with pytest.raises(ValueError, match="4 terms need more than 4 engines"):
        fit(known[:4])


def test_kinds() -> None:
    """Presets and others, all of them legal at all sizes that are tried; those that skip zeros only on request."""
    found = kinds(EngineParams())
    assert len({kind.words for kind in found}) == len(found)
    assert {kind.named for kind in found} == {True, False}
    assert not any(kind.base.data_dependent for kind in found)
    assert any(kind.base.data_dependent for kind in kinds(EngineParams(), skipping=True))
    grouped = [kind for kind in kinds(EngineParams(), groups=True) if kind not in found]
    assert {kind.base.column_groups for kind in grouped} == {4}
    assert not any(kind.named for kind in grouped)
    for kind in found:
        params = kind.sized(SIDES[-1], SIDES[0])
        down = params.depth if params.weight_stationary else params.rows
        assert (down, params.cols) == (SIDES[-1], SIDES[0])
        assert kind.named == (params.point is None)


def test_cycles_are_those_of_the_map() -> None:
    params = EngineParams()
    assert network_cycles(params, read("mobilenet")) == map_network(params, read("mobilenet")).totals["cycles"]


def test_the_best_is_found() -> None:
    """No engine of any kind and size that fits would take less time."""
    bench, among, area = Bench(), kinds(EngineParams())[::6], 4_000
    found = search(NETWORK, area, among, bench, keep=len(among))
    every = [kind.sized(rows, cols) for kind in among for rows in SIDES[:8] for cols in SIDES[:8]]
    fitting = [each for each in every if cost(each)[0] <= area]
    least = min(network_cycles(each, NETWORK) * cost(each)[1] for each in fitting)
    named = min(network_cycles(each, NETWORK) * cost(each)[1] for each in fitting if each.point is None)
    assert found.best.time <= least
    assert found.preset.time <= named
    assert found.best.measured
    assert found.preset.measured
    assert found.best.area <= area
    assert found.synthesised == bench.made
    assert found.front[-1] == found.best
    assert [each.time for each in found.front] == sorted((each.time for each in found.front), reverse=True)


def test_what_does_not_keep_its_promise_is_passed_over() -> None:
    """Engines of more than eight columns turn out to be larger than small ones tell."""
    found = search(NETWORK, 40_000, kinds(EngineParams())[:8], Bench(off=0.05))
    assert found.best.area <= 40_000
    assert found.best.area == Bench(off=0.05)([found.best.params])[0].area


def test_nothing_fits() -> None:
    with pytest.raises(CheckFailed, match="no engine fits into an area of 100"):
        search(NETWORK, 100, kinds(EngineParams())[:4], Bench())


def test_front() -> None:
    kind = Kind(EngineParams())

    def point(area: float, cycles: float) -> Candidate:
        return Candidate(kind, kind.base, area, 1.0, cycles)

    points = [point(3, 5), point(1, 9), point(2, 9), point(4, 5), point(5, 1), point(1, 12)]
    assert [(each.area, each.cycles) for each in front(points)] == [(1, 9), (3, 5), (5, 1)]


def test_every_winner_can_be_written(tmp_path: Path) -> None:
    """The configuration of each kind is that engine again."""
    for kind in kinds(EngineParams(), skipping=True, groups=True):
        params = kind.sized(6, 4)
        assert read_config(tomllib.loads(_toml(params)), tmp_path / "best.toml").engine == params, kind.words


def test_fits_are_plain() -> None:
    assert Fit((1.0, 2.0, 3.0, 4.0), 1.0, 0.0, 0.0).area(EngineParams(rows=2, cols=3)) == 1 + 4 + 9 + 24
