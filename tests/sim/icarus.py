"""Engines in Icarus Verilog, which has four values: what an engine may not rely on is unknown."""

from __future__ import annotations

import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from hdl.params import Dataflow, EngineParams
from hdl.params.front import Front
from sim_tb.beats import Beats
from sim_tb.golden import Matrix
from sim_tb.tiles import Tiles

__all__ = ["Beat", "Run", "Script", "State", "require_icarus", "simulate"]

BENCH = Path(__file__).with_name("bench.v")
STREAMS = "abc"
#: A beat: ``tdata``, ``tlast``.
Beat = tuple[int, bool]


def require_icarus() -> None:
    """Skip the test where Icarus Verilog is missing."""
    if shutil.which("iverilog") is None:
        pytest.skip("Icarus Verilog is missing: apt-get install iverilog")


@dataclass(frozen=True)
class State:
    """Errors, counters (-1 where unknown), and beats that were offered and not taken, at one moment."""

    busy: bool
    error_tlast: bool
    error_k: bool
    cycles: int
    active: int
    starved: int
    blocked: int
    busy_cycles: int  #: clocks of ``busy``, as the bench has counted them
    left: tuple[int, ...] = ()


@dataclass
class Run:
    """What a simulation gave.

    Parameters
    ----------
    jobs : list of int
        For each job that was waited for, how many result beats had come in all before its ``job_done``.
    """

    results: list[Beat] = field(default_factory=list)
    jobs: list[int] = field(default_factory=list)
    states: list[State] = field(default_factory=list)
    faults: list[str] = field(default_factory=list)


class Script:
    """What the bench does, one command after another.

    Parameters
    ----------
    params : EngineParams
    front : Front, optional
        What stands in front of it.
    settings : dict of int
        Values of its own inputs; those that are not named are 0.
    """

    def __init__(
        self, params: EngineParams, front: Front | None = None, settings: Mapping[str, int] | None = None
    ) -> None:
        self.params = params
        flow = Dataflow(params)
        self.maps = {"a": front.a_beats if front else flow.a, "b": flow.b, "c": flow.c}
        own = [port for port in front.own_ports if port.direction == "input"] if front else []
        self.pins = [f".{port.name}({port.width}'d{(settings or {}).get(port.name, 0)})" for port in own]
        self.words: dict[str, list[int]] = {name: [] for name in STREAMS}
        self.commands: list[tuple[int, int, int, int]] = []

    def do(self, op: int, x: int = 0, y: int = 0, z: int = 0) -> None:
        """Add a command."""
        self.commands.append((op, x, y, z))

    def reset(self, cycles: int = 1) -> None:
        """Reset for so many cycles; what was offered is withdrawn."""
        self.do(1, cycles)

    def job(self, tiles: int, timeout: int = 5000) -> None:
        """Offer a job and wait for its end."""
        self.do(2, tiles, timeout)

    def offer(self, tiles: int) -> None:
        """Offer a job, and go on once it is taken."""
        self.do(3, tiles)

    def wait(self, cycles: int) -> None:
        """Wait."""
        self.do(4, cycles)

    def stalls(self, a: int = 0, b: int = 0, c: int = 0, m: int = 0) -> None:
        """Cycles of 16 in which streams stall."""
        self.do(6, a | b << 4 | c << 8 | m << 12)

    def state(self) -> None:
        """Note errors and counters, once they have followed."""
        self.wait(3)
        self.do(7)

    def clear(self) -> None:
        """Pulse ``counters_clear``."""
        self.do(8)
        self.wait(1)

    def quiet(self, cycles: int) -> None:
        """No result and no job may show for so many cycles."""
        for _ in range(cycles):
            self.wait(1)
            self.do(9)

    def beats(self, name: str, matrices: Matrix, k: int) -> list[Beat]:
        """The beats of tiles on a stream."""
        return self.split(Beats(self.maps[name]).pack(matrices, k))

    @staticmethod
    def split(words: npt.NDArray[np.uint8]) -> list[Beat]:
        """Packed words as beats."""
        return [(int.from_bytes(word[:-1].tobytes(), "little"), bool(word[-1])) for word in words]

    def stream(self, name: str, beats: Iterable[Beat]) -> None:
        """Offer beats, after all that were offered before and not withdrawn by a reset."""
        bits = self.maps[name].payload_bits
        start = len(self.words[name])
        self.words[name] += [data & ((1 << bits) - 1) | last << bits for data, last in beats]
        self.do(5, STREAMS.index(name), start, len(self.words[name]))

    def send(self, work: Sequence[Tiles]) -> None:
        """Offer the operands, and initial values, of tiles."""
        for name in STREAMS:
            matrices = [{"a": tiles.a, "b": tiles.b, "c": tiles.initial}[name] for tiles in work]
            pairs = zip(matrices, work, strict=True)
            beats = [beat for part, tiles in pairs if part is not None for beat in self.beats(name, part, tiles.k)]
            if beats:
                self.stream(name, beats)

    def results(self, beats: Sequence[Beat]) -> Matrix:
        """Result beats as tiles; their ``tlast`` is checked."""
        rows = self.params.rows
        assert [last for _, last in beats] == [i % rows == rows - 1 for i in range(len(beats))]
        packer = Beats(self.maps["c"])
        size = packer.word_bytes - 1
        raw = b"".join(data.to_bytes(size, "little") + bytes([last]) for data, last in beats)
        words: npt.NDArray[np.uint8] = np.frombuffer(raw, dtype=np.uint8).reshape(-1, size + 1)
        return packer.unpack(words, 1, (rows, self.params.cols))[0]


