"""The lanes of the vector unit in time, and the scan beside them: beats on their way, and what is written."""

from __future__ import annotations

from hdl.pim.vector.reader import AHEAD
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.turns import ends_at, oldest_of, stage_of

#: SRAM words that an address tells apart.
ADDRESSES = 1 << 16
#: Clocks from a request that is granted to the first clock in which what it brings can be taken.
TRANSFER = 2
#: In the place of a stride: the beat comes at once.
WHOLE = -1
#: Bits of a set of operands.
SET_BITS = 3
ASKED_MASK = (1 << SET_BITS * AHEAD) - 1


# --- operands ---------------------------------------------------------------------------------------------------------
def word_of(S, P, o):
    """The SRAM word that an operand asks for; only while beats are waiting."""
    place, stride = S[o + O_WAIT], S[o + O_WAIT + 1]
    return place if stride == WHOLE else (place + S[o + O_COUNT] * stride) // P[LANES] % ADDRESSES


def wait(S, o, place, stride):
    """Another beat of an operand waits."""
    if S[o + O_WAITING] >= BEATS:
        S[FULL] = 1
        return
    at = o + O_WAIT + 2 * S[o + O_WAITING]
    S[at], S[at + 1] = place, stride
    S[o + O_WAITING] += 1


def grant(S, P, o):
    """The request of an operand is granted."""
    if S[o + O_WAIT + 1] != WHOLE:
        S[o + O_COUNT] += 1
        if S[o + O_COUNT] < P[VECTOR_LANES]:
            return
        S[o + O_COUNT] = 0
    S[o + O_WAITING] -= 1
    for i in range(2 * S[o + O_WAITING]):
        S[o + O_WAIT + i] = S[o + O_WAIT + 2 + i]
    S[o + O_CLOCK + S[o + O_THERE]] = S[NOW] + TRANSFER
    S[o + O_THERE] += 1


def take_beat(S, o):
    """The lanes take the oldest beat."""
    S[o + O_THERE] -= 1
    for i in range(S[o + O_THERE]):
        S[o + O_CLOCK + i] = S[o + O_CLOCK + 1 + i]


def all_there(S):
    """All that is due in this clock is there."""
    due = S[ASKED] >> SET_BITS * (AHEAD - 1)
    for i in range(3):
        o = OPERANDS + i * OPERAND
        if due >> i & 1 and not (S[o + O_THERE] and S[o + O_CLOCK] <= S[NOW]):
            return False
    return True


# --- lanes ------------------------------------------------------------------------------------------------------------
def clock_lanes(S, P, granted, written):
    """Advance by one clock, before the turns do."""
    if (written or S[WRITING] < 0) and all_there(S):
        due = S[ASKED] >> SET_BITS * (AHEAD - 1)
        for i in range(3):
            if due >> i & 1:
                take_beat(S, OPERANDS + i * OPERAND)
        advance_lanes(S, P)
    for i in range(3):
        if granted >> i & 1:
            grant(S, P, OPERANDS + i * OPERAND)


def put_word(S, count, words, step, word):
    """A word will be asked for in a step."""
    S[words + step % RING] = word
    S[count] += 1


def put_result(S, step, which, offset, last):
    """A result will come out of the lanes in a step."""
    at = RESULTS + 3 * (step % RING)
    S[at], S[at + 1], S[at + 2] = which, offset, last
    S[RESULTS_N] += 1


def put_back(S, step, which, offset, last, number):
    """A result will begin its next pass in a step."""
    at = BACK + 4 * (step % RING)
    S[at], S[at + 1], S[at + 2], S[at + 3] = which, offset, last, number
    S[BACK_N] += 1


