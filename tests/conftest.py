"""What all tests share: the tiers, and that none of them goes missing unnoticed."""

from __future__ import annotations

import importlib.util
import os
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

from hdl.params import ToolError

ROOT = Path(__file__).resolve().parent.parent
#: In continuous integration a skip in one of these tiers is a failure.
REQUIRED = ("sim", "synth", "layout", "browser")
#: But for tests that want something beyond the tools.
OPTIONAL = ("pdk", "mount")
IN_CI = os.environ.get("CI", "").lower() not in ("", "0", "false")

# Hundreds of processes that tests start import the same modules: they keep them compiled, whatever the caller wants.
os.environ.pop("PYTHONDONTWRITEBYTECODE", None)
# Tests run in as many processes as there are cores. Threads of linear algebra beside them only wait, in loops: what
# trains the network of digits would take ten times the processor time.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

# No deadlines: two cores may be busy. In continuous integration the same examples every time.
settings.register_profile("bitloom", deadline=None, derandomize=IN_CI)
settings.load_profile("bitloom")


def pdk_folder() -> Path:
    """The open cell libraries: ``BITLOOM_PDK``, or the folder beside the checkout."""
    return Path(os.environ.get("BITLOOM_PDK") or ROOT.parent / "shared" / "pdk")


@pytest.fixture(scope="session")
def pdk() -> Path:
    """The folder of open cell libraries; the test is skipped where there is none."""
    folder = pdk_folder()
    if not folder.is_dir():
        pytest.skip(f"no cell libraries in {folder} (set BITLOOM_PDK)")
    return folder


@pytest.fixture(scope="session")
def root() -> Path:
    """The checkout."""
    return ROOT


def _missing_for_sim() -> str:
    from sim_tb.tools import find_verilator

    try:
        find_verilator()
    except ToolError as error:
        return str(error)
    return ""


def _missing_for_synth() -> str:
    return "" if importlib.util.find_spec("pyosys") else "Yosys is missing: install the Python package pyosys"


def _missing_for_browser() -> str:
    if not importlib.util.find_spec("selenium"):
        return "selenium is missing: install the Python package selenium"
    missing = [program for program in ("chromium", "chromedriver") if not shutil.which(program)]
    return f"{' and '.join(missing)} missing: apt-get install chromium chromium-driver" if missing else ""


def _missing_for_layout() -> str:
    from synth_scripts.layout import tools
    from synth_scripts.library.sources import OSU018

    packages = [tools.PROGRAMS[name] for name in tools.missing()]
    packages += [] if OSU018.exists() else ["qflow-tech-osu018"]
    return f"what lays out is missing: apt-get install {' '.join(packages)}" if packages else ""


#: What a tier needs that may be missing: a marker, and what says so in words.
TIERS = (
    ("sim", _missing_for_sim),
    ("synth", _missing_for_synth),
    ("layout", _missing_for_layout),
    ("browser", _missing_for_browser),
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for marker, missing in TIERS:
        marked = [item for item in items if item.get_closest_marker(marker)]
        if marked and (reason := missing()):
            for item in marked:
                item.add_marker(pytest.mark.skip(reason=reason))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item: pytest.Item) -> Iterator[Any]:
    report = yield
    marked, freed = (any(map(item.get_closest_marker, markers)) for markers in (REQUIRED, OPTIONAL))
    if IN_CI and marked and not freed and report.skipped and not hasattr(report, "wasxfail"):
        reason = report.longrepr[2] if isinstance(report.longrepr, tuple) else str(report.longrepr)
        report.outcome = "failed"
        report.longrepr = f"a required test may not be skipped in continuous integration: {reason}"
    return report
