"""States from shapes and places, as :mod:`sim_tb.pim.simulate.core.cut` cuts them."""

from __future__ import annotations

from hdl.params.pim import COMMANDS
from sim_tb.pim.simulate.core import ledger as book
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.row import ENDLESS, get, get_clocks, get_queue
from sim_tb.pim.simulate.core.turns import give

WR_GB_CODE = COMMANDS["WR_GB"].code


def join(S, P, A, now, until, ranks, Q, O):
    """Be in the state of a shape at places, at a clock, with a refresh due in so many clocks, and nothing counted.

    ``ranks`` are those of the shape's rows: how many, and these.
    """
    O[0] = Q[0] = 0
    count = get(Q)
    rows = Q[2 : 2 + count]
    Q[0] += count
    size = P[N_BANKS] + 1
    orders = Q[len(Q) - P[N_CHANNELS] * size :]
    for number in range(P[N_CHANNELS]):
        own = orders[number * size : (number + 1) * size]
        join_channel(S, P, CHANNELS + number * CHANNEL, now, until, rows, ranks, own, O)
    join_feeder(S, now, O)
    join_collector(S, now, O)
    join_vector(S, P, O)
    S[TIME] = S[DUE] = now
    S[SHOWN] = S[STARTS] = 0
    S[M_INPUTS], S[M_LEFT] = get(O), get(O)
    quiet, wake = get(O), get(O)
    S[M_QUIET] = now + quiet if quiet >= 0 else NEVER
    S[M_WAKE] = now + wake if wake >= 0 else NEVER
    S[M_ADDRESS], S[M_OUT] = get(O), get(O)
    join_ranges(S, FEEDS_N, FEEDS, now, Q, O)
    join_ranges(S, COLLECTS_N, COLLECTS, now, Q, O)
    moved = get(O)
    S[MOVED] = S[MOVED_PAST] = 0
    S[MOVED_WRITES] = 1 if moved == 2 else 0
    if get(Q):
        S[MOVED], S[MOVED_PAST] = get(Q), get(Q)
    for _ in range(get(Q)):
        which, many = get(Q), get(Q)
        S[VECTOR_RANGES_N + which] = get(O)
        for i in range(many):
            at = VECTOR_RANGES + (which * RANGES + i) * 3
            S[at + 2] = get(O)
            S[at], S[at + 1] = get(Q), get(Q)
    join_ledger(S, P, A, now, O)
    S[F + CARRIED] = S[C + CARRIED] = S[M_WORDS] = 0
    S[LOG_N] = S[GIVES_N] = S[RESTING_N] = S[VECTOR_N] = S[MOVES_N] = 0
    if S[ACTIVE]:
        S[VECTOR_N], S[CALCULATING], S[CALCULATING + 1] = 1, now, NEVER
    if S[M_QUIET] > now:
        S[MOVES_N], S[MOVING], S[MOVING + 1] = 1, now, S[M_QUIET]


def row_at(rows, ranks, rank):
    """The row of a rank."""
    if rank >= 0:
        for i in range(ranks[0]):
            if ranks[1 + i] == rank:
                return rows[i]
    return -1


def join_job(S, P, at, rows, ranks, own, O):
    """An operation."""
    code, bank, row = get(O), get(O), get(O)
    S[at] = code
    S[at + 1] = own[1 + bank] if own[0] and P[SINGLES + code] >= 0 else bank
    S[at + 2] = row_at(rows, ranks, row) if P[ROWED + code] else row
    S[at + 3], S[at + 4], S[at + 5], S[at + 6], S[at + 7], S[at + 8] = get(O), 0, get(O), get(O), 0, get(O)


