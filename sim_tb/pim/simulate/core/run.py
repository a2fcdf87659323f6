"""The machine in time: what is called from outside."""

from __future__ import annotations

from sim_tb.pim.simulate.core import ledger as book
from sim_tb.pim.simulate.core.carriers import step_carrier
from sim_tb.pim.simulate.core.channel import decided, step_channel
from sim_tb.pim.simulate.core.cut import cut
from sim_tb.pim.simulate.core.issuer import FETCH, STARTS_AFTER, begin_program, step_issuer
from sim_tb.pim.simulate.core.join import join
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.memory import begin_span, step_memory
from sim_tb.pim.simulate.core.native import Native

#: Clocks of a segment beyond which nothing will end it but the end of time.
LONGEST = 1 << 24
#: What comes between programs: the host begins one; figures are closed, and begin anew. Or an instruction.
INSTRUCTION, BEGINNING, CLOSING = range(3)
#: How it went: well, it waits for what does not come before a clock, something does not fit, or soon would not.
FINE, STUCK, TOO_MUCH, CROWDED = range(4)
#: Room that is left where what is noted is crowded: nothing is noted more often in a clock.
SPARE = 32


def wake_of(S, P):
    """The next clock in which a unit has something to do."""
    found = min(min(S[DUE], S[M_WAKE]), min(S[F + WAKE], S[C + WAKE]))
    for number in range(P[N_CHANNELS]):
        found = min(found, S[CHANNELS + number * CHANNEL + WAKE])
    return found


def step_units(S, P, L, clock, horizon):
    """All that units do in a clock; nobody but the issuer does anything before a horizon.

    The order makes that each sees the others as they were before this clock.
    """
    for number in range(P[N_CHANNELS]):
        c = CHANNELS + number * CHANNEL
        if S[c + WAKE] <= clock:
            step_channel(S, P, L, c, clock)
    if S[F + WAKE] <= clock:
        step_carrier(S, P, F, clock)
    if min(S[DUE], S[M_WAKE]) <= clock:
        until = min(horizon, S[I_WAKE], min(S[F + WAKE], S[C + WAKE]))
        for number in range(P[N_CHANNELS]):
            until = min(until, S[CHANNELS + number * CHANNEL + WAKE])
        step_memory(S, P, clock, until)
    if S[C + WAKE] <= clock:
        step_carrier(S, P, C, clock)


def advance(S, P, L, until):
    """All that units do before a clock."""
    while True:
        clock = wake_of(S, P)
        if clock >= until or S[FULL]:
            return
        step_units(S, P, L, clock, until)


def crowded(S, most):
    """There may soon be no room for what is noted, or there are so many commands."""
    noted = max(max(S[RESTING_N], S[GIVES_N]), max(S[VECTOR_N], S[MOVES_N]))
    return S[LOG_N] >= most or noted >= SPANS - SPARE


def go(S, P, R, L, limit, most):
    """Go on to where the issuer stops, to a clock, or to so many commands; how it went."""
    while True:
        clock = min(S[I_WAKE], wake_of(S, P))
        until = min(limit, S[CLOCK]) if S[STOPPED] else limit
        if clock >= until:
            S[PRESENT] = until
            return FINE if S[STOPPED] and S[CLOCK] <= limit else STUCK
        if crowded(S, most):
            S[PRESENT] = clock
            return CROWDED
        if S[I_WAKE] <= clock:
            step_issuer(S, P, R, clock)
        else:
            step_units(S, P, L, clock, until)
        if S[FULL]:
            return TOO_MUCH


def clear(T):
    """Count from zero on."""
    for i in range(len(T)):
        T[i] = 0


def begin(S, P, A, T, L, orders, Q, O, clocks):
    """The state so many clocks after reset, before the first program, and what counts until then."""
    advance(S, P, L, clocks)
    begin_span(S, RESTING_N, RESTING, 0)
    book.take(S, P, A, T, L, A[book.NOWHERE : book.ACCOUNTS], clocks)
    return cut(S, P, A, clocks, orders, Q, O)


def finish(S, P, A, T, L, ranks, places, shape, now, until, clocks):
    """What counts in the clocks after the last program."""
    join(S, P, A, now, until, ranks, places, shape)
    clear(T)
    S[FULL] = 0
    S[I_WAKE] = NEVER
    advance(S, P, L, now + clocks)
    begin_span(S, RESTING_N, RESTING, now)
    nowhere = A[book.NOWHERE : book.ACCOUNTS]
    book.take(S, P, A, T, L, nowhere, now + clocks)
    book.finish(S, P, A, T, nowhere)


