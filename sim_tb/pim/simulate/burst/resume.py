"""A state of the core as the objects have it that go on from there command by command."""

from __future__ import annotations

from hdl.params.pim import COMMANDS, INSTRUCTIONS, PimParams
from sim_tb.pim.simulate.bus import Burst
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core import ledger as book
from sim_tb.pim.simulate.core.arrays import PLAN_NUMBERS, Numbers
from sim_tb.pim.simulate.unit import State
from sim_tb.pim.simulate.work import NEVER

__all__ = ["account_of", "state_of"]

CODES = len(COMMANDS) + 1
PLANS = {number: INSTRUCTIONS[name].code for name, number in PLAN_NUMBERS.items()}


def state_of(params: PimParams, numbers: Numbers, now: int) -> State:
    """The units' state, of numbers that were just joined at a clock."""
    S = numbers.tolist()
    channels = [_channel(params, S[at.CHANNELS + i * at.CHANNEL :], now) for i in range(params.channels)]
    feeder = _carrier(S[at.F :], now, 9, (at.F_ADDRESS, at.F_START, at.F_LEFT, at.F_INDEX, at.F_WHO, at.F_MORE))
    collector = _carrier(S[at.C :], now, 6, (at.C_MASK, at.C_INDEX, at.C_TURN))
    place = (S[at.M_ADDRESS], bool(S[at.M_OUT])) if S[at.M_LEFT] else ()
    mover = S[at.M_INPUTS], S[at.M_LEFT], _ahead(S[at.M_QUIET], now), _ahead(S[at.M_WAKE], now), place
    moved = (S[at.MOVED], S[at.MOVED_PAST], bool(S[at.MOVED_WRITES])) if S[at.M_QUIET] > now else ()
    kept = [
        tuple((*S[i : i + 2], _ahead(S[i + 2], now)) for i in range(first, first + 3 * S[count], 3))
        for count, first in ((at.FEEDS_N, at.FEEDS), (at.COLLECTS_N, at.COLLECTS))
    ]
    vectors = []
    for slot in (i for i in range(at.CONTEXTS) if S[at.ACTIVE] >> i & 1):
        first = at.VECTOR_RANGES + slot * at.RANGES * 3
        many = S[at.VECTOR_RANGES_N + slot]
        vectors.append((slot, *((*S[i : i + 2], bool(S[i + 2])) for i in range(first, first + 3 * many, 3))))
    return (*channels, feeder, collector, (_vector(S), mover), (*kept, moved, tuple(vectors)))


def account_of(params: PimParams, account: Numbers, channel: int) -> tuple[list[Burst], bool]:
    """Commands of a channel that are decided but not on the bus; and whether a row is open."""
    a = book.ACCOUNTS + channel * book.ACCOUNT
    first, many = a + book.PENDING, int(account[a + book.PENDING_N])
    pending = account[first : first + 5 * many].reshape(-1, 5).tolist()
    bursts = [Burst(clock, 1, count, code, products=products) for clock, _, count, code, products in pending]
    return bursts, bool(account[a + book.HELD])


def _ahead(clock: int, now: int) -> int:
    return max(0, clock - now) if clock < NEVER else -1


