"""The issuer: instructions in order, each checked, held back, and handed to its unit."""

from __future__ import annotations

from sim_tb.pim.simulate.core.carriers import push_job
from sim_tb.pim.simulate.core.channel import push_operation
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.memory import begin_span, start_move

#: What it does next. A stage's clock is that in which it is decided whether it goes on.
REST, FETCH, FENCED, SETTLE, WALK, DISPATCH, END, DRAIN, CLOSED = range(9)
#: Clocks from the first one without a program to the next start; and after an error, which the host has cleared.
STARTS_AFTER, CLEARED_AFTER = 3, 2


def idle_from(S, P):
    """The first clock in which all are idle, as far as known."""
    quiet = S[M_QUIET]
    if S[ACTIVE]:
        return NEVER
    for number in range(P[N_CHANNELS]):
        c = CHANNELS + number * CHANNEL
        if S[c + VALID] or S[c + JOBS_N]:
            return NEVER
        quiet = max(quiet, S[c + QUIET])
    for u in (F, C):
        if S[u + VALID] or S[u + CARRIER_JOBS_N]:
            return NEVER
        quiet = max(quiet, S[u + QUIET])
    return quiet


def after_ranges(S, count, ranges, clock, first, past):
    """From when on no range of a carrier's jobs is in the way."""
    gone = 0
    while gone < S[count] and S[ranges + 3 * gone + 2] <= clock:
        gone += 1
    if gone:
        S[count] -= gone
        for i in range(3 * S[count]):
            S[ranges + i] = S[ranges + 3 * gone + i]
    for i in range(S[count]):
        at = ranges + 3 * i
        if S[at + 2] > clock and first < S[at + 1] and S[at] < past:
            clock = S[at + 2]
    return clock


def keep_range(S, count, ranges, first, past):
    """A carrier's job keeps a range."""
    after_ranges(S, count, ranges, S[CLOCK], 0, 0)  # those that count no longer go
    if S[count] >= KEPT:
        S[FULL] = 1
        return
    at = ranges + 3 * S[count]
    S[at], S[at + 1], S[at + 2] = first, past, NEVER
    S[count] += 1


def free_from(S, clock, first, past, write, collected):
    """The first clock from this one on in which a range of SRAM is in nobody's way, as far as known."""
    if not collected:
        clock = after_ranges(S, COLLECTS_N, COLLECTS, clock, first, past)
    if write:
        clock = after_ranges(S, FEEDS_N, FEEDS, clock, first, past)
    moving = (write or S[MOVED_WRITES]) and S[M_QUIET] > clock
    if moving and first < S[MOVED_PAST] and S[MOVED] < past:
        clock = S[M_QUIET]
    for slot in range(CONTEXTS):
        if S[ACTIVE] >> slot & 1:
            for i in range(S[VECTOR_RANGES_N + slot]):
                at = VECTOR_RANGES + (slot * RANGES + i) * 3
                if (write or S[at + 2]) and first < S[at + 1] and S[at] < past:
                    return NEVER
    return clock


def accept(S, P, R, r):
    """Hand work to the channels of its mask, if all have room."""
    mask, clock = R[r + R_MASK], S[CLOCK] + 1
    for number in range(P[N_CHANNELS]):
        if mask >> number & 1 and S[CHANNELS + number * CHANNEL + JOBS_N] >= 8:
            return False
    feeds, collects = R[r + R_FEEDS], R[r + R_COLLECTS]
    if (feeds and S[F + CARRIER_JOBS_N] >= 2) or (collects and S[C + CARRIER_JOBS_N] >= 2):
        return False
    for number in range(P[N_CHANNELS]):
        if mask >> number & 1:
            push_operation(S, P, CHANNELS + number * CHANNEL, R, r + R_OPERATION, clock)
    if feeds:
        push_job(S, F, R, r + R_FEED, 9, clock)
        if R[r + R_READS] and not R[r + R_FEED + J_ZERO]:
            keep_range(S, FEEDS_N, FEEDS, R[r + R_READS_FIRST], R[r + R_READS_PAST])
    if collects and R[r + R_WRITES]:
        push_job(S, C, R, r + R_COLLECT, 6, clock)
        keep_range(S, COLLECTS_N, COLLECTS, R[r + R_WRITES_FIRST], R[r + R_WRITES_PAST])
    return True


