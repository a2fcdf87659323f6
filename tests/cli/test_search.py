"""``bitloom search``: what it prints and writes, and what it refuses; synthesis is a stand-in."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gen.cli.commands import search
from gen.cli.commands.session import load_library
from gen.config import load, read
from hdl.params import EngineParams
from sim_tb.mapping.fit import Measured

TABLE = "Layer, M, N, K,\nfirst, 200, 30, 400,\n"


@pytest.fixture
def quick(here: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Trees of four on ``matrix_2d`` are the best: of all others a PE for each product is as large."""
    (here / "net.csv").write_text(TABLE)

    def one(self: Any, params: EngineParams) -> Measured:
        down = params.depth if params.weight_stationary else params.rows
        lanes = 1 if params.weight_stationary else params.k_step
        tree = params.point is not None and params.point.b is not None and lanes == 4
        area = 500 + 20 * (down + params.cols) + (30 if tree else 20 * lanes) * down * params.cols
        return Measured(params, float(area), 2.0)

    monkeypatch.setattr(search._Synthesis, "_one", one)
    return here


def test_best_and_front(bitloom: Any, quick: Path) -> None:
    result = bitloom("search", "net.csv", "--area", "20000", "--library", "unit", "--json")
    assert result.status == 0, result.err
    found = result.json
    assert json.loads((quick / "build/search-net/search.json").read_text()) == found
    assert found["gain"] > 1
    assert found["best"]["area"] <= 20000
    assert found["best"]["measured"]
    assert found["area_unit"] == "NAND2"
    best = load(quick / "build/search-net/best.toml").engine
    assert best.to_dict() == found["best"]["parameters"]
    assert best.k_step == 4
    assert found["front"][-1] == found["best"]


def test_text(bitloom: Any, quick: Path) -> None:
    result = bitloom("search", "net.csv", "--area", "20_000", "--library", "unit", "--keep", "1", "-o", "out")
    assert result.status == 0, result.err
    assert result.out.startswith("net within 20,000 NAND2 on bitloom_unit: ")
    assert "times as fast as the best preset" in result.out
    assert "leave-one-out error of the area 0.0%" in result.out
    assert result.out.endswith("written    out/best.toml\n")


def test_formats_are_those_of_a_configuration(bitloom: Any, quick: Path) -> None:
    (quick / "base.toml").write_text('[engine]\na = "u8"\naccumulator = 24\n')
    options = ("--area", "20000", "--library", "unit", "--engine", "base.toml", "--json")
    found = bitloom("search", "net.csv", *options).json["best"]["parameters"]
    assert (found["a"], found["accumulator"]) == ("u8", 24)


@pytest.mark.parametrize(
    ("options", "status", "message"),
    [
        (["net.csv"], 2, "the following arguments are required: --area"),
        (["net.csv", "--area", "0"], 2, "--area: must be an area above 0"),
        (["net.csv", "--area", "x"], 2, "--area: must be an area above 0"),
        (["net.csv", "--area", "9", "--keep", "0"], 2, "--keep: must be an integer from 1 to 100"),
        (["net.csv", "--area", "9", "--library", "none.lib"], 2, "synth.library"),
        (["none.csv", "--area", "9"], 2, "none.csv: no such file"),
        (["net.csv", "--area", "9", "--library", "unit"], 1, "no engine fits into an area of 9"),
    ],
)
def test_refused(bitloom: Any, quick: Path, options: list[str], status: int, message: str) -> None:
    result = bitloom("search", *options)
    assert result.status == status, result.err
    assert message in result.err


def test_engines_are_synthesised_with_what_the_configuration_says_of_its_library(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Its wires, which the cache's key holds as well."""
    monkeypatch.setenv("BITLOOM_CACHE", str(tmp_path / "cache"))
    met = []

    def synthesise(params: EngineParams, emission: Any, settings: Any, place: Path, **how: Any) -> dict[str, float]:
        met.append(how["library"].wires.ff)
        return {"engine_total_area_um2": 1.0, "clock_ns": 1.0}

    monkeypatch.setattr("synth_scripts.engine.run.synthesise", synthesise)
    for wires in (0, 3):
        config = read({"synth": {"library": "unit", "wires": wires}}, Path("engine.toml"))
        search._Synthesis(config, load_library(config.synth))._one(EngineParams(rows=1, cols=1))
    assert met == [0, 3]
