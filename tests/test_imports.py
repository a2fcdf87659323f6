"""Imports run one way: parameters, golden models, hardware, generation, simulation and synthesis, command line."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: Layers from the ground up; a module may import its own layer and those it names.
LAYERS = {
    "hdl.params": (),
    "sim_tb.golden": ("hdl.params",),
    "hdl": ("hdl.params",),
    "gen": ("hdl.params", "hdl"),
    "sim_tb": ("hdl.params", "sim_tb.golden", "hdl", "gen"),
    "synth_scripts": ("hdl.params", "sim_tb.golden", "hdl", "gen"),
    "gen.cli": ("hdl.params", "sim_tb.golden", "hdl", "gen", "sim_tb", "synth_scripts"),
}
#: Packages from outside that a layer must do without.
FORBIDDEN = {
    "hdl.params": {"amaranth", "numpy"},
    "sim_tb.golden": {"amaranth"},
    "hdl": {"numpy"},
}


def layer(module: str) -> str | None:
    """The layer of a module: the longest that begins its name."""
    fitting = [name for name in LAYERS if module == name or module.startswith(f"{name}.")]
    return max(fitting, key=len) if fitting else None


def modules() -> list[Path]:
    return sorted(path for top in ("hdl", "gen", "sim_tb", "synth_scripts") for path in (ROOT / top).rglob("*.py"))


def named(*nodes: ast.AST) -> list[str]:
    """What import statements among ``nodes`` name."""
    names = []
    for node in nodes:
        if isinstance(node, ast.Import):
            names += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"line {node.lineno}: relative import"
            names.append(node.module or "")
            names += [f"{node.module}.{alias.name}" for alias in node.names]
    return names


def imports(path: Path) -> list[str]:
    return named(*ast.walk(ast.parse(path.read_text())))


def violations(path: Path, module: str) -> list[str]:
    own = layer(module)
    assert own is not None
    found = []
    for name in imports(path):
        target = layer(name)
        if target is not None and target != own and target not in LAYERS[own]:
            found.append(f"{module} ({own}) imports {name} ({target})")
        if name.split(".")[0] in FORBIDDEN.get(own, ()):
            found.append(f"{module} ({own}) imports {name}")
    return found


def test_there_is_something_to_check() -> None:
    assert len(modules()) > 20


@pytest.mark.parametrize("path", modules(), ids=lambda path: str(path.relative_to(ROOT)))
def test_direction(path: Path) -> None:
    relative = path.relative_to(ROOT).with_suffix("")
    assert violations(path, ".".join(relative.parts).removesuffix(".__init__")) == []


def packages(top: str) -> dict[str, set[str]]:
    """The packages in a folder, and which others each imports."""
    found: dict[str, set[str]] = {}
    for path in modules():
        own = path.relative_to(ROOT).parts[:2]
        if own[0] == top and (ROOT / "/".join(own)).is_dir():
            named = {tuple(name.split(".")[:2]) for name in imports(path) if name.startswith(f"{top}.")}
            found.setdefault(".".join(own), set()).update(".".join(each) for each in named - {own})
    return found


def files() -> dict[str, set[str]]:
    """All modules, and which others each imports when it is imported itself."""
    names = {".".join(path.relative_to(ROOT).with_suffix("").parts): path for path in modules()}
    found = {}
    for name, path in names.items():
        found[name] = {each for each in named(*ast.parse(path.read_text()).body) if each in names and each != name}
    return found


def circle(left: dict[str, set[str]]) -> set[str]:
    """What is in a circle, or imports what is."""
    left = dict(left)
    while free := [name for name, others in left.items() if not others & left.keys()]:
        for name in free:
            del left[name]
    return set(left)


def test_circles_are_found() -> None:
    assert circle({"a": {"b"}, "b": {"c", "x"}, "c": {"a"}, "d": {"e"}, "e": set()}) == {"a", "b", "c"}


@pytest.mark.parametrize("top", ["hdl", "synth_scripts"])
def test_packages_have_an_order(top: str) -> None:
    """None imports another that imports it, by whatever way."""
    found = packages(top)
    assert len(found) > 6
    assert circle(found) == set()


def test_files_have_an_order() -> None:
    """Nor does a file, but where it imports inside a function."""
    assert circle(files()) == set()


def test_a_wrong_import_is_found(tmp_path: Path) -> None:
    wrong = tmp_path / "wrong.py"
    wrong.write_text("import numpy\nfrom gen.config import load\n")
    assert len(violations(wrong, "hdl.pe.wrong")) == 3
