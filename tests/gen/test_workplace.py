"""Where tools run: a plain path whatever the environment says, files in and out, and room on the disk."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
import time
from pathlib import Path

import pytest

from gen import workplace as module
from gen.workplace import ROOM, bring, free, is_plain, temporary_base, workplace
from hdl.params import ToolError


@pytest.mark.parametrize(
    ("path", "plain"),
    [
        ("/tmp/a-b_c.d+1/X", True),
        ("/", True),
        ("relative", False),
        ("/tmp/" + "x" * 200, False),
        *((f"/tmp/a{sign}b", False) for sign in " '\"`;#$()[]{}%&\\*?~é名\n\t:,=@!|<>^"),
    ],
)
def test_plain(path, plain):
    assert is_plain(path) == plain


# --- where it is -----------------------------------------------------------------------------------------------------
def test_the_users_choice_where_it_will_do(tmp_path, monkeypatch):
    monkeypatch.setenv("TMPDIR", str(tmp_path))
    with workplace() as place:
        assert place.path.parent == tmp_path
        assert is_plain(place.path)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["a blank", "it's", "ü", "nothing there", "a:b"])
def test_another_where_it_will_not(tmp_path, monkeypatch, name):
    if name != "nothing there":
        (tmp_path / name).mkdir()
    monkeypatch.setenv("TMPDIR", str(tmp_path / name))
    assert temporary_base() in ("/tmp", "/var/tmp", "/dev/shm")


def test_a_relative_choice(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("TMPDIR", ".")
    assert temporary_base() == str(tmp_path)


def test_none_will_do(monkeypatch):
    monkeypatch.setenv("TMPDIR", "/dev/null")
    monkeypatch.setattr(module, "free", lambda path: 4096)
    with pytest.raises(ToolError) as caught, workplace():
        pass
    assert str(caught.value).startswith(
        "there is no temporary folder for tools (/dev/null is no folder; /tmp has only 4 kB free; "
    )
    assert "set TMPDIR to a folder with a path of letters, digits" in str(caught.value)


def test_room_is_what_the_file_system_says():
    room = free("/")
    assert room is None or room >= 0
    assert free("/nothing/there") is None
    assert ROOM > 1 << 20


# --- what happens there ----------------------------------------------------------------------------------------------
def test_files_go_in_and_out(tmp_path):
    folder = tmp_path / "it's"
    folder.mkdir()
    (folder / "in").write_text("1")
    (folder / "log").write_text("old")
    with workplace() as place:
        place.link_all(folder, but="log")
        command = ["sh", "-c", "cat in; echo 2 >out; echo 3 >in; echo 4 >&2; mkdir sub; pwd; echo $TMPDIR"]
        assert place.run(command, log="log", errors="errors") == 0
        place.bring_out(folder)
        assert (folder / "log").read_text() == f"1{place.path}\n{place.path}\n"
    assert {path.name: path.read_text() for path in folder.iterdir() if path.name != "log"} == {
        "in": "3\n",
        "out": "2\n",
        "errors": "4\n",
    }


def test_reach(tmp_path):
    odd = tmp_path / "an odd one"
    odd.mkdir()
    with workplace() as place:
        assert place.reach("plain", "/usr/bin") == Path("/usr/bin")
        for _ in range(2):
            path = place.reach("odd", odd)
            assert is_plain(path)
            assert path.resolve() == odd


def test_python_finds_our_modules_whatever_their_path(tmp_path, monkeypatch):
    odd = tmp_path / "a:b 'c'"
    odd.mkdir()
    (odd / "found_me.py").write_text("WHERE = __file__\n")
    monkeypatch.syspath_prepend(str(odd))
    with workplace() as place:
        code = "import found_me; print(found_me.WHERE, sys.argv[1])"
        assert place.run(place.python(code, "x y"), log="log") == 0
        assert (place / "log").read_text() == f"{odd / 'found_me.py'} x y\n"
        program = [sys.executable, "-c", "import found_me; print('yes')"]
        assert place.run(program, log="log2", env={"PYTHONPATH": place.python_path()}) == 0


def test_a_command_that_cannot_be_run(tmp_path):
    (tmp_path / "broken").write_bytes(b"\x7fELF")
    (tmp_path / "broken").chmod(0o755)
    with workplace() as place:
        for command, why in ((tmp_path / "none", "No such file"), (tmp_path / "broken", "Exec format error")):
            with pytest.raises(ToolError, match=f"{command} can't be run: {why}"):
                place.run([str(command)], log="log")


ABANDONED = """
import threading, time
from gen.workplace import workplace
def work():
    with workplace() as place:
        place.run(["sh", "-c", "echo $$ >pid; sleep 60"], log="log")
threading.Thread(target=work, daemon=True).start()
time.sleep(1)
"""


def test_nothing_is_left_of_a_thread_that_nobody_waited_for(tmp_path):
    """As at the end of a process in which something else went wrong."""
    environment = {**os.environ, "TMPDIR": str(tmp_path), "PYTHONPATH": os.pathsep.join(sys.path)}
    start = time.monotonic()
    subprocess.run([sys.executable, "-c", ABANDONED], env=environment, check=True)
    assert time.monotonic() - start < 30
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_is_full_afterwards(monkeypatch):
    with workplace() as place:
        monkeypatch.setattr(module, "free", lambda path: 0)
        with pytest.raises(ToolError, match=f"the disk is full: no room is left in {place.path.parent}"):
            place.run(["true"], log="log")


# --- moving a file ---------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("across", [False, True], ids=["one file system", "two"])
def test_bring(tmp_path, monkeypatch, across):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("new")
    target.write_text("old")
    if across:
        refuse_once(monkeypatch, errno.EXDEV)
    bring(source, target)
    assert target.read_text() == "new"
    assert os.listdir(tmp_path) == ["target"]


def test_bring_to_a_full_disk(tmp_path, monkeypatch):
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_text("new")
    target.write_text("old")
    refuse_once(monkeypatch, errno.EXDEV)

    def full(source, partial):
        Path(partial).write_text("n")
        raise OSError(errno.ENOSPC, "No space left on device", str(source), None, str(partial))

    monkeypatch.setattr(module.shutil, "copy2", full)
    with pytest.raises(OSError, match="No space left"):
        bring(source, target)
    assert target.read_text() == "old"
    assert sorted(os.listdir(tmp_path)) == ["source", "target"]


def refuse_once(monkeypatch, number: int) -> None:
    """Let the first renaming fail, as it does between file systems."""
    replace, calls = os.replace, []

    def refused(source, target):
        calls.append(source)
        if len(calls) == 1:
            raise OSError(number, os.strerror(number))
        replace(source, target)

    monkeypatch.setattr(module.os, "replace", refused)
