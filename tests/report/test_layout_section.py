"""The section on layouts: figures, drawings, and files that are refused."""

from __future__ import annotations

import copy
import re
from typing import Any

import pytest

from hdl.params import ConfigError
from tests.report.conftest import layouts, report


@pytest.fixture
def page(tmp_path) -> str:
    return report(tmp_path / "out", layout=layouts())


def test_figures_with_ranges(page):
    text = re.sub(r"<[^>]*>", " ", page)
    for words in ("20,124 µm²", "19,942 to 20,124", "77.1 %", "1.973 ns", "1.955 to 1.973", "2 of 2", "633"):
        assert words in text
    assert "has 1.31× the clock of mac (fused) on 0.76× its core" in text
    assert "magic 8.3.105" in text


def test_drawing(page):
    drawings = re.findall(r'<svg[^>]*class="layout".*?</svg>', page, re.DOTALL)
    assert len(drawings) == 2
    assert 'viewBox="0 0 20000 15100"' in drawings[0]
    assert 'd="M840 14550h320v-1000h-320zM1160 14550h240v-1000h-240z" class="logic"' in drawings[0]  # y runs down
    assert 'd="M900 13900h600M0 13100h900" class="metal m2"' in drawings[0]
    assert page.count("<style") == 1


def test_without_layouts_there_is_no_section(tmp_path):
    assert 'id="layout"' not in report(tmp_path / "out")


def test_a_design_alone(tmp_path):
    found = layouts()
    del found["designs"][1]
    page = report(tmp_path / "out", layout=found)
    assert "the clock of" not in page


def test_pieces_that_are_left_out_are_said(tmp_path):
    found = layouts()
    found["designs"][0]["drawing"]["left_out"] = 1234
    assert "the 1,234 shortest pieces of wire are left out" in report(tmp_path / "out", layout=found)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda found: found.update(designs=[]), "must not be empty"),
        (lambda found: found["designs"][0].pop("median"), "median"),
        (lambda found: found["designs"][0]["median"].pop("ns"), "ns: must be more than zero"),
        (lambda found: found["designs"][0]["drawing"]["wires"].update(metal2="1 2 3"), "four whole numbers"),
        (lambda found: found["designs"][0]["drawing"]["cells"].update(logic="1 2 3 '"), "four whole numbers"),
        (lambda found: found["designs"][0]["drawing"].update(width=0), "needs a size"),
    ],
)
def test_files_that_are_not_what_the_step_writes(tmp_path, change, message):
    found: dict[str, Any] = copy.deepcopy(layouts())
    change(found)
    with pytest.raises(ConfigError, match=message) as error:
        report(tmp_path / "out", layout=found)
    assert "bitloom layout" in str(error.value)
