"""A channel: its sequencer's commands."""

from __future__ import annotations

from hdl.params.pim import COMMANDS
from sim_tb.pim.simulate.core.layout import *
from sim_tb.pim.simulate.core.loads import begin_loads, end_loads, filled, load, occupy, wrote
from sim_tb.pim.simulate.core.words import answer, drop, push, room, took

ACT, ACT_AB, PRE, PRE_AB, REF, RD_SB, WR_SB, WR_ELEM, MAC_AB, WR_GB, SCALE_AB = (
    COMMANDS[name].code
    for name in ("ACT", "ACT_AB", "PRE", "PRE_AB", "REF", "RD_SB", "WR_SB", "WR_ELEM", "MAC_AB", "WR_GB", "SCALE_AB")
)
#: No command: the operation finds everything as it wants it, and ends.
NEEDLESS = 0


def freed(S, clock):
    """The issuer may find something new from a clock on."""
    if S[WAITING] and clock < S[I_WAKE]:
        S[I_WAKE] = clock


def note(S, L, c, first, step, many, code, bank, row, col, rises, products, ahead):
    """Commands that were decided."""
    at = S[LOG_N] * ENTRY
    if at + ENTRY > len(L):
        S[FULL] = 1
        return
    L[at + E_CHANNEL] = (c - CHANNELS) // CHANNEL
    L[at + E_FIRST] = first
    L[at + E_STEP] = step
    L[at + E_MANY] = many
    L[at + E_CODE] = code
    L[at + E_BANK] = bank
    L[at + E_ROW] = row
    L[at + E_COL] = col
    L[at + E_RISES] = rises
    L[at + E_PRODUCTS] = products
    L[at + E_AHEAD] = ahead
    S[LOG_N] += 1


def earliest_at_banks(S, P, c, code, bank):
    """The first clock in which a command may leave, as far as its bank's own rules allow."""
    when = S[c + READY + code]
    single = P[SINGLES + code]
    if single >= 0:
        when = max(when, S[c + BANK_READY + single * BANKS + bank])
        if code == ACT:
            when = max(when, S[c + ACTS] + P[WINDOW])
    return when


def sent(S, P, c, when, code, bank, row):
    """A command leaves: rows are open from then on, and other commands wait for it."""
    for after in range(CODES):
        S[c + READY + after] = max(S[c + READY + after], when + P[WAITS + code * CODES + after])
    if P[SINGLES + code] >= 0:
        for after in range(4):
            at = c + BANK_READY + after * BANKS + bank
            S[at] = max(S[at], when + P[BANK_WAITS + code * 4 + after])
    if code == ACT:
        S[c + ROWS + bank] = row
        S[c + OPEN] += 1
        for i in range(3):
            S[c + ACTS + i] = S[c + ACTS + i + 1]
        S[c + ACTS + 3] = when
    elif code == ACT_AB:
        for i in range(P[N_BANKS]):
            S[c + ROWS + i] = row
        S[c + OPEN] = P[N_BANKS]
        S[c + TOGETHER] = 1
    elif code == PRE:
        S[c + ROWS + bank] = -1
        S[c + OPEN] -= 1
        S[c + TOGETHER] = 0
    elif code == PRE_AB:
        for i in range(P[N_BANKS]):
            S[c + ROWS + i] = -1
        S[c + OPEN] = 0
        S[c + TOGETHER] = 0


def issue(S, P, L, c, first, step, many, code, bank, row, col):
    """Commands of the operation at work, or of a refresh."""
    products = S[c + PRODUCTS] if code == MAC_AB else 0
    note(S, L, c, first, step, many, code, bank, row, col, S[c + RISES], products, 0)
    if P[N_BUFFERS] > 1:
        occupy(S, c, first, step, many)


def send(S, P, L, c, when, code, bank, row):
    """A command on rows."""
    issue(S, P, L, c, when, 1, 1, code, bank, row, 0)
    sent(S, P, c, when, code, bank, row)
    S[c + BASE] = when + 1