def join_channel(S, P, c, now, until, rows, ranks, own, O):
    """A channel."""
    banks, buffers = P[N_BANKS], P[N_BUFFERS]
    S[c + VALID] = get(O)
    ends = get(O)
    S[c + ENDS] = now + ends if ends >= 0 else NEVER
    S[c + BASE], S[c + QUIET] = now + get(O), now + get(O)
    S[c + JOBS_N] = get(O)
    for i in range(S[c + JOBS_N]):
        S[c + JOB + 10 * i] = now + get(O)
        join_job(S, P, c + JOB + 10 * i + 1, rows, ranks, own, O)
    S[c + WAKE] = now
    if S[c + VALID]:
        join_job(S, P, c + CODE, rows, ranks, own, O)
    S[c + BEGUN] = now + get(O)
    S[c + TOGETHER], S[c + OPEN] = get(O), 0
    for i in range(banks):
        row = row_at(rows, ranks, get(O))
        S[c + ROWS + (own[1 + i] if own[0] else i)] = row
        S[c + OPEN] += row >= 0
    get_clocks(S, O, c + READY, CODES, now)
    for single in range(4):
        at, ahead = c + BANK_READY + single * BANKS, get(O)
        for i in range(banks):
            S[at + (own[1 + i] if own[0] else i)] = now + (get(O) if ahead else 0)
    for i in range(4):
        S[c + ACTS + i] = now + get(O) - P[WINDOW]
    owed = get(O)
    if P[INTERVAL]:
        S[c + REFRESHES] = (until - owed * P[INTERVAL] + now) // P[INTERVAL] - 1
    S[c + QUEUED], S[c + FED] = get(O), now + get(O)
    get_queue(S, O, c + ARRIVALS_N, c + ARRIVALS, now)
    get_queue(S, O, c + LEAVES_N, c + LEAVES, now)
    S[c + OWED] = get(O)
    get_queue(S, O, c + ANSWERS_N, c + ANSWERS, now)
    get_queue(S, O, c + POPS_N, c + POPS, now)
    if buffers > 1:
        S[c + READY + WR_GB_CODE] = now + get(O)
        for field in (PICK, TAKING, GIVING, READING):
            S[c + field] = get(O)
        for i in range(buffers):
            S[c + FILLED + i] = now + get(O)
        S[c + BUSY_N] = get(O)
        for i in range(S[c + BUSY_N]):
            at = c + BUSIES + 3 * i
            S[at], S[at + 1], S[at + 2] = now + get(O), get(O), now + get(O)
        S[c + LOOK], S[c + STALE] = now, 1


def join_carrier(S, u, now, O):
    """What feeder and collector have in common."""
    S[u + VALID] = get(O)
    ends = get(O)
    S[u + ENDS] = now + ends if ends >= 0 else NEVER
    S[u + BASE], S[u + QUIET] = now + get(O), now + get(O)
    S[u + WAKE] = now


def join_accesses(S, u, now, O):
    """Accesses that lie ahead."""
    S[u + ACCESSES_FIRST], S[u + ACCESSES_N] = 0, get(O)
    for i in range(S[u + ACCESSES_N]):
        S[u + ACCESS + 2 * i], S[u + ACCESS + 2 * i + 1] = now + get(O), get(O)


def join_jobs(S, u, now, many, O):
    """The jobs that a carrier still has, each of so many numbers after its clock."""
    S[u + CARRIER_JOBS_N] = get(O)
    for i in range(S[u + CARRIER_JOBS_N]):
        at = u + CARRIER_JOBS + 10 * i
        S[at] = now + get(O)
        for j in range(many):
            S[at + 1 + j] = get(O)


def join_feeder(S, now, O):
    """The feeder."""
    join_carrier(S, F, now, O)
    join_jobs(S, F, now, 9, O)
    if S[F + VALID]:
        for field in (F_ADDRESS, F_START, F_LEFT, F_INDEX, F_WHO, F_MORE):
            S[F + field] = get(O)
        for j in range(9):
            S[F + CARRIER_JOB + j] = get(O)
    join_accesses(S, F, now, O)


def join_collector(S, now, O):
    """The collector."""
    join_carrier(S, C, now, O)
    join_jobs(S, C, now, 6, O)
    if S[C + VALID]:
        for field in (C_MASK, C_INDEX, C_TURN):
            S[C + field] = get(O)
        for j in range(6):
            S[C + CARRIER_JOB + j] = get(O)
    join_accesses(S, C, now, O)


