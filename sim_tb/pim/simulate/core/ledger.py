"""Where the time goes, kept from clock to clock, with what is not decided yet.

The rules are those of :mod:`sim_tb.pim.simulate.statistics`. Numbers lie in an array ``A``: an account for each
channel, what goes on beside operations, and totals.
"""

from __future__ import annotations

from hdl.params.pim import COMMANDS
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.row import put
from sim_tb.pim.simulate.statistics import CAUSES, IDLE, RANKS

REFRESH, MODE, ISSUE, HOST, CALCULATES = (RANKS[name] for name in ("refresh", "mode", "issue", "host", "vector"))
ACT, ACT_AB, PRE, PRE_AB, REF = (COMMANDS[name].code for name in ("ACT", "ACT_AB", "PRE", "PRE_AB", "REF"))
COUNTED = len(COMMANDS) + 1

# --- an account: the clocks of a channel ------------------------------------------------------------------------------
#: The first clock whose cause is not known; until when a refresh, and the switches to banks and to registers, last; a
#: row was opened, and nothing has used it yet; banks that have one open after all commands, as a mask; some have one
#: open now; since when an operation is at work, or -1; commands that were pending before the last ones.
(AT, REFRESHED, SWITCHED, _TO_REGISTERS, OPENED, HOLD, HELD, SINCE, BEFORE) = range(9)
(EDGES_N, WORK_N, PENDING_N, CHANGES_N) = range(9, 13)
EDGES_MOST, WORK_MOST, PENDING_MOST, CHANGES_MOST = 4096, 512, 4096, 2048
EDGES = 16  # clock, and the cause from then on, as far as they count nowhere yet
WORK = EDGES + 2 * EDGES_MOST  # when operations were at work: the first clock and the one past the last
PENDING = WORK + 2 * WORK_MOST  # commands that are not accounted for: first and last clock, many, code, products
CHANGES = PENDING + 5 * PENDING_MOST  # from when on a row is open, or none
ACCOUNT = CHANGES + 2 * CHANGES_MOST
#: The clock; that up to which everything is counted; what went on beside operations: clock, and cause from then on.
(A_NOW, SETTLED, BESIDE_N) = range(3)
BESIDE_MOST = 1024
BESIDE = 8
#: For each channel, and for what goes on beside, while clocks are counted.
LAYERS = 72
SCRATCH = BESIDE + 2 * BESIDE_MOST
#: A row with room for nothing, for edges that nobody wants.
NOWHERE = SCRATCH + 4 * LAYERS
ACCOUNTS = NOWHERE + 2


def append(S, A, count, queue, size, most):
    """Room for another entry of a queue: where it lies."""
    if A[count] >= most:
        S[FULL] = 1
        return queue
    A[count] += 1
    return queue + size * (A[count] - 1)


def remove(A, count, queue, size, many):
    """The oldest entries leave a queue."""
    if many:
        A[count] -= many
        for i in range(size * A[count]):
            A[queue + i] = A[queue + size * many + i]


def begins_work(S, A, a, clock, end):
    """An operation is at work from a clock on."""
    if A[a + WORK_N]:
        at = a + WORK + 2 * (A[a + WORK_N] - 1)
        if clock <= A[at + 1]:
            A[at + 1] = max(A[at + 1], end) if A[at + 1] < NEVER else end
            return
    at = append(S, A, a + WORK_N, a + WORK, 2, WORK_MOST)
    A[at], A[at + 1] = clock, end


def up_to(S, A, a, clock, rank):
    """The clocks up to one have a cause where an operation was at work."""
    gone = 0
    while A[a + AT] < clock:
        at = A[a + AT]
        while gone < A[a + WORK_N] and A[a + WORK + 2 * gone + 1] <= at:
            gone += 1
        works = gone < A[a + WORK_N]
        inside = works and A[a + WORK + 2 * gone] <= at
        cause = rank if inside else IDLE
        if A[a + EDGES + 2 * (A[a + EDGES_N] - 1) + 1] != cause:
            edge = append(S, A, a + EDGES_N, a + EDGES, 2, EDGES_MOST)
            A[edge], A[edge + 1] = at, cause
        A[a + AT] = min(clock, A[a + WORK + 2 * gone + (1 if inside else 0)]) if works else clock
    remove(A, a + WORK_N, a + WORK, 2, gone)


