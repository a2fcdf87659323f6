"""The pages agree with the code, and with each other."""

from __future__ import annotations

import json
import math
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from gen.config import Config, markdown
from gen.emit.manifest import manifest
from gen.emit.verilog import emit
from gen.report.images import images
from gen.timing import pes
from hdl.engine.bodies import body_of
from hdl.engine.top import engine_ports
from hdl.params import ARRAYS, SUPPORTED, Dataflow, EngineParams, OperandFormat
from hdl.pe.scheme import Scheme
from synth_scripts.library import sources
from tests.docs.console import WHOLE, Command

ROOT = Path(__file__).resolve().parents[2]
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def text(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_links_lead_somewhere(page):
    for target in re.findall(r"\]\(([^)#]+)", page.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (page.parent / target).exists(), target


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_configurations_exist(page):
    for name in re.findall(r"configs/[\w.-]+\.toml", page.read_text(encoding="utf-8")):
        assert (ROOT / name).exists(), name


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if "```python" in page.read_text(encoding="utf-8") and page.name not in WHOLE],
    ids=lambda page: page.name,
)
def test_programs_run(page):
    for program in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(compile(program, page.name, "exec"), {})


def test_index_names_every_page():
    assert {page.name for page in DOCS.glob("*.md")} == {
        "index.md",
        *re.findall(r"\]\(([\w-]+\.md)\)", text("index.md")),
    }


def test_examples_name_every_configuration():
    page = text("getting-started.md")
    for path in (ROOT / "configs").glob("*.toml"):
        assert f"`configs/{path.name}`" in page, path.name


def test_keys_are_those_of_the_configuration():
    assert markdown().strip() in text("config.md")


@pytest.mark.parametrize("osu018", [True, False])
@pytest.mark.parametrize("sta", [True, False])
def test_auto_is_the_library_that_the_pages_say(tmp_path, monkeypatch, osu018, sta):
    row = re.search(
        r"^\| `auto` \| the first that is installed of (.*?), else `unit`", text("synthesis.md"), re.MULTILINE
    )
    assert row is not None
    order = re.findall(r"`(\w+)`", row[1])
    assert order == ["osu018", *sources._CIEL]
    for path in (*sources._CIEL.values(), "osu018.lib"):
        (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / path).write_text("library (x) {}")
    monkeypatch.setenv("PDK_ROOT", str(tmp_path))
    monkeypatch.setattr(sources, "OSU018", tmp_path / ("osu018.lib" if osu018 else "none.lib"))
    monkeypatch.setattr(sources.shutil, "which", lambda name: "/bin/true" if sta else None)
    (found,), _ = sources.find("auto")
    expected = tmp_path / ("osu018.lib" if osu018 else sources._CIEL[order[1]])
    assert found.path == (expected if sta else None)


def test_every_subcommand_is_in_the_table(tmp_path):
    help_command = Command("cli.md", "bitloom --help", "", 0)
    helps = help_command.run(tmp_path, ROOT).stdout
    names = re.findall(r"^    (\w+)  +\w", helps, re.MULTILINE)
    assert {"run", "explain", "list"} <= set(names)
    for name in names:
        assert re.search(rf"^\| `{name}\b", text("cli.md"), re.MULTILINE), name


def keys_of(section: str) -> set[str]:
    """The keys in the table below a heading of files.md."""
    body = text("files.md").split(f"## {section}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`[^|]+) \|", body, re.MULTILINE)
    return set(re.findall(r"`(\w+)`", " ".join(cells)))


def test_manifest_keys_are_documented():
    config = Config(engine=EngineParams(rows=1, cols=1))
    files = {"verilog": "bitloom_engine.v"}
    assert keys_of("manifest.json") == set(manifest(config, emit(config.engine), files))


def results(folder: Path, *arguments: str) -> dict[str, Any]:
    """What a command prints with ``--json``."""
    command = [sys.executable, "-m", "gen.cli", *arguments, "--json", "--set", "rows=1", "--set", "cols=1"]
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def without_unit(found: dict[str, Any]) -> set[str]:
    """Numbers that have no unit."""
    numbers = {key for key, value in found.items() if isinstance(value, int | float) and not isinstance(value, bool)}
    return numbers - {key for key, unit in found["units"].items() if unit}


@pytest.mark.slow
@pytest.mark.sim
def test_keys_of_simulations_are_documented_and_have_units(tmp_path):
    """Neither a key without a line in the page nor a line without a key."""
    sparse = ("configs/single-pe.toml", "--set", "scheme=opt3", "--set", "tiles=2", "--set", "k=4", "--waves")
    network = ("--workload", "mobilenet", "--layers", "conv1", "--crop", "2")
    gate = ("--set", "gate.modes=zero", "--set", "tiles=2")
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    found = [
        results(tmp_path, "simulate", *sparse, "-o", "sparse"),
        results(tmp_path, "simulate", "configs/single-pe.toml", "--set", "workload.name=digits", "-o", "digits"),
        results(tmp_path, "simulate", "configs/single-pe.toml", *network, "-o", "network"),
        results(tmp_path, "simulate", "configs/single-pe.toml", *gate, "-o", "gate"),
    ]
    assert set().union(*found) == keys_of("sim.json")
    for each in found:
        assert not without_unit(each)
        assert set(each["units"]) <= set(each)


@pytest.mark.slow
@pytest.mark.synth
def test_keys_of_syntheses_are_documented_and_have_units(tmp_path):
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    small = ("--set", "library=unit", "--set", "effort=quick", "--set", "clock_ns=900", "--set", "compare=mac")
    found = results(tmp_path, "synth", "configs/single-pe.toml", "--set", "a=s2", "--set", "b=s2", *small)
    (other,) = found["compared"]
    assert set(found) | set(other) == keys_of("synth.json")
    assert set(other) - set(found) == {"multiplier", "ratios"}
    assert set(found) - set(other) == {"compared"}
    for each in (found, other):
        assert not without_unit(each)
        assert set(each["units"]) <= set(each)


