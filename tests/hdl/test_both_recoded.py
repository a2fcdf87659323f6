"""Engines that recode both operands on other arrays than the original's, and with other final adders: whole engines."""

from __future__ import annotations

from typing import Any

import pytest

from hdl.engine.top import Engine
from hdl.params import Axes, EngineParams, OperandFormat
from hdl.params.axes import Adders, Digits, KForm, KSpace, Order, Recoded, Skip, Travel
from tests.hdl.lanes import netlists
from tests.hdl.streams import run_engine

HANDED, BROADCAST = Travel.HAND_OVER, Travel.BROADCAST
CASES: list[tuple[Travel, Travel, Adders, int, int, str, str, str]] = [
    (HANDED, HANDED, Adders.COLUMN, 3, 2, "s4", "u5", "booth"),
    (HANDED, BROADCAST, Adders.ONE, 2, 3, "s5", "s3", "naf"),
    (BROADCAST, BROADCAST, Adders.ROW, 3, 3, "u4", "u3", "bit_serial"),
    (BROADCAST, HANDED, Adders.OWN, 9, 2, "s4", "s4", "ent"),
]


def engine(number: int) -> EngineParams:
    a, b, adders, rows, cols, of_a, of_b, encoder = CASES[number]
    axes: dict[str, Any] = {"k": KSpace(KForm.TREE, 1 + number), "digits": Digits(1, Order.OPERANDS)}
    point = Axes(**axes, a=a, b=b, adders=adders, skip=Skip.LANES, recoded=Recoded.BOTH)
    formats = {"a": OperandFormat.parse(of_a), "b": OperandFormat.parse(of_b)}
    return EngineParams(point=point, rows=rows, cols=cols, **formats, encoder=encoder, accumulator=20)


@pytest.mark.parametrize("number", range(len(CASES)))
def test_engine(number: int) -> None:
    """Random tiles and ends of formats, gaps and back-pressure."""
    params = engine(number)
    netlist = netlists({"engine": Engine(params)})["engine"]
    run = run_engine(netlist, params, [1, 3, 7, 10, 4, 9, 2, 1], copies=6, seed=number + 1)
    assert not run.example, run.example
    assert run.compared == 6 * 8 * params.rows * params.cols
