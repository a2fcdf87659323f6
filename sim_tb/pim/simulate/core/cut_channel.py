"""A channel's state without addresses: rows by rank, banks in an order of their own."""

from __future__ import annotations

from hdl.params.pim import COMMANDS
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.row import put, put_clocks, put_queue
from sim_tb.pim.simulate.core.words import leave, room

WR_GB_CODE = COMMANDS["WR_GB"].code


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
            if S[at + i] - now > base:
                ahead = True
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
