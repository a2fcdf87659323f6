"""The page in a browser: nothing cut off, readable, alone, the summary first; narrow and wide, light and dark."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from hdl.params import EngineParams
from tests.report.browser import SCREENS, faults, lowest, show
from tests.report.conftest import asked, beside, layouts, report, simulation, synthesis, unitless, with_memories

pytestmark = pytest.mark.browser

SPARSE = {"array": "matrix_2d", "scheme": "opt4e", "rows": 4, "cols": 3, "encoder": "naf"}


def opt1() -> dict[str, Any]:
    return synthesis("opt1", 1.0)


def mac() -> dict[str, Any]:
    return synthesis("mac", 1.9) | {"pj_per_mac": 2.9, "core_pj_per_mac": 1.7}


def sparse() -> dict[str, Any]:
    """Four designs, one much larger than the rest, memories in flip-flops and as macros."""
    large = synthesis("opt4e", 1.0)
    large |= {"engine_area_um2": 15_790_004.75, "throughput_gops": 250.5, "core_throughput_gops": 300.25}
    middle = synthesis("opt4c", 0.9) | {"throughput_gops": 60.125, "core_throughput_gops": 61.5}
    return beside(
        with_memories(large, macro=False),
        with_memories(middle, macro=True),
        synthesis("mac", 1.7),
        synthesis("opt1", 1.1),
    )


def long() -> dict[str, Any]:
    """Names and texts as long as users' own."""
    texts = {
        "library": "/opt/kits/some_foundry/library-of-the-ninth-release/typical_corner_0p75v_25c.lib.gz",
        "corner": "typical: process 1, 0.75 V, 25 C, with a remark that the library's maker found worth making",
        "library_notes": ["a_cell_with_a_very_long_name_that_has_no_blank_at_all_X16 is not used: it has no area"] * 3,
        "critical_path": "\n".join("Startpoint " + "very/long/instance/name/" * 8 for _ in range(5)),
    }
    designs = []
    for design in (opt1(), mac()):
        for part in design["parts"]:
            part["area_um2"] *= 8765
        areas = {key: design[key] * 8765 for key in ("core_area_um2", "engine_area_um2", "engine_total_area_um2")}
        designs.append(design | texts | areas)
    return beside(*designs)


def failed() -> dict[str, Any]:
    long_problem = "test of " + "a_name_without_blanks_" * 8
    return simulation() | {"passed": False, "mismatches": 17, "problems": ["tile 3: row 2 came twice", long_problem]}


#: Kinds of pages: the engine if it isn't the usual one, and the files of the steps that have been run.
PAGES: dict[str, Callable[[], tuple[dict[str, Any], dict[str, Any]]]] = {
    "compared": lambda: ({}, {"sim": simulation(), "synth": beside(opt1(), mac())}),
    "loses": lambda: ({}, {"sim": simulation(), "synth": beside(synthesis("opt1", 2.3), mac())}),
    "alone": lambda: ({}, {"sim": simulation(), "synth": beside(opt1())}),
    "unit": lambda: ({}, {"sim": simulation(), "synth": beside(unitless(opt1()), unitless(mac()))}),
    "missed": lambda: ({}, {"sim": simulation(), "synth": beside(asked(opt1(), 2.5), asked(mac(), 2.5))}),
    "sparse": lambda: (SPARSE, {"sim": simulation() | {"cycles_per_step": 2.61}, "synth": sparse()}),
    "long": lambda: ({"rows": 1024, "cols": 1024}, {"sim": simulation(), "synth": long()}),
    "failed": lambda: ({}, {"sim": failed(), "synth": beside(opt1(), mac())}),
    "laid out": lambda: ({}, {"synth": beside(opt1(), mac()), "layout": layouts()}),
    "simulated": lambda: ({"array": "systolic_ws"}, {"sim": simulation()}),
    "generated": lambda: ({"array": "matrix_2d", "scheme": "laconic", "encoder": "naf", "rows": 3, "cols": 4}, {}),
}
#: Pages on which the engine stands beside another one.
COMPARED = ("compared", "loses", "unit", "missed", "sparse", "long", "failed")


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """Where the page of each kind lies."""
    folders = {}
    for name, content in PAGES.items():
        engine, files = content()
        folders[name] = tmp_path_factory.mktemp(name) / "out"
        report(folders[name], EngineParams(**({"scheme": "opt1"} | engine)), **files)
    return folders


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_layout(driver, pages, name, screen, scheme):
    show(driver, pages[name], SCREENS[screen], scheme)
    assert driver.execute_script("return matchMedia('(prefers-color-scheme: dark)').matches") == (scheme == "dark")
    assert faults(driver, SCREENS[screen][0]) == ""
    assert driver.get_log("browser") == []
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


