"""A broken part of a weight-stationary engine makes the stress test fail: the proof that it looks at each of them."""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from sim_tb.run import run_stress
from tests.sim.test_mutation import lost_carry, mutate, xor_to_or
from tests.sim.test_sparse_mutation import swap

pytestmark = pytest.mark.sim

ENGINES: dict[str, dict[str, Any]] = {
    "chain": {"array": "systolic_ws", "scheme": "opt1", "rows": 2, "cols": 2, "depth": 3},
    "mac": {"array": "systolic_ws", "scheme": "mac", "rows": 3, "cols": 2, "depth": 2},
    "tree": {"array": "adder_tree", "scheme": "opt1", "rows": 3, "cols": 1, "depth": 5},
    "planes": {"array": "adder_tree", "scheme": "opt2", "rows": 3, "cols": 1, "depth": 5},
}
#: Engine, part, what breaks, and how.
BROKEN: dict[str, tuple[str, str, Callable[[str], str]]] = {
    "a sum without its carry": ("chain", "pe", xor_to_or),
    "a carry that is lost": ("chain", "pe", lost_carry),
    "a carry that is lost in the multiplier": ("mac", "pe", lost_carry),
    "a product without its sign": ("tree", "pe", swap(r"= ~ _\d+_;", "= 1'b1;")),
    "weights that pass their shadow registers": ("chain", "pe", swap(r"weight <= shadow", "weight <= b")),
    "weights that are taken over when loaded": ("chain", "pe", swap(r"(assign _\d+_ = en &) swap_in", r"\1 load_in")),
    "a load for the wrong column": ("mac", "pe", swap(r"assign load_out = \S+;", "assign load_out = load_in;")),
    "an operand that moves while all else is frozen": ("mac", "pe", swap(r"if \(en\) (a_out <=)", r"\1")),
    "a sum that moves while all else is frozen": ("chain", "pe", swap(r"if \(en\) (p_out <=)", r"\1")),
    "weights loaded before the last ones are in use": ("mac", "control", swap(r"= ~ full;", "= 1'b1;")),
    "rows that enter before their weights": ("mac", "control", swap(r"begun \| full", "1'b1")),
    "a tile that begins with the last one's sums": ("mac", "foot", swap(r"\S+ (\? \d+'d0 : line_o)", r"1'b0 \1")),
    "bubbles that are counted as rows": ("chain", "foot", swap(r"assign step = .*;", "assign step = en;")),
    "a chain that begins at zero": ("chain", "array", swap(r"\.p_in\(\d+'h\w+\)", ".p_in(0)")),
    "an excess that is not taken away": ("planes", "foot", swap(r"(assign _\d+_ = .*)1'h1", r"\g<1>1'h0")),
    "a plane that loses products": ("planes", "plane_one_two_neg", swap(r"\.x\(x\[29:0\]\)", ".x(30'h0)")),
    "planes that are added up wrongly": ("planes", "tree", xor_to_or),
    "weights that change a step early": ("planes", "array", swap(r"\.swap\(edge_swap\)", ".swap(swap)")),
}


@cache
def whole(name: str) -> Emission:
    """The engine as it is."""
    return emit(EngineParams.from_dict(ENGINES[name]))


@pytest.mark.parametrize("name", ENGINES)
def test_the_engine_itself_passes(name: str) -> None:
    params = EngineParams.from_dict(ENGINES[name])
    answer = run_stress(params, whole(name), tiles=300, seed=6)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 300 * params.rows * params.cols


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_part_is_found(name: str) -> None:
    engine, role, change = BROKEN[name]
    answer = run_stress(EngineParams.from_dict(ENGINES[engine]), mutate(whole(engine), role, change), tiles=600, seed=6)
    assert not answer["passed"]
    assert answer["mismatches"] > 0 or any("hung" in problem for problem in answer["problems"])
