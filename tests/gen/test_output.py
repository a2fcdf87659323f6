"""Every way in which an output folder could cost somebody a file."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from gen import output as module
from gen.output import STAMP, TEMPORARY, open_output
from hdl.params import ConfigError

OTHERS = "(choose another folder with -o)"
MOVE = "(move it away, or choose another folder with -o)"
CHANGED = "was changed since Bitloom wrote it (choose another folder with -o, or lose the changes with --force)"


def refusal(action, *arguments, **options) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        action(*arguments, **options)
    return str(caught.value).splitlines()


def contents(folder: Path) -> dict[str, bytes]:
    return {str(path.relative_to(folder)): path.read_bytes() for path in folder.rglob("*") if path.is_file()}


# --- opening ---------------------------------------------------------------------------------------------------------
def test_makes_the_folder_with_its_parents(tmp_path):
    output = open_output(tmp_path / "a" / "b")
    assert os.listdir(output.path) == [STAMP]


def test_takes_over_an_empty_folder(tmp_path):
    assert open_output(tmp_path).write("x.v", "1\n").read_bytes() == b"1\n"


def test_refuses_a_folder_with_files_of_others(tmp_path):
    (tmp_path / "thesis.tex").write_text("years of work")
    before = contents(tmp_path)
    assert refusal(open_output, tmp_path) == [f"{tmp_path}: holds files that Bitloom did not write {OTHERS}"]
    assert refusal(open_output, tmp_path, force=True) == [
        f"{tmp_path}: holds files that Bitloom did not write {OTHERS}"
    ]
    assert contents(tmp_path) == before


def test_refuses_a_folder_with_a_hidden_file_or_an_empty_subfolder(tmp_path):
    (tmp_path / ".git").mkdir()
    assert refusal(open_output, tmp_path) == [f"{tmp_path}: holds files that Bitloom did not write {OTHERS}"]


def test_a_manifest_alone_is_no_stamp(tmp_path):
    (tmp_path / "manifest.json").write_text('{"generator": "bitloom"}')
    refusal(open_output, tmp_path)


def test_refuses_a_file(tmp_path):
    file = tmp_path / "notes"
    file.write_text("mine")
    assert refusal(open_output, file) == [f"{file}: is not a folder"]
    assert refusal(open_output, file / "sub") == [f"{file / 'sub'}: can't be written: Not a directory"]
    assert file.read_text() == "mine"


def test_refuses_a_stamp_it_did_not_write(tmp_path):
    for text in (
        "",
        "not JSON",
        "[]",
        '{"generator": "other", "files": {}, "folders": []}',
        '{"generator": "bitloom"}',
    ):
        (tmp_path / STAMP).write_text(text)
        assert refusal(open_output, tmp_path) == [f"{tmp_path / STAMP}: is not a stamp that Bitloom wrote {OTHERS}"]
        assert (tmp_path / STAMP).read_text() == text


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_refuses_a_folder_it_may_not_write(tmp_path):
    tmp_path.chmod(0o555)
    assert refusal(open_output, tmp_path) == [f"{tmp_path / STAMP}: can't be written: Permission denied"]


def test_refuses_while_another_process_writes(tmp_path):
    script = (
        f"import gen.output, sys; o = gen.output.open_output({str(tmp_path)!r}); print('open', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, text=True) as other:
        assert other.stdout.readline() == "open\n"
        assert refusal(open_output, tmp_path) == [
            f"{tmp_path}: another bitloom is writing to this folder (wait for it, or choose another with -o)"
        ]
        other.stdin.write("\n")
        other.stdin.close()
    open_output(tmp_path)


def test_one_process_may_open_a_folder_twice(tmp_path):
    one, two = open_output(tmp_path), open_output(tmp_path)
    one.write("a", "1")
    two.write("b", "2")
    one.write("b", "3")
    assert two.intact("a")
    assert two.intact("b")


# --- writing ---------------------------------------------------------------------------------------------------------
def test_writes_bytes_that_depend_on_the_text_alone(tmp_path):
    output = open_output(tmp_path)
    assert output.write("x.v", "a\r\nb\n").read_bytes() == b"a\nb\n"
    assert output.write_json("x.json", {"b": 1, "a": "µ"}).read_bytes() == '{\n  "a": "µ",\n  "b": 1\n}\n'.encode()


def test_overwrites_its_own_files_again_and_again(tmp_path):
    for text in ("1", "2", "2", "3"):
        with open_output(tmp_path) as output:
            output.write("x.v", text)
    assert (tmp_path / "x.v").read_text() == "3"


def test_leaves_a_file_alone_that_has_this_text(tmp_path):
    output = open_output(tmp_path)
    path = output.write("x.v", "1")
    before = path.stat()
    output.write("x.v", "1")
    assert (path.stat().st_mtime_ns, path.stat().st_ino) == (before.st_mtime_ns, before.st_ino)


def test_permissions_are_those_of_the_user(tmp_path):
    mask = os.umask(0o027)
    try:
        assert open_output(tmp_path).write("x.v", "1").stat().st_mode & 0o777 == 0o640
    finally:
        os.umask(mask)


@pytest.mark.parametrize("force", [False, True])
def test_never_overwrites_a_file_of_others(tmp_path, force):
    open_output(tmp_path)
    (tmp_path / "x.v").write_text("mine")
    output = open_output(tmp_path, force=force)
    message = [f"{tmp_path / 'x.v'}: was not written by Bitloom {MOVE}"]
    assert refusal(output.write, "x.v", "2") == message
    assert refusal(output.write, "x.v", "mine") == message  # the same text is no claim to the file
    output.remove("x.v")
    assert (tmp_path / "x.v").read_text() == "mine"


def test_overwrites_a_changed_file_only_by_force(tmp_path):
    open_output(tmp_path).write("x.v", "1")
    (tmp_path / "x.v").write_text("improved by hand")
    output = open_output(tmp_path)
    assert refusal(output.write, "x.v", "2") == [f"{tmp_path / 'x.v'}: {CHANGED}"]
    assert refusal(output.remove, "x.v") == [f"{tmp_path / 'x.v'}: {CHANGED}"]
    assert not output.intact("x.v")
    assert (tmp_path / "x.v").read_text() == "improved by hand"
    assert open_output(tmp_path, force=True).write("x.v", "2").read_text() == "2"


def test_claim_names_every_file_at_once(tmp_path):
    output = open_output(tmp_path)
    output.write("a", "1")
    output.write("b", "1")
    (tmp_path / "a").write_text("changed")
    (tmp_path / "c").write_text("mine")
    assert refusal(output.claim, ["a", "b", "c", "d"]) == [
        f"{tmp_path / 'a'}: {CHANGED}",
        f"{tmp_path / 'c'}: was not written by Bitloom {MOVE}",
    ]


@pytest.mark.parametrize("force", [False, True])
def test_writes_through_no_link_and_into_no_folder(tmp_path, force):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    output = open_output(tmp_path / "out", force=force)
    for name in ("a", "b", "c"):
        output.write(name, "1")
        (output / name).unlink()
    (output / "a").symlink_to(mine)
    (output / "b").symlink_to(tmp_path / "nowhere")
    (output / "c").mkdir()
    for name in ("a", "b", "c"):
        assert refusal(output.write, name, "2") == [f"{output / name}: was not written by Bitloom {MOVE}"]
    assert mine.read_text() == "mine"
    assert not (tmp_path / "nowhere").exists()


def test_the_temporary_file_is_no_way_out_of_the_folder(tmp_path):
    mine = tmp_path / "mine"
    mine.write_text("mine")
    output = open_output(tmp_path / "out")
    (output / TEMPORARY).symlink_to(mine)
    (line,) = refusal(output.write, "x", "1")
    assert line.startswith(f"{output / 'x'}: can't be written: ")
    assert mine.read_text() == "mine"


def test_writes_again_what_the_user_deleted(tmp_path):
    output = open_output(tmp_path)
    output.write("x.v", "1").unlink()
    assert not output.intact("x.v")
    assert output.write("x.v", "1").read_text() == "1"


def test_a_name_leads_nowhere_else(tmp_path):
    output = open_output(tmp_path / "out")
    for name in ("../x", "sub/x", "/tmp/x", "", ".", "..", STAMP, TEMPORARY):
        with pytest.raises(AssertionError):
            output.write(name, "1")


# --- removing and reading --------------------------------------------------------------------------------------------
def test_removes_only_what_it_wrote(tmp_path):
    output = open_output(tmp_path)
    output.write("x", "1")
    (tmp_path / "mine").write_text("1")
    output.remove("x", "mine", "nothing")
    assert sorted(os.listdir(tmp_path)) == [STAMP, "mine"]
    (tmp_path / "x").write_text("now it is mine")
    refusal(output.write, "x", "2")


def test_reads_back_only_what_nobody_changed(tmp_path):
    output = open_output(tmp_path)
    assert output.read_json("x.json") is None
    output.write_json("x.json", {"a": 1})
    assert output.read_json("x.json") == {"a": 1}
    (tmp_path / "x.json").write_text("{}")
    assert output.read_json("x.json") is None


# --- working folders -------------------------------------------------------------------------------------------------
def test_working_folder(tmp_path):
    output = open_output(tmp_path)
    folder = output.workdir("sim")
    (folder / "log").write_text("anything")
    assert open_output(tmp_path).workdir("sim") == folder
    assert (folder / "log").exists()


def test_refuses_a_working_folder_of_others(tmp_path):
    output = open_output(tmp_path / "out")
    (output / "sim").mkdir()
    (output / "sim" / "mine").write_text("1")
    (output / "synth").symlink_to(tmp_path)
    for name in ("sim", "synth"):
        assert refusal(output.workdir, name) == [f"{output / name}: was not made by Bitloom {MOVE}"]


# --- interruption ----------------------------------------------------------------------------------------------------
#: Writes ``x.v`` anew, dying without any clean-up in the n-th call of an operating-system function.
KILLED = """
import os, sys
from gen import output
folder, step, last = sys.argv[1], sys.argv[2], int(sys.argv[3])
calls, original = 0, getattr(os, step)
def die(*arguments, **options):
    global calls
    calls += 1
    if calls == last:
        os._exit(9)
    return original(*arguments, **options)
