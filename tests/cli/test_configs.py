"""Every example configuration: checked, generated, and (the small ones) simulated in the command line's own words."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gen.cli import main
from gen.config import Config, load
from gen.nest.window import expected_interval
from hdl.params import SUPPORTED
from tests.conftest import ROOT

CONFIGS = sorted((ROOT / "configs").glob("*.toml"))


def named(path: Path) -> str:
    return path.stem


def test_the_examples_are_those_the_documentation_promises():
    engines = {path.stem: load(path).engine for path in CONFIGS}
    shapes = {(engine.rows, engine.cols) for engine in engines.values()}
    assert {(1, 1), (3, 5), (8, 8), (16, 16)} <= shapes
    formats = {f"{engine.a} x {engine.b}" for engine in engines.values()}
    assert {"s4 x s8", "u8 x s8", "s16 x s16"} <= formats
    named = [engine for engine in engines.values() if engine.point is None]
    assert {engine.scheme for engine in named} == {scheme for _, scheme in SUPPORTED}
    assert {engine.array for engine in named} == {array for array, _ in SUPPORTED}
    assert len({engine.axes for engine in engines.values() if engine.point is not None}) == 3  # docs/notation.md


@pytest.mark.parametrize("path", CONFIGS, ids=named)
def test_begins_with_what_it_is(path):
    assert path.read_text().startswith("# ")


@pytest.mark.parametrize("path", CONFIGS, ids=named)
def test_generates(path, tmp_path, capsys):
    assert main(["generate", str(path), "-o", str(tmp_path), "--json"]) == 0
    manifest = json.loads(capsys.readouterr().out)
    assert manifest["config"]["engine"] == load(path).engine.to_dict()
    assert (tmp_path / manifest["files"]["verilog"]).stat().st_size > 1000


def sim_tiles(config: Config, sim: dict[str, Any]) -> int:
    """Tiles of a workload without what is compared beside it: a delta encoder has that many in a frame."""
    return sim["tiles"] if config.front and not config.front.passes else config.workload.tiles


@pytest.mark.sim
@pytest.mark.parametrize("path", [path for path in CONFIGS if load(path).workload.name == "random"], ids=named)
def test_simulates(path, tmp_path, capsys):
    assert main(["simulate", str(path), "-o", str(tmp_path), "--json"]) == 0
    sim = json.loads(capsys.readouterr().out)
    config = load(path)
    assert sim["passed"] is True
    assert sim["mismatches"] == 0
    compared = sim["front"]["compared"] if config.front else []
    elements = sim["elements_checked"] - sum(each["elements_checked"] for each in compared)
    assert elements == sim_tiles(config, sim) * config.engine.rows * config.engine.cols
    assert sim == json.loads((tmp_path / "sim.json").read_text())
    if (
        config.engine.sparse and not config.front
    ):  # the first tile's way through store and array is not part of the interval
        expected = expected_interval(config.engine, config.workload.k, None)
        assert 0.97 < sim["cycles"] / config.workload.tiles / expected < 1.06