def push_operation(S, P, c, R, r, clock):
    """An operation, there from a clock on: its bank may be made ready then."""
    at = c + JOB + S[c + JOBS_N] * 10
    S[at] = clock
    for i in range(9):
        S[at + 1 + i] = R[r + i]
    S[c + JOBS_N] += 1
    if clock < S[c + WAKE] and (not S[c + VALID] or P[SINGLES + S[c + CODE]] >= 0 or P[N_BUFFERS] > 1):
        S[c + WAKE] = clock


def turn(S, P, L, c, clock):
    """End the operation at work; begin the next one, if it is there."""
    if S[c + VALID]:
        S[c + VALID] = 0
        S[c + ENDS] = NEVER
        S[c + BASE] = max(S[c + BASE], clock + 1)
        S[c + QUIET] = max(S[c + QUIET], clock + 1)
        if P[N_BUFFERS] > 1:
            end_loads(S, c)
        note(S, L, c, clock + 1, 0, 0, OVER, 0, 0, 0, 0, 0, 0)
        freed(S, clock + 1)
    if S[c + JOBS_N] and S[c + JOB] <= clock:
        S[c + VALID] = 1
        for i in range(9):
            S[c + CODE + i] = S[c + JOB + 1 + i]
        left = (S[c + JOBS_N] - 1) * 10
        for i in range(left):
            S[c + JOB + i] = S[c + JOB + 10 + i]
        S[c + JOBS_N] -= 1
        if P[N_BUFFERS] > 1:
            begin_loads(S, P, c)
        S[c + BEGUN] = clock + 1
        note(S, L, c, clock + 1, 0, 0, BEGINS, 0, 0, 0, 0, 0, 0)
        freed(S, clock + 1)


def step_channel(S, P, L, c, clock):
    """Decide what can be decided."""
    while True:
        if not S[c + VALID] or S[c + ENDS] <= clock:
            if P[N_BUFFERS] > 1:
                S[c + WAKE] = min(S[c + WAKE], load(S, P, L, c, clock))
            if not S[c + VALID] and refresh_comes(S, P, c, clock):
                cut_in(S, P, L, c, clock)
            turn(S, P, L, c, clock)
        elif S[c + ENDS] != NEVER:
            S[c + WAKE] = S[c + ENDS]
            break
        if not decide(S, P, L, c, clock):
            break
    if P[N_BUFFERS] > 1:
        S[c + WAKE] = min(S[c + WAKE], load(S, P, L, c, clock))


def refresh_command(S, c):
    """What a refresh sends next: the precharge before it, or itself."""
    return PRE_AB if S[c + OPEN] else REF


def refresh_due(S, P, c):
    """When the next refresh is due."""
    return (S[c + REFRESHES] + 1) * P[INTERVAL] if P[INTERVAL] else NEVER


def refresh_may_leave(S, c):
    """From when on a refresh, or the precharge before it, may leave if nothing is at work."""
    return max(S[c + BASE], S[c + READY + refresh_command(S, c)])


def is_due(S, due, clock):
    """Whether a refresh is due by a clock; by how much it might move for that to stay so."""
    if due <= clock:
        S[LATER] = min(S[LATER], clock - due)
        return True
    S[EARLIER] = min(S[EARLIER], due - clock - 1)
    return False


def once_due(S, due, clock):
    """A clock, or that in which a refresh is due if that is later: then it must not move."""
    if due <= clock:
        S[LATER] = min(S[LATER], clock - due)
        return clock
    S[EARLIER] = S[LATER] = 0
    return due


def refresh_comes(S, P, c, clock):
    """A refresh, or the precharge before it, leaves in this clock, as nothing is at work."""
    due, may = refresh_due(S, P, c), refresh_may_leave(S, c)
    if may > clock or not is_due(S, due, clock):
        return False
    once_due(S, due, may)
    return True


def cut_in(S, P, L, c, clock):
    """A refresh, or the precharge before it, from a clock on."""
    code = refresh_command(S, c)
    send(S, P, L, c, max(clock, S[c + READY + code]), code, 0, 0)
    S[c + REFRESHES] += code == REF


