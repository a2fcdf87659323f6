"""States without addresses: what is equal wherever the same happens in other rows and other SRAM words.

What a state says of time depends on addresses only by what they are compared with. So a state is cut into two: a
*shape*, in which rows are ranks, SRAM words are banks of the SRAM, and ranges of SRAM that are in use have no place at
all; and the *places*, the rows and ranges themselves. A shape and the relations of its places to those of what comes
next determine the time that it takes. Both are rows of integers.
"""

from __future__ import annotations

from hdl.params.pim import COMMANDS
from sim_tb.pim.simulate.core import ledger as book
from sim_tb.pim.simulate.core.layout import *  # noqa: F403
from sim_tb.pim.simulate.core.lanes import skip_lanes
from sim_tb.pim.simulate.core.ledger import (
    A_NOW,
    ACCOUNT,
    ACCOUNTS,
    BESIDE,
    BESIDE_N,
    SETTLED,
    begins_work,
)
from sim_tb.pim.simulate.core.turns import give, skip_turns
from sim_tb.pim.simulate.core.words import leave, room

WR_GB_CODE = COMMANDS["WR_GB"].code
#: In the place of a clock that does not come.
ENDLESS = 1 << 30
A_AT, A_REFRESHED, A_SWITCHED, A_OPENED, A_HOLD, A_HELD, A_SINCE = (
    book.AT,
    book.REFRESHED,
    book.SWITCHED,
    book.OPENED,
    book.HOLD,
    book.HELD,
    book.SINCE,
)
EDGES_N, WORK_N, PENDING_N, CHANGES_N = book.EDGES_N, book.WORK_N, book.PENDING_N, book.CHANGES_N
EDGES, WORK, PENDING, CHANGES = book.EDGES, book.WORK, book.PENDING, book.CHANGES


# --- rows of integers: the first number says how many there are -------------------------------------------------------
def put(O, value):
    """Another number; if there is no room, the last one is that, which is asked for at the end."""
    O[0] = min(O[0] + 1, len(O) - 1)
    O[O[0]] = value


def get(O):
    """The next number."""
    O[0] += 1
    return O[O[0]]


def put_clocks(S, O, first, many, now, base):
    """Clocks as distances, 0 for those up to a distance; nothing if they are all over."""
    ahead = False
    for i in range(first, first + many):
        ahead = ahead or S[i] - now > base
    put(O, 1 if ahead else 0)
    if ahead:
        for i in range(first, first + many):
            put(O, S[i] - now if S[i] - now > base else 0)


def get_clocks(S, O, first, many, now):
    """Undo the same."""
    ahead = get(O)
    for i in range(first, first + many):
        S[i] = now + (get(O) if ahead else 0)


def put_queue(S, O, count, queue, now):
    """Clocks in their order, as distances."""
    put(O, S[count])
    for i in range(S[count]):
        put(O, max(0, S[queue + i] - now))


def get_queue(S, O, count, queue, now):
    """Undo the same."""
    S[count] = get(O)
    for i in range(S[count]):
        S[queue + i] = now + get(O)


def keep_row(rows, count, row):
    """Insert a row in order; how many there are."""
    i = count
    while i > 0 and rows[i - 1] > row:
        i -= 1
    if i > 0 and rows[i - 1] == row:
        return count
    for j in range(count, i, -1):
        rows[j] = rows[j - 1]
    rows[i] = row
    return count + 1


def operation_at_work(S, c):
    """The operation has something left to decide."""
    return S[c + VALID] and S[c + ENDS] == NEVER


def rows_of(S, P, rows):
    """The rows that are open or wanted, in their order; how many there are."""
    count = 0
    for number in range(P[N_CHANNELS]):
        c = CHANNELS + number * CHANNEL
        before = -1
        for bank in range(P[N_BANKS]):
            row = S[c + ROWS + bank]
            if row >= 0 and row != before:
                count = keep_row(rows, count, row)
                before = row
        for i in range(S[c + JOBS_N]):
            if P[ROWED + S[c + JOB + 10 * i + 1]]:
                count = keep_row(rows, count, S[c + JOB + 10 * i + 3])
        if operation_at_work(S, c) and P[ROWED + S[c + CODE]]:
            count = keep_row(rows, count, S[c + ROW])
    return count


