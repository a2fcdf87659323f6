"""Paths with anything in them that a shell allows: output, configuration, library, home, cache, temporary, checkout."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import venv
from pathlib import Path

import pytest

from synth_scripts.library import unit
from synth_scripts.library.load import load
from synth_scripts.module.flow import synthesise_module
from synth_scripts.module.styles import Effort
from tests.conftest import ROOT

#: Together they hold what means something to a shell, make, Tcl, Yosys, ABC or Python.
NAMES = (
    'a blank\'s "quote" `tick`',
    "semi;colon #hash $HOME $(x) %s &",
    "[get] {y} (x) back\\slash *? !|<>^",
    "é 名前 ~\tnew\nline",
    "col:on,comma=+@",
    "-rf",
    "long" * 60,
)
TINY = """
module tiny(input clk, input [2:0] a, output reg [2:0] q);
  always @(posedge clk) q <= q + a;
endmodule
"""
#: One netlist.
ONE = Effort(("booth",), ("brent-kung",), ("gates",), ("area-delay",), (15.0,), 0, 0)


@pytest.fixture
def everywhere(tmp_path: Path, monkeypatch: pytest.MonkeyPatch):
    """A folder with a name, in which home, cache and temporary files are, and where the process is."""

    def make(name: str) -> Path:
        folder = tmp_path / name
        (folder / "tmp").mkdir(parents=True)
        monkeypatch.setenv("HOME", str(folder))
        monkeypatch.setenv("TMPDIR", str(folder / "tmp"))
        monkeypatch.delenv("BITLOOM_CACHE", raising=False)
        monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
        monkeypatch.chdir(folder)
        return folder

    return make


@pytest.mark.synth
@pytest.mark.parametrize("name", NAMES)
def test_synthesis(everywhere, name):
    """Yosys, ABC and OpenSTA: the same figures, scripts and logs in place, and nothing left behind."""
    folder = everywhere(name)
    file = folder / f"{name[:200]}.lib"
    file.write_text(unit.liberty_text(), encoding="utf-8")
    results = []
    for work in (folder / "work", Path("relative")):
        library = load(str(file) if work.is_absolute() else str(file.relative_to(folder)).replace("-rf", "./-rf"))
        results.append(synthesise_module(library, TINY, "tiny", work, effort=ONE, clock_ns=20.0))
    assert results[0].best == results[1].best
    assert results[0].best.area > 0
    assert results[0].best.period > 0
    names = {path.name for path in (folder / "work").iterdir()}
    assert {"words.ys", "words.log", "design.v", "candidate_0.abc"} <= names
    assert (folder / ".cache" / "bitloom" / "modules").is_dir()
    assert list((folder / "tmp").iterdir()) == []


@pytest.mark.parametrize("name", NAMES)
def test_generation(everywhere, bitloom, name):
    """Below a folder of that name, into another, from a configuration of that name."""
    folder = everywhere(name)
    config = f"./{name[:240]}.toml"
    (folder / config).write_text("[engine]\nrows = 1\ncols = 1\nscheme = 'mac'\n")
    for output in (folder / "out" / name, f"./{name}", f"--output={name}"):
        arguments = [output] if isinstance(output, str) and output.startswith("--output=") else ["-o", output]
        assert bitloom("generate", config, *arguments).status == 0
    for made in (folder / "out" / name, folder / name):
        assert json.loads((made / "manifest.json").read_text())["top"] == "bitloom_engine"
    assert bitloom("generate", config).status == 0  # into build/<name>
    assert bitloom("check", config).status == 0


def test_a_path_that_is_too_long_is_refused_by_name(bitloom, here):
    for output in ("x" * 300, "/".join(["x" * 250] * 20)):
        result = bitloom("generate", "small.toml", "-o", output)
        assert (result.status, result.out) == (2, "")
        assert result.err.startswith("bitloom: xxx")
        assert result.err.endswith("File name too long\n")


@pytest.mark.parametrize(
    "arguments",
    [
        ["generate", "small.toml", "-o", ""],
        ["generate", "small.toml", "--output="],
        ["check", ""],
        ["pim", "synth", "tiny", "-o", ""],
        ["pim", "synth", ""],
        ["pim", "synth", "tiny", "--library", ""],
        ["pim", "asm", ""],
        ["pim", "asm", "x.pim", "-o", ""],
        ["pim", "run", "x.pim", "--input", ""],
        ["pim", "run", "x.pim", "--system", ""],
    ],
    ids=" ".join,
)
def test_an_empty_path_is_refused_by_name(bitloom, here, arguments):
    result = bitloom(*arguments)
    assert (result.status, result.out) == (2, "")
    assert "must name a file or a folder, not be empty\n" in result.err
    assert [path.name for path in here.iterdir()] == ["small.toml"]


def checkout(folder: Path) -> Path:
    """A checkout with a virtual environment in it, whose packages all seem to lie there; the environment's Python."""
    files = subprocess.run(["git", "ls-files", "gen", "hdl", "sim_tb", "synth_scripts"], cwd=ROOT, capture_output=True)
    for name in os.fsdecode(files.stdout).splitlines():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        if (ROOT / name).exists():
            shutil.copy(ROOT / name, folder / name)
    venv.create(folder / ".venv", symlinks=True)
    (site,) = (folder / ".venv" / "lib").glob("python3*/site-packages")
    for entry in sys.path:
        for package in Path(entry).iterdir() if entry.endswith("site-packages") else ():
            if not (site / package.name).exists() and package.suffix != ".pth" and "bitloom" not in package.name:
                (site / package.name).symlink_to(package)
    return folder / ".venv" / "bin" / "python"


@pytest.mark.sim
@pytest.mark.synth
def test_everything_in_a_checkout_of_any_name(everywhere):
    """All steps, with all tools: packages, sources, home, cache, temporary and output folder have odd paths."""
    folder = everywhere('it\'s "my" $(clone); #1 [é] {名} %&\\*?~')
    python = checkout(folder)
    (folder / "c o.toml").write_text(
        "[engine]\nrows = 1\ncols = 1\nscheme = 'mac'\na = 's2'\nb = 's2'\naccumulator = 6\n"
        "[workload]\nname = 'random'\ntiles = 2\nk = 4\n"
        "[synth]\nlibrary = 'unit'\neffort = 'quick'\ncompare = []\n"
    )
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    command = [python, "-m", "gen.cli", "run", "c o.toml", "--waves", "-o", f"out {folder.name}"]
    result = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    out = folder / f"out {folder.name}"
    assert json.loads((out / "sim.json").read_text())["passed"]
    assert json.loads((out / "synth.json").read_text())["engine_area_um2"] > 0
    assert (out / "sim" / "sim.log").stat().st_size
    assert (out / "sim" / "waves.vcd").stat().st_size
    assert (out / "report.html").exists()
    assert list((folder / "tmp").iterdir()) == []
