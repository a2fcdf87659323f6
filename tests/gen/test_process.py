"""Interrupts: at any moment, also where Python loses the exception, and with all that we started."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import textwrap
import time
from pathlib import Path

import pytest

from gen.process import run_logged

SEED = 9


def child_of(code: str, folder: Path, **settings) -> subprocess.Popen[str]:
    """A process that runs some code inside of :func:`gen.process.interruptible`, and says how that ended."""
    script = (
        "import sys, time, threading\n"
        "from pathlib import Path\n"
        "from gen.process import answered, interruptible, run_logged\n"
        "folder = Path(sys.argv[1])\n"
        "def sleep(name):\n"
        "    run_logged(['sh', '-c', f'sleep 60 & echo $! > {name}; wait'], cwd=folder, env={}, log=folder / 'log')\n"
        "try:\n"
        "    with interruptible():\n"
        "        print('ready', flush=True)\n"
        + "".join(f"        {line}\n" for line in code.splitlines())
        + "    print('went on')\n"
        "except KeyboardInterrupt:\n"
        "    print('interrupted')\n"
    )
    command = [sys.executable, "-c", script, str(folder)]
    pipe = subprocess.PIPE
    return subprocess.Popen(command, stdout=pipe, stderr=pipe, text=True, **settings)


def interrupted(process: subprocess.Popen[str], number: int = signal.SIGINT, after: float = 0.2) -> tuple[str, str]:
    """Send a signal once the process is at work; what it says to that."""
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(after)
    process.send_signal(number)
    return process.communicate(timeout=30)


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().split()[2] != "Z"
    except OSError:
        return False


def wait_until_dead(pid: int) -> None:
    for _ in range(500):
        if not alive(pid):
            return
        time.sleep(0.02)
    pytest.fail(f"process {pid} is still alive")


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_signals_interrupt(tmp_path, number):
    assert interrupted(child_of("time.sleep(60)", tmp_path), number) == ("interrupted\n", "")


#: Python prints and forgets what is raised in here.
LOST = """
class Slow:
    def __del__(self):
        end = time.monotonic() + 1
        while time.monotonic() < end:
            pass
Slow()
time.sleep(60)
"""
#: Nor is this rare in libraries.
CAUGHT = """
try:
    time.sleep(60)
except BaseException:
    pass
