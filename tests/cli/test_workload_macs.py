"""``bitloom workload macs``: what it writes."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from sim_tb.systems.macs.engines import compared


@pytest.mark.sim
def test_the_command(here: Path, bitloom) -> None:
    Path("own.toml").write_text("[engine]\nrows = 8\ncols = 8\n")
    result = bitloom("workload", "macs", "--quick", "--engine", "own.toml", "-o", "out")
    assert result.status == 0, result.err
    found = json.loads((here / "out/workload.json").read_text())
    assert found["passed"]
    assert found["cosine"]["least"] > 0.99
    assert found["ranks"]["kept"] > 0.95
    assert len(found["schedules"]) == 2 * len(compared())
    page = (here / "out/report.html").read_text()
    assert "Share of the peak" in page
