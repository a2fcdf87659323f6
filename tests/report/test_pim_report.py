"""The report of a model's simulation: what it says, and how it looks."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import asdict, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import pytest

from gen.pim.compile import compile_decoder
from gen.report.figures import count, percent
from gen.report.pim import BEGINS, pim_report
from gen.report.pim.parts import CAUSES, CLASSES, KINDS, OPERATIONS
from hdl.params.pim import PimParams
from sim_tb.pim import energy, timeline
from sim_tb.pim.performance import COLUMNS, Performance
from sim_tb.pim.sensitivity import sensitivity
from sim_tb.pim.simulate import statistics
from sim_tb.pim.tokens import tokens_in_time
from tests.pim.compile.toys import TINY, gpt2, llama
from tests.report.browser import SCREENS, faults, lowest, show
from tests.report.page_reader import Page

Figures = dict[str, Any]


@lru_cache(maxsize=4)
def figures(params: PimParams, tokens: int, rotary: bool = False, predict: bool = True) -> Figures:
    """The figures of a small decoder's first positions, as the command has them."""
    performance = Performance(compile_decoder(llama() if rotary else gpt2(), params))
    for step in tokens_in_time(performance.compiled, range(tokens), predict=predict, detail=tokens - 1):
        performance.add(step)
    request = {
        "model": "toy",
        "system": "tiny",
        "changes": ["rows=1024"],
        "layout": "auto",
        "weights": "bf16",
        "caches": "bf16",
        "output_matrix": predict,
    }
    return request | performance.figures() | {"sensitivity": None}


def usual() -> Figures:
    return figures(TINY, 3)


def single() -> Figures:
    """One position, without refreshes and logits, of a model with rotations."""
    return figures(replace(TINY, timing=replace(TINY.timing, trefi=0)), 1, rotary=True, predict=False)


def long() -> Figures:
    """Names as long as users' own, and figures of a large model."""
    found = usual()
    name = "/home/somebody/models/a-model-with-a-name-that-goes-on-and-on-without-any-blank-in-it-70B-instruct-v0.3"
    changes = [f"timing.{key}={value}" for key, value in (("trefi", 1048575), ("trfc", 1048575), ("clock_ps", 999))]
    positions = [130_000_000 + 97_531 * i for i in range(1024)]
    rules = [{**rule, "clocks": 1_048_576, "source": rule["source"] * 4} for rule in found["timing"]["rules"]]
    operations = {
        name: {cause: clocks * 1_000_000 for cause, clocks in causes.items()}
        for name, causes in found["detail"]["operations"].items()
    }
    return found | {
        "model": name,
        "system": "systems/" + "a-system-of-our-own-" * 4 + ".json",
        "changes": changes,
        "positions": positions,
        "tokens": len(positions),
        "clocks": sum(positions),
        "causes": {cause: clocks * 10**10 for cause, clocks in found["causes"].items()},
        "timing": {**found["timing"], "rules": rules},
        "detail": {**found["detail"], "operations": operations},
        "energy": {**found["energy"], "note": "take proportions, not figures: " * 4},
    }


def varied() -> Figures:
    """Other systems, one of which is too small."""
    params = replace(TINY, rows=compile_decoder(gpt2(), TINY).placement.rows)
    compiled = compile_decoder(gpt2(), params)
    return usual() | {"sensitivity": [asdict(each) for each in sensitivity(compiled, 2)]}


def without_detail() -> Figures:
    return usual() | {"detail": None}


PAGES: dict[str, Callable[[], Figures]] = {
    "usual": usual,
    "single": single,
    "long": long,
    "varied": varied,
    "without_detail": without_detail,
}


# --- what it says ----------------------------------------------------------------------------------------------------
def test_names_are_those_of_the_simulator():
    """Everything that figures can name has a word and a colour, in the simulator's order."""
    assert list(CAUSES) == list(statistics.CAUSES)
    assert list(CLASSES) == list(energy.CLASSES)
    assert list(OPERATIONS) == list(timeline.NAMES)
    assert {kind for _, kind in OPERATIONS.values()} <= set(KINDS)
    assert len({kind.colour for kind in CAUSES.values()}) == len(CAUSES)


@pytest.mark.parametrize("name", PAGES)
def test_the_page_is_well_formed_and_alone(name):
    text = pim_report(PAGES[name]())
    assert text.startswith(BEGINS)
    page = Page(text)
    sources = [value for _, key, value in page.attributes if key in ("src", "href", "srcset", "action")]
    assert all(source.startswith("#") for source in sources)
    assert "http" not in text
    for part in ("None", "nan", "inf "):
        assert part not in page.text


