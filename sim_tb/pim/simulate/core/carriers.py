"""Feeder and collector: words between SRAM and the channels, one a clock."""

from __future__ import annotations

from sim_tb.pim.simulate.core.channel import freed
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.words import arrive, pop, room_from


def push_job(S, u, R, r, size, clock):
    """A job of a carrier, there from a clock on."""
    at = u + CARRIER_JOBS + S[u + CARRIER_JOBS_N] * 10
    S[at] = clock
    for i in range(size):
        S[at + 1 + i] = R[r + i]
    S[u + CARRIER_JOBS_N] += 1
    if not S[u + VALID] and clock < S[u + WAKE]:
        S[u + WAKE] = clock


def access(S, u, clock, word):
    """A word is read or written in a clock."""
    if S[u + ACCESSES_N] >= ACCESSES:
        S[FULL] = 1
        return
    at = u + ACCESS + 2 * ((S[u + ACCESSES_FIRST] + S[u + ACCESSES_N]) % ACCESSES)
    S[at], S[at + 1] = clock, word
    S[u + ACCESSES_N] += 1
    S[u + CARRIED] += 1


def pass_accesses(S, u, clock):
    """Those before a clock are over."""
    while S[u + ACCESSES_N] and S[u + ACCESS + 2 * S[u + ACCESSES_FIRST]] < clock:
        S[u + ACCESSES_FIRST] = (S[u + ACCESSES_FIRST] + 1) % ACCESSES
        S[u + ACCESSES_N] -= 1


def ended(S, count, ranges, clock):
    """The oldest range that counts does so no longer from a clock on."""
    for i in range(S[count]):
        if S[ranges + 3 * i + 2] == NEVER:
            S[ranges + 3 * i + 2] = clock
            return


def turn_carrier(S, u, clock):
    """End the job at work; begin the next one, if it is there."""
    if S[u + VALID]:
        S[u + VALID] = 0
        S[u + ENDS] = NEVER
        S[u + BASE] = max(S[u + BASE], clock + 1)
        if u == C:
            ended(S, COLLECTS_N, COLLECTS, clock + 2)
            S[u + QUIET] = clock + 2
        elif not S[u + CARRIER_JOB + J_ZERO]:
            ended(S, FEEDS_N, FEEDS, clock + 1)
        freed(S, clock + 1)
    if S[u + CARRIER_JOBS_N] and S[u + CARRIER_JOBS] <= clock:
        S[u + VALID] = 1
        for i in range(9):
            S[u + CARRIER_JOB + i] = S[u + CARRIER_JOBS + 1 + i]
        for i in range(10):
            S[u + CARRIER_JOBS + i] = S[u + CARRIER_JOBS + 10 + i]
        S[u + CARRIER_JOBS_N] -= 1
        job = u + CARRIER_JOB
        if u == C:
            S[C + C_MASK] = S[job + K_MASK]
            S[C + C_INDEX] = S[C + C_TURN] = 0
        else:
            S[F + F_ADDRESS] = S[F + F_START] = S[job + J_ADDRESS]
            S[F + F_LEFT], S[F + F_MORE] = S[job + J_WORDS], S[job + J_MORE]
            S[F + F_INDEX] = S[F + F_WHO] = 0
        S[u + BASE] = clock + 1
        freed(S, clock + 1)


def step_carrier(S, P, u, clock):
    """Go ahead as far as possible."""
    pass_accesses(S, u, clock)
    while True:
        if not S[u + VALID] or S[u + ENDS] <= clock:
            turn_carrier(S, u, clock)
            if not S[u + VALID]:
                S[u + WAKE] = S[u + CARRIER_JOBS] if S[u + CARRIER_JOBS_N] else NEVER
                return
        if S[u + ENDS] == NEVER and not (collect(S, P) if u == C else feed(S, P)):
            S[u + WAKE] = NEVER
            return
        if S[u + ENDS] > clock:
            S[u + WAKE] = S[u + ENDS]
            return


def feed(S, P):
    """Words as long as there is room; False if there is none that is known of."""
    job = F + CARRIER_JOB
    mask, half = S[job + J_MASK], S[job + J_HALF]
    while True:
        targets = mask
        if S[job + J_EACH]:
            targets &= 1 << S[F + F_WHO]
        elif S[job + J_SLOT]:
            targets &= P[SLOTS + S[F + F_INDEX]]
        # The first clock in which all have room, as far as known.
        when, least = S[F + BASE], -1
        while when != least and when != NEVER:
            least = when
            for number in range(P[N_CHANNELS]):
                if targets >> number & 1:
                    when = room_from(S, P, CHANNELS + number * CHANNEL, when)
        if when == NEVER:
            return False
        for number in range(P[N_CHANNELS]):
            if targets >> number & 1:
                c = CHANNELS + number * CHANNEL
                arrive(S, c, when)
                if P[N_BUFFERS] > 1 and when + 2 < S[c + WAKE]:
                    S[c + WAKE] = when + 2
        if targets:
            S[F + QUIET] = when + 2
            if not S[job + J_ZERO]:
                access(S, F, when, S[F + F_ADDRESS])
        S[F + BASE] = when + 1
        S[F + QUIET] = max(S[F + QUIET], when + 1)
        further = 1 if half < 0 else (S[F + F_INDEX] + half) & 1
        S[F + F_ADDRESS] = (S[F + F_ADDRESS] + further) & 0xFFFF
        S[F + F_LEFT] -= 1
        S[F + F_INDEX] += 1
        if not S[F + F_LEFT]:
            if not S[F + F_MORE] and (not S[job + J_EACH] or S[F + F_WHO] == P[N_CHANNELS] - 1):
                S[F + ENDS] = when
                return True
            S[F + F_START] = S[F + F_ADDRESS] = (S[F + F_START] + S[job + J_STRIDE]) & 0xFFFF
            S[F + F_LEFT] = S[job + J_WORDS]
            if S[job + J_EACH]:
                S[F + F_WHO] += 1
            else:
                S[F + F_INDEX] = 0
                S[F + F_MORE] -= 1


def collect(S, P):
    """Words as long as there are; False if there is none that is known of."""
    job = C + CARRIER_JOB
    while True:
        number = 0
        while not S[C + C_MASK] >> number & 1:
            number += 1
        c = CHANNELS + number * CHANNEL
        if not S[c + ANSWERS_N]:
            return False
        when = max(S[C + BASE], S[c + ANSWERS])
        pop(S, c, when)
        place = S[C + C_TURN] * S[job + K_STRIDE] + (P[PLACES + number] if S[job + K_SLOT] else 0)
        access(S, C, when + 1, (S[job + K_ADDRESS] + S[C + C_INDEX] + place) & 0xFFFF)
        S[C + BASE] = when + 1
        S[C + C_INDEX] += 1
        if S[C + C_INDEX] == S[job + K_WORDS]:
            S[C + C_INDEX] = 0
            S[C + C_MASK] &= S[C + C_MASK] - 1
            if not S[C + C_MASK]:
                if S[C + C_TURN] == S[job + K_MORE]:
                    S[C + ENDS] = when
                    return True
                S[C + C_TURN] += 1
                S[C + C_MASK] = S[job + K_MASK]
