"""States without addresses: what is equal wherever the same happens in other rows and other SRAM words.

What a state says of time depends on addresses only by what they are compared with. So a state is cut into two: a
*shape*, in which rows are ranks, SRAM words are banks of the SRAM, and ranges of SRAM that are in use have no place at
all; and the *places*, the rows and ranges themselves. A shape and the relations of its places to those of what comes
next determine the time that it takes. Both are rows of integers.
"""

from __future__ import annotations

from sim_tb.pim.simulate.core import ledger as book
from sim_tb.pim.simulate.core.cut_channel import cut_channel, rows_of
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.row import ENDLESS, put
from sim_tb.pim.simulate.core.vector import skip_vector


def cut(S, P, A, now, orders, Q, O):
    """The shape and the places of a state; clocks until the next refresh is due, or -1 if none ever is.

    ``orders`` are those of the banks before, and then those after.
    """
    if S[TIME] < now:
        skip_vector(S, P, now - S[TIME])
        S[TIME] = now
    rows, ranks = S[SCRATCH : SCRATCH + KEPT_ROWS], S[SCRATCH + KEPT_ROWS : SCRATCH + 2 * KEPT_ROWS]
    count = rows_of(S, P, rows)
    for i in range(count):
        ranks[i] = 0 if i == 0 else ranks[i - 1] + min(P[APART], rows[i] - rows[i - 1])
    until = -1
    if P[INTERVAL]:
        least = NEVER
        for number in range(P[N_CHANNELS]):
            least = min(least, S[CHANNELS + number * CHANNEL + REFRESHES])
        until = ((least + 1) * P[INTERVAL] - now - 1) % P[INTERVAL] + 1
    O[0] = S[OWES] = 0
    for number in range(P[N_CHANNELS]):
        own = orders[number * (P[N_BANKS] + 1) : (number + 1) * (P[N_BANKS] + 1)]
        cut_channel(S, P, CHANNELS + number * CHANNEL, now, until, rows, ranks, count, own, O)
    cut_feeder(S, P, now, O)
    cut_collector(S, P, now, O)
    cut_vector(S, P, O)
    put(O, S[M_INPUTS])
    put(O, S[M_LEFT])
    put(O, max(0, S[M_QUIET] - now) if S[M_QUIET] < NEVER else -1)
    put(O, S[M_WAKE] - now if S[M_WAKE] < NEVER else -1)
    put(O, S[M_ADDRESS] & P[LOW] if S[M_LEFT] else 0)
    put(O, S[M_OUT] if S[M_LEFT] else 0)
    Q[0] = 0
    put(Q, count)
    for i in range(count):
        put(Q, rows[i])
    cut_ranges(S, FEEDS_N, FEEDS, now, Q, O)
    cut_ranges(S, COLLECTS_N, COLLECTS, now, Q, O)
    cut_moved(S, now, Q, O)
    cut_vectors(S, P, Q, O)
    for i in range(len(orders)):
        put(Q, orders[i])
    cut_ledger(P, A, now, O)
    if O[0] == len(O) - 1 or Q[0] == len(Q) - 1:
        S[FULL] = 1
    return until


def cut_carrier(S, u, now, O):
    """What feeder and collector have in common, but jobs and accesses."""
    put(O, S[u + VALID])
    put(O, S[u + ENDS] - now if S[u + ENDS] < NEVER else -1)
    put(O, max(0, S[u + BASE] - now))
    put(O, max(0, S[u + QUIET] - now))


def cut_accesses(S, P, u, now, O):
    """Accesses that lie ahead."""
    put(O, 0)
    place = O[0]
    for i in range(S[u + ACCESSES_N]):
        at = u + ACCESS + 2 * ((S[u + ACCESSES_FIRST] + i) % ACCESSES)
        if S[at] >= now:
            put(O, S[at] - now)
            put(O, S[at + 1] & P[LOW])
            O[place] += 1


