"""Engines under random gaps and back-pressure on all streams, and directed cases of the engine contract."""

from __future__ import annotations

from functools import cache

import pytest

from sim_tb.directed import DIRECTED, applies
from sim_tb.run import run_protocol, run_stress
from sim_tb.stalls import Profile
from tests.sim.engines import ENGINES, hardware, params
from tests.sim.pairwise import covering, settings

pytestmark = pytest.mark.sim


@pytest.mark.parametrize("name", ENGINES)
def test_hardware_driven(name: str) -> None:
    tiles = 10_000 if name == "default" else 1_500
    answer = run_stress(params(name), hardware(name), tiles=tiles, seed=2)
    assert answer["passed"], answer["problems"]
    assert answer["tiles"] == tiles
    assert answer["elements_checked"] == tiles * params(name).rows * params(name).cols
    if name == "default":
        assert len(answer["stalls"]) == 5 * len(Profile)  # every stream has met every profile


@cache
def directed(name: str) -> frozenset[tuple[str, str, object]]:
    """The directed tests that apply to an engine, each with every setting of it, and with what its cycles depend on."""
    engine = params(name)
    axes = engine.axes
    found = settings(engine) | {("cycles", (axes.stores_operands, axes.skip, axes.sum.per_weight))}
    return frozenset((test, *setting) for test in DIRECTED if applies(test, engine) for setting in found)


#: Every directed test meets every setting of the engines to which it applies.
PYTHON_DRIVEN = covering(
    ENGINES,
    (
        *("one_pe", "default", "mac", "narrow", "unsigned", "tall", "cube", "stationary", "tree"),
        *("opt3_systolic", "opt4c", "opt4e_systolic"),
        *("laconic_one", "laconic_square", "stationary_deep", "cube_tall", "groups", "groups_planes"),
        *("bf16", "fp16", "fp16_tree"),
    ),
    directed,
)


@pytest.mark.parametrize("name", PYTHON_DRIVEN)
def test_python_driven(name: str) -> None:
    answer = run_protocol(params(name), hardware(name), tiles=60, seed=3)
    assert answer["passed"], answer["problems"]
    assert set(answer["tests"]) == {test for test in DIRECTED if applies(test, params(name))}
    assert answer["tiles"] >= 60