def ranked(S, P, A, ranks, places, shape, orders, Q, O, now, until):
    """The shape, cut again where rows may have other distances."""
    join(S, P, A, now, until, ranks, places, shape)
    cut(S, P, A, now, orders, Q, O)


def segment(S, P, A, T, R, L, ranks, places, shape, orders, Q, O, now, until, kind, last, info):
    """What instructions do from a state on; how it went.

    The state is in ``ranks``, ``places`` and ``shape``; the next one is in ``Q`` and ``O``. In ``info`` are clocks, the
    least ones until a refresh with which nothing changes (-1: it is for that one alone), clocks until the next one is
    due, the clocks of a MARK and of the end, or -1, with its error, by how many clocks refreshes might be due earlier
    and later with the same in all else, and how many registers were written, followed by these.
    """
    join(S, P, A, now, until, ranks, places, shape)
    clear(T)
    S[WAITING] = S[STOPPED] = S[ERROR] = S[FULL] = 0
    S[RECORD] = S[MARKED] = S[ENDED] = -1
    S[EARLIER] = S[LATER] = NEVER
    S[STAGE], S[LAST] = FETCH, last
    S[CLOCK] = S[I_WAKE] = now
    first, least, how, owed = now, 0, FINE, False
    if kind == CLOSING:
        book.close(S, P, A, T, A[book.NOWHERE : book.ACCOUNTS])
    else:
        if kind == BEGINNING:
            begin_span(S, RESTING_N, RESTING, first)
            begin_program(S, first + STARTS_AFTER)
        if P[INTERVAL]:
            for number in range(P[N_CHANNELS]):
                if (S[CHANNELS + number * CHANNEL + REFRESHES] + 1) * P[INTERVAL] <= first:
                    owed = True
        how = go(S, P, R, L, first + LONGEST, NEVER)
        if how != FINE:
            return how
        now = S[CLOCK]
        # A refresh due after all that was decided is not in the way; one owed from before always is.
        least = now
        for number in range(P[N_CHANNELS]):
            least = max(least, decided(S, P, L, CHANNELS + number * CHANNEL))
        least += 1 - first
        if until >= 0 and (least > until or owed):
            least = -1
        book.take(S, P, A, T, L, A[book.NOWHERE : book.ACCOUNTS], now)
    left = cut(S, P, A, now, orders, Q, O)
    info[0], info[1], info[2] = now - first, least, left
    info[3] = S[MARKED] - first if S[MARKED] >= 0 else -1
    info[4] = S[ENDED] - first if S[ENDED] >= 0 else -1
    info[5] = S[ENDED_ERROR]
    # The next one that is due stays the same one; one that is due right now has not been looked at.
    info[6] = min(S[EARLIER], left - 1) if left < P[INTERVAL] else 0
    info[7] = min(S[LATER], P[INTERVAL] - left)
    info[8] = S[GIVES_N]
    for i in range(S[GIVES_N]):
        info[9 + i] = S[GIVES + i]
    return TOO_MUCH if S[FULL] else FINE


def forget(S, count, spans, now):
    """Spans that are over by a clock."""
    kept = 0
    for i in range(S[count]):
        first, past = S[spans + 2 * i], S[spans + 2 * i + 1]
        if past > now:
            S[spans + 2 * kept], S[spans + 2 * kept + 1] = first, past
            kept += 1
    S[count] = kept


def rest(S, clock):
    """No program runs from a clock on."""
    begin_span(S, RESTING_N, RESTING, clock)


def start(S, clock):
    """The host starts a program in a clock, after a rest."""
    begin_program(S, clock)


def go_on(S, P, A, T, R, L, E, until, most):
    """Go on from the present clock to where the issuer stops, to a clock, or to so many commands; how it went.

    What was noted before is forgotten. What is noted by then is counted.
    """
    forget(S, RESTING_N, RESTING, S[PRESENT])
    forget(S, VECTOR_N, CALCULATING, S[PRESENT])
    forget(S, MOVES_N, MOVING, S[PRESENT])
    S[LOG_N] = S[GIVES_N] = S[F + CARRIED] = S[C + CARRIED] = S[M_WORDS] = 0
    how = go(S, P, R, L, until, most)
    if how != TOO_MUCH:
        book.take(S, P, A, T, L, E, S[PRESENT])
    return TOO_MUCH if S[FULL] else how


def total(S, P, A, T, E):
    """All that counts by the present clock: no more follows."""
    book.finish(S, P, A, T, E)


def count(S, P, A, T):
    """Count from the present clock on."""
    book.close(S, P, A, T, A[book.NOWHERE : book.ACCOUNTS])
    clear(T)


#: The functions that are called from outside.
ENTRIES = (begin, count, finish, go_on, join, ranked, rest, segment, start, total)
native = Native(*ENTRIES)
