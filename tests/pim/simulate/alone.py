"""A channel of the core alone, with words and room for what is read always there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from hdl.params.pim import Instruction, PimParams
from sim_tb.pim import Entry
from sim_tb.pim.simulate.bus import entries
from sim_tb.pim.simulate.core.arrays import Numbers, new_state, row_of, system
from sim_tb.pim.simulate.core.channel import push_operation, step_channel
from sim_tb.pim.simulate.core.layout import (
    ANSWERS_N,
    ARRIVALS_N,
    CHANNELS,
    ENTRY,
    FULL,
    JOBS_N,
    LEAVES_N,
    LOG_N,
    NEVER,
    OWED,
    WAKE,
)
from sim_tb.pim.simulate.core.native import Native
from sim_tb.pim.simulate.work import work_of

__all__ = ["commands", "noted"]

#: Words that are always there: more than an operation takes.
MANY = 256
#: Commands and other things that are noted.
MOST = 1 << 18


def step(S, P, L):
    """The channel's next step."""
    S[CHANNELS + ARRIVALS_N] = MANY
    S[CHANNELS + LEAVES_N] = S[CHANNELS + ANSWERS_N] = S[CHANNELS + OWED] = 0
    step_channel(S, P, L, CHANNELS, S[CHANNELS + WAKE])


def drive(S, P, R, waits, L, end):
    """Operations one after the other, each some clocks after the one before or as soon as there is room."""
    clock = -1
    for i in range(len(waits)):
        clock += 1 + waits[i]
        while S[CHANNELS + WAKE] < clock:
            step(S, P, L)
        while S[CHANNELS + JOBS_N] >= 8:
            clock = S[CHANNELS + WAKE] + 1
            step(S, P, L)
        push_operation(S, P, CHANNELS, R, 9 * i, clock + 1)
    while S[CHANNELS + WAKE] < end:
        step(S, P, L)


native = Native(drive)


def noted(params: PimParams, code: Sequence[Instruction], waits: Sequence[int], end: int) -> Numbers:
    """What the core's channel notes of instructions and the clocks before each."""
    operations = row_of([number for one in code for number in work_of(params, one).operation])
    state, found = new_state(params, 0), np.zeros(ENTRY * MOST, np.int64)
    native.drive(state, system(params), operations, row_of(waits), found, end)
    assert not state[FULL]
    return found[: ENTRY * state[LOG_N]]


def commands(params: PimParams, code: Sequence[Instruction], waits: Sequence[int], end: int) -> list[Entry]:
    """The commands among that."""
    return entries(noted(params, code, waits, end), NEVER)
