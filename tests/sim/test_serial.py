"""Engines whose digits follow each other in time, in Verilator; tests/hdl/test_serial.py has many more, as gates."""

from __future__ import annotations

from typing import Any

import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams
from sim_tb.directed import DIRECTED, applies
from sim_tb.run import run_protocol, run_stress

pytestmark = pytest.mark.sim

ONE = {"at_once": 1, "order": "operands"}
COMMON = {"digits": ONE, "skip": "common"}
ENGINES: dict[str, dict[str, Any]] = {
    "dense": {"point": {"digits": ONE}, "rows": 3, "cols": 5, "preload": True},
    "two": {"point": {"digits": {**ONE, "at_once": 2}}, "rows": 9, "cols": 2, "encoder": "ent", "a": "s7", "b": "u12"},
    "common": {"point": COMMON, "rows": 3, "cols": 4, "encoder": "naf", "carry_every": 8},
    "common_tree": {
        "point": {**COMMON, "a": "broadcast", "k": {"form": "tree", "steps": 2}},
        "rows": 9,
        "cols": 1,
        "a": "u4",
        "b": "s5",
        "accumulator": 15,
    },
}


def params(name: str) -> EngineParams:
    return EngineParams.from_dict(ENGINES[name])


@pytest.mark.parametrize("name", ["dense", "common"])
def test_under_stalls(name: str) -> None:
    """Random tiles under random stalls; counts of the cycles in which operands enter are exact (sim_tb.activity)."""
    answer = run_stress(params(name), emit(params(name)), tiles=1_000, seed=2)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 1_000 * params(name).rows * params(name).cols


@pytest.mark.parametrize("name", ["two", "common_tree"])
def test_python_driven(name: str) -> None:
    answer = run_protocol(params(name), emit(params(name)), tiles=40, seed=3)
    assert answer["passed"], answer["problems"]
    assert set(answer["tests"]) == {test for test in DIRECTED if applies(test, params(name))}