def simulate(script: Script, top: str, verilog: str, *cells: str, idle: int | None = None) -> Run:
    """Run a script on an engine.

    Parameters
    ----------
    top, verilog : str
        The engine's module, and its Verilog.
    cells : str
        Verilog of what it is made of, where it is a netlist.
    idle : int, optional
        The bits of a stream that offers nothing, and of the reset before it begins; unknown if left out.
    """
    require_icarus()
    depth = max(1, *map(len, script.words.values()))
    parameters: dict[str, Any] = {"WORDS": depth, "COMMANDS": len(script.commands)}
    if idle is not None:
        parameters["IDLE"] = idle
    for name, beats in script.maps.items():
        parameters |= {f"{name.upper()}_BITS": beats.tdata_bits, f"{name.upper()}_USED": beats.payload_bits}
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        sources = {"engine.v": verilog, **{f"cells{i}.v": text for i, text in enumerate(cells)}}
        for name, text in sources.items():
            (folder / name).write_text(text)
        for name, words in script.words.items():
            (folder / f"{name}.hex").write_text(
                "".join(f"{word:x}\n" for word in [*words, *[0] * (depth - len(words))])
            )
        (folder / "commands.hex").write_text("".join(f"{word:x}\n" for command in script.commands for word in command))
        command = ["iverilog", "-g2012", "-s", "bench", "-o", "bench.vvp", f"-DENGINE={top}"]
        command += ["-DPRELOAD"] if script.params.preload else []
        command += [f"-DFRONT={', '.join(script.pins)}"] if script.pins else []
        command += [f"-Pbench.{name}={value}" for name, value in parameters.items()]
        subprocess.run([*command, BENCH, *sources], cwd=folder, check=True)
        output = subprocess.run(
            ["vvp", "-n", "bench.vvp"], cwd=folder, check=True, capture_output=True, text=True, timeout=120
        ).stdout
    return _read(output)


def _read(output: str) -> Run:
    run = Run()
    for line in output.splitlines():
        kind, *words = line.split()
        if kind == "RESULT":
            known = "x" not in words[1].lower()  # an unknown one is a fault of its own
            run.results.append((int(words[1], 16) if known else 0, words[0] == "1"))
        elif kind == "DONE":
            run.jobs.append(len(run.results))
        elif kind == "STATE":
            run.states.append(
                State(
                    *(word == "1" for word in words[:3]), *(int(word) if word.isdecimal() else -1 for word in words[3:])
                )
            )
        elif kind == "LEFT":
            run.states[-1] = State(**{**vars(run.states[-1]), "left": tuple(int(word) for word in words)})
        else:
            run.faults.append(line)
    return run