def _channel(params: PimParams, S: list[int], now: int) -> State:
    def clocks(count: int, queue: int) -> State:
        return tuple([each - now for each in S[queue : queue + S[count]]])

    queue = tuple((S[i] - now, *S[i + 1 : i + 10]) for i in range(at.JOB, at.JOB + 10 * S[at.JOBS_N], 10))
    common = bool(S[at.VALID]), _ahead(S[at.ENDS], now), S[at.BASE] - now, S[at.QUIET] - now, queue
    work = S[at.CODE : at.CODE + 9] if S[at.VALID] else []
    banks = (
        (*S[at.ROWS : at.ROWS + params.banks], bool(S[at.TOGETHER])),
        tuple([each - now for each in S[at.READY : at.READY + CODES]]),
        tuple([tuple([each - now for each in S[i : i + params.banks]]) for i in _single_banks()]),
        tuple([each + params.timing.tfaw - now for each in S[at.ACTS : at.ACTS + 4]]),
    )
    interval = params.timing.trefi
    loads: State = ()
    if params.buffers > 1:
        busy = range(at.BUSIES, at.BUSIES + 3 * S[at.BUSY_N], 3)
        loads = (
            S[at.READY + COMMANDS["WR_GB"].code] - now,
            S[at.PICK],
            bool(S[at.TAKING]),
            bool(S[at.GIVING]),
            S[at.READING],
            tuple([each - now for each in S[at.FILLED : at.FILLED + params.buffers]]),
            tuple([(S[i] - now, S[i + 1], S[i + 2] - now) for i in busy]),
        )
    return (
        common,
        (*work, S[at.BEGUN] - now),
        banks,
        ((S[at.REFRESHES] + 1) * interval - now,) if interval else (),
        (S[at.QUEUED], S[at.FED] - now, clocks(at.ARRIVALS_N, at.ARRIVALS), clocks(at.LEAVES_N, at.LEAVES)),
        (S[at.OWED], clocks(at.ANSWERS_N, at.ANSWERS), clocks(at.POPS_N, at.POPS)),
        loads,
    )


def _single_banks() -> range:
    """Where clocks of banks begin, by command."""
    return range(at.BANK_READY, at.BANK_READY + 4 * at.BANKS, at.BANKS)


def _carrier(S: list[int], now: int, size: int, places: tuple[int, ...]) -> State:
    first = at.CARRIER_JOBS
    queue = tuple((S[i] - now, *S[i + 1 : i + 1 + size]) for i in range(first, first + 10 * S[at.CARRIER_JOBS_N], 10))
    common = bool(S[at.VALID]), _ahead(S[at.ENDS], now), S[at.BASE] - now, S[at.QUIET] - now, queue
    job = at.CARRIER_JOB
    work = (*[S[each] for each in places], *S[job : job + size]) if S[at.VALID] else ()
    accesses = range(at.ACCESS, at.ACCESS + 2 * S[at.ACCESSES_N], 2)
    return common, work, tuple((S[i] - now, S[i + 1]) for i in accesses)


def _vector(S: list[int]) -> State:
    sets = (at.OLDEST, at.ACTIVE, at.COMPLETE, at.NUMBERS, at.SUMS, at.VECTORS, at.SCANS)
    found = [S[each] for each in sets]
    for task in (at.TASKS + i * at.TASK for i in range(at.CONTEXTS) if S[at.ACTIVE] >> i & 1):
        found += [PLANS[S[task]], *S[task + 1 : task + 11]]
    many = S[at.ENDINGS_N]
    found += [many, *S[at.ENDING : at.ENDING + 2 * many]]
    for o in range(at.OPERANDS, at.OPERANDS + 3 * at.OPERAND, at.OPERAND):
        waiting, there = S[o + at.O_WAITING], S[o + at.O_THERE]
        found += [waiting, there, S[o + at.O_COUNT]]
        found += S[o + at.O_WAIT : o + at.O_WAIT + 2 * waiting] + S[o + at.O_CLOCK : o + at.O_CLOCK + there]
    found += S[at.ASKED : at.ASKED + 1]
    found += [S[each] for each in (at.FRONT, at.LEFT_BEATS, at.OFFSET, at.OPENS, at.WHOLES, at.WRITING, at.LAST_OF)]
    for count, ring, size in (
        (at.B_N, at.B_WORDS, 1),
        (at.C_N, at.C_WORDS, 1),
        (at.BACK_N, at.BACK, 4),
        (at.RESULTS_N, at.RESULTS, 3),
    ):
        found.append(S[count])
        for due in range(at.RING):
            entry = S[ring + size * due : ring + size * (due + 1)]
            if entry[0] >= 0:
                found += [due, *entry]
    return (*found, *S[at.SCAN_WORD : at.SCAN_WORD + 4])