def advance_lanes(S, P):
    """A step."""
    step, front = S[STEP], S[FRONT]
    if S[LAST_OF] >= 0:
        ends_at(S, S[NOW], S[LAST_OF])
    S[WRITING] = S[LAST_OF] = -1
    if S[RESULTS + 3 * (step % RING)] >= 0:
        result(S, P, step)
    asked = whole = 0
    if S[BACK + 4 * (step % RING)] >= 0:
        go_back(S, P, step)
        whole = 1
    elif front >= 0:
        found = go_beat(S, P, step, front)
        asked, whole = found & 1, found >> 1
    if front < 0:
        take_phase(S, P, 0)
    if S[B_WORDS + step % RING] >= 0:
        wait(S, OPERANDS + OPERAND, S[B_WORDS + step % RING], WHOLE)
        S[B_WORDS + step % RING] = -1
        S[B_N] -= 1
        asked |= 2
    if S[C_WORDS + step % RING] >= 0:
        wait(S, OPERANDS + 2 * OPERAND, S[C_WORDS + step % RING], WHOLE)
        S[C_WORDS + step % RING] = -1
        S[C_N] -= 1
        asked |= 4
    S[ASKED] = (S[ASKED] << SET_BITS | asked) & ASKED_MASK
    S[WHOLES] = (S[WHOLES] << 1 | whole) & ((1 << P[FULL_CHAIN] - P[SHORT_CHAIN]) - 1)
    S[STEP] = step + 1


def go_beat(S, P, step, front):
    """A beat of the phase in front goes, if it is in nobody's way: operand b, the end of the lanes, sums.

    Returns 1 if operand a is asked for, and 2 more if the beat is for the whole chain.
    """
    task, stage, offset = TASKS + front * TASK, stage_of(S, P, front), S[OFFSET]
    b, c, early, sums = P[stage + G_B], P[stage + G_C], P[stage + G_EARLY], P[stage + G_SUMS]
    if (
        (b >= 0 and S[B_WORDS + (step + b) % RING] >= 0)
        or (early and S[WHOLES] >> (P[FULL_CHAIN] - P[SHORT_CHAIN] - 1) & 1)
        or (sums and not offset and step < S[OPENS])
    ):
        return 0
    last, asked, whole = 1 if not S[LEFT_BEATS] else 0, 0, 0
    if P[stage + G_VECTOR]:
        asked = 1
        if P[stage + G_GATHERS]:
            place = (S[task + T_A] + offset * S[task + T_STRIDE]) * P[LANES]
            wait(S, OPERANDS, place % (ADDRESSES * P[LANES]), S[task + T_STRIDE])
        else:
            wait(S, OPERANDS, (S[task + T_A] + offset) % ADDRESSES, WHOLE)
    if b >= 0:
        put_word(S, B_N, B_WORDS, step + b, (S[task + T_B] + offset) % ADDRESSES)
    if c >= 0:
        put_word(S, C_N, C_WORDS, step + c, (S[task + T_C] + offset) % ADDRESSES)
    if early:
        put_result(S, step + AHEAD + P[SHORT_CHAIN], front, offset, last)
    else:
        whole = 1
        if P[stage + G_AGAINS]:
            put_back(S, step + P[FULL_CHAIN], front, offset, last, 0)
        elif last or not sums:
            put_result(S, step + AHEAD + P[FULL_CHAIN], front, offset, last)
    S[LEFT_BEATS] -= 1
    S[OFFSET] = (offset + P[PER_BEAT]) % ADDRESSES
    if last:
        if sums:
            S[OPENS] = step + 1 + P[GAP]
        take_phase(S, P, sums)
    return asked + 2 * whole