def next_command(S, P, c):
    """The command that comes next, twice that; and one more if it only opens what the operation needs."""
    kind = S[c + CODE]
    if kind == WR_GB and not S[c + COUNT]:
        return 2 * NEEDLESS
    if P[REGISTERS + kind]:
        return 2 * kind
    single = P[SINGLES + kind] >= 0
    row = S[c + ROWS + S[c + BANK]]
    held = row >= 0 if single else S[c + OPEN] > 0
    close, activate = PRE if single else PRE_AB, ACT if single else ACT_AB
    if kind == close:
        return 2 * (close if held else NEEDLESS)
    hit = row == S[c + ROW] if single else S[c + TOGETHER] == 1 and S[c + ROWS] == S[c + ROW]
    if hit:
        return 2 * (NEEDLESS if kind == activate else kind)
    return 2 * close if held else 2 * activate + 1


def earliest(S, P, c, code):
    """The first clock in which a command may leave, as far as known."""
    when = max(S[c + BASE], S[c + BEGUN], earliest_at_banks(S, P, c, code, S[c + BANK]))
    if code == MAC_AB and P[N_BUFFERS] > 1:
        when = max(when, filled(S, P, c, S[c + GBS]))
    if P[TAKES + code]:
        return max(when, S[c + ARRIVALS]) if S[c + ARRIVALS_N] else NEVER
    return room(S, P, c, when) if P[GIVING_CODES + code] else when


def decide(S, P, L, c, clock):
    """The next command, or burst, or end of the operation; False if it has to wait for others."""
    if not S[c + VALID]:
        leaves = max(refresh_due(S, P, c), refresh_may_leave(S, c))
        S[c + WAKE] = min(leaves, S[c + JOB] if S[c + JOBS_N] else NEVER)
        return False
    found = next_command(S, P, c)
    code, opens = found >> 1, found & 1
    when, urgent = earliest(S, P, c, code), NEVER
    if P[INTERVAL]:
        urgent = (S[c + REFRESHES] + P[URGENT]) * P[INTERVAL]
    due, may = refresh_due(S, P, c) if opens else urgent, refresh_may_leave(S, c)
    cuts = is_due(S, due, when)
    limit = urgent  # from which clock on nothing is decided
    if P[SINGLES + S[c + CODE]] >= 0:
        limit = min(urgent, clock + 1)
        waits = (may > clock or not is_due(S, due, clock)) if cuts else when > clock
        ready = NEVER
        if waits or not (cuts or code):
            ready = make_ready(S, P, L, c, clock)
        if waits:
            S[c + WAKE] = min(max(due, may) if cuts else when, ready)
            return False
    if cuts and when == NEVER and not is_due(S, due, clock):
        S[c + WAKE] = due
        return False
    if cuts:
        at = once_due(S, due, may)
        if P[N_BUFFERS] > 1 and at > clock:
            # What a refresh forbids is not forbidden before it.
            S[c + WAKE] = at
            return False
        cut_in(S, P, L, c, at)
    elif code == NEEDLESS:
        S[c + ENDS] = when
    elif code in (MAC_AB, SCALE_AB):
        multiply(S, P, L, c, when, urgent)
    elif code == S[c + CODE] and code > REF:
        move_words(S, P, L, c, when, urgent, limit)
    else:
        bank = S[c + BANK] if P[SINGLES + code] >= 0 else 0
        send(S, P, L, c, when, code, bank, S[c + ROW] if code in (ACT, ACT_AB) else 0)
    return True


def make_ready(S, P, L, c, clock):
    """Open or close a bank for a later operation, if one may be; the next clock in which that may be so.

    Those are operations on columns of one bank, as long as all before them are on one bank too, and another one.
    """
    due = refresh_due(S, P, c)
    while True:
        least = max(S[c + BASE], S[c + BEGUN])
        used = 1 << S[c + BANK]
        following, chosen, chosen_bank, chosen_row = NEVER, -1, 0, 0
        for i in range(S[c + JOBS_N]):
            at = c + JOB + 10 * i
            job, bank, row = S[at + 1], S[at + 2], S[at + 3]
            if P[SINGLES + job] < 0:
                break
            if job in (RD_SB, WR_SB) and not used >> bank & 1 and S[c + ROWS + bank] != row:
                code = ACT if S[c + ROWS + bank] < 0 else PRE
                when = max(least, S[at], earliest_at_banks(S, P, c, code, bank))
                if when > clock:
                    following = min(following, when)
                elif chosen < 0 or (code == ACT and chosen == PRE):
                    chosen, chosen_bank, chosen_row = code, bank, row
            used |= 1 << bank
        if chosen < 0 or is_due(S, due, clock):
            return NEVER if is_due(S, due, following) else following
        send(S, P, L, c, clock, chosen, chosen_bank, chosen_row if chosen == ACT else 0)


