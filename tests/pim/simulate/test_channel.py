"""A channel alone: its commands are the sequencer's, whatever the timing table."""

from __future__ import annotations

from collections import deque
from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

from hdl.params.pim import Instruction, PimParams
from sim_tb.pim import Entry
from sim_tb.pim.bench.sequencers import run_sequencers, steps_of
from sim_tb.pim.simulate.bus import entries
from sim_tb.pim.simulate.channel import Channel
from sim_tb.pim.simulate.work import work_of
from tests.pim.machines import MAC_SYSTEMS, TINY
from tests.pim.rtl.test_sequencer import TIMINGS, executed, mixed

pytestmark = pytest.mark.sim


def commands(params: PimParams, code: Sequence[Instruction], waits: Sequence[int], end: int) -> list[Entry]:
    """What the simulator's channel says if words, and room for what is read, are always there."""
    channel = Channel(params, 0)
    channel.arrivals = deque([0] * 100_000)
    channel.read_depth = 1 << 40
    clock = -1
    for one, wait in zip(code, waits, strict=True):
        clock += 1 + wait
        while channel.wake < clock:
            channel.step(channel.wake)
        while channel.full:
            clock = channel.wake + 1
            channel.step(channel.wake)
        channel.push(work_of(params, one).operation, clock + 1)
    while channel.wake < end:
        channel.step(channel.wake)
    return sorted(entries(0, [*channel.bursts, *channel.ahead]))


@pytest.mark.parametrize("gaps", [False, True])
@pytest.mark.parametrize("params", [TINY, *MAC_SYSTEMS.values()], ids=["tiny", *MAC_SYSTEMS])
def test_as_the_sequencer(params, gaps):
    """Random programs and random operations, in one row and with pauses, under four timing tables."""
    rng = np.random.default_rng(7)
    print("seed 7")
    code = [one for one in executed(params, 2, 400) + mixed(params, rng, 2500) if one["mask"] & 1]
    waits = [int(rng.integers(60)) if gaps and rng.random() < 0.2 else 0 for _ in code]
    steps = [replace(step, wait=wait) for step, wait in zip(steps_of(params, code), waits, strict=True)]
    for name, log in run_sequencers(params, TIMINGS, steps).items():
        found = commands(replace(params, timing=TIMINGS[name]), code, waits, log[-1].cycle)
        for own, right in zip(found, log, strict=True):
            assert own == right, name
