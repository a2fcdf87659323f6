"""Engines that take digits out of a store, composed of axes: whole engines as gates, against integers."""

from __future__ import annotations

from typing import Any

import pytest
from amaranth.hdl import Cat

from hdl.engine.stored import Stored
from hdl.engine.top import Engine
from hdl.params import Axes, EngineParams, OperandFormat
from hdl.params.axes import Adders, Carries, Digits, Encode, KForm, KSpace, Order, Recoded, Skip, Sum, Travel
from hdl.sparse.plane import Term
from tests.hdl.lanes import Netlist, netlists
from tests.hdl.streams import run_engine

#: K of the tiles of a streak: short ones, one of whole segments, and one of several segments.
STREAK = (1, 2, 16, 37, 3)
COPIES = 8
SMALL: dict[str, Any] = {"rows": 2, "cols": 2, "segment": 16, "group": 2, "queue": 3, "accumulator": 24}


def rows(lanes: int = 0, **axes: Any) -> Axes:
    """Rows that skip zeros, with a tree of so many lanes, or none."""
    k = KSpace(KForm.TREE, lanes) if lanes else KSpace()
    skips = {"digits": Digits(1, Order.PLANES), "skip": Skip.ROWS, "sum": Sum(per_weight=True), "adders": Adders.ROW}
    return Axes(k=k, **{**skips, **axes})


def common(lanes: int = 0, **axes: Any) -> Axes:
    """Rows that keep step, and skip the zeros that they have in common."""
    return rows(lanes, **{"skip": Skip.COMMON, "adders": Adders.COLUMN, **axes})


ACROSS, INSIDE = {"a": Travel.BROADCAST}, {"encode": Encode.PE}
DOWN, OF_B = {"b": Travel.BROADCAST}, {"recoded": Recoded.B}
EXACT = {"sum": Sum(Carries.PROPAGATE, per_weight=True)}
WITHIN = {"digits": Digits(1, Order.OPERANDS)}
ALL, ONE = {"sum": Sum(), "adders": Adders.COLUMN}, {"sum": Sum(Carries.PROPAGATE), "adders": Adders.OWN}
POINTS: dict[str, tuple[Axes, dict[str, Any]]] = {
    "two lanes": (rows(2), {"encoder": "ent", "a": "s6", "b": "u3", "preload": True}),
    "three lanes": (rows(3, **ACROSS), {"encoder": "naf", "a": "u5", "b": "s4", "rows": 3, "cols": 1}),
    "five lanes": (rows(5), {"encoder": "booth", "a": "s4", "b": "s3", "group": 1, "carry_every": 8}),
    "a tree of one": (rows(1, **ACROSS), {"encoder": "bit_serial", "a": "s3", "b": "u6", "rows": 1, "cols": 3}),
    "two lanes in PEs": (rows(2, **INSIDE), {"encoder": "booth", "a": "u4", "b": "u4", "carry_every": 1}),
    "three lanes in PEs": (rows(3, **INSIDE, **ACROSS), {"encoder": "bit_serial", "a": "u3", "b": "s5", "group": 1}),
    "exact sums": (rows(**EXACT), {"encoder": "booth", "a": "s4", "b": "u4", "preload": True}),
    "exact sums in PEs": (rows(**EXACT, **INSIDE, **ACROSS), {"encoder": "ent", "a": "u4", "b": "s3"}),
    "exact sums of three lanes": (rows(3, **EXACT), {"encoder": "naf", "a": "s4", "b": "s4", "rows": 1}),
    "all weights": (rows(**ALL), {"encoder": "naf", "a": "s4", "b": "s4", "preload": True}),
    "all weights in PEs": (rows(2, **ALL, **INSIDE, **ACROSS), {"encoder": "bit_serial", "a": "u3", "b": "s4"}),
    "one number": (rows(2, **ONE, **ACROSS), {"encoder": "ent", "a": "s5", "b": "u3"}),
    "one number in PEs": (rows(**ONE, **INSIDE), {"encoder": "booth", "a": "u4", "b": "s4", "rows": 1, "cols": 3}),
    "within an operand": (rows(**WITHIN, **ALL), {"encoder": "naf", "a": "s6", "b": "u4", "preload": True}),
    "within an operand, one number": (
        rows(**WITHIN, **ONE, **ACROSS),
        {"encoder": "ent", "a": "u5", "b": "s4", "rows": 9, "cols": 1, "group": 1, "segment": 8},
    ),
    "within an operand, in PEs": (
        rows(**WITHIN, **ALL, **INSIDE, **ACROSS),
        {"encoder": "booth", "a": "s4", "b": "u3", "rows": 1, "cols": 3},
    ),
    "in step": (common(), {"encoder": "ent", "a": "s5", "b": "s4", "rows": 3, "preload": True}),
    "in step, one for all": (common(**DOWN, **ACROSS), {"encoder": "booth", "a": "u4", "b": "u4", "carry_every": 1}),
    "in step, many rows": (common(**ACROSS), {"encoder": "naf", "a": "s4", "b": "s3", "rows": 10, "cols": 1}),
    "in step, rows at once": (common(**DOWN), {"encoder": "bit_serial", "a": "s3", "b": "s5", "rows": 9, "cols": 2}),
    "in step, three lanes": (common(3, **DOWN), {"encoder": "naf", "a": "u4", "b": "s4", "rows": 1, "cols": 3}),
    "in step, all weights": (common(**ALL, **DOWN, **ACROSS), {"encoder": "ent", "a": "u4", "b": "s4", "rows": 9}),
    "in step, one number": (common(3, **ONE), {"encoder": "booth", "a": "s4", "b": "u3", "cols": 1}),
    "in step, B": (common(**OF_B, **ACROSS), {"encoder": "naf", "a": "s4", "b": "s5", "rows": 3, "cols": 2}),
    "in step, B, all weights": (
        common(**OF_B, **ALL, **DOWN),
        {"encoder": "booth", "a": "s4", "b": "u4", "cols": 3, "preload": True},
    ),
    "in step, B, eight lanes": (
        common(8, **OF_B, **ACROSS),
        {"encoder": "ent", "a": "u4", "b": "s5", "segment": 32},
    ),
    "in step, nine lanes, one number": (common(9, **ONE), {"encoder": "naf", "a": "s4", "b": "s3", "segment": 32}),
    "in step, exact sums": (common(2, **EXACT), {"encoder": "ent", "a": "s4", "b": "s4", "rows": 1, "cols": 1}),
}


