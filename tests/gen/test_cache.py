"""Every way in which a cache can be of no use: the result is the same, and one line says what was wrong."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from gen import cache as module
from gen.cache import Cache, cache

VALUE = {"text": "é \udcff 名", "number": 0.1, "list": [1, None, True]}
ROOT = os.geteuid() == 0


@pytest.fixture
def root(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where the cache lies; nothing is there yet."""
    folder = tmp_path / "my cache"
    monkeypatch.setenv("BITLOOM_CACHE", str(folder))
    return folder


def warnings(capsys: pytest.CaptureFixture[str]) -> list[str]:
    return capsys.readouterr().err.splitlines()


def exercise(store: Cache) -> None:
    """Use a cache in all ways; what is stored is found again."""
    for _ in range(2):
        store.write("values", "key", VALUE)
        assert store.read("values", "key") == VALUE
        path = store.write_file("files", "cells.lib", "library (é) {}\n")
        assert path.read_text(encoding="utf-8") == "library (é) {}\n"
        assert store.intact(path)
        assert store.holds(path)
        source = path.parent / "source"
        source.mkdir(exist_ok=True)
        (source / "program").write_text("1")
        assert (store.write_folder("models", "adder", source) / "program").read_text() == "1"


# --- where it is -----------------------------------------------------------------------------------------------------
def test_where_it_lies(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for name in ("BITLOOM_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("HOME", str(tmp_path / "höme"))
    assert cache().root == tmp_path / "höme" / ".cache" / "bitloom"
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "x dg"))
    assert cache().root == tmp_path / "x dg" / "bitloom"
    monkeypatch.setenv("BITLOOM_CACHE", "rel ative")
    assert cache().root == tmp_path / "rel ative"
    monkeypatch.setenv("BITLOOM_CACHE", "")
    assert cache().root == tmp_path / "x dg" / "bitloom"


def test_a_relative_cache_stays_where_it_was(tmp_path, monkeypatch):
    monkeypatch.setenv("BITLOOM_CACHE", "here")
    monkeypatch.chdir(tmp_path)
    path = cache().write_file("files", "a", "1")
    assert path.is_absolute()
    assert path == tmp_path / "here" / "files" / "a"


def test_no_home_at_all(monkeypatch, capsys):
    for name in ("BITLOOM_CACHE", "XDG_CACHE_HOME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(module.os.path, "expanduser", lambda path: path)  # as for a user that nobody knows
    store = cache()
    exercise(store)
    (line,) = warnings(capsys)
    assert line == "bitloom: warning: there is no home folder to keep a cache in; set BITLOOM_CACHE"


# --- what it holds ---------------------------------------------------------------------------------------------------
def test_holds_what_was_stored(root, capsys):
    exercise(cache())
    assert Cache(str(root)).read("values", "key") == VALUE
    assert Cache(str(root)).read("values", "other") is None
    assert Cache(str(root)).intact(root / "files" / "cells.lib")
    assert not Cache(str(root)).intact(root / "files" / "other.lib")
    assert warnings(capsys) == []
    assert [path.name for path in (root / "values").iterdir()] == ["key.json"]  # nothing half-written


def cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-7])


def empty(path: Path) -> None:
    path.write_bytes(b"")


def other(path: Path) -> None:
    path.write_bytes(b'{"sha256": "", "value": {}}\n')


def change(path: Path) -> None:
    path.write_bytes(path.read_bytes().replace(b"1", b"2").replace(b"library", b"librare"))


def folder_instead(path: Path) -> None:
    path.unlink()
    path.mkdir()
    (path / "x").write_text("")


def forbid(path: Path) -> None:
    path.chmod(0)


DAMAGES = [cut, empty, other, change, folder_instead, *([] if ROOT else [forbid])]


@pytest.mark.parametrize("damage", DAMAGES, ids=lambda damage: damage.__name__)
def test_a_broken_entry_is_made_anew(root, capsys, damage):
    exercise(cache())
    damage(root / "values" / "key.json")
    damage(root / "files" / "cells.lib")
    capsys.readouterr()
    store = Cache(str(root))
    assert store.read("values", "key") is None
    assert not store.intact(root / "files" / "cells.lib")
    exercise(store)
    (line,) = warnings(capsys)
    assert line.startswith(f"bitloom: warning: the cache {root} holds what can't be used (key.json: ")
    exercise(Cache(str(root)))
    assert warnings(capsys) == []


