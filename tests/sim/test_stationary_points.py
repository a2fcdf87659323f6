"""Engines on which a block of B stays and that have no name: bit for bit under stalls, their cycles, and mutants."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import Dataflow, EngineParams
from sim_tb.directed import DIRECTED, applies
from sim_tb.rate import measure_streak
from sim_tb.run import run_protocol, run_stress
from tests.sim.test_mutation import mutate, xor_to_or
from tests.sim.test_sparse_mutation import swap

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
        "rows": 4,
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
    "one_step": {
        "point": point("none", 1, "propagate", recoded="b", encode="edge"),
        "rows": 3,
        "cols": 2,
        "a": "u4",
        "b": "u3",
    },
    "edge_numbers": {"point": point("chain", 2, "propagate", encode="edge"), "rows": 1, "cols": 3, "encoder": "naf"},
    "b_in_pe": {
        "point": point("tree", 3, per_weight=True, recoded="b", **IN_PE, **BROADCAST),
        "rows": 2,
        "cols": 2,
        "reset_data": True,
    },
}


def in_time(at_once: int, **axes: Any) -> dict[str, Any]:
    return {"digits": {"at_once": at_once, "order": "operands"}, **axes}


ENGINES |= {
    "steps_chain": {"point": point("chain", 4, per_weight=True, **in_time(1)), "rows": 3, "cols": 4, "preload": True},
    "steps_tree": {
        "point": point("tree", 5, per_weight=True, **in_time(2, **BROADCAST)),
        "rows": 2,
        "cols": 3,
        "encoder": "bit_serial",
        "a": "s12",
        "b": "u3",
    },
    "steps_gathered": {"point": point("chain", 3, **in_time(2)), "rows": 3, "cols": 2, "a": "s7", "b": "u12"},
    "steps_gathered_tree": {
        "point": point("tree", 7, **in_time(1, **BROADCAST, **IN_PE)),
        "rows": 1,
        "cols": 4,
        "encoder": "naf",
        "a": "u4",
        "b": "u5",
        "accumulator": 14,
    },
    "steps_numbers": {"point": point("tree", 2, "propagate", **in_time(1, **LOADED)), "rows": 5, "cols": 3, "a": "u5"},
    "steps_one_k": {"point": point("none", 1, **in_time(1)), "rows": 3, "cols": 1, "encoder": "ent"},
    "steps_of_one": {"point": point("chain", 5, "propagate", per_weight=True, **in_time(2, **LOADED)), "b": "s3"},
    "steps_of_one_in_pe": {
        "point": point("tree", 5, "propagate", per_weight=True, **in_time(2, recoded="b", **IN_PE)),
        "a": "u4",
        "b": "s3",
    },
    "common_chain": {"point": point("chain", 3, per_weight=True, **in_time(1, skip="common")), "encoder": "naf"},
    "common_tree": {
        "point": point("tree", 4, "propagate", **in_time(1, skip="common", **BROADCAST)),
        "encoder": "bit_serial",
        "a": "s5",
        "b": "s7",
        "preload": True,
    },
    "common_gathered": {"point": point("tree", 1, **in_time(1, skip="common")), "rows": 1, "encoder": "ent", "b": "u6"},
}
for _engine in ENGINES.values():
    _engine.setdefault("rows", 2)
    _engine.setdefault("cols", 2)


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


PYTHON_DRIVEN = (
    *("planes_chain", "tree_handed", "loaded_chain", "one_step"),
    *("steps_chain", "steps_tree", "steps_gathered", "common_chain", "common_tree"),
    *("steps_one_k", "common_gathered"),
)


@pytest.mark.parametrize("name", PYTHON_DRIVEN)
def test_python_driven(name: str) -> None:
    answer = run_protocol(params(name), hardware(name), tiles=40, seed=3)
    assert answer["passed"], answer["problems"]
    assert set(answer["tests"]) == {test for test in DIRECTED if applies(test, params(name))}


@pytest.mark.parametrize("name", ["steps_chain", "steps_tree", "planes_chain", "steps_one_k"])
def test_a_streak_takes_its_interval(name: str) -> None:
    streak = measure_streak(params(name), hardware(name), k=20, tiles=4)
    assert streak.cycles == Dataflow(params(name)).tile_interval(20)


#: Engine, part, what breaks, and how.
BROKEN: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "weights that are combined wrongly": ("planes_chain", "combine", xor_to_or),
    "a row that takes B too early": ("planes_chain_numbers", "row", swap(r"\.swap\(edge_swap\)", ".swap(swap)")),
    "an operand that passes a column by": ("tree_handed", "column", swap(r"\.a_in\(a_in", ".a_in(~a_in")),
    "digits of B that are not loaded": ("loaded_chain", "recode", swap("&", "|")),
    "a step at the weight of another": ("steps_chain", "foot", swap(r"index_out <= index;", "index_out <= 0;")),
    "steps of a row that go on with the last one's": (
        "steps_gathered",
        "foot",
        swap(r"\d+'h0+ : gathered", "gathered : gathered"),
    ),
    "a row that moves on in every step": ("steps_numbers", "foot", swap(r"= step & begins_out;", "= step;")),
    "rows counted by their steps": ("steps_tree", "control", swap(r"= row & row_ends;", "= row;")),
    "a step that is left out": ("common_tree", "serialiser", swap(r"\? others : left;", "? 0 : left;")),
}


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_part_is_found(name: str) -> None:
    engine, role, change = BROKEN[name]
    answer = run_stress(params(engine), mutate(hardware(engine), role, change), tiles=300, seed=6)
    assert not answer["passed"]