def params(name: str) -> EngineParams:
    axes, values = POINTS[name]
    formats = {key: OperandFormat.parse(values[key]) for key in ("a", "b")}
    return EngineParams(point=axes, **{**SMALL, **values, **formats})


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({name: Engine(params(name)) for name in POINTS})


@pytest.mark.parametrize("name", POINTS)
def test_results(name: str, gates: dict[str, Netlist]) -> None:
    """Every copy has tiles, gaps and back-pressure of its own."""
    engine = params(name)
    run = run_engine(gates[name], engine, list(STREAK), copies=COPIES)
    assert not run.example
    assert (run.compared, run.wrong) == (COPIES * len(STREAK) * engine.rows * engine.cols, 0)


#: An engine, what breaks in it, and how.
BROKEN: dict[str, tuple[str, str, Any]] = {
    "planes that end too soon after each other": (
        "in step, many rows",
        "hdl.sparse.ends.Ends.least_interval",
        staticmethod(lambda params: 1),
    ),
    "a digit that is zero taken for a one": (
        "in step, exact sums",
        "hdl.sparse.plane_pe.Term",
        lambda two, neg, b, one: Term(two, neg, b),
    ),
    "rows that get the digits of another step": (
        "in step, three lanes",
        "hdl.engine.planes.Planes._part",
        lambda body, words, count, number: Stored._part(body, words, count, 0),
    ),
    "halves of a result added in the same cycle": (
        "in step, exact sums",
        "hdl.sparse.collector.Collector._add_halves",
        lambda collector, m, low, high, x, y: m.d.comb.__iadd__(Cat(low[:-1], high).eq(x + y)),
    ),
    "digits of B of which a two counts as a three": (
        "in step, B",
        "hdl.engine.planes.Planes._digits",
        lambda body, word: word,
    ),
    "sums of a tree with a cut that are taken before they are there": (
        "in step, B, eight lanes",
        "hdl.engine.planes.Planes._tag",
        lambda body, m, tag, wait: tag,
    ),
    "a list that ends where the one before it did": (
        "in step, B",
        "hdl.sparse.reader.Reader._further",
        lambda reader, begun, which: reader.third,
    ),
    "operands shifted by half a digit": ("one number in PEs", "hdl.sparse.shift.DIGIT_BITS", {"booth": 1}),
    "digits of a step that lose their places": (
        "within an operand, in PEs",
        "hdl.sparse.picker.Picks.place",
        lambda picks, digit, slot: Cat(digit, slot),
    ),
    "steps of three lanes counted as one": ("in step, three lanes", "hdl.params.sparse.SparseShape.step", 1),
}


@pytest.mark.parametrize("fault", BROKEN)
def test_a_broken_part_is_found(fault: str, monkeypatch: pytest.MonkeyPatch) -> None:
    name, place, instead = BROKEN[fault]
    monkeypatch.setattr(place, instead)
    engine = params(name)
    run = run_engine(netlists({"broken": Engine(engine)})["broken"], engine, list(STREAK), copies=2)
    assert run.example
