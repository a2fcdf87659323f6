"""The choice of operands, and operands as arrays."""

from __future__ import annotations

import numpy as np
import pytest

from gen.operands import KINDS, Operands, usual_sigma
from gen.stimuli import Drawn, normal, uniform
from hdl.params import EngineParams, OperandFormat

RNG = 4


@pytest.mark.parametrize(
    ("text", "operands"),
    [
        ("normal", Operands("normal", 20.0)),
        ("normal 35", Operands("normal", 35.0)),
        (" normal  10.5 ", Operands("normal", 10.5)),
        ("uniform", Operands("uniform")),
        ("digits", Operands("digits")),
        ("photographs", Operands("photographs")),
    ],
)
def test_choices(text: str, operands: Operands) -> None:
    assert Operands.read(text) == operands
    assert Operands.read(operands.text) == operands
    assert operands.words(OperandFormat(8, True)).startswith(KINDS[operands.kind])


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("norml", "must be one of normal, uniform, digits, photographs, not 'norml'"),
        ("", "must be one of"),
        ("normal 0.5", "from 1 to 100"),
        ("normal nan", "from 1 to 100"),
        ("normal wide", "from 1 to 100"),
        ("normal 20 30", "only 'normal' has a number behind it"),
        ("uniform 3", "only 'normal' has a number behind it"),
    ],
)
def test_what_is_no_choice(text: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Operands.read(text)


def test_sigma_is_in_proportion_to_the_range() -> None:
    assert usual_sigma(OperandFormat(8, True)) == 20
    assert usual_sigma(OperandFormat(4, True)) == 1.25
    assert Operands("normal", 40.0).sigma_of(OperandFormat(8, False)) == 80


@pytest.mark.parametrize(("form", "sigma"), [(OperandFormat(8, True), 20.0), (OperandFormat(4, True), 1.25)])
def test_normal_operands_fit(form: OperandFormat, sigma: float) -> None:
    values = normal(form, sigma, (4000,), np.random.default_rng(RNG))
    assert form.min <= values.min() < 0 < values.max() <= form.max
    assert values.mean() == pytest.approx(0, abs=sigma / 10)
    assert values.std() == pytest.approx(sigma, rel=0.05)


def test_operands_without_a_sign_are_not_negative() -> None:
    form = OperandFormat(4, False)
    assert set(normal(form, 2.0, (500,), np.random.default_rng(RNG)).tolist()) <= set(range(16))
    assert set(uniform(form, (500,), np.random.default_rng(RNG)).tolist()) == set(range(16))


@pytest.mark.parametrize("kind", ["uniform", "normal"])
def test_drawn_tiles(kind: str) -> None:
    params = EngineParams(rows=8, cols=6, b=OperandFormat(4, True))
    stimuli = Drawn(Operands(kind, 30.0))
    a, b = stimuli.tile(params, 300, np.random.default_rng(RNG))
    assert (a.shape, b.shape) == ((8, 300), (300, 6))
    assert (np.abs(a).max() <= 128, np.abs(b).max() <= 8) == (True, True)
    if kind == "normal":
        assert a.std() == pytest.approx(30, rel=0.05)
        assert b.std() == pytest.approx(30 * 7 / 127, rel=0.05)
        assert "sigma 30 of A" in stimuli.words(params)
    else:
        assert a.std() == pytest.approx(256 / 12**0.5, rel=0.05)
    again, _ = stimuli.tile(params, 300, np.random.default_rng(RNG))
    assert (a == again).all()
    assert stimuli.digest != Drawn().digest
