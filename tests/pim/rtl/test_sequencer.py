"""The sequencer's command logs: legal by the independent checker, complete, and as fast as the rules allow."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hdl.params.pim import INSTRUCTIONS, PRESETS, Instruction, PimParams, TimingTable, instruction
from sim_tb.pim import Entry, check_log
from sim_tb.pim.bench.programs import random_program, unrolled
from sim_tb.pim.bench.sequencers import Step, run_sequencers, steps_of
from tests.pim.machines import ALL_AT_ONCE, MANY_ACCUMULATORS, TINY
from tests.pim.rtl.work import done, expected, overlapped

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
        values |= {
            "n": 1 + rng.integers(2),
            "lane": rng.integers(params.lanes),
            "mask": 1,
            "a": 0,
            "d": 0,
            "gb": 0,
            "vectors": 1,
        }
        if name in ("WR_BIAS", "RD_MAC"):
            values["n"] = 1
        if params.accumulators > 1:
            name = _several(params, rng, str(name), values)
        one = instruction(str(name), mask=1, **_defaults(str(name)))
        flags = {"int8"} if name == "MAC_AB" and params.int8 and rng.random() < 0.4 else set()
        values_of = {key: int(values.get(key, 0)) for key in one.values}
        found.append(replace(one, values=values_of, flags=frozenset(flags)))
    return found


def _several(params: PimParams, rng: np.random.Generator, name: str, values: dict[str, int]) -> str:
    """Several accumulators, vectors and buffers for an operation; a scale in place of some MACs."""
    most = params.accumulators
    if name in ("WR_BIAS", "RD_MAC"):
        values |= {"n": 1 + rng.integers(most), "acc": 0}
        values["acc"] = rng.integers(most - values["n"] + 1)
    elif name == "MAC_AB" and params.int8 and rng.random() < 0.3:
        values |= {"n": 1 + rng.integers(most // 2), "acc": 0, "to": most // 2}
        return "SCALE_AB"
    elif name in ("MAC_AB", "WR_GB"):
        values["vectors"] = 1 + rng.integers(params.vectors)
        values["acc"] = rng.integers(most - values["vectors"] + 1)
        values["gb"] = rng.integers(params.buffer_words - (values["vectors"] - 1) * params.gb_words - 3)
    return name


def _defaults(name: str) -> dict[str, int]:
    """Any legal operands."""
    return {operand.name: 1 for operand in INSTRUCTIONS[name].operands if operand.name != "mask"}


def longest(t: TimingTable) -> int:
    """Clocks of the longest rule between two commands."""
    written, read = max(t.cwl, t.cwl_reg) + t.tbl, max(t.cl, t.cl_reg) + t.tbl
    others = [clocks for symbol, clocks in t.symbols().items() if symbol != "tREFI"]
    return max(*others, written + max(t.twr, t.twtr), read + t.trtw)


def checked(
    params: PimParams, timing: TimingTable, log: list[Entry], code: list[Instruction], *, prompt: bool = True
) -> None:
    """Legal, complete, and without a wait that no rule asks for, where words and room are there (``prompt``)."""
    system = replace(params, channels=1, timing=timing)
    assert check_log(system, log, log[-1].cycle) == []
    assert overlapped(done(params, log)) == overlapped(expected(params, code))
    if params.buffers == 1:
        assert done(params, log) == expected(params, code)
    if prompt:
        last = max(i for i, entry in enumerate(log) if entry.command not in ("REF", "PRE_AB"))
        gaps = np.diff([entry.cycle for entry in log[: last + 1]])  # only refreshes come after it
        worst = int(gaps.argmax())
        needless = 8  # explicit ACT and PRE without a command, a clock each
        assert gaps[worst] <= longest(timing) + needless, (log[worst], log[worst + 1])


@pytest.mark.parametrize("stall", [0, 160])
@pytest.mark.parametrize("params", [TINY, ALL_AT_ONCE, MANY_ACCUMULATORS], ids=["tiny", "all at once", "many"])
def test_random_programs(params, stall):
    """Random programs and random operations under four timing tables, with and without waiting for data."""
    rng = np.random.default_rng(1)
    code = [one for one in executed(params, 2, 400) if one["mask"] & 1] + mixed(params, rng, 2500)
    steps = steps_of(params, code)
    logs = run_sequencers(params, TIMINGS, steps, stall=stall)
    for name, log in logs.items():
        checked(params, TIMINGS[name], log, code, prompt=not stall)
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
        checked(TINY, TIMINGS[name], log, code, prompt=False)
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


# --- banks made ready for later operations ----------------------------------------------------------------------------
#: Channels of 16 banks with the presets' own times, with refreshes and without.
WIDE = PRESETS["aim_measured"]
TABLES = {name: PRESETS[name].timing for name in ("pimgpt_paper", "aim_measured", "aim_reference", "tiny")}
QUIET = {name: replace(timing, trefi=0) for name, timing in TABLES.items()}


def singles(*places: tuple[str, int, int]) -> list[Instruction]:
    """One column each: W or R, bank, row."""
    names = {"W": ("WR_SB", "a"), "R": ("RD_SB", "d")}
    made = []
    for kind, bank, row in places:
        name, where = names[kind]
        made.append(instruction(name, mask=1, bank=bank, row=row, col=row, n=1, **{where: 0}))
    return made


def ahead(code: list[Instruction]) -> dict[str, list[Entry]]:
    """Logs under the presets' times without refreshes, legal and complete."""
    logs = run_sequencers(WIDE, QUIET, steps_of(WIDE, code))
    for name, log in logs.items():
        checked(WIDE, QUIET[name], log, code)
    return logs