def decided_command(S, P, A, a, L, at):
    """Commands of a channel, each on its bus a clock later."""
    first, many, code = L[at + E_FIRST], L[at + E_MANY], L[at + E_CODE]
    last, products = first + (many - 1) * L[at + E_STEP], L[at + E_PRODUCTS]
    opens = code in (ACT, ACT_AB, PRE, PRE_AB)
    if code == ACT:
        A[a + HOLD] |= 1 << L[at + E_BANK]
    elif code == ACT_AB:
        A[a + HOLD] = (1 << P[N_BANKS]) - 1
    elif code == PRE:
        A[a + HOLD] &= ~(1 << L[at + E_BANK])
    elif code == PRE_AB:
        A[a + HOLD] = 0
    elif A[a + PENDING_N] > A[a + BEFORE] and code != REF:
        newest = a + PENDING + 5 * (A[a + PENDING_N] - 1)
        if A[newest + 3] == code and A[newest + 4] == products:
            # What it waits for after the same command is what it is for; others are pending from before.
            A[newest + 1] = last
            A[newest + 2] += many
            return
    to = append(S, A, a + PENDING_N, a + PENDING, 5, PENDING_MOST)
    A[to], A[to + 1], A[to + 2], A[to + 3], A[to + 4] = first, last, many, code, products
    if opens:
        held = 1 if A[a + HOLD] else 0
        known = A[a + CHANGES + 2 * (A[a + CHANGES_N] - 1) + 1] if A[a + CHANGES_N] else A[a + HELD]
        if held != known:
            change = append(S, A, a + CHANGES_N, a + CHANGES, 2, CHANGES_MOST)
            A[change], A[change + 1] = first + 1, held


def open_clocks(A, a, last, now):
    """Clocks from one to another in which a row was open."""
    found = gone = 0
    while gone < A[a + CHANGES_N] and A[a + CHANGES + 2 * gone] <= now:
        clock = A[a + CHANGES + 2 * gone]
        if A[a + HELD]:
            found += clock - last
        last, A[a + HELD] = clock, A[a + CHANGES + 2 * gone + 1]
        gone += 1
    remove(A, a + CHANGES_N, a + CHANGES, 2, gone)
    return found + now - last if A[a + HELD] else found


def command(S, P, A, T, a, first, last, code, many, refresh):
    """The clocks that commands are accounted for, and what counts of them."""
    mode = P[MODES + code]
    if refresh and code in (PRE_AB, REF):
        up_to(S, A, a, last + 1, REFRESH)
    else:
        up_to(S, A, a, min(first, A[a + REFRESHED]), REFRESH)
        if mode >= 0:
            up_to(S, A, a, min(first, A[a + SWITCHED + 1 - mode]), MODE)
        up_to(S, A, a, last + 1, P[CAUSES_OF + code])
    if code == REF:
        A[a + REFRESHED] = first + P[TRFC]
    if P[ACTIVATE + code]:
        A[a + OPENED] = 1
    elif P[COLUMN + code]:
        T[misses_at(P)] += A[a + OPENED]
        A[a + OPENED] = 0
    if mode >= 0:
        A[a + SWITCHED + mode] = last + P[TMOD]
    T[codes_at(P) + code] += many
    if P[COLUMN + code]:
        T[misses_at(P) - 1] += many


def busy_at(P):
    """The place in totals of clocks of work of each channel, of the vector unit and of the mover."""
    return (P[N_CHANNELS] + 1) * IDLE


def codes_at(P):
    """The place in totals of commands by code; multiply-accumulates, columns, misses, words and open clocks follow."""
    return busy_at(P) + P[N_CHANNELS] + 2


def misses_at(P):
    """The place in totals of activates that columns waited for."""
    return codes_at(P) + COUNTED + 2


def totals_of(channels: int) -> int:
    """How many totals there are."""
    return (channels + 1) * len(CAUSES) + channels + 2 + COUNTED + 7