@pytest.mark.synth
@pytest.mark.layout
def test_keys_of_layouts_are_documented(tmp_path):
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    small = ("--set", "library=osu018", "--set", "effort=quick", "--set", "a=s2", "--set", "b=s2", "--seeds", "1")
    found = results(tmp_path, "layout", "configs/single-pe.toml", *small, "--set", "compare=mac")
    design, other = found["designs"]
    assert {*found, *design, *other} == keys_of("layout.json")
    (run,) = design["runs"]
    section = text("files.md").split("## layout.json\n")[1].split("\n## ")[0]
    for key in (*run, *design["median"], *other["ratios"]):
        assert f"`{key}`" in section, key


@pytest.mark.parametrize("preload", [False, True])
def test_ports_are_those_of_the_engine(preload):
    page = text("engine.md")
    streams = ("s_axis_a", "s_axis_b", "s_axis_c", "m_axis_c")
    for port in engine_ports(EngineParams(preload=preload)):
        stem = re.sub(r"_t(data|valid|ready|last)$", "", port.name)
        assert f"`{stem}_" in page if stem in streams else f"`{port.name}`" in page, port.name


SIZES = [(1, 1, 1), (3, 2, 4), (8, 5, 5), (9, 1, 16), (17, 3, 17), (64, 8, 64), (100, 2, 65)]


def figure(formula: str, params: EngineParams, k: int = 1) -> int:
    """What a formula of the pages gives for an engine."""
    rows, cols, depth = params.rows, params.cols, params.depth
    levels = 0
    while 4**levels < depth:
        levels += 1
    names = {"rows": rows, "cols": cols, "depth": depth, "levels": levels, "K": k, "max": max, "ceil": math.ceil}
    return eval(formula, names | {"drain": rows + -(-rows // 8) - 1})


@pytest.mark.parametrize(("rows", "cols", "depth"), SIZES)
@pytest.mark.parametrize("array", ARRAYS)
def test_figures_of_the_arrays(array, rows, cols, depth):
    """Those on the array's own page, and those in the table of engine.md."""
    cells = dict(re.findall(r"^\| ([^|`]+(?:`\w+`)?) \| `(.*?)` \|$", text(f"{array}.md"), re.MULTILINE))
    row = re.search(rf"^\| \[`{array}`\].*? \| `(.*?)` \| `(.*?)` \| (\d) \|$", text("engine.md"), re.MULTILINE)
    assert row is not None
    for scheme in ("mac", "opt1", "opt2"):
        if (array, scheme) not in SUPPORTED:
            continue
        params = EngineParams(array=array, scheme=scheme, rows=rows, cols=cols, depth=depth)
        flow, latency = Dataflow(params), body_of(params).latency
        assert figure(cells["PEs"], params) == pes(params)
        assert figure(cells[f"latency, `{scheme}`"], params) == latency
        if scheme != "opt2":
            assert figure(row[2], params) + int(row[3]) * (scheme == "opt1") == latency
        for k in (1, 7, 64, 1000):
            assert figure(cells["cycles of a tile"], params, k) == flow.tile_interval(k)
            assert figure(row[1], params, k) == flow.tile_interval(k)


def test_every_array_and_scheme_has_a_page():
    for array, scheme in SUPPORTED:
        assert f"[{scheme}]({scheme}.md)" in text(f"{array}.md"), (array, scheme)
        if scheme not in ("mac", "opt1"):  # which are everywhere
            assert f"[{array}]({array}.md)" in text(f"{scheme}.md"), (array, scheme)
        assert re.search(r"!\[.*?\]\(images/pe-", text(f"{scheme}.md")), scheme
        assert re.search(r"!\[.*?\]\(images/engine", text(f"{array}.md")), array
        for name in (array, scheme):
            assert re.search(r"^\$ bitloom explain configs/", text(f"{name}.md"), re.MULTILINE), name


def test_recoders_at_the_edge_cost_what_the_pages_say():
    for array, scheme in SUPPORTED:
        if EngineParams(array=array, scheme=scheme).data_dependent:
            continue
        engines = (EngineParams(array=array, scheme=scheme, encoder=name) for name in ("booth", "ent", "bit_serial"))
        booth, chained, plain = (body_of(engine).latency for engine in engines)
        assert booth == chained
        assert booth - plain == int(scheme != "mac" and array in ("systolic_os", "matrix_2d", "cube"))


def test_figures_of_opt1_in_the_text():
    scheme = Scheme.of(EngineParams())
    assert f"{scheme.excess:,} for `s8 × s8`" in " ".join(text("opt1.md").split())
    assert f"{EngineParams().k_limit:,}" in text("config.md")
    assert Dataflow.ROWS_PER_BUS_STAGE == 8


@pytest.mark.parametrize("width", range(2, 17))
def test_numbers_of_digits_on_the_page(width):
    from hdl.arith.encoding import encoding

    assert "⌈W / 2⌉ digits if signed, ⌊W / 2⌋ + 1 if unsigned" in " ".join(text("opt1.md").split())
    assert encoding("booth", OperandFormat(width, signed=True)).digits == -(-width // 2)
    assert encoding("booth", OperandFormat(width, signed=False)).digits == width // 2 + 1


def test_pictures_are_those_of_the_report():
    """After a change: ``python -m gen.report.images docs/images``."""
    assert {path.name: path.read_text(encoding="utf-8") for path in (DOCS / "images").glob("*.svg")} == images()
