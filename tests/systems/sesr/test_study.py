"""``bitloom workload sesr``: what is refused before anything runs, and a small run of all of it."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

from bench.figures.store import entries
from gen.cli import main
from gen.report.workload import Pictures, Table
from hdl.params.title import Title
from sim_tb.systems.sesr import page
from sim_tb.systems.sesr.network import Network
from sim_tb.systems.sesr.photographs import HELD_OUT, photograph
from sim_tb.systems.sesr.quality import Quality, quality
from sim_tb.systems.sesr.quantise import calibration, quantise
from sim_tb.systems.sesr.runs import Run
from sim_tb.systems.sesr.study import ENGINES
from sim_tb.systems.sesr.upscaling import way
from sim_tb.systems.sesr.weights import read, write
from tests.systems.sesr.networks import floating, pixels

#: Of the ratios that are kept.
WAYS = ("bicubic", "spline", "fp32", "int8")


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "engine.toml").write_text("[engine]\nrows = 4\ncols = 8\n")
    write(floating(layers=1), tmp_path / "small.npz")
    write(Network(tuple(each * np.float32(1e30) for each in floating(layers=1).weights)), tmp_path / "huge.npz")
    np.save(tmp_path / "small.npy", pixels(7, 7))
    return tmp_path


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--option", "crop=2"], "--option crop: must be a whole number from 4 to 256, not '2'"),
        (["--option", "image=missing.png"], "--option image: must be a file that is there"),
        (["--option", "image=engine.toml"], "--option image: must be a file that ends in .png or .jpg or .npy"),
        (["--option", "image=small.npy", "--option", "crop=4"], "small.npy: has 7 x 7 pixels (from 8 to 4,096"),
        (
            ["--option", "weigths=small.npz"],
            "weigths: is no option of this workload (did you mean 'weights'?)",
        ),
        (["--option", "weights=huge.npz"], "huge.npz: L1: gives values that are too large for single precision"),
        (["--engine", "engine.toml", "--set", "a=s4"], "engine.a: is s4, from -8 to 7, and the network's operands"),
    ],
)
def test_wrong_requests(here: Path, capsys: pytest.CaptureFixture[str], arguments: list[str], message: str) -> None:
    pytest.importorskip("skimage", reason="scikit-image ships the photographs")
    assert main(["workload", "sesr", "--quick", *arguments]) == 2
    found = capsys.readouterr()
    assert message in found.err
    assert "Traceback" not in found.err
    assert found.out == ""


@pytest.mark.sim
def test_a_small_run(here: Path, capsys: pytest.CaptureFixture[str]) -> None:
    pytest.importorskip("skimage", reason="scikit-image ships the photographs")
    np.save(here / "mine.npy", pixels(20, 24))
    options = ["--option", "crop=4", "--option", "weights=small.npz", "--option", "image=mine.npy"]
    assert main(["workload", "sesr", "--quick", "--engine", "engine.toml", *options, "-o", "out"]) == 0
    printed = capsys.readouterr().out
    assert "192 results of 3 layers equal to the golden model's" in printed
    found = json.loads((here / "out/workload.json").read_text())
    assert found["passed"]
    assert [(each["packed"], each["differ"]) for each in found["engines"]] == [(False, 0), (True, 0)]
    assert set(found["psnr_db"]) == {*HELD_OUT, "mine"}
    text = (here / "out/report.html").read_text()
    for words in ("mine, bicubic", "moon", "Zeros", "4x8 systolic_os opt1", "packed"):
        assert words in text


def test_sections_say_what_differs() -> None:
    layer = {"layer": "L0", "m": 4, "k": 25, "n": 4, "packed": "", "macs": 400, "cycles": 10, "modelled": None}
    run = Run(ENGINES[0], True, [layer | {"zeros": 0.25, "steps": 25, "results": 16, "differ": 3}], False)
    judged = [Quality("x", 8, 8, 30.0, 30.0, 31.0, 30.5)]
    images = {"x": {way: pixels(4, 4) for way in page.WAYS}}
    found = page.sections(judged, [run], [1.5], images)
    assert isinstance(found[0].parts[0], Pictures)
    tables = [part for each in found for part in each.parts if isinstance(part, Table)]
    assert [row[-1] for row in tables[1].rows] == ["3"]
    assert tables[0].rows[0][-2:] == ["no", "yes"]


def test_what_the_page_shows_is_still_measured() -> None:
    """Ratios of a photograph, and cycles of the engines that keep step, by the model that is exact."""
    pytest.importorskip("skimage", reason="scikit-image ships the photographs")
    kept = entries("sesr")["study"]["figures"]
    network = read()
    integers = quantise(network, calibration())
    found = quality("text", photograph("text"), network, integers)[0].to_dict()
    assert {key: found[key] for key in WAYS} == pytest.approx(
        {key: kept["psnr_db"]["text"][key] for key in WAYS}, abs=0.011
    )
    for run in kept["engines"]:
        params = next(each for each in ENGINES if str(Title(each)) == run["engine"])
        layers = zip(integers.topology(*kept["crop"]), run["layers"], strict=True)
        if not params.data_dependent:
            assert all(way(params, product, pack=run["packed"]).cycles == layer["cycles"] for product, layer in layers)