def take(S, P, A, T, L, E, now):
    """What has happened up to a clock; commands are taken from the log, and edges of causes go to ``E``."""
    last = A[A_NOW]
    for number in range(P[N_CHANNELS]):
        a = ACCOUNTS + number * ACCOUNT
        A[a + BEFORE] = A[a + PENDING_N]
    for i in range(S[LOG_N]):
        at = i * ENTRY
        a, code, first = ACCOUNTS + L[at] * ACCOUNT, L[at + E_CODE], L[at + E_FIRST]
        if code == BEGINS:
            begins_work(S, A, a, first, NEVER)
            A[a + SINCE] = first
        elif code == OVER:
            if A[a + SINCE] >= 0:
                A[a + WORK + 2 * A[a + WORK_N] - 1] = first
                T[busy_at(P) + L[at]] += min(first, now) - max(A[a + SINCE], last)
                A[a + SINCE] = -1
        elif L[at + E_AHEAD]:
            T[codes_at(P) + code] += L[at + E_MANY]
        else:
            decided_command(S, P, A, a, L, at)
    for number in range(P[N_CHANNELS]):
        a = ACCOUNTS + number * ACCOUNT
        if A[a + SINCE] >= 0:
            T[busy_at(P) + number] += now - max(A[a + SINCE], last)
        T[misses_at(P) + 4] += open_clocks(A, a, last, now)
        account(S, P, A, T, a, now)
    beside(S, A, T, P, last, now)
    T[misses_at(P) + 1] += S[F + CARRIED]
    T[misses_at(P) + 2] += S[C + CARRIED]
    T[misses_at(P) + 3] += S[M_WORDS]
    A[A_NOW] = now
    settle(P, A, T, E)


def account(S, P, A, T, a, now):
    """Clocks of commands that were on the bus; and those in which no operation was at work."""
    done = 0
    while done < A[a + PENDING_N]:
        at = a + PENDING + 5 * done
        follows = A[at + 8] if done + 1 < A[a + PENDING_N] else 0
        first, last, many, code = A[at], A[at + 1], A[at + 2], A[at + 3]
        # A command of the last clock counts only if a further clock does.
        if last >= now - 1 or (code == PRE_AB and not follows):
            break
        command(S, P, A, T, a, first, last, code, many, code == REF or follows == REF)
        T[misses_at(P) - 2] += many * A[at + 4]
        done += 1
    remove(A, a + PENDING_N, a + PENDING, 5, done)
    gone = 0
    while gone < A[a + WORK_N] and A[a + WORK + 2 * gone + 1] <= A[a + AT]:
        gone += 1
    remove(A, a + WORK_N, a + WORK, 2, gone)
    up_to(S, A, a, min(now, A[a + WORK]) if A[a + WORK_N] else now, IDLE)


def inside(S, count, spans, clock):
    """A clock lies in one of the spans."""
    for i in range(S[count]):
        if S[spans + 2 * i] <= clock < S[spans + 2 * i + 1]:
            return True
    return False


def clocks_of(S, count, spans, first, past):
    """Clocks of spans between two clocks."""
    found = 0
    for i in range(S[count]):
        begin, end = S[spans + 2 * i], S[spans + 2 * i + 1]
        if begin < past and end > first:
            found += min(end, past) - max(begin, first)
    return found


def beside(S, A, T, P, last, now):
    """What went on beside operations from one clock to another."""
    clock = last
    while clock < now:
        rank, following = ISSUE, now
        for layer in range(3):
            count = RESTING_N if layer == 0 else VECTOR_N if layer == 1 else MOVES_N
            spans = RESTING if layer == 0 else CALCULATING if layer == 1 else MOVING
            for i in range(2 * S[count]):
                if S[spans + i] > clock:
                    following = min(following, S[spans + i])
            if inside(S, count, spans, clock):
                rank = min(rank, CALCULATES if layer == 1 else HOST)
        if A[BESIDE + 2 * (A[BESIDE_N] - 1) + 1] != rank:
            at = append(S, A, BESIDE_N, BESIDE, 2, BESIDE_MOST)
            A[at], A[at + 1] = clock, rank
        clock = following
    T[busy_at(P) + P[N_CHANNELS]] += clocks_of(S, VECTOR_N, CALCULATING, last, now)
    T[busy_at(P) + P[N_CHANNELS] + 1] += clocks_of(S, MOVES_N, MOVING, last, now)


def edges_of(P, layer):
    """Where the number of edges of a layer is: an account's, or of what goes on beside."""
    return BESIDE_N if layer == P[N_CHANNELS] else ACCOUNTS + layer * ACCOUNT + EDGES_N


def first_edge(P, layer):
    """Where the edges of a layer begin."""
    return BESIDE if layer == P[N_CHANNELS] else ACCOUNTS + layer * ACCOUNT + EDGES


