"""Charts: to scale, and readable whatever the values."""

from __future__ import annotations

import re
from itertools import pairwise

import pytest

from gen.report.charts import Bar, Group, Part, Stack, bars, stacks
from gen.report.scatter import Mark, scatter, ticks
from tests.report.page_reader import Page


def percentages(html: str, pattern: str) -> list[float]:
    return [float(text) for text in re.findall(pattern, html)]


def chart(*values: float) -> str:
    groups = [Group(f"design {i}", "rest", [Bar("core", value, "2.00×")]) for i, value in enumerate(values)]
    return bars("Area", "µm²", groups, "less is better")


def test_bars_start_at_zero_and_are_to_scale():
    html = chart(100.0, 50.0, 25.0)
    Page(html)
    assert percentages(html, r"<i style=\"width:([\d.]+)%") == [100.0, 50.0, 25.0]
    assert "logarithmic" not in html


def test_one_large_value_does_not_dwarf_the_rest():
    """On a logarithmic scale there are points, no bars: it has no zero for them to start from."""
    html = chart(1e6, 1e4, 2e4)
    assert "logarithmic scale" in html
    assert "<i " not in html
    large, small, double = percentages(html, r"<b style=\"left:([\d.]+)%")
    assert 0 <= small < double < large <= 100
    assert double - small > 5
    assert large - small == pytest.approx(2 * (percentages(html, r"<s style=\"left:([\d.]+)%")[1]), rel=0.01)


@pytest.mark.parametrize("values", [(1.0,), (3.0, 3.0), (1e-9, 1e12), (9.99e5, 1e7), (10.0, 1000.0)])
def test_no_value_leaves_the_scale(values):
    places = percentages(chart(*values), r"(?:left|width):([\d.-]+)%")
    assert all(0 <= place <= 100 for place in places)


def test_parts_are_to_scale_and_estimates_apart():
    full = Stack("opt1", [Part("PEs", "pe", 300.0), Part("control", "control", 100.0)], [], 300.0)
    half = Stack("mac", [Part("PEs", "pe", 200.0)], [Part("macros (estimate)", "memory estimate", 50.0)], 200.0)
    html = stacks([full, half], "µm²")
    text = Page(html).text
    assert "opt1 400.0 µm², core 300.0" in text
    assert "mac 200.0 µm², core 200.0 ; macros (estimate) 50.00" in text.replace(";", " ;").replace("  ;", " ;")
    assert percentages(html, r"<i class=\"[\w ]+\" style=\"width:([\d.]+)%") == [75.0, 25.0, 50.0, 12.5]


@pytest.mark.parametrize("low", [1.0, 0.003, 47.0, 9.7e5])
@pytest.mark.parametrize("factor", [1.5, 2.0, 5.0, 12.0, 90.0, 1e4])
def test_ticks_are_few_and_round(low, factor):
    found = ticks(low, low * factor)
    assert 2 <= len(found) <= 9
    assert found == sorted(found)
    assert all(low <= value <= low * factor for value in found)
    assert all(float(f"{value:.3g}") == pytest.approx(value) for value in found)


def marks() -> list[Mark]:
    return [
        Mark("opt1", "core", "ours", 4e5, 270.0),
        Mark("opt1", "engine", "ours", 7e5, 272.0, True),
        Mark("mac", "core", "base", 5e5, 141.0),
        Mark("mac", "engine", "base", 6e5, 141.0, True),
    ]


def test_up_and_left_is_better():
    html = scatter(marks(), "µm²", "GOPS", 141.0 / 6e5, "mac")
    Page(html)
    places = [tuple(map(float, pair)) for pair in re.findall(r"<i [^>]*left:([\d.]+)%;bottom:([\d.]+)%", html)]
    (ours_core, ours, base_core, base) = places
    assert ours_core[0] < base_core[0] < base[0] < ours[0]
    assert ours[1] > ours_core[1] > base[1] == base_core[1]


def test_lines_of_equal_efficiency():
    """The line of 1 goes through the baseline's engine, and all of them are parallel."""
    html = scatter(marks(), "µm²", "GOPS", 141.0 / 6e5, "mac")
    lines = re.findall(r"<polyline points=\"([\d.]+),([\d.]+) ([\d.]+),([\d.]+)\" class=\"equal( unity)?\"", html)
    slopes = []
    for *ends, unity in lines:
        x1, y1, x2, y2 = map(float, ends)
        slopes.append((y2 - y1) / (x2 - x1))
        if unity:
            left, bottom = re.findall(r"<i class=\"base engine\" style=\"left:([\d.]+)%;bottom:([\d.]+)%", html)[0]
            assert 100 - float(bottom) == pytest.approx(y1 + slopes[-1] * (float(left) - x1), abs=0.1)
    assert len(slopes) >= 2
    assert all(one == pytest.approx(two, rel=0.02) for one, two in pairwise(slopes))
    assert "1× mac" in html
    assert "2×" in html


@pytest.mark.parametrize("far", [1.0, 1e3, 1e9])
def test_points_stay_inside(far):
    html = scatter([*marks(), Mark("other", "engine", "rest", 1e6 * far, 1.0 / far, True)], "µm²", "GOPS", 1.0, "mac")
    places = percentages(html, r"(?:left|bottom):([\d.-]+)%")
    assert all(0 <= place <= 100 for place in places)
    assert len(re.findall('class="name', html)) <= 7
