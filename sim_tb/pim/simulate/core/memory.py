"""The ports of the SRAM: what is served in a clock; and the data mover."""

from __future__ import annotations

from sim_tb.pim.simulate.core.carriers import pass_accesses
from sim_tb.pim.simulate.core.channel import freed
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.vector import clock_vector, requested, rest_vector, skip_vector


def begin_span(S, count, spans, clock):
    """Something begins beside operations."""
    if S[count] >= SPANS:
        S[FULL] = 1
        return
    S[spans + 2 * S[count]], S[spans + 2 * S[count] + 1] = clock, NEVER
    S[count] += 1


def ask(S, count, words, first, many):
    """A port asks for words that follow each other."""
    S[words + 2 * S[count]], S[words + 2 * S[count] + 1] = first, many
    S[count] += 1


def asked(S, P, count, words, first, many):
    """A port before asks for a bank of some words: the low bits of an address choose it."""
    for i in range(S[count]):
        other, others = S[words + 2 * i], S[words + 2 * i + 1]
        if (first - other) & P[LOW] < others or (other - first) & P[LOW] < many:
            return True
    return False


def start_move(S, clock, out, address, count):
    """IN or OUT begins in a clock."""
    S[M_OUT], S[M_ADDRESS], S[M_LEFT] = out, address, count
    S[M_QUIET] = NEVER
    begin_span(S, MOVES_N, MOVING, clock + 1)
    S[M_WAKE] = clock + 1 if out or S[M_INPUTS] else NEVER


def movable(S):
    """Words that the mover can move now, one after the other."""
    return S[M_LEFT] if S[M_OUT] else min(S[M_LEFT], S[M_INPUTS])


def moved(S, clock, count):
    """So many words have been moved, from a clock on."""
    S[M_WORDS] += count
    S[M_LEFT] -= count
    S[M_ADDRESS] += count
    if not S[M_OUT]:
        S[M_INPUTS] -= count
    S[M_WAKE] = clock + count if movable(S) else NEVER
    if not S[M_LEFT]:
        # What is read is with the host two clocks later.
        S[M_QUIET] = clock + count + 2 * S[M_OUT]
        S[MOVING + 2 * S[MOVES_N] - 1] = S[M_QUIET]
        freed(S, S[M_QUIET])


def next_access(S, u, clock):
    """The next clock after this one in which a carrier uses SRAM."""
    for i in range(S[u + ACCESSES_N]):
        when = S[u + ACCESS + 2 * ((S[u + ACCESSES_FIRST] + i) % ACCESSES)]
        if when > clock:
            return when
    return NEVER


def step_memory(S, P, clock, horizon):
    """A clock; several where nothing else happens before ``horizon``, and nothing that others see changes."""
    while True:
        pass_accesses(S, F, clock)
        pass_accesses(S, C, clock)
        S[READS_N] = S[WRITES_N] = 0
        if S[F + ACCESSES_N] and S[F + ACCESS + 2 * S[F + ACCESSES_FIRST]] == clock:
            ask(S, READS_N, READS, S[F + ACCESS + 2 * S[F + ACCESSES_FIRST] + 1], 1)
        if S[C + ACCESSES_N] and S[C + ACCESS + 2 * S[C + ACCESSES_FIRST]] == clock:
            ask(S, WRITES_N, WRITES, S[C + ACCESS + 2 * S[C + ACCESSES_FIRST] + 1], 1)
        if S[DUE] <= clock:
            calculate(S, P, clock)
        if S[M_WAKE] <= clock:
            out = S[M_OUT]
            if asked(S, P, READS_N if out else WRITES_N, READS if out else WRITES, S[M_ADDRESS], 1):
                S[M_WAKE] = clock + 1
                return
            until = min(horizon, S[DUE], next_access(S, F, clock), next_access(S, C, clock))
            moved(S, clock, max(1, min(movable(S), until - clock)))
            return
        if S[SHOWN] or S[DUE] >= min(horizon, S[M_WAKE]):
            return
        clock = S[DUE]


def calculate(S, P, clock):
    """A clock of the vector unit."""
    if S[TIME] < clock:
        skip_vector(S, P, clock - S[TIME])
    granted = written = 0
    for port in range(4):
        word = requested(S, P, port)
        if word >= 0:
            if not asked(S, P, READS_N, READS, word, P[PER_BEAT]):
                granted |= 1 << port
            ask(S, READS_N, READS, word, P[PER_BEAT])
    if S[WRITING] >= 0:
        written = 0 if asked(S, P, WRITES_N, WRITES, S[WRITING], P[PER_BEAT]) else 1
        ask(S, WRITES_N, WRITES, S[WRITING], P[PER_BEAT])
    if S[DONE]:
        S[GIVES + S[GIVES_N]] = S[TARGET]
        S[GIVES_N] += 1
    free, active, givers = S[FREE], S[ACTIVE], S[GIVERS]
    clock_vector(S, P, granted, written)
    S[TIME] = clock + 1
    S[DUE] = min(S[TIME] + rest_vector(S, P), NEVER)
    S[SHOWN] = 1 if free != S[FREE] or active != S[ACTIVE] or (givers > 0) != (S[GIVERS] > 0) else 0
    if S[SHOWN]:
        freed(S, clock + 1)
        if not active and S[ACTIVE]:
            begin_span(S, VECTOR_N, CALCULATING, clock + 1)
        elif active and not S[ACTIVE]:
            S[CALCULATING + 2 * S[VECTOR_N] - 1] = clock + 1
