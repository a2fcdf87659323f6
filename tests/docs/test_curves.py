"""Pictures of measured figures."""

from __future__ import annotations

from xml.etree import ElementTree

import pytest

from bench.figures.curves import HEIGHT, WIDTH, drawing
from gen.report.workload import Lines

SERIES = {"a < b": [(0, 2.0), (10, 0.5)], "c": [(0, 1.0), (10, 0.0)]}


def test_lines_lie_between_the_axes_and_are_named() -> None:
    root = ElementTree.fromstring(drawing(Lines("Loss", "step", "mean", SERIES)))
    texts = [each.text for each in root.findall(".//{*}text")]
    assert {"Loss", "step", "mean", "a < b", "c", "0", "2", "10"} <= set(texts)
    drawn = ends(root)
    assert len(drawn) == len(SERIES)
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for each in drawn for x, y in each)
    assert [each[0][1] < each[1][1] for each in drawn] == [True, True]  # both fall, and down is up in a picture
    assert {each.attrib["class"] for each in root.findall(".//{*}polyline")} == {"l0", "l1"}


def test_a_logarithmic_axis_has_equal_factors_at_equal_distances() -> None:
    series = {"a": [(1, 0.0), (10, 1.0), (100, 2.0)], "b": [(1, 0.0), (10, 1.5), (100, 2.0)]}
    root = ElementTree.fromstring(drawing(Lines("Found", "traces", "weights", series), logarithmic=True))
    for line in ends(root):
        (first, _), (second, _), (third, _) = line
        assert second - first == pytest.approx(third - second)
    names = {each.text: float(each.attrib["y"]) for each in root.findall(".//{*}text") if each.text in series}
    assert abs(names["a"] - names["b"]) >= 15  # although both lines end in the same place


def ends(root: ElementTree.Element) -> list[list[tuple[float, ...]]]:
    """The points of all lines."""
    lines = [each.attrib["points"].split() for each in root.findall(".//{*}polyline")]
    return [[tuple(map(float, one.split(","))) for one in line] for line in lines]
