"""Engines whose digits follow each other in time, composed of axes: whole engines against integers, cycles exact."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from typing import Any

import pytest
from amaranth.hdl import Cat, Const, Mux, Value

from hdl.arith.encoding import encoding
from hdl.arith.step import StepDigits
from hdl.engine.held import HeldDigits
from hdl.engine.stepper import Stepper
from hdl.engine.top import Engine
from hdl.params import Axes, ConfigError, Dataflow, EngineParams, OperandFormat
from hdl.params.axes import Adders, Carries, Digits, KForm, KSpace, Order, Recoded, Skip, Sum, Travel
from hdl.pe import sums
from sim_tb.activity import active_cycles
from tests.hdl.cover import engines, points
from tests.hdl.lanes import Netlist, netlists
from tests.hdl.streams import Run, run_engine

CHOICES: dict[str, list[Any]] = {
    "digits": [Digits(2, Order.OPERANDS), Digits(1, Order.OPERANDS)],
    "skip": [Skip.NONE, Skip.COMMON],
    "a": list(Travel),
    "b": list(Travel),
    "k": [KSpace(), KSpace(KForm.CHAIN, 3), KSpace(KForm.TREE, 3)],
    "recoded": [Recoded.A, Recoded.B],
    "sum": [Sum(carries) for carries in Carries],
    "adders": list(Adders),
}
#: Four digits in each format, or six: none of them ends an operand in the first step.
FORMATS = [("s8", "s7"), ("u6", "s8"), ("s7", "u6"), ("s12", "s7")]
ENGINES = engines(CHOICES, FORMATS)


def run(netlist: Netlist, params: EngineParams, seed: int, copies: int = 8) -> tuple[Run, list[int]]:
    """Short and long tiles under gaps and back-pressure; and cycles from long tile to long tile in the first copy."""
    step, limit = params.k_step, params.k_limit
    long = min((Dataflow(params).drain_cycles + 1) * step, limit)
    ks = [min(k, limit) for k in (1, step, 2 * step + 1, *[long] * 4, 1, 3 * step)]
    found = run_engine(netlist, params, ks, copies=copies, seed=seed)
    return found, [after - before for before, after in pairwise(found.rows[3:7])]


@pytest.fixture(scope="module")
def gates() -> dict[str, Netlist]:
    return netlists({str(i): Engine(params) for i, params in enumerate(ENGINES)})


@pytest.mark.parametrize("number", range(len(ENGINES)))
def test_engine(number: int, gates: dict[str, Netlist]) -> None:
    """Results of all copies; and in a streak, from one tile's results to the next, as many cycles as that has steps."""
    params = ENGINES[number]
    found, intervals = run(gates[str(number)], params, seed=number + 1)
    assert not found.wrong, f"{found.example}: {params}"
    assert not found.example, f"{found.example}: {params}"
    assert found.compared == 8 * 9 * params.rows * params.cols
    steps = [active_cycles(params, tiles[:1]) for tiles in found.work]
    assert intervals == steps[4:7], params
    if params.axes.skip is Skip.NONE:
        assert intervals == [Dataflow(params).tile_interval(found.work[4].k)] * 3


def wrong_weight(monkeypatch: pytest.MonkeyPatch) -> None:
    """Operands are shifted by a bit less from step to step."""
    monkeypatch.setattr(StepDigits, "step_bits", property(lambda self: self.digit_bits * len(self.fields) - 1))


def missing_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A beat ends before its last step."""
    count = Stepper._count
    monkeypatch.setattr(
        Stepper, "_count", lambda self, load, select: (count(self, load, select)[0], select[-3] & ~load)
    )


def stale_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """In a bubble, digits are those of the last step instead of none."""

    def selected(self: HeldDigits, choices: list[Value]) -> Value:
        first, *others = reversed(choices)
        for each, bit in zip(others, reversed(self.select[:-1]), strict=True):
            first = Mux(bit, each, first)
        return first

    monkeypatch.setattr(HeldDigits, "selected", selected)


def skipped_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    """A step is skipped although a row, the last one, has a digit in it."""
    some = Stepper._some
    monkeypatch.setattr(Stepper, "_some", lambda self, steps: some(self, steps[:-1]))


def missing_excess(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lanes' sum comes with the excess of its own weight, and not with that of the highest."""
    chosen = sums.chosen
    monkeypatch.setattr(
        sums,
        "chosen",
        lambda m, name, *rest: Const(0, len(rest[1][0])) if name == "lacking" else chosen(m, name, *rest),
    )


def stale_number(monkeypatch: pytest.MonkeyPatch) -> None:
    """The lanes' sum is shifted to the weight of the step after its own."""
    number = Stepper.number
    monkeypatch.setattr(Stepper, "number", staticmethod(lambda select, bits: number(Cat(select[1:], select[0]), bits)))


@pytest.mark.parametrize("change", [wrong_weight, missing_excess, stale_number])
def test_a_broken_tree_is_found(change: Callable[[pytest.MonkeyPatch], None], monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the sum of several lanes is shifted."""
    axes = Axes(k=KSpace(KForm.TREE, 2), digits=Digits(2, Order.OPERANDS), recoded=Recoded.B, a=Travel.BROADCAST)
    params = EngineParams(point=axes, rows=2, cols=2, a=OperandFormat(7, signed=True), b=OperandFormat(8, signed=True))
    change(monkeypatch)
    found, _ = run(netlists({"broken": Engine(params)})["broken"], params, seed=3, copies=4)
    assert found.wrong


@pytest.mark.parametrize(
    ("change", "skip"),
    [
        (wrong_weight, Skip.NONE),
        (missing_digit, Skip.NONE),
        (stale_digit, Skip.NONE),
        (wrong_weight, Skip.COMMON),
        (stale_digit, Skip.COMMON),
        (skipped_digit, Skip.COMMON),
    ],
)
def test_a_broken_engine_is_found(
    change: Callable[[pytest.MonkeyPatch], None], skip: Skip, monkeypatch: pytest.MonkeyPatch
) -> None:
    axes = Axes(digits=Digits(1, Order.OPERANDS), skip=skip)
    params = EngineParams(point=axes, rows=3, cols=2, a=OperandFormat(7, signed=True), b=OperandFormat(4, signed=True))
    change(monkeypatch)
    found, _ = run(netlists({"broken": Engine(params)})["broken"], params, seed=3, copies=4)
    assert found.wrong


def test_the_digits_of_a_step() -> None:
    """Each place of a step has the wires that its digits need in any step, and the weights add up to the whole."""
    bits = encoding("bit_serial", OperandFormat(6, signed=True))
    assert StepDigits(bits, 1).fields == [("one", "neg")]
    assert StepDigits(bits, 2).fields == [("one",), ("one", "neg")]
    assert StepDigits(bits, 6).fields == bits.fields
    booth = StepDigits(encoding("booth", OperandFormat(6, signed=False)), 2)
    assert (booth.steps, booth.step_bits, booth.fields) == (2, 4, [("one", "two", "neg")] * 2)


def test_digits_that_do_not_fit() -> None:
    axes = Axes(digits=Digits(2, Order.OPERANDS))
    with pytest.raises(
        ConfigError, match=r"u8 has 5 digits under 'booth', which cannot be done 2 at a time \(legal are 1, 5"
    ):
        EngineParams(point=axes, a=OperandFormat(8, signed=False))


def test_how_many_are_built() -> None:
    assert len(points(CHOICES)) >= 144
