"""Engines whose digits follow each other in time, composed of axes: whole engines against integers, cycles exact."""

from __future__ import annotations

from itertools import pairwise
from typing import Any

import pytest

from hdl.engine.top import Engine
from hdl.params import Dataflow
from hdl.params.axes import Adders, Carries, Digits, KForm, KSpace, Order, Recoded, Skip, Sum, Travel
from tests.hdl.cover import engines
from tests.hdl.lanes import Netlist, netlists
from tests.hdl.streams import run_engine

CHOICES: dict[str, list[Any]] = {
    "a": list(Travel),
    "b": list(Travel),
    "k": [KSpace(), KSpace(KForm.CHAIN, 3), KSpace(KForm.TREE, 3)],
    "digits": [Digits(1, Order.OPERANDS), Digits(2, Order.OPERANDS)],
    "skip": [Skip.NONE, Skip.COMMON],
    "recoded": [Recoded.A, Recoded.B],
    "sum": [Sum(carries) for carries in Carries],
    "adders": list(Adders),
}
ENGINES = engines(CHOICES)


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({str(i): Engine(params) for i, params in enumerate(ENGINES)})


@pytest.mark.parametrize("number", range(len(ENGINES)))
def test_engine(number: int, gates: dict[str, Netlist]) -> None:
    """Random tiles and ends of formats, gaps and back-pressure, short and long tiles; and the pace of a streak."""
    params = ENGINES[number]
    flow, step = Dataflow(params), params.k_step
    long = min((flow.drain_cycles // flow.beat_steps + 2) * step, params.k_limit)
    ks = [min(k, params.k_limit) for k in (1, step, 2 * step + 1, *[long] * 5, 1, 3 * step)]
    run = run_engine(gates[str(number)], params, ks, copies=8, seed=number + 1)
    assert not run.wrong, f"{run.example}: {params}"
    assert not run.example, f"{run.example}: {params}"
    assert run.compared == 8 * len(ks) * params.rows * params.cols
    if not params.data_dependent:
        steady = run.taken[4:8]
        assert [after - before for before, after in pairwise(steady)] == [flow.tile_interval(long)] * 3
