"""Figures of docs/pim.md that come from the hardware."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from bench.pim_vector import SIZES, SYSTEMS, measure

PAGE = " ".join((Path(__file__).resolve().parents[2] / "docs" / "pim.md").read_text(encoding="utf-8").split())
SHOWN = re.search(
    r"with 32 lanes, (\d+) % in a row of softmax of 1,024 elements and (\d+) % in a row of layernorm of 2,048; "
    r"with 4 lanes (\d+) % and (\d+) %",
    PAGE,
)


@pytest.mark.sim
@pytest.mark.slow
@pytest.mark.parametrize(("system", "first"), [("pimgpt_paper", 1), ("tiny", 3)])
def test_how_busy_the_vector_unit_is(system, first):
    """Whole percents, as the page has them."""
    assert SHOWN is not None
    params = SYSTEMS[system]
    for place, (name, size) in enumerate(SIZES.items(), first):
        row = params.sram_words // (size // params.lanes) - 2
        clocks, beats = measure(name, params, row)
        assert round(100 * beats / clocks) == int(SHOWN[place]), name
