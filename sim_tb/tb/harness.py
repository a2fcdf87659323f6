"""The Python side of ``harness.sv``: loads a run's words, waits for its end, and reads what came out."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from cocotb.triggers import RisingEdge, Timer

from hdl.params import Dataflow, EngineParams
from hdl.params.front import Front
from sim_tb.activity import active_cycles
from sim_tb.beats import Beats, read_hex, write_words
from sim_tb.golden import Matrix
from sim_tb.pins import Pins
from sim_tb.stalls import Profile
from sim_tb.tiles import Tiles

__all__ = ["Harness", "Outcome"]


@dataclass
class Outcome:
    """What one run gave.

    Parameters
    ----------
    results : list of arrays of shape (tiles, M, N)
        One for each :class:`Tiles` of the run; tiles that never came out are missing at the end.
    problems : list of str
        Broken protocol rules, wrong ``tlast``, missing results, counters that don't add up.
    cycles, active, starved, blocked : int
        The engine's counters.
    first_tile, last_beat : int
        Cycles in which the last beat of the first tile, and the last beat of all, entered.
    seconds, cpu_seconds : float
        Wall time and processor time of the simulation, from the loading of operands to the writing of results.
    """

    results: list[Matrix] = field(default_factory=list)
    problems: list[str] = field(default_factory=list)
    cycles: int = 0
    active: int = 0
    starved: int = 0
    blocked: int = 0
    first_tile: int = 0
    last_beat: int = 0
    seconds: float = 0.0
    cpu_seconds: float = 0.0


class Harness:
    """Drives ``harness.sv``.

    Parameters
    ----------
    dut : cocotb handle
        The module ``harness``.
    params : EngineParams
        The engine in it.
    folder : Path
        The simulation's working folder.
    front : Front, optional
        What stands in front of it.
    """

    def __init__(self, dut: Any, params: EngineParams, folder: Path, front: Front | None = None) -> None:
        self.dut, self.params, self.folder = dut, params, folder
        flow = Dataflow(params)
        self.a = Beats(flow.a if front is None else front.a_beats)
        self.b, self.c = Beats(flow.b), Beats(flow.c)
        self.pins = Pins(() if front is None else front.own_ports)

    async def run(
        self,
        work: Sequence[Tiles],
        *,
        jobs: Sequence[int] | None = None,
        profiles: Mapping[str, Profile] | None = None,
        settings: Mapping[str, int] | None = None,
        seed: int = 1,
    ) -> Outcome:
        """Run tiles through the engine.

        Parameters
        ----------
        work : sequence of Tiles
            At most as much as the harness' memories hold, see :func:`sim_tb.tiles.batches`.
        jobs : sequence of int
            Tiles of each job; one job of all tiles if left out.
        profiles : mapping of str to Profile
            Stall profiles of the streams ``a``, ``b``, ``p`` (initial values), ``c`` (results) and ``j`` (jobs).
        settings : mapping of str to int
            Values of the own inputs of what stands in front, by name; the others are 0.
        seed : int
            Of the stalls.
        """
        counts = self._load(work, list(jobs) if jobs is not None else [sum(tiles.count for tiles in work)])
        dut = self.dut
        for name, count in counts.items():
            getattr(dut, f"{name}_count").value = count
            getattr(dut, f"{name}_profile").value = int((profiles or {}).get(name, Profile.NONE))
        if self.pins.ports:
            dut.front.value = self.pins.word(settings or {})
        dut.seed.value = (seed * 0x9E3779B1 & 0xFFFFFFFF) or 1
        await Timer(1)
        began, began_cpu = time.perf_counter(), time.process_time()
        dut.run.value = 1
        await RisingEdge(dut.done)
        seconds, cpu_seconds = time.perf_counter() - began, time.process_time() - began_cpu
        await Timer(1)  # c.hex is written in the time step in which `done` rises
        outcome = self._collect(work, counts)
        outcome.seconds, outcome.cpu_seconds = seconds, cpu_seconds
        dut.run.value = 0
        await Timer(20)
        return outcome

    def _load(self, work: Sequence[Tiles], jobs: list[int]) -> dict[str, int]:
        """Write the memories' files and return the number of words of each stream."""
        words = {
            "a": np.concatenate([self.a.pack(tiles.a, tiles.k) for tiles in work]),
            "b": np.concatenate([self.b.pack(tiles.b, tiles.k) for tiles in work]),
            "j": np.array(jobs, dtype="<u4").view(np.uint8).reshape(-1, 4),
        }
        initial = [self.c.pack(tiles.initial, tiles.k) for tiles in work if tiles.initial is not None]
        if initial:
            words["p"] = np.concatenate(initial)
        for name, stream in words.items():
            write_words(self.folder / f"{name}.bin", stream)
        results = sum(tiles.count * self.c.map.beats(tiles.k) for tiles in work)
        return {"p": 0, **{name: len(stream) for name, stream in words.items()}, "c": results}

    def _read(self, name: str) -> int:
        return int(getattr(self.dut, name).value)

    def _collect(self, work: Sequence[Tiles], counts: Mapping[str, int]) -> Outcome:
        taken = self._read("taken")
        size = self.c.word_bytes
        words = read_hex(self.folder / "c.hex", size) if taken else np.zeros((0, size), dtype=np.uint8)
        outcome = Outcome(first_tile=self._read("first_tile"), last_beat=self._read("last_beat"))
        for name in ("cycles", "active", "starved", "blocked"):
            setattr(outcome, name, self._read(f"counter_{name}"))
        problems = outcome.problems
        if self._read("hung"):
            problems.append(f"the engine was given up after {taken} of {counts['c']} result beats")
        if taken > counts["c"]:
            problems.append(f"{taken - counts['c']} result beats more than asked for")
        if count := self._read("stream_violations"):
            problems.append(f"m_axis_c: an offered beat was dropped or changed in {count} cycles")
        if count := self._read("job_violations"):
            problems.append(
                f"job control: out of step with the results in {count} cycles (job_done, busy, ready, counter)"
            )
        says = self.pins.read(self._read("front_says")) if self.pins.ports else {}
        for name in ("error_tlast", "error_k", *(each for each in says if each.startswith("error_"))):
            if says[name] if name in says else self._read(name):
                problems.append(f"{name} was raised")
        active = sum(active_cycles(self.params, tiles.entering) for tiles in work)
        if outcome.active != active and not self._read("hung"):
            problems.append(f"counter_active: expected {active}, got {outcome.active}")
        if outcome.active + outcome.starved + outcome.blocked > outcome.cycles:
            problems.append(f"counters: active + starved + blocked exceed {outcome.cycles} cycles")
        shape = (self.params.rows, self.params.cols)
        for tiles in work:
            beat_count = self.c.map.beats(tiles.k)
            whole = min(tiles.count, len(words) // beat_count)
            part, words = words[: whole * beat_count], words[whole * beat_count :]
            results, last = self.c.unpack(part, tiles.k, shape)
            wrong = last != (np.arange(len(last)) % beat_count == beat_count - 1)
            if wrong.any():
                problems.append(f"m_axis_c_tlast: wrong on {int(wrong.sum())} beats, first {int(wrong.argmax())}")
            outcome.results.append(results)
        return outcome
