"""What is at work in the vector unit: instructions, their ages, and what their phases wait for."""

from __future__ import annotations

from sim_tb.pim.simulate.core.layout import *


def stage_of(S, P, which):
    """The stage that an instruction is in."""
    task = TASKS + which * TASK
    return PLANS + (S[task + T_PLAN] * PHASES + S[task + T_NUMBER]) * STAGE_SIZE


def oldest_of(S, P, wants):
    """The oldest one of a set that is not empty."""
    which = S[OLDEST]
    while not wants >> which & 1:
        which = (which + 1) % P[N_CONTEXTS]
    return which


def ends_at(S, clock, which):
    """A part of an instruction's phase comes to its end in that clock."""
    if S[ENDINGS_N] >= ENDINGS:
        S[FULL] = 1
        return
    S[ENDING + 2 * S[ENDINGS_N]], S[ENDING + 2 * S[ENDINGS_N] + 1] = clock, which
    S[ENDINGS_N] += 1


def next_ending(S):
    """The next clock in which a part ends."""
    found = NEVER
    for i in range(S[ENDINGS_N]):
        found = min(found, S[ENDING + 2 * i])
    return found


def clock_turns(S, P):
    """Advance by one clock, after the lanes and the scan."""
    if S[COMPLETE] or S[STARTS] or S[AGED] or next_ending(S) == S[NOW]:
        turn_over(S, P)
    S[NOW] += 1


def turn_over(S, P):
    """Instructions begin, go on and end."""
    active, slot, complete = S[ACTIVE], S[SLOT], S[COMPLETE]
    S[COMPLETE] = 0
    for which in range(P[N_CONTEXTS]):
        if complete >> which & 1:
            if P[stage_of(S, P, which) + G_FINAL]:
                S[ACTIVE] &= ~(1 << which)
                S[GIVERS] &= ~(1 << which)
            else:
                S[TASKS + which * TASK + T_NUMBER] += 1
                enter(S, P, which)
    kept = 0
    for i in range(S[ENDINGS_N]):
        clock, which = S[ENDING + 2 * i], S[ENDING + 2 * i + 1]
        if clock == S[NOW]:
            S[TASKS + which * TASK + T_LEFT] -= 1
            if not S[TASKS + which * TASK + T_LEFT]:
                S[COMPLETE] |= 1 << which
        else:
            S[ENDING + 2 * kept], S[ENDING + 2 * kept + 1] = clock, which
            kept += 1
    S[ENDINGS_N] = kept
    begins = S[STARTS] > 0
    if begins:
        begin_task(S, P, slot)
        S[SLOT] = (slot + 1) % P[N_CONTEXTS]
    grow_older(S, P, active, slot, begins)
    give(S, P)


def begin_task(S, P, which):
    """An instruction begins; operands that none of its phases looks at are 0."""
    task, plan = TASKS + which * TASK, PLANS + S[START] * PHASES * STAGE_SIZE
    takes_b = takes_c = writes = gathers = 0
    for number in range(PHASES):
        stage = plan + number * STAGE_SIZE
        takes_b |= P[stage + G_B] >= 0 or P[stage + G_SINGLE] > 0 or P[stage + G_AGAINS] > 0
        takes_c |= P[stage + G_C] >= 0
        writes |= P[stage + G_WRITES] > 0
        gathers |= P[stage + G_GATHERS] > 0
        if P[stage + G_FINAL]:
            break
    a, b, c = S[START + 2], S[START + 3], S[START + 4]
    S[task + T_PLAN], S[task + T_NUMBER], S[task + T_A] = S[START], 0, a
    S[task + T_B] = (a if P[plan + G_B_IS_A] else b) if takes_b else 0
    S[task + T_C] = (b if P[plan + G_C_IS_B] else c) if takes_c else 0
    S[task + T_D] = S[START + 5] if writes else 0
    S[task + T_STRIDE] = S[START + 6] if gathers else 0
    S[task + T_BEATS] = (S[START + 1] - 1) % P[BITS] // P[VECTOR_LANES]
    S[task + T_GIVES] = S[START + 8]
    S[task + T_TARGET] = S[START + 7] if S[START + 8] else 0
    S[ACTIVE] |= 1 << which
    S[GIVERS] |= S[START + 8] << which
    enter(S, P, which)


def enter(S, P, which):
    """An instruction enters a phase, which waits for the lanes, and for the scan."""
    stage, bit = stage_of(S, P, which), 1 << which
    S[TASKS + which * TASK + T_LEFT] = P[stage + G_PARTS]
    if P[stage + G_SCANS]:
        S[SCANS] |= bit
    if P[stage + G_SUMS]:
        S[SUMS] |= bit
    elif P[stage + G_VECTOR]:
        S[VECTORS] |= bit
    elif P[stage + G_RUNS]:
        S[NUMBERS] |= bit


def grow_older(S, P, active, slot, begins):
    """The oldest one's number moves on, a step a clock; ``active`` and ``slot`` are those of this clock."""
    # Where they meet, all numbers were in use, or none: one that begins where the oldest one was is the newest.
    older = (begins and active > 0) if S[OLDEST] == slot else not active >> S[OLDEST] & 1
    if older:
        S[OLDEST] = (S[OLDEST] + 1) % P[N_CONTEXTS]
    S[AGED] = 1 if S[OLDEST] != S[SLOT] and not S[ACTIVE] >> S[OLDEST] & 1 else 0


def give(S, P):
    """What can be seen from outside."""
    S[FREE] = 1 - (S[ACTIVE] >> S[SLOT] & 1)
    S[TARGET] = S[DONE] = 0
    giving = S[COMPLETE] & S[GIVERS]
    for which in range(P[N_CONTEXTS]):
        if giving >> which & 1 and P[stage_of(S, P, which) + G_FINAL]:
            S[TARGET] |= S[TASKS + which * TASK + T_TARGET]
            S[DONE] = 1


def skip_turns(S, P, clocks):
    """Advance by clocks in which nothing ends or begins."""
    S[NOW] += clocks
    while S[AGED] and clocks:
        grow_older(S, P, S[ACTIVE], S[SLOT], False)
        clocks -= 1