@pytest.mark.parametrize("width", [320, 600, 800, 1024, 1920])
@pytest.mark.parametrize("name", ["missed", "sparse", "long"])
def test_other_widths(driver, pages, name, width):
    show(driver, pages[name], (width, 800))
    assert faults(driver, width) == ""


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_the_first_screen_holds_the_summary(driver, pages, name, screen):
    show(driver, pages[name], SCREENS[screen])
    bottom = SCREENS[screen][1]
    assert lowest(driver, "#summary h2") < bottom
    assert lowest(driver, "#summary .ground li:first-child") < bottom
    if name in COMPARED:
        assert lowest(driver, "#summary .balance") < bottom
    if name in COMPARED and name != "long":  # a library's path may take any room
        assert lowest(driver, "#summary .ground li:nth-child(3)") < bottom
    if name == "missed":
        assert lowest(driver, "#summary .alert") < bottom / 2


@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", COMPARED)
def test_ratios_are_seen_without_scrolling(driver, pages, name, screen):
    show(driver, pages[name], SCREENS[screen])
    ends = driver.execute_script(
        "return [...document.querySelectorAll('.figures-table td.ratio')].map((each) =>"
        " [each.getBoundingClientRect().right, each.closest('.scroll').getBoundingClientRect().right])"
    )
    assert len(ends) > 8
    assert [cell for cell, box in ends if cell > box] == []


@pytest.mark.parametrize("name", COMPARED)
def test_the_comparison_comes_early(driver, pages, name):
    show(driver, pages[name], SCREENS["wide"])
    top, height = driver.execute_script(
        "return [document.querySelector('.charts').getBoundingClientRect().top, document.body.scrollHeight]"
    )
    assert top < 0.2 * height
    assert lowest(driver, "nav") < top


@pytest.mark.parametrize(
    ("name", "change", "found"),
    [
        ("compared", "main.style.width = '500px'", "the page is"),
        ("compared", "main.style.width = '500px'", "reaches from"),
        ("compared", "main.style.color = '#bbb'", "has a contrast of"),
        ("compared", "main.style.fontSize = '9px'", "px high"),
        ("compared", "q('.cue').remove()", "scrolls without a cue"),
        ("compared", "q('.scrolling').style.setProperty('--width', '90px')", "scrolls without a cue"),
        ("compared", "q('.scroll').style.background = 'none'", "has no shadows"),
        ("compared", "q('#engine svg').style.width = '300px'", "px high"),
        ("compared", "q('.bar .value').style.width = '30px'", "sticks out of"),
        ("compared", "q('#summary h2').style.cssText = 'overflow: hidden; white-space: nowrap'", "is cut off"),
        ("compared", "q('.plot .label').style.cssText = q('.plot .label.base').style.cssText", "covers"),
        ("compared", "q('h3').outerHTML = '<h4>lower</h4>'", "follows a heading"),
        ("compared", "q('#area').id = 'elsewhere'", "leads nowhere"),
        ("compared", "q('[role=img]').removeAttribute('aria-label')", "has no name"),
    ],
)
def test_faults_are_found(driver, pages, name, change, found):
    """The check of the layout can fail, in each thing that it looks at."""
    show(driver, pages[name], SCREENS["narrow"])
    driver.execute_script(f"const q = (each) => document.querySelector(each), main = q('main'); {change}")
    assert found in faults(driver, SCREENS["narrow"][0])
