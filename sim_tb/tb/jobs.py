"""The cocotb test that runs jobs on the harness, without stalls, and counts the cycles of each."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from hdl.params import EngineParams
from sim_tb import messages
from sim_tb.scoreboard import Scoreboard
from sim_tb.tb.harness import Harness
from sim_tb.tiles import random_tiles


@cocotb.test()
async def jobs(dut: Any) -> None:
    """A job of each list of ``jobs``: pairs of a number of tiles and their K. Writes the answer."""
    request = messages.read(Path(messages.REQUEST))
    params = EngineParams.from_dict(request["engine"])
    rng = np.random.default_rng(request["seed"])
    harness, board, cycles = Harness(dut, params, Path()), Scoreboard(), []
    for job in request["jobs"]:
        work = [random_tiles(params, count, k, rng) for count, k in job]
        outcome = await harness.run(work)
        board.problems += outcome.problems
        for tiles, got in zip(work, outcome.results, strict=True):
            board.compare(tiles.golden(params), got)
        cycles.append(outcome.cycles)
    messages.write(Path(messages.ANSWER), {**board.summary(), "cycles": cycles})
