"""Small designs, and a cache that the tests have for themselves."""

from __future__ import annotations

from pathlib import Path

import pytest

from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.library.sources import OSU018

#: Multiply-accumulate with an enable: the shape of a PE, small enough for a second of synthesis.
MAC = """module mac(clk, en, clear, a, b, acc);
  input clk, en, clear;
  input signed [3:0] a, b;
  output signed [9:0] acc;
  reg signed [9:0] acc;
  reg signed [3:0] x, y;
  always @(posedge clk) if (en) begin
    x <= a;
    y <= b;
    acc <= (clear ? 10'sd0 : acc) + x * y;
  end
endmodule
"""


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("BITLOOM_CACHE", str(tmp_path_factory.mktemp("cache")))
        yield


@pytest.fixture(scope="session")
def unit(_own_cache: None) -> Library:
    return load("unit")


@pytest.fixture(scope="session")
def osu018(_own_cache: None) -> Library:
    if not OSU018.exists():
        pytest.skip("the Debian package qflow-tech-osu018 is not installed")
    return load("osu018")


@pytest.fixture(scope="session")
def mac_text() -> str:
    return MAC


@pytest.fixture
def work(tmp_path: Path) -> Path:
    return tmp_path