def test_what_it_says():
    found = usual()
    page = Page(pim_report(found))
    for text in (
        "toy on tiny",
        "positions 0 to 2, with the output matrix",
        "tiny, rows=1024: 2 channels of 4 banks with 4 multipliers each, 1,000 MHz",
        f"{count(found['clocks'])} of all",
        f"its hash is {found['timing']['hash']}",
        f"{count(found['refreshes'])} of all channels",
    ):
        assert text in page.text, text
    for rule in found["timing"]["rules"]:
        assert rule["symbol"] in page.text
        assert rule["source"] in page.text
    for name, causes in found["detail"]["operations"].items():
        assert f"{OPERATIONS[name][0]} {count(sum(causes.values()))}" in page.text
    spoken = {value for _, key, value in page.attributes if key == "aria-label"}
    label = next(each for each in spoken if each.startswith("Clocks by cause. "))
    for cause, clocks in found["causes"].items():
        share = f"{CAUSES[cause].name} {percent(clocks / found['clocks'])}"
        assert (share in label) == bool(clocks)


def test_refreshes_that_are_off():
    assert "Off: tREFI is 0." in Page(pim_report(single())).text
    assert "Off: tREFI" not in Page(pim_report(usual())).text


def test_other_systems():
    found = varied()
    base, *others = found["sensitivity"]
    page = Page(pim_report(found))
    assert f"by itself, {count(base['clocks'])} clocks" in page.text
    for each in others:
        assert each["name"] in page.text
        assert f"{next(iter(each['changes']))}=" in page.text
        if each["clocks"] is None:
            assert each["problem"] in page.text
        else:
            assert f"{count(each['clocks'])} {each['clocks'] / base['clocks']:.2f}×" in page.text
    assert "On other systems" not in Page(pim_report(usual())).text


def test_bars_are_as_long_as_they_should_be():
    found = usual()
    text = pim_report(found)
    most = max(found["causes"].values())
    for clocks in found["causes"].values():
        assert (f"width:{100 * clocks / most:.2f}%" in text) == bool(clocks)


def test_a_timeline_has_all_clocks():
    """Each column is as high as the drawing, and the operations beneath it end where it ends."""
    found = usual()["detail"]
    columns = found["columns"]
    assert 0.9 * COLUMNS < len(columns) <= COLUMNS
    page = Page(pim_report(usual()))
    rects = {}
    for tag, key, value in page.attributes:
        if tag == "rect":
            rects.setdefault(key, []).append(value)
    heights, tops = [float(each) for each in rects["height"]], [float(each) for each in rects["y"]]
    assert max(top + height for top, height in zip(tops, heights, strict=True)) == pytest.approx(100, abs=0.1)
    strip = heights.count(100) - sum(len(column) == 1 for column in columns)
    assert strip > 10
    assert sum(heights) == pytest.approx(100 * (len(columns) + strip), rel=1e-3)
    ends = [float(x) + float(wide) for x, wide in zip(rects["x"], rects["width"], strict=True)]
    assert max(ends) == found["clocks"]


# --- how it looks ----------------------------------------------------------------------------------------------------
@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    """The folder of each page."""
    folders = {}
    for name, content in PAGES.items():
        folders[name] = tmp_path_factory.mktemp(name)
        (folders[name] / "report.html").write_text(pim_report(content()), encoding="utf-8")
    return folders


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("name", PAGES)
@pytest.mark.parametrize("width", [320, 390, 600, 800, 1280, 1920])
def test_layout(driver, pages, name, width, scheme):
    show(driver, pages[name], (width, 800), scheme)
    assert faults(driver, width) == ""
    assert driver.get_log("browser") == []
    assert driver.execute_script("return performance.getEntriesByType('resource').length") == 0


@pytest.mark.browser
@pytest.mark.parametrize("screen", SCREENS)
@pytest.mark.parametrize("name", PAGES)
def test_the_first_screen_holds_the_main_figures(driver, pages, name, screen):
    show(driver, pages[name], SCREENS[screen])
    assert lowest(driver, "#summary h2") < SCREENS[screen][1]
    assert lowest(driver, "#summary .figures div:nth-child(3)") < SCREENS[screen][1]


@pytest.mark.browser
def test_a_fault_is_found(driver, pages):
    show(driver, pages["usual"], SCREENS["narrow"])
    driver.execute_script("document.querySelector('.timeline').style.width = '500px'")
    assert "reaches from" in faults(driver, SCREENS["narrow"][0])