def rank(rows, ranks, count, row):
    """The rank of a row."""
    low, high = 0, count
    if row < 0:
        return -1
    while low < high:
        middle = (low + high) // 2
        if rows[middle] < row:
            low = middle + 1
        else:
            high = middle
    return ranks[low]


# --- cut --------------------------------------------------------------------------------------------------------------
def cut(S, P, A, now, orders, Q, O):
    """The shape and the places of a state; clocks until the next refresh is due, or -1 if none ever is.

    ``orders`` are those of the banks before, and then those after.
    """
    if S[TIME] < now:
        skip_lanes(S, P, now - S[TIME])
        skip_turns(S, P, now - S[TIME])
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


def cut_job(P, code, bank, row, col, times, buffers, products, O):
    """An operation without what its time does not depend on."""
    put(O, code)
    put(O, bank)
    put(O, row)
    # Columns matter where they go on in the next row.
    put(O, col if P[RUNS + code] and col + times > P[ROW_COLS] else 0)
    put(O, times)
    put(O, buffers)
    put(O, products)


def before_in_order(S, c, one, other):
    """Whether a bank's marks are less than another one's (-1), the same (0), or greater (1)."""
    for i in range(5):
        at = c + (ROWS if i == 0 else BANK_READY + (i - 1) * BANKS)
        if S[at + one] != S[at + other]:
            return -1 if S[at + one] < S[at + other] else 1
    return 0


def order_banks(S, P, c, own):
    """Banks in an order of their own: those that operations name, then all by what they have; none where all are alike.

    ``own`` is the order before, and that after: how many banks are in it, and these.
    """
    banks, named, count = P[N_BANKS], 0, 0
    before, ordered = S[SCRATCH + 2 * KEPT_ROWS :], own[0] > 0
    for i in range(banks):
        before[i] = own[1 + i]
    if operation_at_work(S, c) and P[SINGLES + S[c + CODE]] >= 0:
        named, own[1], count = 1 << S[c + BANK], S[c + BANK], 1
    for i in range(S[c + JOBS_N]):
        code, bank = S[c + JOB + 10 * i + 1], S[c + JOB + 10 * i + 2]
        if P[SINGLES + code] >= 0 and not named >> bank & 1:
            named |= 1 << bank
            own[1 + count] = bank
            count += 1
    if not count:
        alike = True
        for bank in range(1, banks):
            alike = alike and before_in_order(S, c, 0, bank) == 0
        if alike:
            for i in range(banks + 1):
                own[i] = 0
            return
    first = count
    for i in range(banks):
        bank = before[i] if ordered else i
        if named >> bank & 1:
            continue
        at = count
        while at > first and before_in_order(S, c, bank, own[at]) < 0:
            own[1 + at] = own[at]
            at -= 1
        own[1 + at] = bank
        count += 1
    own[0] = banks


def place_in(own, bank):
    """The place of a bank in an order."""
    if not own[0]:
        return bank
    for i in range(own[0]):
        if own[1 + i] == bank:
            return i
    return -1


def over_by(S, first, many, clock):
    """Clocks that are over by one are all the same."""
    for i in range(first, first + many):
        S[i] = max(S[i], clock)


