"""The page of a sweep in a browser: layout, charts, search, sorting, and what a click shows."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from gen.report.sweep import sweep_page
from gen.sweep.point import DONE, FAILED, MISSED, Outcome
from gen.sweep.table import table
from gen.sweep.view import view
from tests.report.browser import SCREENS, driver, faults, show
from tests.sweep.conftest import kinds, synth

__all__ = ["driver"]

pytestmark = pytest.mark.browser

TEXTS = {
    "engines": "[sweep]\narray = ['systolic_os', 'cube']\nscheme = ['mac', 'opt1']\nrows = [2, 4, 8]\n",
    "alone": "[sweep]\nrows = [16]\n",
}
EXTREME = 1e9


def outcome(point: Any, number: int, page: str) -> Outcome:
    """Figures that differ: in each row of an array, more area goes with more throughput, but for the scheme ``mac``."""
    size, mac = point.settings["engine.rows"], point.settings.get("engine.scheme") == "mac"
    found = synth(point.task.config)
    area = 100.0 * size * (1 + mac) * (3 if "cube" in point.task.config else 1)
    found |= {"engine_total_area_um2": area, "throughput_gops": 2.5 * size, "pj_per_mac": 1 + 1 / size + mac}
    found |= {"gops_per_mm2_engine_total": 2.5e6 * size / area, "engine_area_um2": EXTREME * size}
    if page == "engines" and number == 2:
        return Outcome(point, FAILED, "the design has latches, " + "a_name_without_any_blank_" * 8)
    if page == "engines" and number == 3:
        return Outcome(point, MISSED, "misses its clock", found, 1.0)
    return Outcome(point, DONE, "", found, 1.0)


@pytest.fixture(scope="module")
def pages(tmp_path_factory) -> dict[str, Path]:
    """Where the pages lie."""
    from gen.sweep.plan import plan
    from gen.sweep.spec import read

    folders = {}
    for name, text in TEXTS.items():
        folder = folders[name] = tmp_path_factory.mktemp(name)
        (folder / "spec.toml").write_text(text)
        made = plan(read(folder / "spec.toml", kinds()), {})
        outcomes = [outcome(point, number, name) for number, point in enumerate(made.points)]
        kind = made.spec.kind
        content = table(outcomes, kind, lambda each: f"points/{each.point.key}.json")
        data = view(content, outcomes, kind, lambda each: each.point.task.command("build/spec/points/x.toml"))
        (folder / "report.html").write_text(sweep_page("spec", kind.command, data), encoding="utf-8")
    return folders


def texts(driver: Any, selector: str) -> list[str]:
    return driver.execute_script(
        f"return [...document.querySelectorAll({selector!r})].map((each) => each.innerText.trim())"
    )


def column(driver: Any, key: str) -> list[str]:
    """The cells of a column, from top to bottom."""
    heads = driver.execute_script(
        "return [...document.querySelectorAll('#points thead th')].map((each) => each.dataset.key)"
    )
    return texts(driver, f"#points tbody tr > :nth-child({heads.index(key) + 1})")


def click(driver: Any, selector: str) -> None:
    driver.execute_script(f"document.querySelector({selector!r}).click()")


def choose(driver: Any, selector: str, value: str) -> None:
    script = "const field = document.querySelector(arguments[0]); field.value = arguments[1];"
    driver.execute_script(f"{script} field.dispatchEvent(new Event(arguments[2]))", selector, value, "change")


def search(driver: Any, words: str) -> list[str]:
    script = "const field = document.getElementById('search'); field.value = arguments[0];"
    driver.execute_script(f"{script} field.dispatchEvent(new Event('input'))", words)
    return column(driver, "point")


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", TEXTS)
def test_layout(driver, pages, name, screen, scheme):
    show(driver, pages[name], SCREENS[screen], scheme)
    assert faults(driver, SCREENS[screen][0]) == ""
    click(driver, "#points tbody tr")
    assert faults(driver, SCREENS[screen][0]) == ""
    assert driver.get_log("browser") == []
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("width", [320, 600, 800, 1024, 1920])
def test_other_widths(driver, pages, width):
    show(driver, pages["engines"], (width, 800))
    assert faults(driver, width) == ""


def test_summary(driver, pages):
    show(driver, pages["engines"], SCREENS["wide"])
    assert texts(driver, ".subtitle") == ["12 points of bitloom synth, 10 done, 1 missed, 1 failed"]
    assert len(texts(driver, ".alert li")) == 2
    assert texts(driver, "#count") == ["12 of 12 points shown."]
    assert column(driver, "status")[2:4] == ["failed", "missed"]
    assert texts(driver, "#example") == ["systolic_os throughput_gops>10"]


def test_sorting(driver, pages):
    show(driver, pages["engines"], SCREENS["wide"])
    assert column(driver, "point") == [str(number) for number in range(1, 13)]
    for key, down in (("throughput_gops", True), ("engine.array", False)):
        head = f"#points thead th[data-key='{key}'] button"
        for reverse in (down, not down):
            click(driver, head)
            cells = [cell for cell in column(driver, key) if cell != "–"]
            values = [float(cell.replace(",", "")) for cell in cells] if key == "throughput_gops" else cells
            assert values == sorted(values, reverse=reverse)
    click(driver, "#points thead th[data-key='throughput_gops'] button")
    assert column(driver, "throughput_gops")[-1] == "–"  # that of the point that failed


def test_filters_and_search(driver, pages):
    show(driver, pages["engines"], SCREENS["wide"])
    assert search(driver, "cube opt1") == ["10", "11", "12"]
    assert search(driver, "rows<4 status=done") == ["1", "7", "10"]
    assert search(driver, "throughput_gops>=20 mac") == ["9"]
    assert search(driver, "nothing") == []
    assert texts(driver, ".scatter") == ["No point shown has both figures."] * 2
    click(driver, "#reset")
    choose(driver, "#filters select[data-key='engine.rows']", "=8")
    choose(driver, "#filters select[data-key='engine.array']", "=cube")
    assert column(driver, "point") == ["9", "12"]
    assert len(texts(driver, ".chart:first-child .dot")) == 2
    assert texts(driver, "#count") == ["2 of 12 points shown."]


def test_best_trade_offs(driver, pages):
    """Those that no other point beats, among those that have all they were asked for."""
    show(driver, pages["engines"], SCREENS["wide"])
    script = "return [...document.querySelectorAll('.chart:first-child .dot.front')].map((each) => each.dataset.point)"
    rows = json.loads(driver.execute_script("return document.getElementById('data').textContent"))["rows"]
    done = [row for row in rows if row["status"] == "done"]
    best = [
        row["point"]
        for row in done
        if not any(
            other["engine_total_area_um2"] <= row["engine_total_area_um2"]
            and other["throughput_gops"] >= row["throughput_gops"]
            and (other["engine_total_area_um2"], other["throughput_gops"])
            != (row["engine_total_area_um2"], row["throughput_gops"])
            for other in done
        )
    ]
    assert 1 < len(best) < len(done)
    assert sorted(map(int, driver.execute_script(script))) == best


def test_points_stand_where_their_figures_are(driver, pages):
    show(driver, pages["engines"], SCREENS["wide"])
    choose(driver, ".across-choice", "throughput_gops")
    choose(driver, ".up-choice", "engine_total_area_um2")
    places = driver.execute_script(
        "return [...document.querySelectorAll('.chart:first-child .dot')].map((each) =>"
        " [each.dataset.point, parseFloat(each.style.left), parseFloat(each.style.bottom)])"
    )
    rows = json.loads(driver.execute_script("return document.getElementById('data').textContent"))["rows"]
    figures = {str(row["point"]): row for row in rows}
    assert len(places) == 11
    for index, key in ((1, "throughput_gops"), (2, "engine_total_area_um2")):
        order = sorted(places, key=lambda place: place[index])
        values = [figures[place[0]][key] for place in order]
        assert values == sorted(values)
        assert all(0 < place[index] < 100 for place in places)


@pytest.mark.parametrize("target", ["#points tbody tr:nth-child(12)", ".dot[data-point='12']"])
def test_a_click_shows_a_point(driver, pages, target):
    show(driver, pages["engines"], SCREENS["narrow"])
    click(driver, target)
    assert driver.execute_script("return document.getElementById('point').open")
    assert texts(driver, "#point-title") == ["Point 12: 8x16x16 cube opt1, s8 x s8"]
    assert texts(driver, "#point-command") == ["bitloom synth build/spec/points/x.toml"]
    assert 'array = "cube"\nscheme = "opt1"' in texts(driver, "#point-config")[0]
    assert "throughput_gops" in texts(driver, "#point-figures dt")
    click(driver, "#close")
    assert not driver.execute_script("return document.getElementById('point').open")


def test_many_points_are_shown_step_by_step(driver, pages):
    show(driver, pages["engines"], SCREENS["wide"])
    driver.execute_script("state.shown = 5; show()")
    assert len(column(driver, "point")) == 5
    click(driver, "#more")
    assert len(column(driver, "point")) == 12
    assert driver.execute_script("return document.getElementById('more').hidden")


def test_texts_can_not_end_the_data(tmp_path, driver):
    data = {"settings": [{"key": "a", "label": "a", "unit": ""}], "figures": [], "texts": [], "charts": [], "group": ""}
    row = {
        "point": 1,
        "title": "</script><b>&",
        "status": "done",
        "problem": "",
        "config": "",
        "command": "",
        "a": "<i>",
    }
    (tmp_path / "report.html").write_text(sweep_page("x", "synth", {**data, "rows": [row | {"a": "<i>"}]}))
    show(driver, tmp_path, SCREENS["wide"])
    assert column(driver, "a") == ["<i>"]
    assert driver.get_log("browser") == []
