"""A channel alone: its commands are the sequencer's, whatever the timing table."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from sim_tb.pim.bench.sequencers import run_sequencers, steps_of
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core import words
from sim_tb.pim.simulate.core.arrays import new_state, system
from tests.pim.machines import MAC_SYSTEMS, TINY
from tests.pim.rtl.test_sequencer import TIMINGS, executed, mixed
from tests.pim.simulate.alone import commands

pytestmark = pytest.mark.sim


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


def test_a_question_changes_nothing():
    """Whether there is room for another word by then is asked for later and for earlier clocks, in any order."""
    numbers, state, channel = system(TINY), new_state(TINY, 0), at.CHANNELS
    for clock in range(numbers[at.WRITE_DEPTH] - 1):
        words.arrive(state, channel, clock)
    state[channel + at.LEAVES_N] = 3
    state[channel + at.LEAVES : channel + at.LEAVES + 3] = 40, 50, 60
    asked = [words.room_from(state, numbers, channel, clock) for clock in (20, 45, 55, 90, 20)]
    assert asked == [40, 45, 55, 90, 40]