# --- where it can't be written ---------------------------------------------------------------------------------------
def file_as_root(root: Path) -> None:
    root.write_text("")


def file_above(root: Path) -> None:
    root.parent.joinpath("my cache").write_text("")
    os.environ["BITLOOM_CACHE"] = str(root / "below" / "it")


def file_as_kind(root: Path) -> None:
    root.mkdir()
    for kind in ("values", "files", "models"):
        (root / kind).write_text("")


@pytest.mark.parametrize("spoil", [file_as_root, file_above, file_as_kind], ids=lambda spoil: spoil.__name__)
def test_a_cache_that_is_no_folder_is_bypassed(root, capsys, spoil):
    spoil(root)
    store = cache()
    exercise(store)
    (line,) = warnings(capsys)
    assert line.startswith(f"bitloom: warning: the cache {store.root} can't be written (")
    assert line.endswith("; set BITLOOM_CACHE to another")


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("when", ["from the start", "later"])
def test_a_full_cache_is_bypassed(root, monkeypatch, capsys, number, when):
    store = cache()
    if when == "later":
        exercise(store)
    write = module._write

    def full(path: Path, data: bytes) -> None:
        if root in path.parents:
            raise OSError(number, os.strerror(number))
        write(path, data)

    monkeypatch.setattr(module, "_write", full)
    exercise(store)
    (line,) = warnings(capsys)
    assert line.startswith(f"bitloom: warning: the cache {root} can't be written ({os.strerror(number)})")


def test_a_value_needs_no_place_at_all(root, monkeypatch, capsys):
    """It is at hand already; only the next run misses it."""

    def full(path: Path, data: bytes) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(module, "_write", full)
    cache().write("values", "key", VALUE)
    assert cache().read("values", "key") is None
    with pytest.raises(OSError, match="No space left"):
        cache().write_file("files", "a", "1")
    assert len(warnings(capsys)) == 1


@pytest.mark.skipif(not ROOT, reason="mounting takes root")
def test_on_a_disk_that_is_full_or_read_only(root, tmp_path, capsys):
    root.mkdir()
    if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=64k", "tmpfs", root], check=False).returncode:
        pytest.skip("no leave to mount a file system here")
    try:
        store = cache()
        store.write("values", "small", VALUE)
        store.write("values", "large", "x" * 200_000)
        assert store.read("values", "small") == VALUE
        assert store.read("values", "large") == "x" * 200_000
        assert [path.name for path in (root / "values").iterdir()] == ["small.json"]
        assert len(warnings(capsys)) == 1
        (tmp_path / "large").mkdir()
        (tmp_path / "large" / "program").write_text("x" * 200_000)
        store = Cache(str(root))
        assert (store.write_folder("models", "adder", tmp_path / "large") / "program").stat().st_size == 200_000
        assert warnings(capsys) == [
            f"bitloom: warning: the cache {root} can't be written (No space left on device); "
            "set BITLOOM_CACHE to another"
        ]
        assert list((root / "models").iterdir()) == []
        subprocess.run(["mount", "-o", "remount,ro", root], check=True)
        store = Cache(str(root))
        assert store.read("values", "small") == VALUE
        assert warnings(capsys) == []  # there is nothing to be said as long as it serves
        exercise(store)
        assert len(warnings(capsys)) == 1
    finally:
        subprocess.run(["umount", "-l", root], check=True)


# --- several at once -------------------------------------------------------------------------------------------------
WRITER = """
import sys
from gen.cache import cache
for turn in range(100):
    cache().write("values", "key", ["x" * 20000] * 3)
    assert cache().read("values", "key") == ["x" * 20000] * 3
    assert cache().intact(cache().write_file("files", "cells.lib", "y" * 50000))
"""


def test_two_processes_at_once(root):
    command = [sys.executable, "-c", WRITER]
    both = [subprocess.Popen(command, stderr=subprocess.PIPE, text=True) for _ in range(2)]
    assert [(process.communicate()[1], process.returncode) for process in both] == [("", 0), ("", 0)]
    assert sorted(path.name for path in root.rglob("*") if path.is_file()) == [
        "cells.lib",
        "cells.lib.sha256",
        "key.json",
    ]
