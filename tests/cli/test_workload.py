"""``bitloom workload``: what it writes, and requests that are wrong."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from gen.report.workload import Section, Table
from sim_tb.systems import catalogue
from sim_tb.systems.catalogue import SYSTEMS, Entry
from sim_tb.systems.options import Option, one_of, read_options, share, whole
from sim_tb.systems.study import Findings, Request


class Stub(Entry):
    """A system with two options, which ends as its options say."""

    def load(self) -> Callable[[Request, Callable[[str], None]], Findings]:
        def study(request: Request, say: Callable[[str], None]) -> Findings:
            values = read_options(
                request.options,
                [
                    Option("frames", 4, whole(1, 32)),
                    Option("p", 0.5, share()),
                    Option("end", "well", one_of("well", "badly")),
                ],
            )
            rows = "own" if request.config is None else str(request.config.engine.rows)
            figures = {**values, "seed": request.seed, "quick": request.quick, "rows": rows}
            passed = values["end"] == "well"
            return Findings("T", "S", ["A line."], figures, [Section("A", "w", [Table(["x"], [["y"]])])], passed)

        return study


@pytest.fixture(autouse=True)
def stub(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalogue, "SYSTEMS", {"stub": Stub("stub", "nothing")})


def test_figures_and_page_are_written(here: Path, bitloom) -> None:
    result = bitloom("workload", "stub", "--option", "frames=8", "--seed", "7", "--quick")
    assert result.status == 0, result.err
    assert result.out.splitlines()[0] == "A line."
    figures = json.loads((here / "build/workload-stub/workload.json").read_text())
    own = {"frames": 8, "p": 0.5, "end": "well", "seed": 7, "quick": True, "rows": "own"}
    assert figures == own | {"workload": "stub", "passed": True}
    assert "A line." in (here / "build/workload-stub/report.html").read_text()


def test_the_users_engine_is_taken(bitloom) -> None:
    result = bitloom("workload", "stub", "--engine", "small.toml", "--set", "rows=4", "--json", "-o", "out")
    assert result.status == 0
    assert result.json["rows"] == "4"


def test_differing_results_are_status_1_and_kept(here: Path, bitloom) -> None:
    result = bitloom("workload", "stub", "--option", "end=badly", "-o", "out")
    assert result.status == 1
    assert "results differ" in result.err
    assert json.loads((here / "out/workload.json").read_text())["passed"] is False


def test_without_a_name_they_are_listed(bitloom) -> None:
    assert bitloom("workload").out == "stub  nothing\n"
    assert bitloom("workload", "--json").json == {"stub": "nothing"}


@pytest.mark.parametrize(
    ("arguments", "messages"),
    [
        (["stbu"], ["stbu: is no workload (did you mean 'stub'?)"]),
        (["stub", "--option", "frames"], ["--option: must be KEY=VALUE, not 'frames'"]),
        (["stub", "--option", "p=1", "--option", "p=0"], ["--option p: is given twice"]),
        (["stub", "--set", "rows=4"], ["--set: replaces values of a configuration (name one with --engine)"]),
        (
            ["stub", "--option", "frame=4", "--option", "p=1.5", "--option", "end=wel"],
            [
                "--option frame: is no option of this workload (did you mean 'frames'?)",
                "--option p: must be a number from 0 to 1, not '1.5'",
                "--option end: must be one of well, badly (did you mean 'well'?), not 'wel'",
            ],
        ),
        (["stub", "--option", "frames=33"], ["--option frames: must be a whole number from 1 to 32, not '33'"]),
        (["stub", "--option", "frames=1e1"], ["--option frames: must be a whole number from 1 to 32, not '1e1'"]),
        (["stub", "--option", "p=nan"], ["--option p: must be a number from 0 to 1, not 'nan'"]),
        (["stub", "--engine", "missing.toml"], ["missing.toml"]),
    ],
)
def test_wrong_requests(here: Path, bitloom, arguments: list[str], messages: list[str]) -> None:
    result = bitloom("workload", *arguments)
    assert result.status == 2
    assert result.out == ""
    for message in messages:
        assert message in result.err


@pytest.mark.parametrize("name", SYSTEMS)
def test_every_system_is_there(name: str) -> None:
    entry = SYSTEMS[name]
    assert entry.name == name
    assert callable(entry.load())
