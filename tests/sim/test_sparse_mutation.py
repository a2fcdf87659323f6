"""A broken part of a sparse engine makes the stress test fail: the proof that it looks at each of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import cache

import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import EngineParams
from sim_tb.run import run_stress
from tests.sim.test_mutation import lost_carry, mutate, xor_to_or

pytestmark = pytest.mark.sim

SMALL = {"array": "matrix_2d", "scheme": "opt4c", "rows": 2, "cols": 2, "segment": 16, "queue": 3, "encoder": "ent"}


def swap(old: str, new: str) -> Callable[[str], str]:
    """Replace the first occurrence of a pattern."""
    return lambda module: re.sub(old, new, module, count=1)


#: Part, what breaks, and how.
BROKEN: dict[str, tuple[str, Callable[[str], str]]] = {
    "a sum without its carry": ("pe", xor_to_or),
    "a carry that is lost": ("pe", lost_carry),
    "digits with the sign of another field": (
        "picker",
        swap(r"group_negs <= group\[\d+:\d+\]", "group_negs <= group[3:0]"),
    ),
    "entries after the end of a list": ("bank", swap(r"has2 <= has;", "has2 <= 1'b1;")),
    "slots that are taken while a row needs them": ("body", swap(r"\.holds\(holds\)", ".holds(3'h0)")),
    "rows that do not wait for each other": ("output", swap(r"& { done\[2\], done\[0\] }", "| { done[2], done[0] }")),
    "results read before the last sum is in": ("output", swap(r"(assign _\d+_ = waited ==) 4'h\d", r"\1 4'h0")),
    "two rows on the buses": ("arbiter", swap(r"(grant <= .* :) _\d+_;", r"\1 asking;")),
    "a plane shifted by another's weight": ("collector", swap(r"total, 6'h0 \}", "2'h0, total, 4'h0 }")),
    "a tile that begins with the last one's results": ("collector", swap(r"tag3\[2\] \?", "1'b0 ?")),
    "steps that are not counted": ("row", swap(r"steps \+ 5'h1", "steps + 5'h2")),
    "a request before the digits are all picked": ("walker", swap(r"(assign picked =) .*;", r"\1 busy;")),
    "a plane that does not end": ("reader", swap(r"(end1 <= .*,) \S+ +\}", r"\1 1'h0 }")),
}


@cache
def whole() -> Emission:
    """The engine as it is."""
    return emit(EngineParams.from_dict(SMALL))


def test_the_engine_itself_passes() -> None:
    answer = run_stress(EngineParams.from_dict(SMALL), whole(), tiles=300, seed=6)
    assert answer["passed"], answer["problems"]
    assert answer["elements_checked"] == 300 * 4


@pytest.mark.parametrize("name", BROKEN)
def test_a_broken_part_is_found(name: str) -> None:
    role, change = BROKEN[name]
    answer = run_stress(EngineParams.from_dict(SMALL), mutate(whole(), role, change), tiles=300, seed=6)
    assert not answer["passed"]