def when(S, clock):
    """Go on in a clock; if it is unknown, wait until something changes."""
    if clock >= NEVER:
        S[WAITING] = 1
        return False
    S[CLOCK] = max(S[CLOCK], clock)
    return True


def in_time(S, clock):
    """What comes next must be done in its clock."""
    if S[CLOCK] > clock:
        S[I_WAKE] = S[CLOCK]
        return False
    return True


def walks(S, R, r, clock):
    """The ranges are looked at, a clock each, from a clock on, after lengths are known."""
    S[CLOCK] = clock + R[r + R_MULTIPLIES] + 1
    S[INDEX] = 0
    S[STAGE] = WALK


def begin_record(S, R, r):
    """The next instruction, or part of one."""
    if R[r + R_INNER]:
        walks(S, R, r, S[CLOCK] + 3 + R[r + R_CROSSES])
    elif R[r + R_ABSENT]:
        fails(S, R[r + R_FAULT])
    else:
        S[STAGE] = FENCED
        S[CLOCK] += 2


def fails(S, code):
    """The program ends with an error."""
    S[ERROR] = code
    S[STAGE] = DRAIN
    S[CLOCK] += 1


def next_record(S, R):
    """After an instruction, or a part of one: the next one, or a stop where there is none."""
    r = (S[RECORD] + 1) * RECORD_SIZE
    if S[ENDED] >= 0 or r >= len(R):
        S[STOPPED] = 1
        S[I_WAKE] = NEVER
        return False
    S[RECORD] += 1
    begin_record(S, R, r)
    return True


def step_issuer(S, P, R, clock):
    """Go on as far as possible."""
    if S[WAITING] and S[CLOCK] < clock:
        S[CLOCK] = clock
    S[WAITING] = 0
    S[I_WAKE] = NEVER
    while go_on(S, P, R, clock):
        pass


def go_on(S, P, R, clock):
    """A stage; False if it has to wait."""
    stage, r = S[STAGE], S[RECORD] * RECORD_SIZE
    if stage == FETCH:
        return next_record(S, R)
    if stage == FENCED:
        if R[r + R_FENCED] and not when(S, idle_from(S, P)):
            return False
        S[CLOCK] += 1 + R[r + R_WRAPS]
        S[STAGE] = SETTLE
        return True
    if stage == SETTLE:
        if R[r + R_SCALAR] and S[GIVERS]:
            S[WAITING] = 1
            return False
        if R[r + R_AWAITS]:
            S[STOPPED] = 1
            return False
        walks(S, R, r, S[CLOCK] + 2 + R[r + R_LOCATES])
        return True
    if stage == WALK:
        return walk(S, R, r)
    if stage == DISPATCH:
        return dispatch(S, P, R, r, clock)
    if stage == END:
        if R[r + R_IRQ] and not when(S, idle_from(S, P)):
            return False
        R[r + R_HANDED] = S[CLOCK]
        S[CLOCK] += 1
        S[STAGE] = DRAIN if R[r + R_NAME] == HALT else FETCH
        return True
    if stage == DRAIN:
        return drain(S, P, R, clock)
    if stage == CLOSED:
        if not (when(S, idle_from(S, P)) and in_time(S, clock)):
            return False
        rests(S, clock + 1)
    return False


def walk(S, R, r):
    """Look at the ranges one after the other."""
    while S[INDEX] < R[r + R_RANGES]:
        at = r + R_RANGE + 4 * S[INDEX]
        if R[at]:
            free = free_from(S, S[CLOCK], R[at + 1], R[at + 2], R[at + 3], R[r + R_COLLECTED])
            if not when(S, free):
                return False
        S[CLOCK] += 1
        S[INDEX] += 1
    # One clock to see that no range is left, which is the first one where there is none.
    if R[r + R_RANGES]:
        S[CLOCK] += 1
    S[STAGE] = DISPATCH
    return True


