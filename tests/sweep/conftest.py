"""Sweeps of engines whose results are made up."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from gen.sweep.decoders import Decoders
from gen.sweep.engines import Engines
from gen.sweep.plan import Plan, plan
from gen.sweep.point import Answer, Task
from gen.sweep.spec import read
from synth_scripts.engine.units import UNITS
from tests.cli.conftest import bitloom, here

__all__ = ["SPEC", "Runner", "bitloom", "here", "kinds", "planned", "synth"]

#: Four engines, of which the third is the best.
SPEC = """\
[synth]
library = "unit"
[engine]
rows = 2

[sweep]
cols = [1, 2]
[[point]]
array = "systolic_os"
scheme = "mac"
[[point]]
array = "cube"
scheme = "opt1"
depth = 2
"""


def kinds() -> dict[str, Any]:
    engines = Engines({key: units[0] for key, units in UNITS.items()}, lambda setting: f"the content of {setting}")
    return {kind.command: kind for kind in (engines, Decoders(4))}


@pytest.fixture
def planned(tmp_path: Path):
    """``planned(text)`` is the plan of a sweep file ``spec.toml`` with that text."""

    def make(text: str = SPEC, **versions: str) -> Plan:
        path = tmp_path / "spec.toml"
        path.write_text(text)
        return plan(read(path, kinds()), versions)

    return make


def synth(config: str) -> dict[str, Any]:
    """What ``bitloom synth`` might print about an engine: figures that depend on its configuration."""
    size = float(len(config)) + (7 if "cube" in config else 100) + config.count("cols = 2")
    figures = {
        "clock_ns": 1.5,
        "engine_area_um2": size,
        "engine_total_area_um2": size,
        "power_mw": None,
        "pj_per_mac": 2 * size,
    }
    figures |= {"throughput_gops": 8.0, "gops_per_mm2_engine": 8e6 / size, "gops_per_mm2_engine_total": 8e6 / size}
    units = {key: UNITS[key][0] for key in figures}
    return {"library": "osu018", "area_unit": "um2", "activity": "not measured", **figures, "units": units}


class Runner:
    """Stands in for what runs a task: answers come from functions of its number among all, the first being 0."""

    def __init__(self, **answers: Any) -> None:
        self.answers = {int(name[1:]): answer for name, answer in answers.items()}
        self.tasks: list[Task] = []
        self.stopped = 0

    def __call__(self, task: Task) -> Answer:
        number = len(self.tasks)
        self.tasks.append(task)
        answer = self.answers.get(number)
        if isinstance(answer, BaseException):
            raise answer
        return answer or Answer(0, json.dumps(synth(task.config)), "", 0.25)

    def stop(self) -> None:
        self.stopped += 1

    def given(self, cores: Sequence[int]) -> Runner:
        """Itself, whatever the cores."""
        return self
