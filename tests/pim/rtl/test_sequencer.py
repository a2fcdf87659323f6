"""The sequencer's command logs: legal by the independent checker, complete, and as fast as the rules allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hdl.params.pim import INSTRUCTIONS, Instruction, PimParams, TimingTable, instruction
from sim_tb.pim import Entry, check_log
from sim_tb.pim.bench.programs import random_program, unrolled
from sim_tb.pim.bench.sequencers import Step, run_sequencers, steps_of
from tests.pim.machines import TINY
from tests.pim.rtl.work import done, expected

pytestmark = pytest.mark.sim

#: Every time differs from what others add up to, so that each rule is the one that binds somewhere: data of two clocks,
#: a window of activates beyond tRC.
SHARP = replace(TINY.timing, tbl=2, tccd=3, tfaw=24, trefi=160, cwl_reg=2, cl_reg=3)
AIM_LIKE = replace(TINY.timing, trcd_mac=56, trcd_rd=36, trcd_wr=28, tras=54, trc=89, trp=32, cl=50, cwl=6, trefi=0)
PAPER_LIKE = replace(TimingTable(), trfc=60, trefi=400, tmac=1)  # everything else at its least: commands in every clock
TIMINGS = {"tiny": TINY.timing, "sharp": SHARP, "aim": AIM_LIKE, "paper": PAPER_LIKE}


def executed(params: PimParams, seed: int, length: int) -> list[Instruction]:
    """What random programs do on the channels, until there are so many instructions."""
    rng, found = np.random.default_rng(seed), []
    while len(found) < length:
        program = random_program(params, rng, 40, ("dram", "pim")).program
        code = [one for one in program.instructions if one is not None]
        found += [one for one in unrolled(params, code) if one.op.unit in ("dram", "pim")]
    return found


def mixed(params: PimParams, rng: np.random.Generator, length: int) -> list[Instruction]:
    """Short operations on few rows and all banks: rules of single banks meet each other."""
    names = ("ACT", "PRE", "WR_SB", "RD_SB", "ACT_AB", "PRE_AB", "WR_ELEM", "WR_GB", "WR_BIAS", "MAC_AB", "RD_MAC")
    found = []
    for name in rng.choice(names, length, p=[0.2, 0.08, 0.12, 0.12, 0.05, 0.05, 0.06, 0.08, 0.06, 0.12, 0.06]):
        values = {"bank": rng.integers(params.banks), "row": rng.integers(3), "col": rng.integers(params.row_cols)}
        values |= {"n": 1 + rng.integers(2), "lane": rng.integers(params.lanes), "mask": 1, "a": 0, "d": 0, "gb": 0}
        one = instruction(str(name), mask=1, **_defaults(str(name)))
        found.append(replace(one, values={key: int(values.get(key, 0)) for key in one.values}))
    return found


def _defaults(name: str) -> dict[str, int]:
    """Any legal operands."""
    return {operand.name: 1 for operand in INSTRUCTIONS[name].operands if operand.name != "mask"}


def checked(params: PimParams, timing: TimingTable, log: list[Entry], code: list[Instruction]) -> None:
    system = replace(params, channels=1, timing=timing)
    assert check_log(system, log, log[-1].cycle) == []
    assert done(params, log) == expected(params, code)


@pytest.mark.parametrize("stall", [0, 160])
def test_random_programs(stall):
    """Random programs and random operations under four timing tables, with and without waiting for data."""
    rng = np.random.default_rng(1)
    code = executed(TINY, 2, 400) + mixed(TINY, rng, 2500)
    steps = steps_of(TINY, code)
    logs = run_sequencers(TINY, TIMINGS, steps, stall=stall)
    for name, log in logs.items():
        checked(TINY, TIMINGS[name], log, code)
        refreshes = sum(entry.command == "REF" for entry in log)
        interval = TIMINGS[name].trefi
        assert refreshes == 0 if not interval else abs(refreshes - log[-1].cycle // interval) <= 1
        assert len(log) > 5000


def test_refresh_due_in_every_state():
    """The same operations at every phase of the refresh interval; gaps in which only refreshes happen."""
    once = mixed(TINY, np.random.default_rng(5), 25)
    code, steps = [], []
    for wait in range(SHARP.trefi + 20):
        one = steps_of(TINY, once)
        steps += [Step(one[0].bits, wait), *one[1:]]
        code += once
    logs = run_sequencers(TINY, TIMINGS, steps)
    before = set()
    for name, log in logs.items():
        checked(TINY, TIMINGS[name], log, code)
        before |= {log[i - 1].command for i, entry in enumerate(log) if entry.command == "REF" and i}
    # A refresh came after rows were closed, after another refresh, and after commands to registers.
    assert before >= {"PRE_AB", "REF"}


def macs(rows: int, first: int = 0, n: int = 8) -> list[Instruction]:
    return [instruction("MAC_AB", mask=1, row=row, col=first, n=n) for row in range(rows)]


def test_streams_of_macs_have_no_bubble():
    """One column per tCCD inside a row, whoever asks for it; exactly the row law from row to row."""
    quiet = {name: replace(timing, trefi=0) for name, timing in TIMINGS.items()}
    halves = [instruction("MAC_AB", mask=1, row=9, col=col, n=4) for col in (0, 4)]
    across = [instruction("MAC_AB", mask=1, row=20, col=5, n=8)]
    code = macs(9) + halves + across
    for name, log in run_sequencers(TINY, quiet, steps_of(TINY, code)).items():
        timing = quiet[name]
        system = replace(TINY, timing=timing)
        checked(TINY, timing, log, code)
        cycles = [entry.cycle for entry in log if entry.command == "MAC_AB"]
        opened = [entry.cycle for entry in log if entry.command == "ACT_AB"]
        assert len(opened) == 12
        assert len(cycles) == 88
        assert np.diff(opened[:10]).tolist() == [system.row_clocks] * 9
        inside = np.diff(np.reshape(cycles[:80], (10, 8)), axis=1)
        assert (inside == timing.tccd).all()


DIRECTED = {
    "row crossing": [instruction("MAC_AB", mask=1, row=3, col=6, n=8)],
    "WR_GB and MAC": [one for _ in range(3) for one in (instruction("WR_GB", mask=1, a=0, n=8), *macs(1))],
    "RD_MAC after MAC": [*macs(1), instruction("RD_MAC", mask=1, d=0), *macs(1)],
    "bias after MAC": [*macs(1), instruction("WR_BIAS", "zero", mask=1), *macs(1)],
    "write, read": [
        instruction(name, mask=1, bank=bank, row=1, n=3, **{where: 0})
        for bank in (0, 0, 1)
        for name, where in (("WR_SB", "a"), ("RD_SB", "d"), ("WR_SB", "a"))
    ],
    "element writes": [
        instruction("WR_ELEM", mask=1, row=2, col=col, lane=lane, a=0) for col in (0, 7) for lane in (0, 3)
    ],
    "key and value wrap": [
        *[instruction("WR_SB", mask=1, bank=3, row=5, col=6, n=4, a=0)],
        *[instruction("WR_ELEM", mask=1, row=row, col=col, lane=3, a=0) for row, col in ((5, 7), (6, 0))],
    ],
    "rows of single banks": [
        *[instruction("ACT", mask=1, bank=bank, row=bank) for bank in (0, 1, 2, 3, 0)],
        *[instruction("RD_SB", mask=1, bank=bank, row=bank, n=2, d=0) for bank in (3, 2, 1)],
        *macs(2),
        instruction("PRE", mask=1, bank=1),
        instruction("PRE", mask=1, bank=1),
        *macs(2),
    ],
    "chunks": list(unrolled(TINY, [instruction("VMM", "zero", row=1, n=20, slots=3, a=0, d=100)])),
}


@pytest.mark.parametrize("name", DIRECTED)
def test_directed(name):
    code = DIRECTED[name]
    for timing, log in run_sequencers(TINY, TIMINGS, steps_of(TINY, code)).items():
        checked(TINY, TIMINGS[timing], log, code)


def test_more_banks_than_lanes():
    """Commands of one element a bank come once for every ``lanes`` banks."""
    params = replace(TINY, channels=3, banks=8, lanes=4)
    code = mixed(params, np.random.default_rng(3), 600)
    log = run_sequencers(params, {"sharp": SHARP}, steps_of(params, code))["sharp"]
    checked(params, SHARP, log, code)
    assert {entry.bank for entry in log if entry.command == "WR_ELEM"} == {0, 4}


def test_every_rule_shortened_by_one_is_caught():
    """A sequencer whose table has one time a clock shorter than the checker's: the checker names the rule.

    One sequencer does for all rules, because each time the right table is made from its own, with one time more.
    """
    windows = [instruction("ACT", mask=1, bank=i % 4, row=i // 4) for i in range(40)]
    code = mixed(TINY, np.random.default_rng(4), 3000) + windows + macs(20)
    long_enough = 10 * SHARP.trefi**2
    log = run_sequencers(TINY, TIMINGS, steps_of(TINY, code), least=long_enough)["sharp"]
    system = replace(TINY, channels=1, timing=SHARP)
    assert check_log(system, log, long_enough) == []
    rights = {key: {key: getattr(SHARP, key) + 1} for key in TimingTable.rules()}
    rights |= {"trefi longer": {"trefi": SHARP.trefi - 1}}
    for key, right in rights.items():
        found = {each.rule for each in check_log(replace(system, timing=replace(SHARP, **right)), log, long_enough)}
        print(key, sorted(found))
        symbol = TimingTable.rules()[key.split()[0]]["symbol"]
        # Latencies and data have no rule of their own; they are part of several.
        assert symbol in found or (symbol in ("tBL", "CL", "CWL", "CL_REG") and found)
