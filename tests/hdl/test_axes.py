"""Axes: what contradicts itself, what has a name, and that the rules of what is built fit the names exactly."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import product

import pytest

import hdl.params.axes as ax
from hdl.params import SUPPORTED, ConfigError, EngineParams
from hdl.params.built import RULES, unbuilt
from hdl.params.presets import UNROLL, name_of, preset_axes
from hdl.pe.scheme import Scheme

K = [ax.KSpace(), *(ax.KSpace(form, steps) for form in (ax.KForm.CHAIN, ax.KForm.TREE) for steps in (3, UNROLL))]
DIGITS = [ax.Digits(), *(ax.Digits(count, order) for count in (1, 2) for order in ax.Order)]


def all_axes() -> Iterator[ax.Axes]:
    """All that do not contradict themselves."""
    values = {
        "stays": ax.Stays,
        "a": ax.Travel,
        "b": [*ax.Travel, None],
        "k": K,
        "digits": DIGITS,
        "skip": ax.Skip,
        "encode": ax.Encode,
        "recoded": ax.Recoded,
        "sum": [ax.Sum(carries, per_weight) for carries in ax.Carries for per_weight in (False, True)],
        "adders": ax.Adders,
    }
    for chosen in product(*values.values()):
        try:
            yield ax.Axes(**dict(zip(values, chosen, strict=True)))
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
        ({"stays": ax.Stays.WEIGHTS}, "operands of B travel over m exactly where rows are in space"),
        ({"k": ax.KSpace(steps=2)}, "exactly one without a chain or tree, not 2"),
        ({"k": ax.KSpace(ax.KForm.TREE, 0)}, "k in space has at least one step"),
        ({"digits": ax.Digits(2)}, "digits have an order exactly where not all of them are done at once"),
        ({"digits": ax.Digits(0, ax.Order.PLANES)}, "at least one digit is done at a time, not 0"),
        ({"encode": ax.Encode.LOAD}, "only if it is B that is recoded, and stays"),
        ({"recoded": ax.Recoded.BOTH}, "exactly where both operands are recoded"),
        ({"skip": ax.Skip.ROWS, "digits": ax.Digits(2, ax.Order.PLANES)}, "has one digit"),
        (
            {"skip": ax.Skip.ROWS, "digits": ax.Digits(1, ax.Order.OPERANDS), "k": ax.KSpace(ax.KForm.TREE, 2)},
            "lanes of k would run apart within an operand",
        ),
        (
            {"skip": ax.Skip.ROWS, "digits": ax.Digits(1, ax.Order.PLANES), "sum": ax.Sum(ax.Carries.PROPAGATE)},
            "cannot take results in turn",
        ),
        (
            {"skip": ax.Skip.ROWS, "digits": ax.Digits(1, ax.Order.PLANES), "sum": ax.Sum(per_weight=True)},
            "what runs apart ends its planes at different times",
        ),
        ({"digits": ax.Digits(1, ax.Order.OPERANDS), "sum": ax.Sum(per_weight=True)}, "it would have to be stored"),
    ],
)
def test_contradictions(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        replace(ax.Axes(), **changes)


@pytest.mark.parametrize(
    ("changes", "reason"),
    [
        ({"adders": ax.Adders.OWN}, "its adder takes them in turn"),
        ({"k": ax.KSpace()}, "there are no carries to save"),
        ({"k": ax.KSpace(), "sum": ax.Sum(per_weight=True)}, "a sum for each weight needs several steps of K before C"),
        ({"skip": ax.Skip.ROWS, "digits": ax.Digits(1, ax.Order.PLANES)}, "k cannot skip"),
        (
            {"skip": ax.Skip.COMMON, "digits": ax.Digits(1, ax.Order.OPERANDS), "k": ax.KSpace()},
            "it has no steps in common with others",
        ),
    ],
)
def test_contradictions_where_b_stays(changes, reason):
    with pytest.raises(ConfigError, match=reason):
        replace(preset_axes("systolic_ws", "opt1", 4), **changes)


def test_every_contradiction_is_said():
    with pytest.raises(ConfigError) as error:
        ax.Axes(stays=ax.Stays.WEIGHTS, adders=ax.Adders.OWN, encode=ax.Encode.LOAD)
    assert len(error.value.problems) == 4


@pytest.mark.parametrize(("array", "scheme"), sorted(SUPPORTED))
def test_a_pe_gives_a_sum_only_where_results_stay_in_step(array, scheme):
    params = EngineParams(array=array, scheme=scheme, rows=2, cols=2, depth=2)
    if params.weight_stationary or params.sparse:
        with pytest.raises(ValueError, match="only where results stay"):
            Scheme.of(params)
    else:
        assert Scheme.of(params).redundant == (scheme != "mac")
