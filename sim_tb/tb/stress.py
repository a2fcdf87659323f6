"""The cocotb test that sends very many random tiles of random K under random stalls, driven by the harness.

Stimulus is made here and played, with stalls, by hardware in the simulation, so that ten thousand tiles take seconds.
``sim_tb.tb.protocol`` drives the same engine from Python, by other means.
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from hdl.params import Dataflow, EngineParams
from sim_tb import messages
from sim_tb.models import DEPTH
from sim_tb.scoreboard import Scoreboard
from sim_tb.stalls import Profile
from sim_tb.tb.harness import Harness
from sim_tb.tiles import corner_tiles, random_tiles

#: Tiles of a run; its streams have one choice of stall profiles.
RUN = 250
#: Greatest K of random tiles: well above and below every tile interval of a small array, and some beats at least.
LONGEST = 24
BEATS = 3
#: The same in one run of four, in steps of K that enter at once: tiles that wait for those before them to leave.
SHORT = 4


@cocotb.test()
async def stress(dut: Any) -> None:
    """Send as many tiles as requested and write the answer."""
    request = messages.read(Path(messages.REQUEST))
    params = EngineParams.from_dict(request["engine"])
    rng = np.random.default_rng(request["seed"])
    harness = Harness(dut, params, Path())
    board = Scoreboard()
    longest = min(max(LONGEST, BEATS * params.k_step), params.k_limit)
    flow = Dataflow(params)
    run = min(RUN, DEPTH // max(stream.beats(longest) for stream in (flow.a, flow.b, flow.c)))
    cycles = 0
    used: set[str] = set()
    while board.tiles < request["tiles"]:
        count = min(run, request["tiles"] - board.tiles)
        most = min(SHORT * params.k_step, longest) if rng.random() < 0.25 else longest
        work = [random_tiles(params, 1, int(rng.integers(1, most, endpoint=True)), rng) for _ in range(count)]
        for index, tile in enumerate(corner_tiles(params, longest, rng)):
            if index < count:
                work[int(rng.integers(count))] = tile
        profiles = _profiles(rng)
        used |= {f"{name}:{profile.name.lower()}" for name, profile in profiles.items()}
        outcome = await harness.run(work, jobs=_jobs(count, rng), profiles=profiles, seed=int(rng.integers(1, 2**31)))
        for tiles, got in zip(work, outcome.results, strict=True):
            board.compare(tiles.golden(params), got)
        stalls = ", ".join(f"{name} {profile.name.lower()}" for name, profile in profiles.items())
        board.problems += [f"tiles up to {board.tiles} ({stalls}): {problem}" for problem in outcome.problems]
        cycles += outcome.cycles
        if board.problems:
            break
    answer = {**board.summary(), "cycles": cycles, "stalls": sorted(used), "seed": request["seed"]}
    messages.write(Path(messages.ANSWER), answer)


def _profiles(rng: np.random.Generator) -> dict[str, Profile]:
    """One profile for each stream; in one run of four, all streams have the same."""
    same = rng.random() < 0.25
    first = Profile(int(rng.integers(len(Profile))))
    return {name: first if same else Profile(int(rng.integers(len(Profile)))) for name in "abpcj"}


def _jobs(tiles: int, rng: np.random.Generator) -> list[int]:
    """Jobs of random sizes, many of them small, that add up to ``tiles``."""
    jobs: list[int] = []
    while (rest := tiles - sum(jobs)) > 0:
        jobs.append(min(rest, int(rng.integers(1, (2, 6, 40)[int(rng.integers(3))], endpoint=True))))
    return jobs
