"""The search for the best engine: by effort, at a given clock, of several forms; and the paths that are shown."""

from __future__ import annotations

import re
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

import pytest

from gen.emit.verilog import emit
from hdl.params import EngineParams, OperandFormat
from synth_scripts.engine.engine import Engine, Form, best_engine
from synth_scripts.engine.run import strongest
from synth_scripts.library.library import Library
from synth_scripts.module.candidates import objective
from synth_scripts.module.styles import EFFORTS
from synth_scripts.timing import sta

pytestmark = pytest.mark.synth
needs_sta = pytest.mark.skipif(not sta.available(), reason="OpenSTA is not installed")


@dataclass(frozen=True)
class Settings:
    library: str = "unit"
    clock_ns: float | str = "auto"
    effort: str = "quick"


TWO = OperandFormat(2, signed=True)


def form(folder: Path, **changes: str) -> Form:
    params = EngineParams(**{"rows": 1, "cols": 2, "scheme": "mac", "a": TWO, "b": TWO, "accumulator": 6, **changes})
    return Form(params, emit(params), folder)


def slack(path: str) -> float:
    found = re.search(r"(-?[\d.]+)\s+slack", path)
    assert found is not None, path
    return float(found[1])


@pytest.mark.parametrize("clock", [None, 0.1])
@pytest.mark.parametrize("name", ["unit", "osu018"])
def test_more_effort_never_makes_a_worse_engine(
    name: str, clock: float | None, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    """At 0.1 ns no engine is: the fastest is asked for."""
    library = request.getfixturevalue(name)
    least = objective(clock)
    own = form(tmp_path)
    engines = [best_engine([own], library, effort, clock) for effort in list(EFFORTS)[: 2 if clock else None]]
    for lower, higher in pairwise(engines):
        assert least(higher) <= least(lower)
        assert higher.tried > lower.tried


def test_a_core_that_is_better_alone_is_no_gain_where_the_engine_loses(
    unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What surrounds the core of the higher effort is made slow: that of the lower one is taken."""
    own = form(tmp_path)
    quick = best_engine([own], unit, "quick", None)
    real = Engine.period.fget  # type: ignore[attr-defined]

    def period(engine: Engine) -> float:
        return float(real(engine)) * (3.0 if engine.effort == "normal" else 1.0)

    monkeypatch.setattr(Engine, "period", property(period))
    monkeypatch.setattr("synth_scripts.engine.engine.LEAST_LOGIC", 0.0)
    found = best_engine([own], unit, "normal", None)
    assert found.effort == "quick"
    assert found.netlists == quick.netlists
    for path, text in found.netlists.items():
        assert (tmp_path / path).read_text() == text


def test_a_clock_that_the_best_engine_meets_costs_no_more_area(unit: Library, tmp_path: Path) -> None:
    own = form(tmp_path)
    best = best_engine([own], unit, "quick", None)
    asked = best_engine([own], unit, "quick", best.period)
    assert asked.period <= best.period
    assert asked.area <= best.area
    slow = best_engine([own], unit, "quick", 2 * best.period)
    assert slow.area <= best.area
    assert slow.period <= 2 * best.period


def test_the_best_form_wins(unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whether it is found by building every form, or by leaving out those that can't win."""
    forms = [form(tmp_path / name, multiplier=name) for name in ("fused", "inferred")]
    alone = [best_engine([each], unit, "quick", None) for each in forms]
    least = objective(None)
    for own in (forms, forms[::-1]):
        assert least(best_engine(own, unit, "quick", None)) == min(map(least, alone))
    monkeypatch.setattr(Engine, "is_behind", lambda *_: False)
    assert least(best_engine(forms, unit, "quick", None)) == min(map(least, alone))


@needs_sta
@pytest.mark.parametrize("scheme", ["mac", "opt1"])
def test_paths_are_shown_at_the_clock_of_the_run(unit: Library, tmp_path: Path, scheme: str) -> None:
    own = form(tmp_path, scheme=scheme)
    best = best_engine([own], unit, "quick", None)
    assert slack(best.path) == pytest.approx(0.0, abs=2e-3 * best.period)
    assert slack(best.core_path) == pytest.approx(best.period - best.core_period, abs=2e-3 * best.period)
    best = best_engine([own], unit, "quick", 1.0)
    best.asked = 1.0
    assert slack(best.path) == pytest.approx(1.0 - best.period, abs=2e-3 * best.period)
    assert slack(best.path) < 0


@needs_sta
@pytest.mark.parametrize("scheme", ["mac", "opt1"])
def test_an_engine_of_the_unit_library_is_timed_alike_without_opensta(
    unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, scheme: str
) -> None:
    """Paths through several modules and fan-out trees included; the core is timed in its place, with its loads.

    These, which are those of its neighbours and their wires, OpenSTA's figure of the core does not have.
    """
    own = form(tmp_path, scheme=scheme)
    by_sta = best_engine([own], unit, "quick", None)
    around, core_period = by_sta.fabric.period, by_sta.core_period
    assert slack(by_sta.path) == pytest.approx(0.0, abs=2e-3)
    monkeypatch.setattr("synth_scripts.timing.sta.available", lambda: False)
    found = best_engine([own], unit, "quick", None)
    assert found.netlists == by_sta.netlists
    assert found.period == pytest.approx(max(around, found.core_period), rel=0.03)
    assert slack(found.path) == pytest.approx(0.0, abs=2e-3)
    assert 0.99 * core_period <= found.core_period <= min(1.3 * core_period, found.period)


def test_a_large_engine_is_walked_through_at_a_smaller_size(
    unit: Library, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("synth_scripts.timing.sta.available", lambda: False)
    monkeypatch.setattr("synth_scripts.engine.engine.WALKED", 1)
    params, found = strongest([form(tmp_path)], Settings())
    assert (params.rows, params.cols) == (1, 2)
    assert found["timing_by"] == "Bitloom by the delays of the unit library, the engine's at 1x1"
