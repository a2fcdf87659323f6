"""A browser that shows reports, and what is wrong with what it shows."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

LAYOUT = Path(__file__).with_name("layout.js").read_text(encoding="utf-8")
#: Width and height of a phone's and of a small notebook's window.
SCREENS = {"narrow": (390, 844), "wide": (1280, 800)}
OPTIONS = (
    *("--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--no-first-run", "--hide-scrollbars"),
    *("--disable-background-networking", "--disable-component-update", "--disable-sync", "--disable-quic"),
)


@pytest.fixture(scope="module")
def driver(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One browser for all tests, without a network."""
    from selenium import webdriver

    options = webdriver.ChromeOptions()
    options.binary_location = shutil.which("chromium") or ""
    for option in (*OPTIONS, f"--user-data-dir={tmp_path_factory.mktemp('profile')}"):
        options.add_argument(option)
    options.set_capability("goog:loggingPrefs", {"browser": "ALL"})
    service = webdriver.ChromeService(shutil.which("chromedriver"))  # named, so that selenium doesn't look for one
    browser = webdriver.Chrome(options=options, service=service)
    browser.execute_cdp_cmd("Network.enable", {})
    conditions = {"offline": True, "latency": 0, "downloadThroughput": 0, "uploadThroughput": 0}
    browser.execute_cdp_cmd("Network.emulateNetworkConditions", conditions)
    yield browser
    browser.quit()


def show(driver: Any, page: Path, size: tuple[int, int], scheme: str = "light") -> None:
    """Show the report of a folder in a window of some width and height."""
    width, height = size
    metrics = {"width": width, "height": height, "deviceScaleFactor": 1, "mobile": width < 600}
    driver.execute_cdp_cmd("Emulation.setDeviceMetricsOverride", metrics)
    features = [{"name": "prefers-color-scheme", "value": scheme}]
    driver.execute_cdp_cmd("Emulation.setEmulatedMedia", {"features": features})
    driver.get((page / "report.html").as_uri())


def faults(driver: Any, width: int) -> str:
    """What is wrong with the layout of the page that is shown, everything opened, a line each."""
    driver.execute_script("document.querySelectorAll('details').forEach((each) => (each.open = true))")
    return "\n".join(driver.execute_script(LAYOUT, width))


def lowest(driver: Any, selector: str) -> float:
    """The bottom of the lowest of these elements, px; there must be one."""
    boxes = f"[...document.querySelectorAll({selector!r})].map((each) => each.getBoundingClientRect().bottom)"
    bottoms = driver.execute_script(f"return {boxes}")
    assert bottoms, selector
    return max(bottoms)
