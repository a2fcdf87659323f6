"""Sources are found as Python's own parser finds them, though they are read as text."""

from __future__ import annotations

import ast
from pathlib import Path

from gen.sources import ROOT, _imports, sources

FOLDERS = ("hdl", "gen", "sim_tb", "synth_scripts", "bench")


def imported(path: Path) -> set[str]:
    """Every module, and everything taken out of one, that stands in an import."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            found |= {node.module, *(f"{node.module}.{alias.name}" for alias in node.names)}
    return found


def test_every_import_is_found():
    for folder in FOLDERS:
        for path in sorted((ROOT / folder).rglob("*.py")):
            assert {name for name in imported(path) if not name.endswith("*")} <= set(_imports(path)), path


def test_nothing_else_is_counted(tmp_path, monkeypatch):
    monkeypatch.setattr("gen.sources.ROOT", tmp_path)
    for name in ("one", "two", "three", "four", "five"):
        (tmp_path / f"{name}.py").write_text("")
    (tmp_path / "one.py").write_text(
        "import two as other\nx = 'import five'\n# import five\ndef f():\n    from three import (\n        y,\n    )\n"
    )
    (tmp_path / "three.py").write_text("from four import z\n")
    assert [path.stem for path in sources("one")] == ["four", "one", "three", "two"]