time.sleep(60)
"""


@pytest.mark.parametrize("code", [LOST, CAUGHT], ids=["lost in __del__", "caught by somebody"])
def test_a_lost_interrupt_comes_again(tmp_path, code):
    assert interrupted(child_of(code, tmp_path)) == ("interrupted\n", "")


#: What an interrupt may be turned into on its way through Python and through libraries: also into an error of ours.
TURNED = {
    "while a class is made": (
        "class Slow:\n"
        "    def __set_name__(self, owner, name):\n"
        "        time.sleep(60)\n"
        "class Owner:\n"
        "    slow = Slow()\n"
    ),
    "into another error": (
        "try:\n    time.sleep(60)\nexcept BaseException as error:\n    raise OSError(5, 'no') from error\n"
    ),
    "into an error of ours": (
        "try:\n    time.sleep(60)\nexcept BaseException as error:\n    raise ConfigError('no', 'no') from error\n"
    ),
}


@pytest.mark.parametrize("code", TURNED.values(), ids=list(TURNED))
def test_an_interrupt_turned_into_an_error_is_still_one(tmp_path, code):
    """The command line says so, in one line."""
    script = (
        "import sys, time\n"
        "from gen.cli import main, program\n"
        "from hdl.params import ConfigError\n"
        "def parse(arguments):\n"
        "    options = parsed(arguments)\n"
        "    options.command = command\n"
        "    return options\n"
        "def command(options, console):\n"
        "    print('ready', file=sys.__stdout__, flush=True)\n"
        + textwrap.indent(code, "    ")
        + "parsed, program.parse = program.parse, parse\n"
        "sys.exit(main())\n"
    )
    pipe = subprocess.PIPE
    process = subprocess.Popen(
        [sys.executable, "-c", script, "list"], cwd=tmp_path, stdout=pipe, stderr=pipe, text=True
    )
    said = interrupted(process)
    assert (process.returncode, *said) == (2, "", "bitloom: interrupted; nothing is half-written\n")


def test_ends_children_of_all_threads(tmp_path):
    code = (
        "threads = [threading.Thread(target=sleep, args=(f'child{i}',)) for i in range(3)]\n"
        "threading.excepthook = lambda what: None\n"
        "for thread in threads: thread.start()\n"
        "sleep('child3')\n"
    )
    process = child_of(code, tmp_path)
    files = [tmp_path / f"child{i}" for i in range(4)]
    for _ in range(500):
        if all(file.exists() and file.read_text().strip() for file in files):
            break
        time.sleep(0.02)
    start = time.monotonic()
    assert interrupted(process) == ("interrupted\n", "")
    assert time.monotonic() - start < 20
    for file in files:
        wait_until_dead(int(file.read_text()))


def test_starts_nothing_after_an_interrupt(tmp_path):
    code = "try:\n    time.sleep(60)\nexcept KeyboardInterrupt:\n    sleep('child')\n"
    assert interrupted(child_of(code, tmp_path)) == ("interrupted\n", "")
    assert not (tmp_path / "child").exists()


def test_what_was_ignored_stays_ignored(tmp_path):
    """``nohup`` and the background of a script say: not this one."""
    ignore = {"preexec_fn": lambda: signal.signal(signal.SIGINT, signal.SIG_IGN)}
    assert interrupted(child_of("time.sleep(1)", tmp_path, **ignore)) == ("went on\n", "")


def test_handlers_are_as_before(tmp_path):
    from gen.process import SIGNALS, interruptible

    before = [signal.getsignal(number) for number in SIGNALS]
    with interruptible():
        assert [signal.getsignal(number) for number in SIGNALS] != before
    assert [signal.getsignal(number) for number in SIGNALS] == before
    assert signal.getitimer(signal.ITIMER_REAL) == (0.0, 0.0)


def test_the_timeout_ends_the_group(tmp_path):
    with pytest.raises(subprocess.TimeoutExpired):
        run_logged(
            ["sh", "-c", "sleep 60 & echo $! > child; wait"],
            cwd=tmp_path,
            env=os.environ,
            log=tmp_path / "log",
            timeout=1,
        )
    wait_until_dead(int((tmp_path / "child").read_text()))


@pytest.mark.synth
def test_bitloom_at_random_moments(tmp_path):
    """Status 2, one line, no child left, and a folder in which the next run goes on; or it was done before."""
    print(f"seed {SEED}")
    moments = random.Random(SEED)
    (tmp_path / "c.toml").write_text(
        '[engine]\nrows = 1\ncols = 1\nscheme = "mac"\na = "s2"\nb = "s2"\naccumulator = 6\n'
        '[synth]\nlibrary = "unit"\neffort = "quick"\ncompare = []\n'
    )
    mark = f"BITLOOM_TEST_MARK={os.getpid()}-{SEED}"
    environment = {**os.environ, "BITLOOM_CACHE": str(tmp_path / "cache"), **dict([mark.split("=")])}
    environment["TMPDIR"] = str(tmp_path)
    command = [sys.executable, "-m", "gen.cli", "synth", "c.toml", "-o"]
    environment["PYTHONPATH"] = os.pathsep.join(sys.path)
    done = 0
    for turn in range(15):
        process = subprocess.Popen(
            [*command, f"out{turn}"], cwd=tmp_path, env=environment, stderr=-1, stdout=-1, text=True
        )
        out = tmp_path / f"out{turn}"
        while not out.exists() and process.poll() is None:  # what is before that is Python's own start
            time.sleep(0.01)
        time.sleep(moments.uniform(0, 2.5))
        process.send_signal(signal.SIGINT)
        said, err = process.communicate(timeout=60)
        if process.returncode in (0, -signal.SIGINT) and "synthesised" in said:
            done += 1
        else:
            assert (process.returncode, err) == (2, "bitloom: interrupted; nothing is half-written\n")
        for entry in Path("/proc").glob("[0-9]*/environ"):
            try:
                left = mark.encode() in entry.read_bytes()
            except OSError:
                continue
            if left:
                wait_until_dead(int(entry.parent.name))
        assert not [path for path in tmp_path.iterdir() if path.name.startswith("bitloom-")]  # of temporary folders
        again = [*command, f"out{turn}"]
    result = subprocess.run(again, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert done < 15