def result(S, P, step):
    """A result comes out of the lanes."""
    at = RESULTS + 3 * (step % RING)
    which, offset, last = S[at], S[at + 1], S[at + 2]
    S[at] = -1
    S[RESULTS_N] -= 1
    task, stage = TASKS + which * TASK, stage_of(S, P, which)
    if P[stage + G_WRITES]:
        S[LAST_OF] = which if last else -1
        if P[stage + G_SINGLE]:
            S[WRITING] = S[task + T_B]
        elif not P[stage + G_PACKS]:
            S[WRITING] = (S[task + T_D] + offset) % ADDRESSES
        elif last or offset & P[PER_BEAT]:
            # Two beats are as many bytes as one has elements.
            S[WRITING] = (S[task + T_D] + (offset // 2 & -P[PER_BEAT])) % ADDRESSES
    else:
        ends_at(S, S[NOW] + (P[SUM_LATENCY] if P[stage + G_SUMS] else 0), which)


def go_back(S, P, step):
    """A result begins its next pass."""
    at = BACK + 4 * (step % RING)
    which, offset, last, number = S[at], S[at + 1], S[at + 2], S[at + 3]
    S[at] = -1
    S[BACK_N] -= 1
    task, stage = TASKS + which * TASK, stage_of(S, P, which)
    again = P[stage + G_AGAIN + number]
    if again >= 0:
        put_word(S, B_N, B_WORDS, step + again, (S[task + T_A] + offset) % ADDRESSES)
    if number + 1 < P[stage + G_AGAINS]:
        put_back(S, step + P[FULL_CHAIN], which, offset, last, number + 1)
    else:
        put_result(S, step + AHEAD + P[FULL_CHAIN], which, offset, last)


def take_phase(S, P, closed):
    """The next phase comes to the front: a number, or else a sum if one may begin, or else a vector."""
    wants = S[NUMBERS]
    if not wants and not closed and S[OPENS] <= S[STEP] + 1:
        wants = S[SUMS]
    if not wants:
        wants = S[VECTORS]
    S[OFFSET] = 0
    if not wants:
        S[FRONT], S[LEFT_BEATS] = -1, 0
        return
    which = oldest_of(S, P, wants)
    S[FRONT] = which
    others = ~(1 << which)
    S[NUMBERS] &= others
    S[SUMS] &= others
    S[VECTORS] &= others
    S[LEFT_BEATS] = S[TASKS + which * TASK + T_BEATS] if P[stage_of(S, P, which) + G_VECTOR] else 0


def next_step(S, count, ring, size):
    """The next step under which something is noted."""
    if not S[count]:
        return NEVER
    step = S[STEP]
    while S[ring + size * (step % RING)] < 0:
        step += 1
    return step


def rest_lanes(S, P):
    """Clocks in which they only hand on what they hold."""
    if S[WRITING] >= 0:
        return 0
    for i in range(3):
        if S[OPERANDS + i * OPERAND + O_WAITING]:
            return 0
    step, rest = S[STEP], NEVER
    if S[FRONT] < 0:
        if S[NUMBERS] or S[VECTORS]:
            return 0
        if S[SUMS]:
            rest = S[OPENS] - step - 1
    else:
        rest = S[OPENS] - step if P[stage_of(S, P, S[FRONT]) + G_SUMS] and not S[OFFSET] else 0
    if rest <= 0 or not all_there(S):
        return 0
    comes = min(
        min(next_step(S, RESULTS_N, RESULTS, 3), next_step(S, BACK_N, BACK, 4)),
        min(next_step(S, B_N, B_WORDS, 1), next_step(S, C_N, C_WORDS, 1)),
    )
    return min(rest, comes - step)


def skip_lanes(S, P, clocks):
    """Advance by clocks in which they rest."""
    S[STEP] += clocks
    for _ in range(min(clocks, AHEAD)):
        due = S[ASKED] >> SET_BITS * (AHEAD - 1)
        for i in range(3):
            if due >> i & 1:
                take_beat(S, OPERANDS + i * OPERAND)
        S[ASKED] = S[ASKED] << SET_BITS & ASKED_MASK
    S[WHOLES] = S[WHOLES] << min(clocks, P[FULL_CHAIN]) & ((1 << P[FULL_CHAIN] - P[SHORT_CHAIN]) - 1)


# --- the scan ---------------------------------------------------------------------------------------------------------
def clock_scan(S, P, granted):
    """Advance by one clock, before the turns do."""
    if granted:
        S[SCAN_OPENS] = S[NOW] + 1 + P[SCAN_GAP]
        if S[SCAN_BEATS]:
            S[SCAN_BEATS] -= 1
            S[SCAN_WORD] = (S[SCAN_WORD] + P[PER_BEAT]) % ADDRESSES
        else:
            S[SCAN_WORD] = -1
            scans = P[stage_of(S, P, S[SCAN_WHICH]) + G_SCANS]
            ends_at(S, S[NOW] + (P[SCAN_GREATEST] if scans == 1 else P[SCAN_SUM]), S[SCAN_WHICH])
    elif S[SCAN_WORD] < 0 and S[SCANS] and S[NOW] >= S[SCAN_OPENS]:
        which = oldest_of(S, P, S[SCANS])
        S[SCAN_WHICH] = which
        S[SCANS] &= ~(1 << which)
        S[SCAN_BEATS], S[SCAN_WORD] = S[TASKS + which * TASK + T_BEATS], S[TASKS + which * TASK + T_A]


def rest_scan(S):
    """Clocks in which it asks for nothing, and no vector begins."""
    if S[SCAN_WORD] >= 0:
        return 0
    return max(S[SCAN_OPENS] - S[NOW], 0) if S[SCANS] else NEVER
