"""``bitloom map``: what it prints and writes, and what it refuses."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.cli.conftest import SMALL

TABLE = "Layer, M, N, K,\nfirst, 20, 30, 40,\nsecond, 7, 1, 9,\n"


@pytest.fixture
def net(here: Path) -> Path:
    (here / "net.csv").write_text(TABLE)
    return here / "net.csv"


def test_files_and_json(bitloom: Any, here: Path, net: Path) -> None:
    result = bitloom("map", "net.csv", "--engine", "small.toml", "--json")
    assert result.status == 0, result.err
    folder = here / "build" / "map-net-small"
    assert json.loads((folder / "map.json").read_text()) == result.json
    with (folder / "map.csv").open() as file:
        assert [row["layer"] for row in csv.DictReader(file)] == ["first", "second"]
    assert "first" in (folder / "map.html").read_text()
    assert result.json["exact"] is True
    assert result.json["totals"]["macs"] == 20 * 30 * 40 + 63


def test_text(bitloom: Any, net: Path) -> None:
    result = bitloom("map", "net.csv", "--engine", "small.toml", "--batch", "2")
    assert result.status == 0, result.err
    lines = result.out.splitlines()
    assert lines[0] == "net on 2x3 systolic_os opt1, s8 x s8: 2 matrix products, 48,126 MAC"
    assert any(line.startswith("possible ") for line in lines)
    assert "not measured: run bitloom synth" in result.out


def test_operands_that_decide(bitloom: Any, here: Path, net: Path) -> None:
    options = ("--engine", "small.toml", "--set", "array=matrix_2d", "--set", "scheme=laconic", "--json")
    dense, sparse = (bitloom("map", "net.csv", *options, "--sigma", sigma).json for sigma in ("50", "2"))
    assert (dense["sigma"], dense["exact"]) == (50, False)
    assert sparse["totals"]["cycles"] < dense["totals"]["cycles"]


def test_buffers_and_bandwidth(bitloom: Any, net: Path) -> None:
    result = bitloom(
        "map", "net.csv", "--engine", "small.toml", "--buffers", "64,128,256", "--bandwidth", "1", "--json"
    )
    assert result.json["buffers"] == {"activations": 64, "weights": 128, "results": 256, "bandwidth": 1}
    assert result.json["totals"]["memory_bound"] > 0


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (["nothing.csv", "--engine", "small.toml"], "nothing.csv: no such file"),
        (["resnet5", "--engine", "small.toml"], "did you mean 'resnet50'?"),
        (["net.csv"], "the following arguments are required: --engine"),
        (["net.csv", "--engine", "none.toml"], "none.toml"),
        (["net.csv", "--engine", "small.toml", "--set", "rows=0"], "must be 1 to 1024, not 0"),
        (["net.csv", "--engine", "small.toml", "--batch", "0"], "--batch: must be an integer from 1"),
        (["net.csv", "--engine", "small.toml", "--buffers", "1,2"], "--buffers: must be three numbers of bytes"),
        (["net.csv", "--engine", "small.toml", "--buffers", "1,0,2"], "--buffers: must be three numbers of bytes"),
        (["net.csv", "--engine", "small.toml", "--bandwidth", "-3"], "--bandwidth: must be an integer from 1"),
        (["net.csv", "--engine", "small.toml", "--shape", "x"], "--shape: must be a name and a shape"),
        (["net.csv", "--engine", "small.toml", "--shape", "x=1x2"], "shapes: are for ONNX files"),
        (["net.csv", "--engine", "small.toml", "--shape", "x=1", "--shape", "x=2"], "--shape: gives x 2 shapes"),
        (["net.csv", "--engine", "small.toml", "--synth", "none"], "none/manifest.json: no such file"),
        (["", "--engine", "small.toml"], "must name a file"),
    ],
)
def test_refused(bitloom: Any, here: Path, net: Path, options: list[str], message: str) -> None:
    result = bitloom("map", *options)
    assert result.status == 2
    assert message in result.err
    assert not (here / "build").exists()


def test_figures_of_another_engine(bitloom: Any, here: Path, net: Path) -> None:
    (here / "other.toml").write_text(SMALL.replace("3", "4"))
    assert bitloom("generate", "other.toml").status == 0
    result = bitloom("map", "net.csv", "--engine", "small.toml", "--synth", "build/other")
    assert result.status == 2
    assert "build/other: holds the figures of another engine, 2x4 systolic_os opt1, s8 x s8" in result.err


def test_nobody_s_work_is_lost(bitloom: Any, here: Path, net: Path) -> None:
    assert bitloom("map", "net.csv", "--engine", "small.toml", "-o", "out").status == 0
    (here / "out" / "map.csv").write_text("mine")
    assert bitloom("map", "net.csv", "--engine", "small.toml", "-o", "out").status == 2
    assert bitloom("map", "net.csv", "--engine", "small.toml", "-o", "out", "--force").status == 0
