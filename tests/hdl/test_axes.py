"""Axes: what contradicts itself, what has a name, and that the rules of what is built fit the names exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

from hdl.params import SUPPORTED, ConfigError, EngineParams
from hdl.params.axes import (
    Adders,
    Axes,
    Carries,
    Digits,
    Encode,
    KForm,
    KSpace,
    Order,
    Recoded,
    Skip,
    Stays,
    Sum,
    Travel,
)
from hdl.params.built import RULES, unbuilt
from hdl.params.presets import UNROLL, name_of, preset_axes
from hdl.pe.scheme import Scheme

K = [KSpace(), *(KSpace(form, steps) for form in (KForm.CHAIN, KForm.TREE) for steps in (3, UNROLL))]
DIGITS = [Digits(), *(Digits(count, order) for count in (1, 2) for order in Order)]


def all_axes() -> Iterator[Axes]:
    """All that do not contradict themselves."""
    values = {
        "stays": Stays,
        "a": Travel,
        "b": [*Travel, None],
        "k": K,
        "digits": DIGITS,
        "skip": Skip,
        "encode": Encode,
        "recoded": Recoded,
        "sum": [Sum(carries, per_weight) for carries in Carries for per_weight in (False, True)],
        "adders": Adders,
    }
    for chosen in product(*values.values()):
        try:
            yield Axes(**dict(zip(values, chosen, strict=True)))
        except ConfigError:
            continue


def test_names_are_built_and_every_rule_refuses():
    """A rule too many would refuse a preset, or nothing at all."""
    named, seen, built = set(), set(), 0
    for axes in all_axes():
        reasons, name = unbuilt(axes), name_of(axes)
        assert not (name and reasons), (name, reasons)
        named.add(name)
        seen.update(reasons)
        built += not reasons
    assert named == {*SUPPORTED, None}
    assert seen == {text for _, text in RULES}
    assert built > len(SUPPORTED)


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_names_and_axes_are_one_to_one(array, scheme):
    params = EngineParams(array=array, scheme=scheme, depth=7)
    assert name_of(params.axes) == (array, scheme)
    assert params.k_step == params.axes.k.steps == (7 if params.deep else UNROLL if "4e" in scheme else 1)
    assert params.axes == preset_axes(array, scheme, 7)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"b": None}, "operands of B travel over m exactly where rows are in space"),
        ({"stays": Stays.WEIGHTS}, "operands of B travel over m exactly where rows are in space"),
        ({"k": KSpace(steps=2)}, "exactly one without a chain or tree, not 2"),
        ({"k": KSpace(KForm.TREE, 0)}, "k in space has at least one step"),
        ({"digits": Digits(2)}, "digits have an order exactly where not all of them are done at once"),
        ({"digits": Digits(0, Order.PLANES)}, "at least one digit is done at a time, not 0"),
        ({"encode": Encode.LOAD}, "only if it is B that is recoded, and stays"),
        ({"recoded": Recoded.BOTH}, "exactly where both operands are recoded"),
        ({"skip": Skip.ROWS, "digits": Digits(2, Order.PLANES)}, "has one digit"),
        (
            {"skip": Skip.ROWS, "digits": Digits(1, Order.OPERANDS), "k": KSpace(KForm.TREE, 2)},
            "lanes of k would run apart within an operand",
        ),
        (
            {"skip": Skip.ROWS, "digits": Digits(1, Order.PLANES), "sum": Sum(Carries.PROPAGATE)},
            "cannot take results in turn",
        ),
        (
            {"skip": Skip.ROWS, "digits": Digits(1, Order.PLANES), "sum": Sum(per_weight=True)},
            "what runs apart ends its planes at different times",
        ),
        ({"digits": Digits(1, Order.OPERANDS), "sum": Sum(per_weight=True)}, "it would have to be stored"),
    ],
)
def test_contradictions(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        replace(Axes(), **changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"adders": Adders.OWN}, "its adder takes them in turn"),
        ({"k": KSpace()}, "there are no carries to save"),
        ({"k": KSpace(), "sum": Sum(per_weight=True)}, "a sum for each weight needs several steps of K before C"),
        ({"skip": Skip.ROWS, "digits": Digits(1, Order.PLANES)}, "k cannot skip"),
        (
            {"skip": Skip.COMMON, "digits": Digits(1, Order.OPERANDS), "k": KSpace()},
            "it has no steps in common with others",
        ),
    ],
)
def test_contradictions_where_b_stays(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        replace(preset_axes("systolic_ws", "opt1", 4), **changes)


def test_every_contradiction_is_said():
    with pytest.raises(ConfigError) as error:
        Axes(stays=Stays.WEIGHTS, adders=Adders.OWN, encode=Encode.LOAD)
    assert len(error.value.problems) == 4


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_a_pe_gives_a_sum_only_where_results_stay_in_step(array, scheme):
    params = EngineParams(array=array, scheme=scheme, rows=2, cols=2, depth=2)
    if params.weight_stationary or params.sparse:
        with pytest.raises(ValueError, match="only where results stay"):
            Scheme.of(params)
    else:
        assert Scheme.of(params).redundant == (scheme != "mac")
