"""Engines on which results stay and all digits are in space, composed of axes: whole engines against integers."""

from __future__ import annotations

from dataclasses import replace
from itertools import combinations, cycle, pairwise, product
from typing import Any

import pytest

from hdl.engine.bodies import body_of
from hdl.engine.top import Engine
from hdl.params import Axes, ConfigError, Dataflow, EngineParams, OperandFormat
from hdl.params.axes import Adders, Carries, Encode, KForm, KSpace, Recoded, Sum, Travel
from hdl.params.built import unbuilt
from tests.hdl.lanes import Netlist, netlists
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
#: What changes from engine to engine beside the axes.
SIZES = [(3, 2), (1, 3), (2, 1), (9, 2), (1, 1)]
FORMATS = [("s4", "s5"), ("u3", "s4"), ("s3", "u5"), ("u4", "u4"), ("s12", "s3"), ("s5", "s8")]
OTHER: dict[str, list[Any]] = {
    "encoder": ["booth", "ent", "naf", "bit_serial"],
    "multiplier": ["fused", "inferred", "fused"],
    "carry_every": [2, 1, 4, 8, 2],
    "accumulator": [22, 24, 33],
    "preload": [False, False, True],
    "reset_data": [False, True, False, False, False],
}
STEPS = [3, 2, 1, 4, 3]


def points() -> list[Axes]:
    """All that are built."""
    found = []
    for values in product(*CHOICES.values()):
        try:
            axes = Axes(**dict(zip(CHOICES, values, strict=True)))
        except ConfigError:
            continue
        if not unbuilt(axes):
            found.append(axes)
    return found


def chosen() -> list[Axes]:
    """Few points, in which any two choices meet that meet anywhere."""

    def pairs(axes: Axes) -> set[tuple[Any, ...]]:
        return set(combinations([(name, getattr(axes, name)) for name in CHOICES], 2))

    left = [(axes, pairs(axes)) for axes in points()]
    taken, met = [], set()
    while left:
        axes, found = max(left, key=lambda each: len(each[1] - met))
        taken.append(axes)
        met |= found
        left = [each for each in left if each[1] - met]
    return taken


def engines() -> list[EngineParams]:
    """An engine for each of those points; all else comes round beside them."""
    others = zip(*map(cycle, OTHER.values()), strict=False)
    result = []
    for axes, size, form, steps, values in zip(
        chosen(), cycle(SIZES), cycle(FORMATS), cycle(STEPS), others, strict=False
    ):
        k = axes.k if axes.k.form is KForm.NONE else replace(axes.k, steps=steps)
        a, b = map(OperandFormat.parse, form)
        other = dict(zip(OTHER, values, strict=True))
        result.append(EngineParams(point=replace(axes, k=k), rows=size[0], cols=size[1], a=a, b=b, **other))
    return result


ENGINES = engines()


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({str(i): Engine(params) for i, params in enumerate(ENGINES)})


def test_more_than_sixty_are_built() -> None:
    assert len({replace(axes, k=KSpace(axes.k.form, 1)) for axes in points()}) > 60


@pytest.mark.parametrize("number", range(len(ENGINES)))
def test_engine(number: int, gates: dict[str, Netlist]) -> None:
    """Random tiles and ends of formats, gaps and back-pressure, short and long tiles; and the pace of a streak."""
    params = ENGINES[number]
    flow, body, step = Dataflow(params), body_of(params), params.k_step
    long = min((flow.drain_cycles + 2) * step, params.k_limit)
    ks = [min(k, params.k_limit) for k in (1, step, 2 * step + 1, *[long] * 5, 1, 3 * step)]
    run = run_engine(gates[str(number)], params, ks, copies=8, seed=number + 1)
    assert not run.wrong, f"{run.example}: {params}"
    assert not run.example, f"{run.example}: {params}"
    assert run.compared == 8 * len(ks) * params.rows * params.cols
    steady = run.taken[4:8]
    assert [after - before for before, after in pairwise(steady)] == [flow.tile_interval(long)] * 3
    assert flow.a.beats(long) == flow.tile_interval(long)  # no beat waits
    assert [row - end for row, end in zip(run.rows[4:8], steady, strict=True)] == [body.latency] * 4
