"""What synthesis keeps is found again by the steps that made it, and by no others."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from synth_scripts.work import cache

FLOW = Path(cache.__file__).parents[1]
KEEPERS = sorted(
    path for path in FLOW.rglob("*.py") if path.stem != "cache" and "cache.read(" in path.read_text(encoding="utf-8")
)


def test_some_steps_keep_their_results():
    assert len(KEEPERS) >= 8


@pytest.mark.parametrize("path", KEEPERS, ids=lambda path: path.relative_to(FLOW).with_suffix("").as_posix())
def test_a_step_names_itself_in_its_keys(path: Path):
    text = path.read_text(encoding="utf-8")
    assert len(re.findall(r"cache\.key\(\s*(?:\*\(\s*)?__name__", text)) == len(re.findall(r"cache\.read\(", text))


def test_a_change_of_the_flow_changes_its_keys(monkeypatch, tmp_path):
    """Of a step's own file, and of what it imports; nothing else does."""
    files = {name: tmp_path / f"{name}.py" for name in ("step", "tool")}
    elsewhere = tmp_path.parent / "elsewhere.py"
    for path in (*files.values(), elsewhere):
        path.write_text("1")
    monkeypatch.setattr(cache, "PACKAGE", tmp_path)
    monkeypatch.setattr(cache, "sources", lambda module: [*files.values(), elsewhere])

    def key(*parts: object) -> str:
        cache._steps.cache_clear()
        return cache.key("step", *parts)

    found = [key("a"), key("b")]
    for path in files.values():
        path.write_text("2")
        found.append(key("a"))
    assert len(set(found)) == len(found)
    elsewhere.write_text("2")
    assert key("a") == found[-1]


@pytest.fixture(autouse=True)
def _fresh():
    yield
    cache._steps.cache_clear()