def settle(P, A, T, E):
    """Count the clocks whose causes are all known; from each clock and cause in ``E`` on that is the cause."""
    channels = P[N_CHANNELS]
    known = A[ACCOUNTS + AT]
    for number in range(1, channels):
        known = min(known, A[ACCOUNTS + number * ACCOUNT + AT])
    if known <= A[SETTLED]:
        return
    ranks, index, shown, since = (
        A[SCRATCH:],
        A[SCRATCH + LAYERS :],
        A[SCRATCH + 2 * LAYERS :],
        A[SCRATCH + 3 * LAYERS :],
    )
    for layer in range(channels + 1):
        index[layer], since[layer] = 1, A[SETTLED]
        ranks[layer] = A[first_edge(P, layer) + 1]
    shown[0] = IDLE
    for layer in range(channels):
        shown[layer + 1] = min(ranks[layer], ranks[channels])
        shown[0] = min(shown[0], shown[layer + 1])
    put(E, A[SETTLED])
    put(E, shown[0])
    while True:
        clock, layer = known, -1
        for each in range(channels + 1):
            if index[each] < A[edges_of(P, each)]:
                other = A[first_edge(P, each) + 2 * index[each]]
                if other < clock:
                    clock, layer = other, each
        if layer < 0:
            break
        ranks[layer] = A[first_edge(P, layer) + 2 * index[layer] + 1]
        index[layer] += 1
        begin, past = 0 if layer == channels else layer, channels if layer == channels else layer + 1
        for each in range(begin, past):
            shows = min(ranks[each], ranks[channels])
            if shows != shown[each + 1]:
                T[(each + 1) * IDLE + shown[each + 1]] += clock - since[each + 1]
                shown[each + 1], since[each + 1] = shows, clock
        shows = IDLE
        for each in range(channels):
            shows = min(shows, shown[each + 1])
        if shows != shown[0]:
            T[shown[0]] += clock - since[0]
            shown[0], since[0] = shows, clock
            put(E, clock)
            put(E, shows)
    for each in range(channels + 1):
        T[each * IDLE + shown[each]] += known - since[each]
    for layer in range(channels + 1):
        count, first = edges_of(P, layer), first_edge(P, layer)
        gone = 0
        while gone + 1 < A[count] and A[first + 2 * (gone + 1)] <= known:
            gone += 1
        remove(A, count, first, 2, gone)
        A[first] = known
    A[SETTLED] = known


def finish(S, P, A, T, E):
    """No more commands follow; those that are decided for later clocks do not count."""
    now = A[A_NOW]
    for number in range(P[N_CHANNELS]):
        a = ACCOUNTS + number * ACCOUNT
        for i in range(A[a + PENDING_N]):
            at = a + PENDING + 5 * i
            first, last, many, code = A[at], min(A[at + 1], now - 1), A[at + 2], A[at + 3]
            if first >= now - 1:
                continue
            T[misses_at(P) - 2] += many * A[at + 4]
            follows = A[at + 8] if i + 1 < A[a + PENDING_N] and A[at + 5] < now - 1 else 0
            command(S, P, A, T, a, first, last, code, many, code == REF or follows == REF)
        up_to(S, A, a, now, IDLE)
    settle(P, A, T, E)


def close(S, P, A, T, E):
    """No more commands count to what was before; what follows counts as if nothing had been."""
    finish(S, P, A, T, E)
    now = A[A_NOW]
    for number in range(P[N_CHANNELS]):
        a = ACCOUNTS + number * ACCOUNT
        kept = 0
        for i in range(A[a + PENDING_N]):
            if A[a + PENDING + 5 * i] >= now - 1:
                for j in range(5):
                    A[a + PENDING + 5 * kept + j] = A[a + PENDING + 5 * i + j]
                kept += 1
        A[a + PENDING_N] = kept
        kept = 0
        for i in range(A[a + WORK_N]):
            if A[a + WORK + 2 * i + 1] > now:
                for j in range(2):
                    A[a + WORK + 2 * kept + j] = A[a + WORK + 2 * i + j]
                kept += 1
        A[a + WORK_N] = kept
        A[a + REFRESHED] = A[a + SWITCHED] = A[a + SWITCHED + 1] = A[a + OPENED] = 0