def multiply(S, P, L, c, when, urgent):
    """MACs up to the end of the row, at their shortest distance, unless a refresh becomes urgent; or a scale."""
    code = S[c + CODE]
    step = P[STEPS + code]
    many = min(S[c + COUNT], P[ROW_COLS] - S[c + COL])
    if is_due(S, urgent, when + (many - 1) * step):
        S[EARLIER] = S[LATER] = 0
        many = max(1, -((when - urgent) // step))
    issue(S, P, L, c, when, step, many, code, 0, S[c + WORD], S[c + COL])
    S[c + WORD] += many * S[c + RISES]
    went(S, P, c, when + (many - 1) * step, many, code, 0)


def move_words(S, P, L, c, when, urgent, limit):
    """Commands with words up to the end of the row, and to a clock, as far as words, or room, are known."""
    code = S[c + CODE]
    step, takes, latency = P[STEPS + code], P[TAKES + code], P[LATENCIES + code]
    banked = code in (RD_SB, WR_SB)
    many = min(S[c + COUNT], P[ROW_COLS] - S[c + COL]) if banked else S[c + COUNT]
    done, first, bank = 0, when, S[c + BANK]
    while True:
        if code == WR_GB:
            issue(S, P, L, c, when, 1, 1, code, 0, S[c + WORD], 0)
            S[c + WORD] += 1
        elif banked:
            issue(S, P, L, c, when, 1, 1, code, bank, 0, S[c + COL] + done)
        else:
            issue(S, P, L, c, when, 1, 1, code, S[c + BANK], S[c + WORD], S[c + COL] if code == WR_ELEM else 0)
            S[c + BANK] += P[LANES]
            if S[c + BANK] >= P[N_BANKS]:  # the next accumulator
                S[c + BANK] = 0
                S[c + WORD] += 1
        if takes:
            drop(S, c + ARRIVALS_N, c + ARRIVALS, 1)
            push(S, c + LEAVES_N, c + LEAVES, when + latency)
        else:
            answer(S, P, c, when, code)
        done += 1
        if done == many or S[FULL]:
            break
        following = when + step
        if takes:
            if not S[c + ARRIVALS_N]:
                break
            following = max(following, S[c + ARRIVALS])
        else:
            following = room(S, P, c, following)
        if is_due(S, urgent, following) or following >= limit:
            break
        when = following
    if takes:
        took(S, P, c, first, when, code)
    went(S, P, c, when, done, code, bank if banked else 0)


def went(S, P, c, when, many, code, bank):
    """So many commands have left, the last one in a clock."""
    sent(S, P, c, when, code, bank, 0)
    if code == WR_GB and P[N_BUFFERS] > 1:
        wrote(S, P, c, when, S[c + GBS])
    S[c + BASE] = when + 1
    S[c + COUNT] -= many
    if code in (MAC_AB, RD_SB, WR_SB):
        S[c + COL] += many
        if S[c + COL] == P[ROW_COLS]:
            S[c + COL] = 0
            S[c + ROW] += 1
    if not S[c + COUNT]:
        S[c + ENDS] = when


def decided(S, P, L, c):
    """The last clock that something was decided for, or would have been if no refresh was ever due."""
    found, number = 0, (c - CHANNELS) // CHANNEL
    for i in range(S[LOG_N] - 1, -1, -1):
        at = i * ENTRY
        if L[at] == number and L[at + E_CODE] > 0 and not L[at + E_AHEAD]:
            found = L[at + E_FIRST]
            break
    if S[c + ENDS] < NEVER:
        found = max(found, S[c + ENDS])
    if P[N_BUFFERS] > 1 and S[c + VALID] and S[c + ENDS] == NEVER and P[SINGLES + S[c + CODE]] < 0:
        # What a refresh keeps waiting is not decided before that is over.
        when = earliest(S, P, c, next_command(S, P, c) >> 1)
        if when < NEVER:
            found = max(found, when)
    return found
