"""An engine that loses cycles, with all results right, fails the test of its pace: the proof that it counts them."""

from __future__ import annotations

import re
from collections.abc import Callable

import pytest

from hdl.params.axes import Skip
from sim_tb.directed import applies
from sim_tb.run import run_protocol, run_stress
from tests.sim.engines import ENGINES, hardware, params
from tests.sim.test_mutation import mutate
from tests.sim.test_sparse_mutation import swap

pytestmark = pytest.mark.sim


def later(line: str) -> Callable[[str], str]:
    """A constant in the middle of a pattern is one more."""
    return lambda module: re.sub(line, lambda found: f"{found[1]}{int(found[2], 16) + 1:x}{found[3]}", module, count=1)


#: What is lost, in which engine and part, and how.
SLOWER: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "a cycle between the sums of two planes": ("pair 8", "ends", later(r"( = ends \? 3'h)(\d)( : )")),
    "steps of every segment but the first": ("opt3_systolic", "loader", swap(r"closing \? 3'h0", "closing ? 3'h2")),
}


@pytest.mark.parametrize("lost", SLOWER)
def test_lost_cycles_are_found(lost: str) -> None:
    name, role, change = SLOWER[lost]
    slow = mutate(hardware(name), role, change)
    assert run_stress(params(name), slow, tiles=200, seed=2)["passed"]
    answer = run_protocol(params(name), slow, tiles=10, seed=3)
    assert not answer["passed"]
    assert any(problem.startswith("pace: cycles of") for problem in answer["problems"]), answer["problems"]


def test_engines_that_store_operands_have_a_pace() -> None:
    """Engines that store operands have one, in every way in which they skip."""
    stored = [params(name) for name in ENGINES if params(name).axes.stores_operands]
    assert all(applies("pace", each) for each in stored)
    ways = {(each.axes.skip, each.axes.sum.per_weight) for each in stored}
    assert ways >= {(Skip.COMMON, True), (Skip.ROWS, False)}
