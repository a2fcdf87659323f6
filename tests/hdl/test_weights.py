"""The control of weight-stationary arrays by itself: what the tests of whole engines cannot see."""

from __future__ import annotations

import random

import pytest

from hdl.engine.weights import WeightControl
from hdl.params import EngineParams
from tests.hdl.simulate import run


def drive(params: EngineParams, b_last: list[bool], a_last: list[bool], cycles: int, stall: float = 0.0) -> list[dict]:
    """What the control says in each cycle, with such beats on its streams."""
    control = WeightControl(params, sums=params.depth + 1, finish=0, align=params.cols - 1)
    rng = random.Random(1)
    seen: list[dict] = []
    names = ("en", "a_take", "b_take", "a_drop", "a_short", "b_short", "active", "swap", "load", "starved", "mismatch")
    names = (*names, "row_valid", "row_last")

    async def process(ctx) -> None:
        a = b = 0
        ctx.set(control.wanted, 1)
        for _ in range(cycles):
            ctx.set(control.room, rng.random() >= stall)
            valid = {}
            for name, place, beats in (("a", a, a_last), ("b", b, b_last)):
                valid[name] = place < len(beats) and rng.random() >= stall
                ctx.set(getattr(control, f"{name}_valid"), valid[name])
                ctx.set(getattr(control, f"{name}_last"), valid[name] and beats[place])
            seen.append({name: ctx.get(getattr(control, name)) for name in names})
            seen[-1]["a_drop"] &= valid["a"]
            a, b = a + seen[-1]["a_take"] + seen[-1]["a_drop"], b + seen[-1]["b_take"]
            await ctx.tick()

    run(control, process)
    return seen


def params(**values: object) -> EngineParams:
    return EngineParams.from_dict({"array": "systolic_ws", "scheme": "mac", "cols": 2, **values})


@pytest.mark.parametrize("stall", [0.0, 0.3])
@pytest.mark.parametrize(("rows", "depth"), [(1, 1), (3, 5), (5, 3), (4, 4)])
def test_a_block_is_loaded_while_the_one_before_is_in_use(rows: int, depth: int, stall: float) -> None:
    blocks = 12
    b_last = [beat == 2 * depth - 1 for _ in range(blocks // 2) for beat in range(2 * depth)]
    a_last = [row == 2 * rows - 1 for _ in range(blocks // 2) for row in range(2 * rows)]
    seen = drive(params(rows=rows, depth=depth), b_last, a_last, 4 * blocks * (rows + depth) + 40, stall)
    loads: list[int] = []
    swaps: list[int] = []
    taken = 0
    for cycle in seen:
        if cycle["swap"]:
            assert taken % rows == 0, "the rows of a block stay together"
            assert depth * (len(swaps) + 1) <= len(loads), "all weights are there"
            assert len(loads) <= depth * (len(swaps) + 1), "and not yet those of the block after the next"
            swaps.append(taken)
        if cycle["load"]:
            loads.append(cycle["load"].bit_length() - 1)
            assert len(loads) <= depth * (len(swaps) + 1), "the shadow registers are free"
        taken += cycle["a_take"]
    assert loads == list(range(depth)) * blocks
    assert swaps == [rows * block for block in range(blocks)]
    assert not any(cycle["mismatch"] for cycle in seen)
    ends = [cycle["row_last"] for cycle in seen if cycle["row_valid"] and cycle["en"]]
    assert ends == [row == rows - 1 for _ in range(blocks // 2) for row in range(rows)]
    if not stall:
        steps = [step for step, cycle in enumerate(seen) if cycle["swap"]]
        assert steps[-1] - steps[0] == (blocks - 1) * max(rows, depth), "loading costs no cycle"


def test_a_tile_that_ends_inside_a_block() -> None:
    """It is reported, its block is filled up with zeros, and it leaves the next one as it is."""
    rows, depth = 2, 4
    b_last = [False, True, *[beat == depth - 1 for beat in range(depth)]]
    a_last = [False, True, False, True]
    seen = drive(params(rows=rows, depth=depth), b_last, a_last, 40)
    assert [cycle["load"] for cycle in seen if cycle["load"]] == [1, 2, 4, 8] * 2
    assert [cycle["b_short"] for cycle in seen if cycle["load"]] == [0, 0, 1, 1, 0, 0, 0, 0]
    assert sum(cycle["b_take"] for cycle in seen) == len(b_last)
    assert sum(cycle["mismatch"] for cycle in seen) == 1
    assert [cycle["row_last"] for cycle in seen if cycle["row_valid"]] == [0, 1, 0, 1]


@pytest.mark.parametrize(
    ("a_last", "short"),
    [
        ([1, 0, 1], 1),  # one row short: zeros enter instead
        ([0, 0, 1, 0, 1], 0),  # one too many, and two: they are discarded
        ([0, 0, 0, 1, 0, 1], 0),
    ],
)
def test_a_tile_that_ends_elsewhere_in_a(a_last: list[int], short: int) -> None:
    rows, depth = 2, 2
    seen = drive(params(rows=rows, depth=depth), [False, True] * 2, [bool(last) for last in a_last], 30)
    assert sum(cycle["mismatch"] for cycle in seen) == 1
    assert [cycle["row_last"] for cycle in seen if cycle["row_valid"]] == [0, 1, 0, 1]
    assert sum(cycle["a_short"] for cycle in seen) == short
    assert sum(cycle["a_take"] for cycle in seen) == sum(cycle["active"] for cycle in seen) == 4 - short
    assert sum(cycle["a_drop"] for cycle in seen) == len(a_last) - 4 + short


def test_starved() -> None:
    """A missing beat of B counts while rows wait for its block, one of A once the block is there."""
    empty = drive(params(rows=2, depth=3), [], [False, True], 10)
    assert all(cycle["starved"] for cycle in empty)
    loaded = drive(params(rows=2, depth=3), [False, False, True], [], 12)
    assert [cycle["starved"] for cycle in loaded] == [0] * 3 + [1] * 9