def join_vector(S, P, O):
    """The vector unit; its clock and its step are 0."""
    S[NOW] = S[STEP] = S[SLOT] = S[GIVERS] = 0
    for field in (OLDEST, ACTIVE, COMPLETE, NUMBERS, SUMS, VECTORS, SCANS):
        S[field] = get(O)
    for which in range(P[N_CONTEXTS]):
        if S[ACTIVE] >> which & 1:
            for field in range(11):
                S[TASKS + which * TASK + field] = get(O)
            S[GIVERS] |= S[TASKS + which * TASK + T_GIVES] << which
    S[ENDINGS_N] = get(O)
    for i in range(2 * S[ENDINGS_N]):
        S[ENDING + i] = get(O)
    S[AGED] = 1 if S[OLDEST] != 0 and not S[ACTIVE] >> S[OLDEST] & 1 else 0
    give(S, P)
    for i in range(3):
        o = OPERANDS + i * OPERAND
        S[o + O_WAITING], S[o + O_THERE], S[o + O_COUNT] = get(O), get(O), get(O)
        for j in range(2 * S[o + O_WAITING]):
            S[o + O_WAIT + j] = get(O)
        for j in range(S[o + O_THERE]):
            S[o + O_CLOCK + j] = get(O)
    for field in (ASKED, FRONT, LEFT_BEATS, OFFSET, OPENS, WHOLES, WRITING, LAST_OF):
        S[field] = get(O)
    for ring in range(4):
        size = 1 if ring < 2 else 4 if ring == 2 else 3
        base = B_WORDS if ring == 0 else C_WORDS if ring == 1 else BACK if ring == 2 else RESULTS
        for i in range(RING):
            S[base + size * i] = -1
        S[B_N + ring] = get(O)
        for _ in range(S[B_N + ring]):
            at = base + size * get(O)
            for j in range(size):
                S[at + j] = get(O)
    for field in (SCAN_WORD, SCAN_WHICH, SCAN_BEATS, SCAN_OPENS):
        S[field] = get(O)


def join_ranges(S, count, ranges, now, Q, O):
    """Ranges of a carrier's jobs."""
    S[count] = get(O)
    get(Q)
    for i in range(S[count]):
        over = get(O)
        S[ranges + 3 * i], S[ranges + 3 * i + 1] = get(Q), get(Q)
        S[ranges + 3 * i + 2] = now + over if over >= 0 else NEVER


def join_ledger(S, P, A, now, O):
    """The ledger."""
    A[book.A_NOW], A[book.SETTLED] = now, now + get(O)
    A[book.BESIDE_N] = get(O)
    for i in range(A[book.BESIDE_N]):
        A[book.BESIDE + 2 * i], A[book.BESIDE + 2 * i + 1] = now + get(O), get(O)
    for number in range(P[N_CHANNELS]):
        a, c = book.ACCOUNTS + number * book.ACCOUNT, CHANNELS + number * CHANNEL
        A[a + book.AT] = now + get(O)
        A[a + book.EDGES_N] = get(O)
        for i in range(A[a + book.EDGES_N]):
            A[a + book.EDGES + 2 * i], A[a + book.EDGES + 2 * i + 1] = now + get(O), get(O)
        A[a + book.WORK_N] = get(O)
        for i in range(A[a + book.WORK_N]):
            A[a + book.WORK + 2 * i] = now + get(O)
            end = get(O)
            A[a + book.WORK + 2 * i + 1] = now + end if end < ENDLESS else NEVER
        A[a + book.PENDING_N] = get(O)
        for i in range(A[a + book.PENDING_N]):
            for j in range(5):
                A[a + book.PENDING + 5 * i + j] = get(O) + (now if j < 2 else 0)
        for field in (book.REFRESHED, book.SWITCHED, book.SWITCHED + 1):
            A[a + field] = A[a + book.AT] + get(O)
        A[a + book.OPENED], A[a + book.HELD] = get(O), get(O)
        A[a + book.CHANGES_N] = get(O)
        for i in range(A[a + book.CHANGES_N]):
            A[a + book.CHANGES + 2 * i], A[a + book.CHANGES + 2 * i + 1] = now + get(O), get(O)
        A[a + book.HOLD] = 0
        for bank in range(P[N_BANKS]):
            if S[c + ROWS + bank] >= 0:
                A[a + book.HOLD] |= 1 << bank
        A[a + book.SINCE] = now if S[c + VALID] else -1
        if S[c + VALID]:
            book.begins_work(S, A, a, now, NEVER)