def cut_feeder(S, P, now, O):
    """The feeder."""
    cut_carrier(S, F, now, O)
    put(O, S[F + CARRIER_JOBS_N])
    for i in range(S[F + CARRIER_JOBS_N]):
        at = F + CARRIER_JOBS + 10 * i
        put(O, max(0, S[at] - now))
        for j in range(9):
            put(O, S[at + 1 + j] & P[LOW] if j in (J_ADDRESS, J_STRIDE) else S[at + 1 + j])
    if S[F + VALID]:
        going = S[F + ENDS] == NEVER
        for field in (F_ADDRESS, F_START):
            put(O, S[F + field] & P[LOW] if going else 0)
        for field in (F_LEFT, F_INDEX, F_WHO, F_MORE):
            put(O, S[F + field] if going else 0)
        for j in range(9):
            value = S[F + CARRIER_JOB + j]
            put(O, value & P[LOW] if going and j in (J_ADDRESS, J_STRIDE) else value if going or j == J_ZERO else 0)
    cut_accesses(S, P, F, now, O)


def cut_collector(S, P, now, O):
    """The collector."""
    cut_carrier(S, C, now, O)
    put(O, S[C + CARRIER_JOBS_N])
    for i in range(S[C + CARRIER_JOBS_N]):
        at = C + CARRIER_JOBS + 10 * i
        put(O, max(0, S[at] - now))
        for j in range(6):
            put(O, S[at + 1 + j] & P[LOW] if j == K_ADDRESS else S[at + 1 + j])
    if S[C + VALID]:
        going = S[C + ENDS] == NEVER
        for field in (C_MASK, C_INDEX, C_TURN):
            put(O, S[C + field] if going else 0)
        for j in range(6):
            value = S[C + CARRIER_JOB + j]
            put(O, 0 if not going else value & P[LOW] if j == K_ADDRESS else value)
    cut_accesses(S, P, C, now, O)


def counted(S, P, which):
    """An instruction's number in states, where they count from that of the next one on; -1 stays."""
    return (which - S[SLOT]) % P[N_CONTEXTS] if which >= 0 else which


def counted_mask(S, P, mask):
    """A set of instructions as states have it."""
    count = P[N_CONTEXTS]
    return (mask >> S[SLOT] | mask << count - S[SLOT]) & ((1 << count) - 1)


def cut_vector(S, P, O):
    """The vector unit."""
    put(O, counted(S, P, S[OLDEST]))
    for field in (ACTIVE, COMPLETE, NUMBERS, SUMS, VECTORS, SCANS):
        put(O, counted_mask(S, P, S[field]))
    for number in range(P[N_CONTEXTS]):
        which = (number + S[SLOT]) % P[N_CONTEXTS]
        if S[ACTIVE] >> which & 1:
            for field in range(11):
                put(O, S[TASKS + which * TASK + field])
    put(O, S[ENDINGS_N])
    first = O[0]
    for i in range(S[ENDINGS_N]):
        clock, which = S[ENDING + 2 * i] - S[NOW], counted(S, P, S[ENDING + 2 * i + 1])
        at = first + 2 * i
        while at > first and (O[at - 1] > clock or (O[at - 1] == clock and O[at] > which)):
            O[at + 1], O[at + 2] = O[at - 1], O[at]
            at -= 2
        O[at + 1], O[at + 2] = clock, which
    O[0] = first + 2 * S[ENDINGS_N]
    for i in range(3):
        o = OPERANDS + i * OPERAND
        put(O, S[o + O_WAITING])
        put(O, S[o + O_THERE])
        put(O, S[o + O_COUNT])
        for j in range(2 * S[o + O_WAITING]):
            put(O, S[o + O_WAIT + j])
        for j in range(S[o + O_THERE]):
            put(O, max(0, S[o + O_CLOCK + j] - S[NOW]))
    put(O, S[ASKED])
    put(O, counted(S, P, S[FRONT]))
    put(O, S[LEFT_BEATS])
    put(O, S[OFFSET])
    put(O, max(0, S[OPENS] - S[STEP]))
    put(O, S[WHOLES])
    put(O, S[WRITING])
    put(O, counted(S, P, S[LAST_OF]))
    for ring in range(4):
        size = 1 if ring < 2 else 4 if ring == 2 else 3
        base = B_WORDS if ring == 0 else C_WORDS if ring == 1 else BACK if ring == 2 else RESULTS
        put(O, S[B_N + ring])
        left = S[B_N + ring]
        for i in range(RING):
            if not left:
                break
            at = base + size * ((S[STEP] + i) % RING)
            if S[at] >= 0:
                put(O, i)
                put(O, S[at] if size == 1 else counted(S, P, S[at]))
                for j in range(1, size):
                    put(O, S[at + j])
                left -= 1
    put(O, S[SCAN_WORD])
    put(O, counted(S, P, S[SCAN_WHICH]) if S[SCAN_WORD] >= 0 else 0)
    put(O, S[SCAN_BEATS] if S[SCAN_WORD] >= 0 else 0)
    put(O, max(0, S[SCAN_OPENS] - S[NOW]))


