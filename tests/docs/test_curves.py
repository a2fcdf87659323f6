"""Pictures of measured figures."""

from __future__ import annotations

import re
from xml.etree import ElementTree

from bench.figures.curves import HEIGHT, WIDTH, drawing
from gen.report.workload import Lines


def test_lines_lie_between_the_axes_and_are_named() -> None:
    series = {"a < b": [(0, 2.0), (10, 0.5)], "c": [(0, 1.0), (10, 0.0)]}
    root = ElementTree.fromstring(drawing(Lines("Loss", "step", "mean", series)))
    texts = [each.text for each in root.findall(".//{*}text")]
    assert {"Loss", "step", "mean", "a < b", "c", "0", "2", "10"} <= set(texts)
    lines = [each for each in root.findall(".//{*}polyline") if len(each.attrib["points"].split()) == 2]
    ends = [[tuple(map(float, one.split(","))) for one in each.attrib["points"].split()] for each in lines]
    drawn = [each for each in ends if each[0][1] != each[1][1]]
    assert len(drawn) == len(series)
    assert all(0 < x < WIDTH and 0 < y < HEIGHT for each in drawn for x, y in each)
    assert [each[0][1] < each[1][1] for each in drawn] == [True, True]  # both fall, and down is up in a picture
    assert len(set(re.findall(r'class="(l\d)"', drawing(Lines("Loss", "step", "mean", series))))) == 2
