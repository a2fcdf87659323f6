"""Engines whose digits of A follow each other in time: bit for bit and cycle for cycle, and mutants of their own."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from sim_tb.directed import DIRECTED, applies
from sim_tb.run import run_protocol, run_stress

pytestmark = pytest.mark.sim


def serial(at_once: int = 1, **axes: Any) -> dict[str, Any]:
    """Axes of an engine whose digits follow each other in time, as plain values."""
    return {"digits": {"at_once": at_once, "order": "operands"}, **axes}


def chain(steps: int) -> dict[str, Any]:
    return {"form": "chain", "steps": steps}


ENGINES: dict[str, dict[str, Any]] = {
    "dense": {"point": serial(), "rows": 3, "cols": 5, "preload": True},
    "dense_one": {"point": serial(a="broadcast"), "rows": 1, "cols": 1, "encoder": "naf", "carry_every": 1},
    "dense_two": {"point": serial(2), "rows": 9, "cols": 2, "encoder": "ent", "a": "s7", "b": "u12", "carry_every": 8},
    "dense_bits": {
        "point": serial(3, a="broadcast"),
        "rows": 2,
        "cols": 3,
        "encoder": "bit_serial",
        "a": "s12",
        "b": "s3",
        "accumulator": 17,
    },
    "dense_all": {"point": serial(2, a="broadcast"), "rows": 4, "cols": 2, "a": "u3", "b": "u7", "accumulator": 14},
    "dense_chain": {"point": serial(k=chain(3)), "rows": 2, "cols": 3, "encoder": "bit_serial", "a": "u5", "b": "s7"},
    "common": {"point": serial(skip="common"), "rows": 3, "cols": 4, "encoder": "naf", "preload": True},
    "common_one": {"point": serial(skip="common", a="broadcast"), "rows": 1, "cols": 3, "a": "s12", "b": "u3"},
    "common_tall": {
        "point": serial(skip="common", a="broadcast"),
        "rows": 9,
        "cols": 1,
        "encoder": "bit_serial",
        "a": "u4",
        "b": "s5",
        "carry_every": 4,
        "accumulator": 15,
    },
    "common_chain": {"point": serial(skip="common", k=chain(2)), "rows": 3, "cols": 2, "encoder": "ent", "a": "s9"},
}


def params(name: str) -> EngineParams:
    return EngineParams.from_dict(ENGINES[name])


@cache
def hardware(name: str) -> Emission:
    return emit(params(name))


@pytest.mark.parametrize("name", ENGINES)
def test_under_stalls(name: str) -> None:
    """Random tiles under random stalls; counts of the cycles in which operands enter are exact (sim_tb.activity)."""
    answer = run_stress(params(name), hardware(name), tiles=1_000, seed=2)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 1_000 * params(name).rows * params(name).cols


@pytest.mark.parametrize("name", ["dense", "dense_two", "dense_chain", "common", "common_tall"])
def test_python_driven(name: str) -> None:
    answer = run_protocol(params(name), hardware(name), tiles=40, seed=3)
    assert answer["passed"], answer["problems"]
    assert set(answer["tests"]) == {test for test in DIRECTED if applies(test, params(name))}