def cut_ranges(S, count, ranges, now, Q, O):
    """Ranges of a carrier's jobs that still count."""
    put(O, 0)
    put(Q, 0)
    place, there = O[0], Q[0]
    for i in range(S[count]):
        at = ranges + 3 * i
        if S[at + 2] > now:
            put(O, S[at + 2] - now if S[at + 2] < NEVER else -1)
            put(Q, S[at])
            put(Q, S[at + 1])
            O[place] += 1
            Q[there] += 1


def cut_moved(S, now, Q, O):
    """The range of the mover's job."""
    moving = S[M_QUIET] > now
    put(O, 1 + S[MOVED_WRITES] if moving else 0)
    put(Q, 1 if moving else 0)
    if moving:
        put(Q, S[MOVED])
        put(Q, S[MOVED_PAST])


def cut_vectors(S, P, Q, O):
    """Ranges of the vector unit's instructions."""
    put(Q, 0)
    there = Q[0]
    for number in range(P[N_CONTEXTS]):
        which = (number + S[SLOT]) % P[N_CONTEXTS]
        if S[ACTIVE] >> which & 1:
            many = S[VECTOR_RANGES_N + which]
            put(O, many)
            put(Q, number)
            put(Q, many)
            Q[there] += 1
            for i in range(many):
                at = VECTOR_RANGES + (which * RANGES + i) * 3
                put(O, S[at + 2])
                put(Q, S[at])
                put(Q, S[at + 1])


def cut_ledger(P, A, now, O):
    """The ledger."""
    put(O, A[book.SETTLED] - now)
    put(O, A[book.BESIDE_N])
    for i in range(A[book.BESIDE_N]):
        put(O, A[book.BESIDE + 2 * i] - now)
        put(O, A[book.BESIDE + 2 * i + 1])
    for number in range(P[N_CHANNELS]):
        a = book.ACCOUNTS + number * book.ACCOUNT
        at = A[a + book.AT]
        put(O, at - now)
        put(O, A[a + book.EDGES_N])
        for i in range(A[a + book.EDGES_N]):
            put(O, A[a + book.EDGES + 2 * i] - now)
            put(O, A[a + book.EDGES + 2 * i + 1])
        put(O, A[a + book.WORK_N])
        for i in range(A[a + book.WORK_N]):
            begin, end = A[a + book.WORK + 2 * i], A[a + book.WORK + 2 * i + 1]
            put(O, max(begin, at) - now)
            put(O, end - now if end < NEVER else ENDLESS)
        put(O, A[a + book.PENDING_N])
        for i in range(A[a + book.PENDING_N]):
            for j in range(5):
                put(O, A[a + book.PENDING + 5 * i + j] - (now if j < 2 else 0))
        for field in (book.REFRESHED, book.SWITCHED, book.SWITCHED + 1):
            put(O, max(0, A[a + field] - at))
        put(O, A[a + book.OPENED])
        put(O, A[a + book.HELD])
        put(O, A[a + book.CHANGES_N])
        for i in range(A[a + book.CHANGES_N]):
            put(O, A[a + book.CHANGES + 2 * i] - now)
            put(O, A[a + book.CHANGES + 2 * i + 1])
