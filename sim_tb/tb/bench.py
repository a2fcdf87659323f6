"""An engine alone, with Python on all its ports."""

from __future__ import annotations

import random
from collections.abc import Iterable, Mapping, Sequence
from itertools import chain
from typing import Any

import numpy as np
from cocotb.clock import Clock
from cocotb.triggers import RisingEdge

from hdl.params import Dataflow, EngineParams
from sim_tb.beats import Beats, Bytes
from sim_tb.bfm.axi_stream import Beat, Monitor, Sink, Source, Stream
from sim_tb.golden import Matrix
from sim_tb.stalls import Profile, gaps
from sim_tb.tiles import Tiles

__all__ = ["Bench"]


class Bench:
    """Bus functional models on every stream of an engine, and its job control.

    Parameters
    ----------
    dut : cocotb handle
        The engine.
    params : EngineParams
    """

    def __init__(self, dut: Any, params: EngineParams) -> None:
        self.dut, self.params = dut, params
        flow = Dataflow(params)
        self.packers = {"a": Beats(flow.a), "b": Beats(flow.b), "c": Beats(flow.c)}
        self.streams = {name: Stream(dut, f"s_axis_{name}") for name in ("ab", "abc")[params.preload]}
        self.result_stream = Stream(dut, "m_axis_c")
        self.done_pulses = 0
        self.problems: list[str] = []
        self._models: list[Source | Sink | Monitor] = []
        self._fresh = True  # no job since the last reset
        dut.job_valid.value = 0
        dut.counters_clear.value = 0
        Clock(dut.clk, 2, "step").start()

    async def reset(self, profiles: Mapping[str, Profile] | None = None, seed: int = 1) -> None:
        """Reset the engine, and put fresh models with these stall profiles on its streams.

        The streams are ``a``, ``b``, ``c`` (initial values) and ``m`` (results). What is offered when the reset comes
        stays so in its one cycle.
        """
        dut = self.dut
        dut.rst.value = 1
        await self.cycles(1)
        for model in self._models:
            model.stop()
        dut.rst.value = 0
        dut.job_valid.value = 0
        dut.counters_clear.value = 0
        self.done_pulses = 0
        self._fresh = True
        await self.cycles(1)
        self._expect_quiet("after a reset")

        def stalls(name: str) -> Iterable[bool]:
            return gaps((profiles or {}).get(name, Profile.NONE), seed * 8 + "abcm".index(name))

        self.sources = {name: Source(stream, stalls(name)) for name, stream in self.streams.items()}
        self.entries = {name: Monitor(stream) for name, stream in self.streams.items()}
        self.sink = Sink(self.result_stream, stalls("m"))
        self.results = Monitor(self.result_stream)
        self._models = [*self.sources.values(), *self.entries.values(), self.sink, self.results]

    async def cycles(self, count: int) -> None:
        """Wait."""
        for _ in range(count):
            await RisingEdge(self.dut.clk)

    async def idle(self, count: int) -> None:
        """Wait without a job, whatever operands are offered: checks that nothing happens."""
        for _ in range(count):
            await RisingEdge(self.dut.clk)
            self._expect_quiet("without a job")

    def _expect_quiet(self, when: str) -> None:
        dut = self.dut
        if dut.busy.value or dut.job_done.value or not dut.job_ready.value or dut.m_axis_c_tvalid.value:
            self.problems.append(f"{when}: job_done, busy and m_axis_c_tvalid must be low, job_ready high")
        if self._fresh and (dut.error_tlast.value or dut.error_k.value):
            self.problems.append(f"{when}, after a reset: error_tlast and error_k must be low")

    def send(self, work: Sequence[Tiles]) -> None:
        """Queue the operands (and initial values) of tiles."""
        for tiles in work:
            for name, matrices in (("a", tiles.a), ("b", tiles.b), ("c", tiles.initial)):
                if matrices is not None:
                    self.sources[name].send(self.beats(name, matrices, tiles.k))

    def beats(self, name: str, matrices: Matrix, k: int) -> list[Beat]:
        """The beats of tiles on a stream."""
        return self.split(self.packers[name].pack(matrices, k))

    @staticmethod
    def split(words: Bytes) -> list[Beat]:
        """Packed words as beats."""
        return [Beat(int.from_bytes(word[:-1].tobytes(), "little"), bool(word[-1])) for word in words]

    async def offer(self, tiles: int) -> None:
        """Offer a job, and wait until it is taken."""
        dut = self.dut
        self._fresh = False
        dut.job_tiles.value = tiles
        dut.job_valid.value = 1
        while True:
            await RisingEdge(dut.clk)
            if dut.job_ready.value:
                break
        dut.job_valid.value = 0

    async def job(self, tiles: int, timeout: int = 20_000) -> None:
        """Offer a job, and wait until it is done. Checks ``busy``, ``job_ready`` and ``job_done`` in every cycle."""
        dut = self.dut
        await self.offer(tiles)
        due = tiles * self.params.rows
        before, busy, counted = len(self.results.beats), 0, self.counter("cycles")
        for _ in range(timeout):
            await RisingEdge(dut.clk)
            busy += int(dut.busy.value)
            if not dut.busy.value:
                self.problems.append("busy fell before job_done")
            if dut.job_ready.value:
                self.problems.append("job_ready is high while busy")
            if dut.job_done.value:
                break
        else:
            raise TimeoutError(f"no job_done after {timeout} cycles, {len(self.results.beats) - before} of {due} beats")
        await RisingEdge(dut.clk)
        if (came := len(self.results.beats) - before) != due:
            self.problems.append(f"job_done after {came} of {due} result beats")
        if dut.job_done.value or dut.busy.value or not dut.job_ready.value:
            self.problems.append("the cycle after job_done: job_done and busy must be low, job_ready high")
        await RisingEdge(dut.clk)  # counters follow by two cycles
        if (cycles := self.counter("cycles") - counted) != busy:
            self.problems.append(f"counter_cycles: {cycles} of {busy} cycles in which the engine was busy")

    async def unfinished(self, tiles: int, timeout: int = 1000) -> None:
        """Wait for the results of some tiles of a job that has more, and check that it goes on."""
        dut, due = self.dut, tiles * self.params.rows
        for _ in range(timeout):
            await RisingEdge(dut.clk)
            if dut.job_done.value or not dut.busy.value or dut.job_ready.value:
                self.problems.append(f"a job is done after {len(self.results.beats)} of far more than {due} beats")
                return
            if len(self.results.beats) == due:
                await self.cycles(3)
                return
        self.problems.append(f"{len(self.results.beats)} of {due} result beats of a job that goes on")

    def collect(self, tiles: int) -> Matrix:
        """Fetch the results of N tiles: an array of shape (tiles, M, N). Checks ``tlast``."""
        packer, rows = self.packers["c"], self.params.rows
        beats = [self.results.beats.popleft() for _ in range(min(tiles * rows, len(self.results.beats)))]
        for index, beat in enumerate(beats):
            if beat.last != (index % rows == rows - 1):
                self.problems.append(f"result beat {index}: tlast is {beat.last}")
        beats = beats[: len(beats) // rows * rows]
        size = packer.word_bytes - 1
        raw = b"".join(beat.data.to_bytes(size, "little") + bytes([beat.last]) for beat in beats)
        words = np.frombuffer(raw, dtype=np.uint8).reshape(-1, size + 1)
        return packer.unpack(words, 1, (rows, self.params.cols))[0]

    def finish(self) -> list[str]:
        """What went wrong since the last call: broken rules, and queues that are not empty."""
        problems, self.problems = self.problems, []
        for monitor in chain(self.entries.values(), [self.results]):
            problems += monitor.violations
            monitor.violations.clear()
        problems += [
            f"s_axis_{name}: {len(s.queue)} beats were never taken" for name, s in self.sources.items() if not s.idle
        ]
        if self.results.beats:
            problems.append(f"m_axis_c: {len(self.results.beats)} beats more than expected")
        return problems

    def counter(self, name: str) -> int:
        """A counter's value."""
        return int(getattr(self.dut, f"counter_{name}").value)

    def draw(self, rng: random.Random) -> dict[str, Profile]:
        """A random profile for each stream."""
        return {name: rng.choice(list(Profile)) for name in "abcm"}
