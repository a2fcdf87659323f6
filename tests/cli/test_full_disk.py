"""A disk that is full, or can't be written, wherever that is: one line, status 2, and a next run that goes on."""

from __future__ import annotations

import errno
import json
import os
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from synth_scripts.library.load import load

TINY = (
    "[engine]\nrows = 1\ncols = 1\nscheme = 'mac'\na = 's2'\nb = 's2'\naccumulator = 6\n"
    "[synth]\nlibrary = 'unit'\neffort = 'quick'\ncompare = []\n"
)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Callable[[str], Path]]:
    """``disk("64k")`` is a file system of that size; called again it has another."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mounted = False

    def sized(size: str) -> Path:
        nonlocal mounted
        options = f"remount,size={size}" if mounted else f"size={size}"
        if os.geteuid() or subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", folder]).returncode:
            pytest.skip("no leave to mount a file system here")
        mounted = True
        return folder

    yield sized
    if mounted:
        subprocess.run(["umount", "-l", folder], check=True)


@pytest.mark.parametrize("size", ["4k", "16k", "32k"])
def test_output_folder_of_generate(bitloom, disk, size):
    out = disk(size) / "out"
    result = bitloom("generate", "small.toml", "-o", out)
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith(f"bitloom: {out}")
    assert line.endswith("No space left on device")
    assert not (out / "manifest.json").exists()
    disk("1m")
    assert bitloom("generate", "small.toml", "-o", out).status == 0
    assert json.loads((out / "manifest.json").read_text())["top"] == "bitloom_engine"
    assert ".bitloom.tmp" not in os.listdir(out)


@pytest.mark.mount
@pytest.mark.synth
def test_output_folder_of_synth(bitloom, here, disk, monkeypatch):
    """Scripts, logs and netlists: none that is cut off is taken for a result."""
    monkeypatch.setenv("BITLOOM_CACHE", str(here / "cache"))
    (here / "tiny.toml").write_text(TINY)
    out = disk("120k") / "out"
    result = bitloom("synth", "tiny.toml", "-o", out)
    assert (result.status, result.out) == (2, "")
    (line,) = result.err.splitlines()
    assert line.startswith(f"bitloom: {out}")
    assert line.endswith("No space left on device")
    assert not (out / "synth.json").exists()
    disk("3m")
    assert bitloom("synth", "tiny.toml", "-o", out).status == 0
    monkeypatch.setenv("BITLOOM_CACHE", str(here / "another cache"))
    assert bitloom("synth", "tiny.toml", "-o", here / "cold").status == 0
    results = [json.loads((folder / "synth.json").read_text()) for folder in (out, here / "cold")]
    assert results[0] == results[1]


@pytest.mark.mount
@pytest.mark.synth
def test_cache_and_temporary_folder(bitloom, here, disk, monkeypatch):
    """The cache is done without, and temporary files go elsewhere."""
    (here / "tiny.toml").write_text(TINY)
    monkeypatch.setenv("TMPDIR", str(disk("64k")))
    monkeypatch.setenv("BITLOOM_CACHE", str(disk("64k") / "cache"))
    result = bitloom("synth", "tiny.toml", "-o", "out")
    assert result.status == 0
    (line,) = result.err.splitlines()
    assert line.startswith(f"bitloom: warning: the cache {disk('64k') / 'cache'} can't be written (No space left")
    monkeypatch.setenv("BITLOOM_CACHE", str(here / "cache"))
    assert bitloom("synth", "tiny.toml", "-o", "elsewhere").err == ""
    first, second = (json.loads((here / name / "synth.json").read_text()) for name in ("out", "elsewhere"))
    assert first == second


@pytest.mark.parametrize(
    ("step", "number", "named"),
    [
        ("sim", errno.ENOSPC, False),
        ("synth", errno.ENOSPC, True),
        ("synth", errno.EDQUOT, False),
        ("sim", errno.EROFS, True),
        ("synth", errno.EIO, False),
        ("sim", errno.EMFILE, False),
    ],
)
def test_what_the_system_refuses_in_a_step(bitloom, here, steps, step, number, named):
    """From wherever it comes: the file, or else the disk with the least room, and what was refused."""
    assert bitloom("run", "small.toml", "-o", "out").status == 0
    before = {path.name: path.read_bytes() for path in (here / "out").iterdir() if path.is_file()}
    setattr(steps, step, OSError(number, os.strerror(number), *(["/some/file"] if named else [])))
    result = bitloom("simulate" if step == "sim" else "synth", "small.toml", "-o", "out")
    assert result.status == 2
    line = result.err.splitlines()[-1]
    assert line.startswith("bitloom: ")
    assert line.endswith(os.strerror(number))
    assert not named or line == f"bitloom: /some/file: {os.strerror(number)}"
    assert named or number not in (errno.ENOSPC, errno.EDQUOT) or line != f"bitloom: {os.strerror(number)}"
    assert {path.name: path.read_bytes() for path in (here / "out").iterdir() if path.is_file()} == before


@pytest.mark.parametrize("what", ["file", "folder in the way"])
def test_cache_that_is_a_file(here, monkeypatch, capsys, what):
    """A library is read all the same, and that is said once."""
    place = here / "cache"
    if what == "file":
        place.write_text("mine")
    else:
        place.mkdir()
        (place / "libraries").write_text("mine")
    monkeypatch.setenv("BITLOOM_CACHE", str(place))
    libraries = [load("unit") for _ in range(2)]
    assert libraries[0].areas == libraries[1].areas
    assert Path(libraries[0].mapping).read_text(encoding="utf-8").startswith("library")
    assert (place if what == "file" else place / "libraries").read_text() == "mine"
    (line,) = capsys.readouterr().err.splitlines()
    assert line.startswith(f"bitloom: warning: the cache {place} can't be written (")
