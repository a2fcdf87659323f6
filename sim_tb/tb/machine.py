"""The engine under test as something that computes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from sim_tb import messages
from sim_tb.golden import Matrix
from sim_tb.scoreboard import Scoreboard
from sim_tb.stalls import Profile
from sim_tb.tb.harness import Harness, Outcome
from sim_tb.tiles import Tiles, batches
from sim_tb.workloads.network import Placement
from sim_tb.workloads.tiling import Tiling

__all__ = ["Engine"]

#: Elements of tiles that are made at a time, so that large layers need no more memory than small ones.
ELEMENTS = 1 << 22
#: What counts in an :class:`Outcome`.
TOTALS = ("cycles", "active", "starved", "blocked", "first_tile", "last_beat", "seconds", "cpu_seconds")


class Engine:
    """A :class:`sim_tb.workloads.workload.Machine`: the Verilog in the harness, whose memories have ``depth`` words."""

    def __init__(self, harness: Harness, depth: int) -> None:
        self.harness = harness
        self.params = harness.params
        self.depth = depth
        self.board = Scoreboard()
        self.totals = Outcome()
        self.macs = 0
        self.preloaded = False

    def counters(self) -> dict[str, int]:
        """Cycles, cycles in which operands entered, and multiply-accumulates with those that fill tiles up."""
        return {"cycles": self.totals.cycles, "active": self.totals.active, "macs": self.macs}

    def say(self, text: str) -> None:
        """Tell the process that started the simulation how far it has come."""
        with Path(messages.PROGRESS).open("a", encoding="utf-8") as file:
            file.write(f"{text}\n")

    async def run(self, work: Tiles) -> Matrix:
        """Run tiles back to back, compare the results with the golden model, and return them."""
        return await self.run_all([work])

    async def run_all(self, work: Sequence[Tiles]) -> Matrix:
        """The same of tiles of several K."""
        results = []
        for batch in batches(self.params, work, self.depth):
            results += self._count(batch, await self.harness.run(batch))
        return np.concatenate(results)

    async def run_jobs(self, work: Sequence[Tiles], settings: Mapping[str, int], *, stalled: bool) -> list[Matrix]:
        """Run tiles, each a job of its own, in one run of the harness; results of each as :meth:`run` gives them."""
        profiles = dict.fromkeys("abpcj", Profile.EVEN if stalled else Profile.NONE)
        jobs = [tiles.count for tiles in work]
        return self._count(work, await self.harness.run(work, jobs=jobs, profiles=profiles, settings=settings))

    def _count(self, work: Sequence[Tiles], outcome: Outcome) -> list[Matrix]:
        """Compare what came of tiles, add up what counts, and give the results."""
        self.board.problems += outcome.problems
        for tiles, got in zip(work, outcome.results, strict=True):
            self.macs += tiles.count * tiles.k * self.params.rows * self.params.cols
            self.board.compare(tiles.golden(self.params), got)
        for name in TOTALS:
            setattr(self.totals, name, getattr(self.totals, name) + getattr(outcome, name))
        return outcome.results

    async def multiply(self, activations: Matrix, weights: Matrix, initial: Matrix | None = None) -> Matrix:
        """Multiply whole matrices, or stacks of them, exactly, and add initial values.

        These enter the engine where it takes any, the inner size is not split, and they leave no sum out of range.
        """
        place = Placement(self.params)
        a, b = activations.astype(np.int64), weights.astype(np.int64) + place.offset
        shape = (*a.shape[:-1], b.shape[-1])
        start = np.broadcast_to(0 if initial is None else initial, shape).astype(np.int64)
        if place.swapped:
            a, b, start = b.swapaxes(-1, -2), a.swapaxes(-1, -2), start.swapaxes(-1, -2)
        self.preloaded = initial is not None and self._fits(a, b, start)
        a, b, start = (each.reshape(-1, *each.shape[-2:]) for each in (a, b, start))
        product = await self._stack(a, b, start if self.preloaded else None)
        if not self.preloaded:
            product += start
        if place.swapped:
            product = product.swapaxes(-1, -2)
        return product.reshape(shape) - place.offset * activations.astype(np.int64).sum(axis=-1, keepdims=True)

    def _fits(self, a: Matrix, b: Matrix, initial: Matrix) -> bool:
        """Initial values and products together stay in the range of results, whatever the operands' order."""
        k = a.shape[-1]
        low, high = self.params.result_range
        ends = [int(x) * int(y) for x in (a.min(), a.max()) for y in (b.min(), b.max())]
        fits = low <= int(initial.min()) + k * min(0, *ends) and int(initial.max()) + k * max(0, *ends) <= high
        return self.params.preload and k <= self.params.k_limit and fits

    async def _stack(self, a: Matrix, b: Matrix, initial: Matrix | None) -> Matrix:
        """Products of stacks of matrices, some tiles at a time."""
        count, m, k = a.shape
        n = b.shape[2]
        tiling = Tiling.quickest(self.params, m, k, n)
        rows, cols = tiling.tile
        down, across = tiling.grid
        strip = across * (rows * k + k * cols + rows * cols)
        together = max(1, ELEMENTS // (strip * down))
        step = rows * max(1, ELEMENTS // strip) if together == 1 else m
        product = np.zeros((count, m, n), np.int64)
        for first in range(0, count, together):
            for row in range(0, m, step):
                part = slice(first, first + together), slice(row, row + step)
                start = None if initial is None else initial[part]
                product[part] = await self._few(a[part], b[part[0]], start)
        return product

    async def _few(self, a: Matrix, b: Matrix, initial: Matrix | None) -> Matrix:
        """Products of as many matrices as fit, whose tiles follow each other."""
        count, m, k = a.shape
        tiling = Tiling.quickest(self.params, m, k, b.shape[2])
        each = tiling.grid[0] * tiling.grid[1]
        cuts = [tiling.cut(a[i], b[i], None if initial is None else initial[i]) for i in range(count)]
        results = []
        for span in zip(*cuts, strict=True):
            got = await self.run(Tiles.join(span))
            missing = np.zeros((each * count - len(got), *got.shape[1:]), got.dtype)  # which the scoreboard has counted
            results.append(np.concatenate([got, missing]))
        return np.stack([tiling.join([part[i * each : (i + 1) * each] for part in results]) for i in range(count)])
