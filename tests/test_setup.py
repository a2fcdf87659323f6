"""The set-up of `make demo` and `make test`, and the rule that no required test is skipped unnoticed."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from tests.conftest import ROOT

#: What every Debian machine has, and the set-up may call.
ESSENTIAL = ("cat", "cksum", "cut", "dirname", "env", "id", "ln", "mkdir", "printf", "rm", "sed", "sh")


def machine(folder: Path, *programs: str) -> dict[str, str]:
    """The environment of a machine that has these programs and no more."""
    folder.mkdir()
    for name in (*ESSENTIAL, *programs):
        (folder / name).symlink_to(sys.executable if name == "python3" else shutil.which(name))
    return {"PATH": str(folder), "HOME": str(folder), "BITLOOM_APT": "no"}


@pytest.fixture
def checkout(tmp_path: Path) -> Path:
    """A checkout without a virtual environment, with a space in its path."""
    folder = tmp_path / "my checkout"
    (folder / ".ci").mkdir(parents=True)
    shutil.copy(ROOT / ".ci" / "setup", folder / ".ci")
    shutil.copy(ROOT / "pyproject.toml", folder)
    return folder


def test_names_everything_that_is_missing(checkout, tmp_path):
    run = [checkout / ".ci" / "setup"]
    result = subprocess.run(run, env=machine(tmp_path / "bin"), capture_output=True, text=True, check=False)
    assert (result.returncode, result.stdout) == (2, "")
    assert result.stderr.splitlines() == [
        "setup: missing on this machine:",
        "  Python 3.11 or later: apt-get install python3 (or set PYTHON to it)",
        "  a C++ compiler: apt-get install g++",
        "  perl: apt-get install perl",
        "  make: apt-get install make",
    ]
    assert not (checkout / ".venv").exists()


def test_an_old_python_is_no_python(checkout, tmp_path):
    environment = machine(tmp_path / "bin", "make", "perl", "g++")
    old = tmp_path / "bin" / "python3"
    old.write_text("#!/bin/sh\nexit 1\n")
    old.chmod(0o755)
    result = subprocess.run([checkout / ".ci" / "setup"], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.splitlines()[1:] == ["  Python 3.11 or later: apt-get install python3 (or set PYTHON to it)"]


def test_a_line_break_in_the_path_is_refused(checkout, tmp_path):
    odd = checkout.rename(tmp_path / "line\nbreak")
    environment = machine(tmp_path / "bin", "make", "perl", "g++", "python3")
    result = subprocess.run([odd / ".ci" / "setup"], env=environment, capture_output=True, text=True, check=False)
    assert result.returncode == 2
    assert result.stderr.startswith("setup: the path of this checkout has a line break in it")
    assert not (odd / ".venv").exists()


@pytest.mark.parametrize("name", ["a blank", "it's", "a:b", "#1", "é"])
def test_an_environment_of_an_odd_checkout_lies_elsewhere(checkout, tmp_path, name):
    odd = checkout.rename(tmp_path / name)
    environment = machine(tmp_path / "bin", "make", "perl", "g++")
    python = tmp_path / "bin" / "python3"  # stops where the environment would be made
    python.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"\n')
    python.chmod(0o755)
    subprocess.run([odd / ".ci" / "setup"], env=environment, capture_output=True, check=False)
    assert (odd / ".venv").is_symlink()
    assert (odd / ".venv").resolve().parent == tmp_path / "bin" / ".cache"


def test_python_without_venv_names_its_package(checkout, tmp_path):
    environment = machine(tmp_path / "bin", "make", "perl", "g++")
    stripped = tmp_path / "bin" / "python3"
    stripped.write_text(f'#!/bin/sh\ncase "$2" in *ensurepip*) exit 1;; esac\nexec "{sys.executable}" "$@"\n')
    stripped.chmod(0o755)
    result = subprocess.run([checkout / ".ci" / "setup"], env=environment, capture_output=True, text=True, check=False)
    package = f"python3.{sys.version_info.minor}-venv"
    assert result.returncode == 2
    assert result.stderr == f"setup: this Python has no venv module: apt-get install {package}\n"


def test_make_does_the_same_whatever_python_the_environment_names(tmp_path):
    """Nothing of the caller's Python gets into the commands of the Makefile."""
    environment = {**os.environ, "PYTHONPATH": "/nowhere", "PYTHONHOME": "/nowhere", "MAKEFLAGS": ""}
    run = ["make", "--dry-run", "demo", "test"]
    result = subprocess.run(run, cwd=ROOT, env=environment, capture_output=True, text=True, check=True)
    assert '/bin/python" -m gen.cli run configs/demo.toml' in result.stdout
    assert '/bin/python" -m pytest -n' in result.stdout
    makefile = (ROOT / "Makefile").read_text()
    assert "unexport PYTHONPATH PYTHONHOME" in makefile


SKIPPED = """
import pytest

@pytest.mark.{marker}
def test_skipped():
    pytest.skip("no tool")
"""


@pytest.mark.parametrize(
    ("marker", "ci", "status", "closing"),
    [
        ("sim", "true", 1, "1 failed"),
        ("synth", "1", 1, "1 failed"),
        ("sim", "", 0, "1 skipped"),
        ("synth", "false", 0, "1 skipped"),
        ("slow", "true", 0, "1 skipped"),
        ("synth\n@pytest.mark.pdk", "true", 0, "1 skipped"),
    ],
)
def test_skipping_a_required_test_fails_in_continuous_integration(tmp_path, marker, ci, status, closing):
    (tmp_path / "test_it.py").write_text(SKIPPED.format(marker=marker))
    command = [sys.executable, "-m", "pytest", "-q", "-p", "tests.conftest", "-p", "no:cacheprovider", tmp_path]
    options = ["-c", ROOT / "pyproject.toml", "--rootdir", tmp_path]
    environment = {**os.environ, "CI": ci}
    environment.pop("PYTEST_ADDOPTS", None)
    result = subprocess.run(
        [*command, *options], cwd=ROOT, env=environment, capture_output=True, text=True, check=False
    )
    assert result.returncode == status, result.stdout + result.stderr
    assert closing in result.stdout.splitlines()[-1]
    assert "no tool" in result.stdout
