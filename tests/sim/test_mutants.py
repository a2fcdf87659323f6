"""The bench of mutants: it changes what it says, on every axis, and its record is complete and what the page says."""

from __future__ import annotations

import re
from dataclasses import fields, is_dataclass
from pathlib import Path
from typing import Any

import pytest

from bench._mutants import armed, mutants
from bench._mutated import ENGINES, SUBJECTS, params_of
from bench.mutation import EQUIVALENT, TARGET, recorded, score
from hdl.params.axes import Axes
from hdl.params.points import buildable
from tests.sim.engines import hardware

PAGE = Path(__file__).parents[2] / "docs" / "development.md"


def choices(value: Any, name: str = "") -> set[tuple[str, Any]]:
    """Every choice in axes, but for how many steps and digits there are."""
    if is_dataclass(value):
        return {one for part in fields(value) for one in choices(getattr(value, part.name), f"{name}.{part.name}")}
    return set() if isinstance(value, int) and not isinstance(value, bool) else {(name, value)}


def test_mutated_engines_have_every_value_of_every_axis():
    def found(points: list[Axes]) -> set[tuple[str, Any]]:
        return {one for axes in points for one in choices(axes)}

    assert found([params_of(name).axes for name in ENGINES]) == found(list(buildable()))


def test_the_same_seed_gives_the_same_mutants_and_each_changes_one_line():
    text = hardware("one_pe").text
    changes = mutants(text, 30, 1)
    assert len(changes) == 30
    assert changes == mutants(text, 30, 1) != mutants(text, 30, 2)
    for one in changes:
        pairs = zip(text.splitlines(), armed(text, [one], always=True).splitlines(), strict=True)
        assert sum(before.strip() != after.strip() for before, after in pairs) == 1, one


def test_the_record_is_complete_and_what_the_page_says():
    record = recorded()
    assert set(record) == set(SUBJECTS)
    whys = [why for each in record.values() for why in each["survivors"].values()]
    assert all(whys), "a survivor is not explained"
    examined = sum(each["examined"] for each in record.values())
    assert examined >= 500
    equivalent = sum(why.startswith(EQUIVALENT) for why in whys)
    said = re.search(
        r"Of (\d+) mutants\s+(\d+) were killed, (\d+) are\s+equivalent and (\d+) survive", PAGE.read_text()
    )
    assert said is not None
    assert tuple(map(int, said.groups())) == (
        *(examined, examined - len(whys)),
        *(equivalent, len(whys) - equivalent),
    )
    assert score(record) >= TARGET
    with pytest.raises(ZeroDivisionError):
        assert 1 / (score({"none": {"examined": 1, "survivors": {"one": ""}}}))
