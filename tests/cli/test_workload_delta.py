"""``bitloom workload delta``: what it writes, and an engine that takes no changes."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest

ENGINE = '[engine]\narray = "matrix_2d"\nscheme = "opt4c"\nrows = 4\ncols = 2\na = "s8"\npreload = true\n'


@pytest.mark.sim
def test_a_clip_and_an_engine_of_a_user(here: Path, bitloom) -> None:
    rng = np.random.default_rng(1)
    still = rng.integers(0, 256, (1, 12, 12))
    np.save("own.npy", (still + rng.integers(0, 3, (4, 12, 12))).clip(0, 255).astype(np.uint8))
    Path("own.toml").write_text(ENGINE)
    options = ("--option", "clip=own.npy", "--option", "theta=8", "--quick", "-o", "out")
    result = bitloom("workload", "delta", "--engine", "own.toml", *options)
    assert result.status == 0, result.err
    found = json.loads((here / "out/workload.json").read_text())
    assert found["passed"]
    assert list(found["clips"].values()) == ["own.npy"]
    assert found["exact"]["frames"] == 4
    assert found["exact"]["results"] == {"engine": 2 * 4 * 9 * 4}
    ways = found["engines"]["engine"]["clips"]["clip"]
    assert set(ways) == {"rounded", "delta", "gathered"}, "an s8 doesn't hold pixels of eight bits"
    assert ways["delta"]["zeros"] > 0.7 > ways["rounded"]["zeros"]
    assert ways["delta"]["mean"] < ways["rounded"]["mean"]
    assert found["engines"]["engine"]["break_even"] is None or found["engines"]["engine"]["break_even"] > 0
    page = (here / "out/report.html").read_text()
    for text in ("Cycles of a frame", "own.npy", "<svg", "data:image/png"):
        assert text in page
    assert result.out.startswith("exact      288 results of 4 frames on 1 engines equal a full recomputation")


def test_an_engine_that_is_wrong_is_status_2(here: Path, bitloom) -> None:
    Path("own.toml").write_text(ENGINE.replace("preload = true\n", "").replace("s8", "u8"))
    result = bitloom("workload", "delta", "--engine", "own.toml", "-o", "out")
    assert result.status == 2
    assert "engine.a: must hold changes of up to 63 either way with theta 4, not u8" in result.err
    assert "engine.preload: must be true" in result.err
    assert not (here / "out/report.html").exists()