def span(log: list[Entry]) -> int:
    return log[-1].cycle - log[0].cycle + 1


@pytest.mark.parametrize(("kind", "trcd"), [("W", "trcd_wr"), ("R", "trcd_rd")])
def test_one_column_of_each_bank(kind, trcd):
    """The activates follow each other as tRRD allows, or as the commands leave clocks for them."""
    for name, log in ahead(singles(*((kind, bank, 3) for bank in range(WIDE.banks)))).items():
        timing = QUIET[name]
        assert [entry.bank for entry in log if entry.command == "ACT"] == list(range(WIDE.banks))
        window = timing.tfaw * (WIDE.banks // 4 - 1) + 3 * timing.trrd if timing.tfaw else 0
        bound = max((WIDE.banks - 1) * timing.trrd, window) + getattr(timing, trcd) + 1
        print(name, kind, span(log), bound)
        if timing.trrd > 1:  # now and then a column takes the clock in which a window of activates ends
            assert span(log) <= bound + (WIDE.banks // 4 if timing.tfaw else 0)
        else:  # a column a clock, once they come, takes the clocks that activates would
            assert span(log) <= 2 * WIDE.banks + getattr(timing, trcd)


def test_rows_that_change_in_every_bank():
    """Other rows are closed ahead as well."""
    code = singles(*(("W", bank, row) for row in (3, 4) for bank in range(WIDE.banks)))
    for name, log in ahead(code).items():
        timing = QUIET[name]
        alone = timing.trp + timing.trcd_wr + 1
        print(name, span(log))
        assert span(log) < 2 * WIDE.banks * alone * 0.45
        closed = [entry for entry in log if entry.command == "PRE"]
        assert [entry.bank for entry in closed] == list(range(WIDE.banks))


def test_a_bank_that_is_used_before_waits():
    """Only the first operation on a bank is looked at; the second one closes its row itself, as without look-ahead."""
    for name, log in ahead(singles(("W", 0, 1), ("W", 0, 2), ("R", 1, 5), ("W", 0, 1), ("R", 1, 6))).items():
        timing = QUIET[name]
        of = {bank: [entry for entry in log if entry.bank == bank] for bank in (0, 1)}
        assert [entry.command for entry in of[0]] == ["ACT", "WR_SB", "PRE", "ACT", "WR_SB", "PRE", "ACT", "WR_SB"]
        assert of[1][0].cycle <= of[0][0].cycle + max(timing.trrd, 2)  # beyond two operations on bank 0
        hold = timing.cwl + timing.tbl + timing.twr
        assert of[0][2].cycle - of[0][1].cycle == max(hold, timing.tras - timing.trcd_wr)
        assert of[1][2].cycle < of[0][-1].cycle  # row 5 is closed for 6 while bank 0 is at work


def test_rows_that_are_open_stay_so():
    """Whoever finds its row open sends nothing but its column, whatever was looked at meanwhile."""
    code = singles(*(("W", bank, 3) for bank in range(8))) * 4
    for log in ahead(code).values():
        assert [entry.command for entry in log].count("ACT") == 8
        assert not [entry for entry in log if entry.command == "PRE"]


@pytest.mark.parametrize("name", ["MAC_AB", "WR_ELEM", "WR_GB", "WR_BIAS", "RD_MAC", "ACT_AB", "PRE_AB"])
def test_the_search_ends_at_operations_on_all_banks_and_on_registers(name):
    """Nothing is opened across them, before or after."""
    operands = {"WR_GB": {"a": 0, "n": 1}, "RD_MAC": {"d": 0}, "WR_BIAS": {"a": 0}, "PRE_AB": {}, "ACT_AB": {"row": 9}}
    operands |= {"MAC_AB": {"row": 9, "n": 1}, "WR_ELEM": {"row": 9, "col": 0, "lane": 0, "a": 0}}
    code = [*singles(("W", 0, 3)), instruction(name, mask=1, **operands[name]), *singles(("W", 1, 4))]
    for log in ahead(code).values():
        commands = [(entry.command, entry.bank) for entry in log]
        assert commands.index(("ACT", 1)) > commands.index((name, 0))


@pytest.mark.parametrize("name", ["ACT", "PRE"])
def test_explicit_commands_keep_their_banks(name):
    """An ACT or PRE of another bank does not end the search; one of the same bank comes before what waits behind it."""
    own = instruction(name, mask=1, bank=1, **({"row": 7} if name == "ACT" else {}))
    code = [*singles(("W", 0, 3)), own, *singles(("W", 1, 4), ("W", 2, 4))]
    for log in ahead(code).values():
        commands = [(entry.command, entry.bank, entry.row) for entry in log]
        assert commands.index(("ACT", 2, 4)) < commands.index(("WR_SB", 0, 0))
        if name == "ACT":
            assert commands.index(("ACT", 1, 7)) < commands.index(("ACT", 1, 4))


def test_refreshes_are_not_put_off():
    """While one is due nothing is opened ahead, and what was opened is opened again."""
    busy = {name: replace(timing, trefi=400, trfc=60) for name, timing in TABLES.items()}
    rng = np.random.default_rng(11)
    code = singles(*(("WR"[rng.integers(2)], rng.integers(16), rng.integers(8)) for _ in range(2500)))
    for name, log in run_sequencers(WIDE, busy, steps_of(WIDE, code)).items():
        checked(WIDE, busy[name], log, code)
        refreshes = [entry.cycle for entry in log if entry.command == "REF"]
        assert abs(len(refreshes) - log[-1].cycle // 400) <= 1
        # A present operation of one column ends soon: never is a second refresh due.
        late = [cycle - 400 * (i + 1) for i, cycle in enumerate(refreshes)]
        assert max(late) < 400, name


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
