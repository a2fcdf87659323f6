"""The page about a network on an engine."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

import pytest

from gen.report.mapping import mapping_page
from hdl.params import EngineParams
from sim_tb.mapping.energy import Energy
from sim_tb.mapping.network import map_network
from sim_tb.mapping.traffic import Buffers
from sim_tb.workloads.gemm import Product, Topology
from sim_tb.workloads.readers import read
from tests.report.browser import SCREENS, driver, faults, lowest, show
from tests.report.page_reader import Page

__all__ = ["driver"]

SYNTH = {"library": "osu018_stdcells", "clock_ns": 2.0, "power_mw": 100.0, "glitch_power_mw": 150.0}


@cache
def found(name: str) -> dict[str, Any]:
    """What ``bitloom map --json`` prints."""
    energy = Energy.of(SYNTH, "build/demo/synth.json")
    if name == "measured":
        return map_network(EngineParams(), read("mobilenet"), energy=energy).to_dict()
    params = EngineParams(array="matrix_2d", scheme="laconic", rows=4, cols=4)
    long = Product(f"/features/{'a_name_without_blanks_' * 6}/Conv_output_0", "Conv", 7, 8, 9)
    slow = Product("memory", "Gemm", 1, 4000, 4000)
    network = Topology("/a/long/name" * 5, (long, slow), {"Softmax": 2, "LayerNormalization": 24})
    return map_network(params, network, sigma=20.0, buffers=Buffers(bandwidth=1)).to_dict()


NAMES = ("measured", "long")


def test_every_layer_is_there() -> None:
    content = found("measured")
    page = Page(mapping_page(content))
    for row in content["layers"]:
        assert row["layer"] in page.text
        assert f"{row['cycles']:,}" in page.text
    assert f"{content['totals']['cycles']:,} cycles" in page.text
    assert "150 mW at 2 ns on osu018_stdcells, with glitches" in page.text


def test_what_is_not_known_is_said() -> None:
    text = Page(mapping_page(found("long"))).text
    assert "not measured: run bitloom synth" in text
    assert "operands normal with standard deviation 20" in text
    assert "2 Softmax, 24 LayerNormalization" in text
    assert "Energy, uJ" in text


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {name: tmp_path_factory.mktemp(name) for name in NAMES}
    for name, folder in folders.items():
        (folder / "report.html").write_text(mapping_page(found(name)), encoding="utf-8")
    return folders


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", NAMES)
def test_layout(driver, pages, name, screen, scheme) -> None:
    show(driver, pages[name], SCREENS[screen], scheme)
    assert faults(driver, SCREENS[screen][0]) == ""
    assert driver.get_log("browser") == []
    assert lowest(driver, "#summary h2") < SCREENS[screen][1]