def cut_channel(S, P, c, now, until, rows, ranks, count, own, O):
    """A channel."""
    leave(S, c, now)
    room(S, P, c, now)
    # Nothing is decided for a clock before base: whatever is over by then is over.
    base, banks, buffers = max(0, S[c + BASE] - now), P[N_BANKS], P[N_BUFFERS]
    write_ready = max(0, S[c + READY + WR_GB_CODE] - now)
    for i in range(4):
        over_by(S, c + BANK_READY + i * BANKS, banks, now + base)
    order_banks(S, P, c, own)
    valid, works = S[c + VALID], operation_at_work(S, c)
    put(O, valid)
    put(O, S[c + ENDS] - now if S[c + ENDS] < NEVER else -1)
    put(O, base)
    quiet = max(0, S[c + QUIET] - now)
    put(O, 0 if (valid or S[c + JOBS_N]) and quiet <= base else quiet)
    put(O, S[c + JOBS_N])
    for i in range(S[c + JOBS_N]):
        at = c + JOB + 10 * i
        code = S[at + 1]
        put(O, max(0, S[at] - now))
        bank = place_in(own, S[at + 2]) if P[SINGLES + code] >= 0 else 0
        row = rank(rows, ranks, count, S[at + 3]) if P[ROWED + code] else 0
        cut_job(P, code, bank, row, S[at + 4], S[at + 6], S[at + 7], S[at + 9], O)
    put(O, 1 if S[c + FRESH] and works else 0)
    if valid:
        if works:
            code = S[c + CODE]
            bank = place_in(own, S[c + BANK]) if P[SINGLES + code] >= 0 else 0
            row = rank(rows, ranks, count, S[c + ROW]) if P[ROWED + code] else 0
            cut_job(P, code, bank, row, S[c + COL], S[c + COUNT], S[c + GBS], S[c + PRODUCTS], O)
        else:
            for _ in range(7):
                put(O, 0)
    begun = S[c + BEGUN] - now
    put(O, 0 if begun <= base else begun)
    put(O, S[c + TOGETHER])
    for i in range(banks):
        bank = own[1 + i] if own[0] else i
        put(O, rank(rows, ranks, count, S[c + ROWS + bank]))
    put_clocks(S, O, c + READY, CODES, now, base)
    for single in range(4):
        at, ahead = c + BANK_READY + single * BANKS, False
        for i in range(banks):
            ahead = ahead or S[at + i] - now > base
        put(O, 1 if ahead else 0)
        if ahead:
            for i in range(banks):
                clock = S[at + (own[1 + i] if own[0] else i)] - now
                put(O, clock if clock > base else 0)
    for i in range(4):
        clock = S[c + ACTS + i] + P[WINDOW] - now
        put(O, clock if clock > base else 0)
    due = (S[c + REFRESHES] + 1) * P[INTERVAL] - now
    put(O, (until - due) // P[INTERVAL] if P[INTERVAL] else 0)
    S[OWES] |= P[INTERVAL] > 0 and due != until
    put(O, S[c + QUEUED])
    put(O, max(-2, S[c + FED] - now))
    put_queue(S, O, c + ARRIVALS_N, c + ARRIVALS, now)
    put_queue(S, O, c + LEAVES_N, c + LEAVES, now)
    gone = 0
    while gone < S[c + POPS_N] and S[c + POPS + gone] - now <= base:
        gone += 1
    put(O, S[c + OWED] - gone)
    put_queue(S, O, c + ANSWERS_N, c + ANSWERS, now)
    put(O, S[c + POPS_N] - gone)
    for i in range(gone, S[c + POPS_N]):
        put(O, S[c + POPS + i] - now)
    if buffers > 1:
        put(O, write_ready)
        for field in (PICK, TAKING, GIVING, READING):
            put(O, S[c + field])
        for i in range(buffers):
            put(O, max(0, S[c + FILLED + i] - now))
        cut_busy(S, c, now, O)


def cut_busy(S, c, now, O):
    """Commands of the operation at work that lie ahead."""
    put(O, 0)
    place = O[0]
    for i in range(S[c + BUSY_N]):
        first, step, last = S[c + BUSIES + 3 * i], S[c + BUSIES + 3 * i + 1], S[c + BUSIES + 3 * i + 2]
        if first < now <= last:
            first += -((first - now) // step) * step
        if first >= now:
            put(O, first - now)
            put(O, step)
            put(O, last - now)
            O[place] += 1


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
    put(O, A[SETTLED] - now)
    put(O, A[BESIDE_N])
    for i in range(A[BESIDE_N]):
        put(O, A[BESIDE + 2 * i] - now)
        put(O, A[BESIDE + 2 * i + 1])
    for number in range(P[N_CHANNELS]):
        a = ACCOUNTS + number * ACCOUNT
        at = A[a + A_AT]
        put(O, at - now)
        put(O, A[a + EDGES_N])
        for i in range(A[a + EDGES_N]):
            put(O, A[a + EDGES + 2 * i] - now)
            put(O, A[a + EDGES + 2 * i + 1])
        put(O, A[a + WORK_N])
        for i in range(A[a + WORK_N]):
            begin, end = A[a + WORK + 2 * i], A[a + WORK + 2 * i + 1]
            put(O, max(begin, at) - now)
            put(O, end - now if end < NEVER else ENDLESS)
        put(O, A[a + PENDING_N])
        for i in range(A[a + PENDING_N]):
            for j in range(5):
                put(O, A[a + PENDING + 5 * i + j] - (now if j < 2 else 0))
        for field in (A_REFRESHED, A_SWITCHED, A_SWITCHED + 1):
            put(O, max(0, A[a + field] - at))
        put(O, A[a + A_OPENED])
        put(O, A[a + A_HELD])
        put(O, A[a + CHANGES_N])
        for i in range(A[a + CHANGES_N]):
            put(O, A[a + CHANGES + 2 * i] - now)
            put(O, A[a + CHANGES + 2 * i + 1])


# --- join -------------------------------------------------------------------------------------------------------------
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
    S[c + FRESH] = get(O)
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


def join_feeder(S, now, O):
    """The feeder."""
    join_carrier(S, F, now, O)
    S[F + CARRIER_JOBS_N] = get(O)
    for i in range(S[F + CARRIER_JOBS_N]):
        at = F + CARRIER_JOBS + 10 * i
        S[at] = now + get(O)
        for j in range(9):
            S[at + 1 + j] = get(O)
    if S[F + VALID]:
        for field in (F_ADDRESS, F_START, F_LEFT, F_INDEX, F_WHO, F_MORE):
            S[F + field] = get(O)
        for j in range(9):
            S[F + CARRIER_JOB + j] = get(O)
    join_accesses(S, F, now, O)


def join_collector(S, now, O):
    """The collector."""
    join_carrier(S, C, now, O)
    S[C + CARRIER_JOBS_N] = get(O)
    for i in range(S[C + CARRIER_JOBS_N]):
        at = C + CARRIER_JOBS + 10 * i
        S[at] = now + get(O)
        for j in range(6):
            S[at + 1 + j] = get(O)
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
    A[A_NOW], A[SETTLED] = now, now + get(O)
    A[BESIDE_N] = get(O)
    for i in range(A[BESIDE_N]):
        A[BESIDE + 2 * i], A[BESIDE + 2 * i + 1] = now + get(O), get(O)
    for number in range(P[N_CHANNELS]):
        a, c = ACCOUNTS + number * ACCOUNT, CHANNELS + number * CHANNEL
        A[a + A_AT] = now + get(O)
        A[a + EDGES_N] = get(O)
        for i in range(A[a + EDGES_N]):
            A[a + EDGES + 2 * i], A[a + EDGES + 2 * i + 1] = now + get(O), get(O)
        A[a + WORK_N] = get(O)
        for i in range(A[a + WORK_N]):
            A[a + WORK + 2 * i] = now + get(O)
            end = get(O)
            A[a + WORK + 2 * i + 1] = now + end if end < ENDLESS else NEVER
        A[a + PENDING_N] = get(O)
        for i in range(A[a + PENDING_N]):
            for j in range(5):
                A[a + PENDING + 5 * i + j] = get(O) + (now if j < 2 else 0)
        for field in (A_REFRESHED, A_SWITCHED, A_SWITCHED + 1):
            A[a + field] = A[a + A_AT] + get(O)
        A[a + A_OPENED], A[a + A_HELD] = get(O), get(O)
        A[a + CHANGES_N] = get(O)
        for i in range(A[a + CHANGES_N]):
            A[a + CHANGES + 2 * i], A[a + CHANGES + 2 * i + 1] = now + get(O), get(O)
        A[a + A_HOLD] = 0
        for bank in range(P[N_BANKS]):
            if S[c + ROWS + bank] >= 0:
                A[a + A_HOLD] |= 1 << bank
        A[a + A_SINCE] = now if S[c + VALID] else -1
        if S[c + VALID]:
            begins_work(S, A, a, now, NEVER)
