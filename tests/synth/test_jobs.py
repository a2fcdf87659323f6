"""Jobs side by side: results in order, no more programs than cores, and an end for all when one fails."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from functools import partial
from pathlib import Path

import pytest

from synth_scripts.work import jobs


def test_results_are_in_order() -> None:
    def job(number: int) -> int:
        time.sleep(0.02 * (3 - number))
        return number

    assert jobs.together([partial(job, number) for number in range(4)]) == [0, 1, 2, 3]
    assert jobs.together([]) == []


def test_no_more_programs_than_cores() -> None:
    """Whoever starts them: jobs of jobs share the cores."""
    lock, running, most = threading.Lock(), [0], [0]

    @jobs.program
    def program() -> None:
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        time.sleep(0.01)
        with lock:
            running[0] -= 1

    def crew() -> None:
        jobs.together([program] * 6)

    jobs.together([crew] * 4)
    assert most[0] == min(jobs.cores(), 24)


def test_a_failure_stops_the_others() -> None:
    started: list[int] = []

    @jobs.program
    def program(number: int) -> None:
        started.append(number)
        time.sleep(0.02)
        if number == 0:
            raise ValueError("wrong")

    def part() -> None:
        jobs.together([partial(program, number) for number in range(1, 200)])

    with pytest.raises(ValueError, match="wrong"):
        jobs.together([partial(program, 0), part])
    count = len(started)
    time.sleep(0.1)
    assert len(started) == count < 100


ENDLESS = """
import sys
from pathlib import Path
from gen.process import interruptible
from synth_scripts.work import jobs, yosys
def endless(number):
    folder = Path(sys.argv[1], str(number))
    yosys.run(["!sleep 600"], folder, "endless")
try:
    with interruptible():
        print("ready", flush=True)
        jobs.together([lambda number=number: endless(number) for number in range(5)])
except KeyboardInterrupt:
    sys.exit(2)
"""


def test_an_interrupt_ends_every_program(tmp_path: Path) -> None:
    """Those of jobs in threads as well, and none is started afterwards."""
    marker = f"BITLOOM_TEST_{os.getpid()}_{tmp_path.name}"
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path), marker: "1"}
    command = [sys.executable, "-c", ENDLESS, str(tmp_path)]
    with subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == "ready\n"
        end = time.monotonic() + 60
        while len(sleepers(marker)) < min(jobs.cores(), 5) and time.monotonic() < end:
            time.sleep(0.05)
        assert sleepers(marker)
        child.send_signal(signal.SIGINT)
        assert child.wait(30) == 2
    end = time.monotonic() + 10
    while sleepers(marker) and time.monotonic() < end:
        time.sleep(0.05)
    assert not sleepers(marker)


def sleepers(marker: str) -> list[int]:
    """Programs that inherited a variable of this name, and sleep."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            if entry.name.isdigit() and marker.encode() in (entry / "environ").read_bytes():
                command = (entry / "cmdline").read_bytes()
                found += [int(entry.name)] * command.startswith(b"sleep")
        except OSError:
            continue
    return found
