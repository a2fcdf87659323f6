"""The page about a workload: every kind of part, on every screen."""

from __future__ import annotations

import base64
import io
import re
from pathlib import Path

import numpy as np
import pytest

from gen.report.workload import Bars, Lines, Pictures, Section, Table, workload_page
from gen.report.workload.chart import marks
from gen.report.workload.png import png
from tests.report.browser import SCREENS, driver, faults, lowest, show
from tests.report.page_reader import Page

__all__ = ["driver"]

GREY = np.arange(48 * 64, dtype=np.uint8).reshape(48, 64)
COLOUR = np.stack([GREY, GREY.T.reshape(48, 64), 255 - GREY], axis=-1)

SECTIONS = (
    Section(
        "Layers",
        "What each layer takes.",
        [
            Table(
                ["Layer", "Cycles", "Share", "Kind"],
                [["L0", 12345, 0.73812, "dense"], ["a longer name", None, 2.0, "-"]],
            ),
            Bars("Share of the peak", "%", [("L0", 61.2), ("L1", 0.0)], most=100, note="L1 is not computed."),
        ],
    ),
    Section(
        "Loss", "", [Lines("Loss", "step", "loss", {"fp16": [(0, 2.3), (200, 0.1)], "fp32": [(0, 2.2), (200, 0.2)]})]
    ),
    Section(
        "Images", "Before and after.", [Pictures([("before", GREY), ("after", COLOUR)], zoom=3, note="Twice as large.")]
    ),
)


def page() -> str:
    return workload_page("A study", "on two engines", ["All 12 layers equal."], SECTIONS)


def test_everything_is_there() -> None:
    text = Page(page()).text
    for words in (
        "A study",
        "on two engines",
        "All 12 layers equal.",
        "12,345",
        "0.7381",
        "–",
        "61.20",
        "L1 is not computed.",
        "Loss",
        "Twice as large.",
        "fp16",
        "after",
    ):
        assert words in text


def test_pictures_are_the_pixels() -> None:
    """Another reader of PNG files finds the same bytes."""
    image = pytest.importorskip("PIL.Image", reason="Pillow, which scikit-image brings along, is not installed")
    for pixels in (GREY, COLOUR):
        assert np.array_equal(np.asarray(image.open(io.BytesIO(png(pixels)))), pixels)
    found = re.findall(r"base64,([\w+/=]+)", page())
    assert [base64.b64decode(text) for text in found] == [png(GREY), png(COLOUR)]


@pytest.mark.parametrize(("low", "high"), [(0, 1), (0, 7), (-3, 12), (0.001, 0.0042), (5, 5), (0, 0), (1e6, 9e6)])
def test_marks_are_round_and_lie_around(low: float, high: float) -> None:
    found = marks(low, high)
    assert found[0] <= low + 1e-9
    assert found[-1] >= high - 1e-9
    assert 2 <= len(found) <= 8
    assert np.allclose(np.diff(found), found[1] - found[0])


@pytest.mark.parametrize(
    "wrong",
    [
        lambda: Table(["a", "b"], [["1"]]),
        lambda: Lines("t", "x", "y", {}),
        lambda: Lines("t", "x", "y", {"a": [(0, 1)]}),
        lambda: Lines("t", "x", "y", {"a": [(0, 1), (1, float("nan"))]}),
        lambda: Bars("t", "u", [("a", -1.0)]),
        lambda: Pictures([("a", GREY.astype(np.float64))]),  # type: ignore[list-item]
        lambda: Pictures([("a", GREY[:0])]),
    ],
)
def test_what_can_not_be_drawn_is_refused(wrong) -> None:
    with pytest.raises(ValueError, match=r".+"):
        wrong()


@pytest.mark.browser
@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("screen", SCREENS)
def test_layout(driver, tmp_path: Path, screen: str, scheme: str) -> None:
    (tmp_path / "report.html").write_text(page(), encoding="utf-8")
    show(driver, tmp_path, SCREENS[screen], scheme)
    assert faults(driver, SCREENS[screen][0]) == ""
    assert driver.get_log("browser") == []
    assert lowest(driver, "#summary h2") < SCREENS[screen][1]
