"""The report of a run as a user makes it: what the steps write is what the page reads."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gen.cli import main
from tests.report.page_reader import Page

ENGINE = "[engine]\nscheme = 'opt1'\nrows = 1\ncols = 1\na = 's8'\nb = 's8'\n"
SYNTH = "[synth]\nlibrary = 'unit'\neffort = 'quick'\nclock_ns = 1.0\ncompare = ['mac']\n"


@pytest.mark.slow
@pytest.mark.synth
def test_a_missed_clock_from_synthesis_to_the_page(tmp_path: Path):
    """No engine runs at one FO4: the status says so, and the page, whose figures are at the clocks that are reached."""
    (tmp_path / "small.toml").write_text(ENGINE + SYNTH)
    config, output = str(tmp_path / "small.toml"), ("-o", str(tmp_path / "out"))
    assert main(["synth", config, *output]) == 1
    assert main(["report", config, *output]) == 0
    synth = json.loads((tmp_path / "out" / "synth.json").read_text())
    text = Page((tmp_path / "out" / "report.html").read_text(encoding="utf-8")).text
    late = "; ".join(
        f"{design['scheme']} reaches {design['clock_ns']:.2f} FO4, {design['clock_ns'] - 1:.2f} FO4 too late"
        for design in (synth, *synth["compared"])
    )
    assert f"Clock missed. 1.000 FO4 asked for; {late}." in text
    ratio = synth["compared"][0]["ratios"]["area_engine"]
    assert f"{ratio:.2f}× throughput per area, engine" in text
    assert "Not simulated" in text