def dispatch(S, P, R, r, clock):
    """Hand the instruction to its unit."""
    kind, name = R[r + R_KIND], R[r + R_NAME]
    if R[r + R_FAULT]:
        fails(S, R[r + R_FAULT])
        return True
    if kind == CHANNEL_WORK:
        if not accept(S, P, R, r):
            S[WAITING] = 1
            return False
        if R[r + R_GOES_ON]:
            return next_record(S, R)
        S[STAGE] = END
        S[CLOCK] += 1
        return True
    if name in (HALT, FENCE) and not when(S, idle_from(S, P)):
        return False
    if kind == STREAM:
        if not (when(S, S[M_QUIET]) and in_time(S, clock)):
            return False
        words = r + (R_READS_FIRST if name == OUT else R_WRITES_FIRST)
        S[MOVED], S[MOVED_PAST], S[MOVED_WRITES] = R[words], R[words + 1], 0 if name == OUT else 1
        start_move(S, clock, 1 if name == OUT else 0, R[words], R[words + 1] - R[words])
        return told(S, clock)
    if kind == VECTOR:
        if not (when(S, 0 if S[FREE] else NEVER) and in_time(S, clock)):
            return False
        begin_vector(S, R, r, clock)
        return told(S, clock)
    if kind == VMM:
        if R[r + R_GOES_ON]:
            return next_record(S, R)
    elif name == MARK:
        S[MARKED] = S[CLOCK]
    S[STAGE] = END
    S[CLOCK] += 1
    return True


def told(S, clock):
    """A unit has been told something; what it shows is of no meaning before the next clock."""
    S[STAGE] = END
    S[CLOCK] = S[I_WAKE] = clock + 1
    return False


def begin_vector(S, R, r, clock):
    """A vector instruction begins."""
    slot, count = S[SLOT], 0
    for i in range(R[r + R_RANGES]):
        at = r + R_RANGE + 4 * i
        if R[at]:
            to = VECTOR_RANGES + (slot * RANGES + count) * 3
            S[to], S[to + 1], S[to + 2] = R[at + 1], R[at + 2], R[at + 3]
            count += 1
    S[VECTOR_RANGES_N + slot] = count
    for i in range(9):
        S[START + i] = R[r + R_START + i]
    S[STARTS] = 1
    S[DUE] = clock


def drain(S, P, R, clock):
    """The program ends when all are idle."""
    if not (when(S, idle_from(S, P)) and in_time(S, clock)):
        return False
    S[STAGE] = REST
    S[ENDED], S[ENDED_ERROR] = clock + 1, S[ERROR]
    if not S[ERROR]:
        rests(S, clock + 1)
        return False
    # The host clears the error, and all banks are closed.
    for number in range(P[N_CHANNELS]):
        push_operation(S, P, CHANNELS + number * CHANNEL, P, CLOSES_ALL, clock + 6)
    S[STAGE], S[CLOCK] = CLOSED, clock + 6
    return True


def rests(S, clock):
    """No program runs from a clock on: the host starts the next one, if there is one."""
    begin_span(S, RESTING_N, RESTING, S[ENDED])
    S[STAGE] = REST
    if S[LAST]:
        S[STOPPED], S[CLOCK] = 1, clock
        S[ERROR] = 0
        return
    begins = clock + (CLEARED_AFTER if S[ERROR] else STARTS_AFTER)
    S[ERROR] = 0
    begin_program(S, begins)


def begin_program(S, clock):
    """A program starts in a clock, and runs from the next one on."""
    S[RESTING + 2 * S[RESTING_N] - 1] = clock + 1
    S[STAGE] = FETCH
    S[CLOCK] = S[I_WAKE] = clock + 1
