"""The cocotb test that runs a workload on the harness. Python acts only between runs."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from hdl.params import EngineParams
from sim_tb import messages
from sim_tb.golden import Matrix
from sim_tb.scoreboard import Scoreboard
from sim_tb.tb.harness import Harness, Outcome
from sim_tb.tiles import Tiles, batches, normal_tiles, random_tiles
from sim_tb.workloads import digits
from sim_tb.workloads.network import Placement, numpy_multiplier
from sim_tb.workloads.tiling import Tiling


class Engine:
    """The engine under test as something that computes, with totals over all its runs."""

    def __init__(self, harness: Harness, depth: int) -> None:
        self.harness = harness
        self.params = harness.params
        self.depth = depth
        self.board = Scoreboard()
        self.totals = Outcome()
        self.macs = 0

    async def run(self, work: Tiles) -> Matrix:
        """Run tiles back to back, compare the results with the golden model, and return them."""
        results = []
        for batch in batches(self.params, [work], self.depth):
            outcome = await self.harness.run(batch)
            self.board.problems += outcome.problems
            for tiles, got in zip(batch, outcome.results, strict=True):
                self.macs += tiles.count * tiles.k * self.params.rows * self.params.cols
                self.board.compare(tiles.golden(self.params), got)
                results.append(got)
            for name in ("cycles", "active", "starved", "blocked", "first_tile", "last_beat", "seconds", "cpu_seconds"):
                setattr(self.totals, name, getattr(self.totals, name) + getattr(outcome, name))
        return np.concatenate(results)

    async def multiply(self, activations: Matrix, weights: Matrix) -> Matrix:
        """Multiply whole matrices, exactly, on the engine's tiles."""
        place = Placement(self.params)
        a, b = activations, weights + place.offset
        if place.swapped:
            a, b = b.T, a.T
        tiling = Tiling(self.params, a.shape[0], a.shape[1], b.shape[1])
        product = tiling.join([await self.run(tiles) for tiles in tiling.cut(a, b)])
        if place.swapped:
            product = product.T
        return product - place.offset * activations.sum(axis=1, keepdims=True)


async def _digits(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Classify images, and compare the logits with an inference in NumPy that knows nothing of tiles."""
    network = digits.load(Path(messages.NETWORK))
    logits = await network.logits(engine.multiply)
    expected = await network.logits(numpy_multiplier(engine.params))
    if wrong := int((logits != expected).sum()):
        engine.board.mismatches += wrong
        engine.board.problems.append(f"{wrong} of {expected.size} logits differ from NumPy's")
    return {
        "images": len(network.labels),
        "accuracy": network.accuracy(logits),
        "accuracy_numpy": network.accuracy(expected),
        "accuracy_float": network.float_accuracy,
    }


async def _random(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Random tiles, uniform or normal."""
    rng = np.random.default_rng(request["seed"])
    sigma, size = request.get("sigma"), (request["tiles"], request["k"])
    params = engine.params
    await engine.run(random_tiles(params, *size, rng) if sigma is None else normal_tiles(params, *size, sigma, rng))
    return {}


async def _tiles(engine: Engine, request: dict[str, Any]) -> dict[str, Any]:
    """Tiles as they were given; initial values are zero."""
    work = Tiles.load(Path(messages.TILES))
    if engine.params.preload:
        work = replace(work, initial=np.zeros((work.count, engine.params.rows, engine.params.cols), np.int64))
    await engine.run(work)
    return {}


@cocotb.test()
async def workload(dut: Any) -> None:
    """Run the requested workload and write the answer."""
    request = messages.read(Path(messages.REQUEST))
    engine = Engine(Harness(dut, EngineParams.from_dict(request["engine"]), Path()), request["depth"])
    extra = await {"digits": _digits, "random": _random, "tiles": _tiles}[request["workload"]](engine, request)
    answer = {**engine.board.summary(), **vars(engine.totals), "macs": engine.macs, **extra}
    for name in ("results", "problems"):
        answer.pop(name)
    messages.write(Path(messages.ANSWER), {**answer, "problems": engine.board.problems})
