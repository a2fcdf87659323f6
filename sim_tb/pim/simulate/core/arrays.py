"""A system, and instructions, as arrays of integers."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from hdl.arith.float.passes import LaneShape
from hdl.params import ToolError
from hdl.params.pim import COMMANDS, FAULTS, PimParams
from hdl.params.pim.system import MAX_POSTPONED
from hdl.pim.mover import MOVE_BITS
from hdl.pim.vector.context import context_count
from hdl.pim.vector.greatest import Greatest
from hdl.pim.vector.phases import PHASES as VECTOR_PHASES
from hdl.pim.vector.sum import Sum
from sim_tb.pim.simulate.bus import GIVES as GIVE
from sim_tb.pim.simulate.bus import REGISTERS as ON_REGISTERS
from sim_tb.pim.simulate.bus import TAKES as TAKE
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core import ledger as book
from sim_tb.pim.simulate.core.lanes import TRANSFER
from sim_tb.pim.simulate.stages import Plan, plans
from sim_tb.pim.simulate.statistics import ACTIVATE, CAUSE, COLUMN, IDLE, modes
from sim_tb.pim.simulate.waits import SINGLE, Waits, latency
from sim_tb.pim.simulate.work import word_channels

if TYPE_CHECKING:
    from sim_tb.pim.simulate.prepare import Part, Prepared

__all__ = ["Numbers", "new_account", "new_state", "record", "system"]

Numbers = npt.NDArray[np.int64]
#: Commands whose operations go to rows; and those that go on from column to column.
ROWED = frozenset(COMMANDS[name].code for name in ("ACT", "ACT_AB", "RD_SB", "WR_SB", "WR_ELEM", "MAC_AB", "SCALE_AB"))
RUNS = frozenset(COMMANDS[name].code for name in ("RD_SB", "WR_SB", "MAC_AB"))
PLAN_NUMBERS = {name: number for number, name in enumerate(VECTOR_PHASES)}
KINDS = {"stream": at.STREAM, "vector": at.VECTOR}
NAMES = {"HALT": at.HALT, "FENCE": at.FENCE, "MARK": at.MARK, "OUT": at.OUT}


def power(least: int) -> int:
    """The next power of two, at least 4."""
    return max(4, 1 << (least - 1).bit_length())


def system(params: PimParams, *, refreshes: bool = True, shape: LaneShape | None = None, contexts: int = 0) -> Numbers:
    """What never changes; without refreshes as if none was ever due, and with other lanes and contexts if given."""
    P, t, shape, waits = np.zeros(at.SYSTEM, np.int64), params.timing, shape or LaneShape(), Waits.of(params)
    total = Sum(params.vector_lanes, shape.adder)
    least = 2 * params.accumulators * params.parts if params.accumulators > 1 else 1
    P[at.N_CHANNELS], P[at.N_BANKS], P[at.LANES], P[at.ROW_COLS] = (
        params.channels,
        params.banks,
        params.lanes,
        params.row_cols,
    )
    P[at.INTERVAL], P[at.URGENT], P[at.WINDOW] = t.trefi if refreshes else 0, MAX_POSTPONED - 1, t.tfaw
    P[at.N_BUFFERS], P[at.ARRIVES] = params.buffers, t.cwl_reg + t.tbl
    P[at.WRITE_DEPTH] = max(power(-(-(max(t.cwl, t.cwl_reg) + 2) // t.tbl) + 3), least)
    P[at.READ_DEPTH] = max(power(-(-(max(t.cl, t.cl_reg) + 4) // t.tbl) + 1), least)
    if (deepest := max(P[at.WRITE_DEPTH], P[at.READ_DEPTH])) + 8 > at.WORDS:
        message = f"The simulator has room for {at.WORDS - 8:,} words on their way on a channel, not for {deepest:,}: "
        raise ToolError(message + "as many as latencies and tBL of this system make")
    words = params.vector_lanes // params.lanes
    P[at.LOW], P[at.N_CONTEXTS], P[at.PER_BEAT] = 4 * words - 1, contexts or context_count(params), words
    P[at.GAP], P[at.SUM_LATENCY] = total.gap, total.latency
    P[at.FULL_CHAIN], P[at.SHORT_CHAIN] = shape.full, shape.short
    P[at.SCAN_GREATEST] = TRANSFER + Greatest(params.vector_lanes).latency
    P[at.SCAN_SUM], P[at.SCAN_GAP] = TRANSFER + shape.adder + total.latency, total.gap
    P[at.VECTOR_LANES], P[at.BITS] = params.vector_lanes, 1 << MOVE_BITS
    P[at.TRFC], P[at.TMOD], P[at.APART] = t.trfc, t.tmod, 4096 // params.row_cols + 2
    P[at.SINGLES : at.SINGLES + at.CODES] = -1
    P[at.WAITS : at.BANK_WAITS + 4 * at.CODES] = -at.NEVER
    singles = [COMMANDS[name].code for name in SINGLE]
    for number, code in enumerate(singles):
        P[at.SINGLES + code] = number
    for command in COMMANDS.values():
        code = command.code
        P[at.STEPS + code], P[at.LATENCIES + code] = waits.between(code, code), latency(t, command)
        for after, clocks in waits.channel[code]:
            P[at.WAITS + code * at.CODES + after] = clocks
        for after, clocks in waits.bank[code]:
            P[at.BANK_WAITS + code * 4 + singles.index(after)] = clocks
    for place, codes in ((at.TAKES, TAKE), (at.GIVING_CODES, GIVE), (at.REGISTERS, ON_REGISTERS)):
        P[[place + code for code in codes]] = 1
    for place, codes in ((at.ROWED, ROWED), (at.RUNS, RUNS)):
        P[[place + code for code in codes]] = 1
    for place, values in (
        (at.CAUSES_OF, CAUSE),
        (at.COLUMN, COLUMN),
        (at.ACTIVATE, ACTIVATE),
        (at.MODES, modes(params)),
    ):
        P[place : place + len(values)] = values
    for channel in range(params.channels):
        P[at.PLACES + channel] = channel * params.banks // params.lanes
    masks = word_channels(params)
    P[at.SLOTS : at.SLOTS + len(masks)] = masks
    for name, plan in plans(shape).items():
        _plan(P, at.PLANS + PLAN_NUMBERS[name] * at.PHASES * at.STAGE_SIZE, plan)
    P[at.CLOSES_ALL] = COMMANDS["PRE_AB"].code
    return P


def _plan(P: Numbers, place: int, plan: Plan) -> None:
    for stage in plan.stages:
        scans = {"": 0, "greatest": 1, "sum": 2}[stage.scans]
        fields = [scans, stage.runs, stage.vector, stage.gathers, stage.sums, stage.writes, stage.packs, stage.single]
        fields += [stage.b, stage.c, stage.early, stage.final, stage.parts, len(stage.again), *stage.again]
        P[place : place + len(fields)] = fields
        P[place + at.G_B_IS_A], P[place + at.G_C_IS_B] = plan.b_is_a, plan.c_is_b
        place += at.STAGE_SIZE


def new_state(params: PimParams, inputs: int) -> Numbers:
    """The state after reset."""
    S = np.zeros(at.CHANNELS + params.channels * at.CHANNEL, np.int64)
    for channel in range(params.channels):
        c = at.CHANNELS + channel * at.CHANNEL
        S[c + at.ENDS], S[c + at.FED], S[c + at.PICK] = at.NEVER, -at.NEVER, -1
        S[c + at.WAKE] = params.timing.trefi or at.NEVER
        S[c + at.ROWS : c + at.ROWS + at.BANKS] = -1
        S[c + at.ACTS : c + at.ACTS + 4] = -at.NEVER
    for carrier in (at.F, at.C):
        S[carrier + at.ENDS] = S[carrier + at.WAKE] = at.NEVER
    S[at.M_INPUTS], S[at.M_WAKE], S[at.DUE], S[at.FREE] = inputs, at.NEVER, at.NEVER, 1
    S[at.FRONT] = S[at.WRITING] = S[at.LAST_OF] = S[at.SCAN_WORD] = -1
    S[at.B_WORDS : at.RESULTS + 3 * at.RING] = -1
    S[at.I_WAKE] = at.NEVER
    return S


def new_account(params: PimParams) -> Numbers:
    """The ledger after reset."""
    A = np.zeros(book.ACCOUNTS + params.channels * book.ACCOUNT, np.int64)
    A[book.BESIDE_N], A[book.BESIDE + 1] = 1, book.ISSUE
    for channel in range(params.channels):
        a = book.ACCOUNTS + channel * book.ACCOUNT
        A[a + book.EDGES_N], A[a + book.EDGES + 1], A[a + book.SINCE] = 1, IDLE, -1
    return A


def record(
    prepared: Prepared,
    part: Part,
    *,
    inner: bool,
    goes_on: bool,
    fenced: bool,
    wraps: int,
    scalar: bool,
    absent: bool,
    awaits: bool = False,
) -> list[int]:
    """An instruction, or a part of one, as the issuer works on it; its fault may still be that of accumulators."""
    R, one, work = [0] * at.RECORD_SIZE, prepared.one, part.work
    kind = at.CHANNEL_WORK if work else at.VMM if one.op.name == "VMM" else KINDS.get(one.op.unit, at.CONTROL)
    if kind == at.VECTOR and not prepared.start:
        kind = at.CONTROL
    R[at.R_KIND], R[at.R_NAME] = kind, NAMES.get(one.op.name, at.OTHER)
    R[at.R_FENCED], R[at.R_WRAPS], R[at.R_SCALAR], R[at.R_LOCATES] = fenced, wraps, scalar, prepared.locates
    R[at.R_MULTIPLIES], R[at.R_CROSSES], R[at.R_INNER], R[at.R_GOES_ON] = part.multiplies, part.crosses, inner, goes_on
    R[at.R_IRQ], R[at.R_FAULT], R[at.R_ABSENT] = "irq" in one.flags, prepared.fault, absent
    R[at.R_AWAITS], R[at.R_HANDED] = awaits, -1
    if absent:
        R[at.R_FAULT] = FAULTS["PROGRAM"].code
    R[at.R_RANGES] = len(part.ranges)
    for number, each in enumerate(part.ranges):
        if each is not None:
            R[at.R_RANGE + 4 * number : at.R_RANGE + 4 * number + 4] = [1, *each]
    for place, words in ((at.R_READS, part.reads), (at.R_WRITES, part.writes)):
        if words is not None:
            R[place : place + 3] = [1, *words]
    if work:
        R[at.R_MASK], R[at.R_FEEDS], R[at.R_COLLECTS] = work.mask, work.feed is not None, work.collect is not None
        R[at.R_COLLECTED], R[at.R_ROWED] = work.collect is not None, work.operation.code in ROWED
        for place, job in ((at.R_OPERATION, work.operation), (at.R_FEED, work.feed), (at.R_COLLECT, work.collect)):
            if job is not None:
                R[place : place + len(job)] = job
    if start := prepared.start:
        fields = (start.n, start.a, start.b, start.c, start.d, start.stride, start.target, start.gives)
        R[at.R_START : at.R_START + 9] = [PLAN_NUMBERS[start.opcode], *fields]
    return R


def row_of(numbers: Sequence[int]) -> Numbers:
    """Integers as an array."""
    return np.array(numbers, np.int64)
