"""Engines on which a block of B stays and that have no name: bit for bit under stalls, and mutants of their own."""

from __future__ import annotations

from functools import cache
from typing import Any

import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from sim_tb.directed import DIRECTED, applies
from sim_tb.run import run_protocol, run_stress

pytestmark = pytest.mark.sim


def point(k: str, steps: int, total: str = "save", *, per_weight: bool = False, **axes: Any) -> dict[str, Any]:
    """Axes as plain values; carries are saved, and operands of A handed over, unless said otherwise."""
    form = {"form": k, "steps": steps}
    carries = {"carries": total, "per_weight": per_weight}
    return {"stays": "weights", "b": None, "k": form, "sum": carries, "adders": "column", **axes}


BROADCAST = {"a": "broadcast"}
IN_PE, LOADED = {"encode": "pe"}, {"recoded": "b", "encode": "load"}
ENGINES: dict[str, dict[str, Any]] = {
    "planes_chain": {"point": point("chain", 5, per_weight=True), "rows": 3, "cols": 4, "preload": True},
    "planes_chain_numbers": {
        "point": point("chain", 3, "propagate", per_weight=True, **BROADCAST),
        "rows": 2,
        "cols": 5,
        "encoder": "bit_serial",
        "a": "u5",
        "b": "s7",
        "accumulator": 17,
    },
    "broadcast_chain": {"point": point("chain", 9, **BROADCAST), "rows": 4, "cols": 2, "encoder": "naf", "b": "u5"},
    "tree_handed": {"point": point("tree", 5, **IN_PE), "rows": 5, "cols": 3, "a": "s12", "b": "s3", "encoder": "ent"},
    "planes_tree_numbers": {
        "point": point("tree", 6, "propagate", per_weight=True, **LOADED),
        "rows": 3,
        "cols": 3,
        "encoder": "ent",
        "b": "s12",
        "a": "s3",
    },
    "loaded_chain": {"point": point("chain", 4, **LOADED), "rows": 3, "cols": 3, "encoder": "naf", "carry_every": 1},
    "one_step": {"point": point("none", 1, "propagate", **LOADED), "rows": 3, "cols": 2, "a": "u4", "b": "u3"},
    "edge_numbers": {"point": point("chain", 2, "propagate", encode="edge"), "rows": 1, "cols": 3, "encoder": "naf"},
    "b_in_pe": {
        "point": point("tree", 3, per_weight=True, recoded="b", **IN_PE, **BROADCAST),
        "rows": 2,
        "cols": 2,
        "reset_data": True,
    },
}


def params(name: str) -> EngineParams:
    return EngineParams.from_dict(ENGINES[name])


@cache
def hardware(name: str) -> Emission:
    return emit(params(name))


@pytest.mark.parametrize("name", ENGINES)
def test_under_stalls(name: str) -> None:
    answer = run_stress(params(name), hardware(name), tiles=800, seed=2)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 800 * params(name).rows * params(name).cols


@pytest.mark.parametrize("name", ["planes_chain", "tree_handed", "loaded_chain", "one_step"])
def test_python_driven(name: str) -> None:
    answer = run_protocol(params(name), hardware(name), tiles=40, seed=3)
    assert answer["passed"], answer["problems"]
    assert set(answer["tests"]) == {test for test in DIRECTED if applies(test, params(name))}
