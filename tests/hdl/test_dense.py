"""Engines on which results stay and all digits are in space, composed of axes: whole engines against integers."""

from __future__ import annotations

import random
from dataclasses import replace
from itertools import pairwise
from typing import Any

import pytest

from hdl.engine.bodies import body_of
from hdl.engine.top import Engine
from hdl.params import Axes, Dataflow, EngineParams, OperandFormat
from hdl.params.axes import Adders, Carries, Encode, KForm, KSpace, Recoded, Sum, Travel
from tests.hdl.cover import engines, points
from tests.hdl.lanes import Netlist, netlists
from tests.hdl.pairs import mutants
from tests.hdl.streams import run_engine

CHOICES: dict[str, list[Any]] = {
    "a": list(Travel),
    "b": list(Travel),
    "k": [KSpace(), KSpace(KForm.CHAIN, 3), KSpace(KForm.TREE, 3)],
    "encode": [Encode.EDGE, Encode.PE],
    "recoded": [Recoded.A, Recoded.B],
    "sum": [Sum(carries, per_weight) for carries in Carries for per_weight in (False, True)],
    "adders": list(Adders),
}
ENGINES = engines(CHOICES)


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({str(i): Engine(params) for i, params in enumerate(ENGINES)})


def test_more_than_sixty_are_built() -> None:
    assert len({replace(axes, k=KSpace(axes.k.form, 1)) for axes in points(CHOICES)}) > 60


@pytest.mark.parametrize("number", range(len(ENGINES)))
def test_engine(number: int, gates: dict[str, Netlist]) -> None:
    """Random tiles and ends of formats, gaps and back-pressure, short and long tiles; and the pace of a streak."""
    check(gates[str(number)], ENGINES[number], copies=8, seed=number + 1)


def check(netlist: Netlist, params: EngineParams, copies: int, seed: int) -> None:
    """Every result, and in an unstalled streak the interval of tiles and the latency."""
    flow, body, step = Dataflow(params), body_of(params), params.k_step
    long = min((flow.drain_cycles + 2) * step, params.k_limit)
    ks = [min(k, params.k_limit) for k in (1, step, 2 * step + 1, *[long] * 5, 1, 3 * step)]
    run = run_engine(netlist, params, ks, copies=copies, seed=seed)
    assert not run.wrong, f"{run.example}: {params}"
    assert not run.example, f"{run.example}: {params}"
    assert run.compared == copies * len(ks) * params.rows * params.cols
    steady = run.taken[4:8]
    assert [after - before for before, after in pairwise(steady)] == [flow.tile_interval(long)] * 3
    assert flow.a.beats(long) == flow.tile_interval(long)  # no beat waits
    assert [row - end for row, end in zip(run.rows[4:8], steady, strict=True)] == [body.latency] * 4


def _small(**axes: Any) -> EngineParams:
    small = OperandFormat.parse("s3")
    return EngineParams(point=Axes(**axes), rows=2, cols=2, a=small, b=small, accumulator=10)


#: Adders of rows, of all, of each result; trees and chains; digits of B and of A, made at the edge and in PEs.
SMALL = {
    "row": _small(adders=Adders.ROW, sum=Sum(per_weight=True), recoded=Recoded.B),
    "one": _small(b=Travel.BROADCAST, adders=Adders.ONE, k=KSpace(KForm.TREE, 2)),
    "own": _small(
        a=Travel.BROADCAST,
        adders=Adders.OWN,
        k=KSpace(KForm.CHAIN, 2),
        encode=Encode.PE,
        sum=Sum(Carries.PROPAGATE, per_weight=True),
    ),
}


def cone(netlist: Netlist, output: str) -> set[int]:
    """The nets that an output depends on, in this cycle or a later one."""
    drivers = {gate.output: gate.inputs for gate in netlist.gates} | {q: (d,) for q, d in netlist.flops}
    seen: set[int] = set()
    waiting = list(netlist.outputs[output])
    while waiting:
        net = waiting.pop()
        if net not in seen:
            seen.add(net)
            waiting += drivers.get(net, ())
    return seen


@pytest.mark.parametrize("name", SMALL)
def test_a_broken_gate_of_the_data_path_is_found(name: str) -> None:
    """Gates at random that results depend on, and nothing else does, each turned into another kind."""
    params = SMALL[name]
    netlist = netlists({name: Engine(params)})[name]
    data = cone(netlist, "m_axis_c_tdata") - cone(netlist, "job_done")
    found = [(i, kind) for i, kind in mutants(netlist) if netlist.gates[i].output in data]
    ks = [1, params.k_step + 1, 5, 2, 9, 1]
    missed = []
    for i, kind in random.Random(7).sample(found, 14):
        run = run_engine(netlist.mutated(i, kind), params, ks, copies=6, seed=3)
        if not run.wrong and not run.example:
            missed.append((netlist.gates[i], kind))
    assert len(missed) <= 2, missed


@pytest.mark.parametrize(("adders", "rows", "cols"), [(Adders.ROW, 2, 10), (Adders.ONE, 9, 2)])
def test_several_stages_of_a_bus(adders: Adders, rows: int, cols: int) -> None:
    """More columns than a row's bus has in front of a register; more rows than a block of them."""
    params = replace(_small(adders=adders), rows=rows, cols=cols, accumulator=14)
    check(netlists({"engine": Engine(params)})["engine"], params, copies=4, seed=1)
