"""Queues, and words on their way between a channel and the ways to SRAM."""

from __future__ import annotations

from sim_tb.pim.simulate.core.layout import (
    ANSWERS,
    ANSWERS_N,
    ARRIVALS,
    ARRIVALS_N,
    ENDS,
    FED,
    FULL,
    LATENCIES,
    LEAVES,
    LEAVES_N,
    NEVER,
    OWED,
    POPS,
    POPS_N,
    QUEUED,
    QUIET,
    READ_DEPTH,
    VALID,
    WAKE,
    WORDS,
    WRITE_DEPTH,
    C,
    F,
)


def push(S, count, queue, value):
    """Another number in a queue of words."""
    if S[count] >= WORDS:
        S[FULL] = 1
        return
    S[queue + S[count]] = value
    S[count] += 1


def drop(S, count, queue, many):
    """The oldest numbers leave a queue."""
    left = S[count] - many
    for i in range(left):
        S[queue + i] = S[queue + many + i]
    S[count] = left


def poke(S, unit, clock):
    """What a job may wait for is there in a clock."""
    if S[unit + VALID] and S[unit + ENDS] == NEVER and clock < S[unit + WAKE]:
        S[unit + WAKE] = clock


def leave(S, c, clock):
    """Words that have left by a clock make room."""
    gone = 0
    while gone < S[c + LEAVES_N] and S[c + LEAVES + gone] <= clock:
        gone += 1
    if gone:
        drop(S, c + LEAVES_N, c + LEAVES, gone)
        S[c + QUEUED] -= gone


def room_from(S, P, c, clock):
    """The first clock from this one on in which another word may be read, as far as known."""
    gone, known = 0, S[c + LEAVES_N]
    while gone < known and S[c + LEAVES + gone] <= clock:
        gone += 1
    beyond = S[c + QUEUED] - gone - P[WRITE_DEPTH] + 2
    # A word that was read in the clock before this one has not entered yet.
    if beyond - (1 if S[c + FED] == clock - 1 else 0) <= 0:
        return clock
    return S[c + LEAVES + gone + beyond - 1] if gone + beyond <= known else NEVER


def took(S, P, c, first, last, code):
    """The oldest words were taken for commands, the first one and the last one in these clocks."""
    S[c + QUIET] = last + P[LATENCIES + code] + 2
    poke(S, F, first + P[LATENCIES + code])


def room(S, P, c, when):
    """The first clock from one on in which there is room for another answer, as far as known."""
    gone = 0
    while gone < S[c + POPS_N] and S[c + POPS + gone] <= when:
        gone += 1
    if gone:
        drop(S, c + POPS_N, c + POPS, gone)
        S[c + OWED] -= gone
    if S[c + OWED] < P[READ_DEPTH]:
        return when
    return S[c + POPS] if S[c + POPS_N] else NEVER


def answer(S, P, c, when, code):
    """A command that reads leaves in a clock in which there is room."""
    room(S, P, c, when)
    S[c + OWED] += 1
    there = when + P[LATENCIES + code] + 2
    push(S, c + ANSWERS_N, c + ANSWERS, there)
    poke(S, C, there)


def pop(S, c, clock):
    """The oldest answer is taken in a clock."""
    drop(S, c + ANSWERS_N, c + ANSWERS, 1)
    push(S, c + POPS_N, c + POPS, clock + 1)
    poke(S, c, clock + 1)


def arrive(S, c, clock):
    """A word enters the channel's queue: it can be used two clocks after it was read."""
    leave(S, c, clock)
    S[c + QUEUED] += 1
    S[c + FED] = clock
    push(S, c + ARRIVALS_N, c + ARRIVALS, clock + 2)
    poke(S, c, clock + 2)