setattr(os, step, die)
output.open_output(folder).write("x.v", "new text, longer than the old one")
"""


@pytest.mark.parametrize("step", ["open", "fsync", "replace"])
@pytest.mark.parametrize("call", range(1, 6))
@pytest.mark.parametrize("old", [None, "old"])
def test_killed_at_any_point_leaves_a_folder_that_works(tmp_path, step, call, old):
    if old is not None:
        with open_output(tmp_path) as output:
            output.write("x.v", old)
    dead = subprocess.run([sys.executable, "-c", KILLED, tmp_path, step, str(call)], check=False)
    assert dead.returncode == 9 or call > 3
    if (tmp_path / "x.v").exists():
        assert (tmp_path / "x.v").read_text() in (old, "new text, longer than the old one")
    with open_output(tmp_path) as output:
        assert output.write("x.v", "next").read_text() == "next"
        assert output.intact("x.v")
    assert sorted(os.listdir(tmp_path)) == [STAMP, "x.v"]


def test_interrupted_write_leaves_nothing_behind(tmp_path, monkeypatch):
    output = open_output(tmp_path)
    output.write("x.v", "old")

    def interrupt(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(module.os, "fsync", interrupt)
    with pytest.raises(KeyboardInterrupt):
        output.write("x.v", "new")
    assert sorted(os.listdir(tmp_path)) == [STAMP, "x.v"]
    assert (tmp_path / "x.v").read_text() == "old"
    assert output.intact("x.v")


def test_full_disk_is_a_message(tmp_path, monkeypatch):
    output = open_output(tmp_path)
    output.write("x.v", "old")

    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(module.os, "fsync", full)
    assert refusal(output.write, "x.v", "new") == [f"{tmp_path / 'x.v'}: can't be written: No space left on device"]
    assert (tmp_path / "x.v").read_text() == "old"
    assert TEMPORARY not in os.listdir(tmp_path)


def test_the_lock_dies_with_its_process(tmp_path):
    script = (
        f"import gen.output, time; o = gen.output.open_output({str(tmp_path)!r}); print('open', flush=True); input()"
    )
    with subprocess.Popen([sys.executable, "-c", script], stdin=-1, stdout=-1, text=True) as other:
        other.stdout.readline()
        other.send_signal(signal.SIGKILL)
        other.wait()
    open_output(tmp_path).write("x", "1")


def test_stamp_is_readable_by_people(tmp_path):
    output = open_output(tmp_path)
    output.write("x", "1")
    output.workdir("sim")
    stamp = json.loads((tmp_path / STAMP).read_text())
    assert stamp["generator"] == "bitloom"
    assert list(stamp["files"]) == ["x"]
    assert stamp["folders"] == ["sim"]
    assert "list of the files it wrote" in stamp["about"]
