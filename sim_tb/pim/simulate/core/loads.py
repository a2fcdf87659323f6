"""Loads of global buffers that wait behind other operations, and go on while banks work."""

from __future__ import annotations

from hdl.params.pim import COMMANDS
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.words import drop, push, took

MAC_AB, WR_GB = COMMANDS["MAC_AB"].code, COMMANDS["WR_GB"].code


def begin_loads(S, P, c):
    """An operation is taken from the queue, and is at work from the next clock on."""
    S[c + PICK] = max(-1, S[c + PICK] - 1)
    S[c + STALE] = 1
    code = S[c + CODE]
    S[c + TAKING], S[c + GIVING] = P[TAKES + code], P[GIVING_CODES + code]
    S[c + READING] = S[c + GBS] if code == MAC_AB else 0


def end_loads(S, c):
    """No operation is at work."""
    S[c + TAKING] = S[c + GIVING] = S[c + READING] = 0
    S[c + STALE] = 1


def occupy(S, c, first, step, many):
    """The operation at work, or a refresh, has commands in these clocks."""
    if S[c + BUSY_N] >= BUSY:
        S[FULL] = 1
        return
    at = c + BUSIES + 3 * S[c + BUSY_N]
    S[at], S[at + 1], S[at + 2] = first, step, first + (many - 1) * step
    S[c + BUSY_N] += 1


def wrote(S, P, c, when, buffers):
    """A word of some buffers leaves in a clock."""
    for i in range(P[N_BUFFERS]):
        if buffers >> i & 1:
            S[c + FILLED + i] = when + P[ARRIVES]


def filled(S, P, c, buffers):
    """From when on a MAC may read buffers."""
    found = 0
    for i in range(P[N_BUFFERS]):
        if buffers >> i & 1:
            found = max(found, S[c + FILLED + i])
    return found


def load_ready(S, c):
    """From when on the next word may be sent, as far as it is not the operation at work that forbids it."""
    return max(S[c + READY + WR_GB], S[c + ARRIVALS]) if S[c + ARRIVALS_N] else NEVER


def find_load(S, P, c, clock):
    """Pick one, if there is one that can go on."""
    reads, free = S[c + READING], not S[c + TAKING]
    for i in range(S[c + JOBS_N]):
        at = c + JOB + 10 * i
        if not free or S[at] > clock:
            return
        code, times, buffers = S[at + 1], S[at + 6], S[at + 7]
        if code == WR_GB and times and not buffers & reads:
            S[c + PICK] = i
            return
        free = not P[TAKES + code] or (code == WR_GB and not times)
        if code == MAC_AB:
            reads |= buffers


def bus_free(S, c, clock):
    """The operation at work neither reads nor has a command in a clock."""
    kept, taken = 0, False
    for i in range(S[c + BUSY_N]):
        at = c + BUSIES + 3 * i
        first, step, last = S[at], S[at + 1], S[at + 2]
        if last >= clock:
            to = c + BUSIES + 3 * kept
            S[to], S[to + 1], S[to + 2] = first, step, last
            kept += 1
            if first <= clock and (clock - first) % step == 0:
                taken = True
    S[c + BUSY_N] = kept
    return not (taken or S[c + GIVING])


def load(S, P, L, c, clock):
    """An operation that waits sends a word in this clock, if it can, or is picked; the next clock to look again.

    Called once the commands of the operation at work in this clock are known.
    """
    if S[c + LOOK] <= clock:
        S[c + LOOK] = clock + 1
        if S[c + PICK] < 0:
            S[c + STALE] = 0
            find_load(S, P, c, clock)
        elif load_ready(S, c) <= clock and bus_free(S, c, clock):
            at = c + JOB + 10 * S[c + PICK]
            send_ahead(S, P, L, c, clock, S[at + 5])
            wrote(S, P, c, clock, S[at + 7])
            S[at + 5] += 1
            S[at + 6] -= 1
            if S[at + 6] == 0:
                S[c + PICK], S[c + STALE] = -1, 1
    if S[c + PICK] >= 0:
        return NEVER if S[c + GIVING] else max(clock + 1, load_ready(S, c))
    found = NEVER
    for i in range(S[c + JOBS_N]):
        at = c + JOB + 10 * i
        if S[c + STALE] and S[at + 1] == WR_GB:
            return clock + 1
        if S[at] > clock:
            found = min(found, S[at])
    return found


def send_ahead(S, P, L, c, clock, word):
    """WR_GB of a word, before the turn of its operation."""
    at = S[LOG_N] * ENTRY
    if at + ENTRY > len(L):
        S[FULL] = 1
        return
    for i in range(ENTRY):
        L[at + i] = 0
    L[at + E_CHANNEL] = (c - CHANNELS) // CHANNEL
    L[at + E_FIRST], L[at + E_STEP], L[at + E_MANY] = clock, 1, 1
    L[at + E_CODE], L[at + E_ROW], L[at + E_AHEAD] = WR_GB, word, 1
    S[LOG_N] += 1
    drop(S, c + ARRIVALS_N, c + ARRIVALS, 1)
    push(S, c + LEAVES_N, c + LEAVES, clock + P[LATENCIES + WR_GB])
    took(S, P, c, clock, clock, WR_GB)
    for after in range(CODES):
        S[c + READY + after] = max(S[c + READY + after], clock + P[WAITS + WR_GB * CODES + after])
