"""The timing checker: every rule at its limit, and one cycle short of it."""

from __future__ import annotations

from dataclasses import replace
from itertools import pairwise
from pathlib import Path

import pytest

import sim_tb.pim.check.checker
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, PimParams, number
from sim_tb.pim import RULES, Entry, TimingChecker, check_log, read_log, write_log
from sim_tb.pim.check.rules import spacings

TINY, AIM = PRESETS["tiny"], PRESETS["aim_measured"]
#: A system on which no rule but command bus, rows and data hides another.
LOOSE = {
    "trcd_rd": 2,
    "trcd_wr": 2,
    "trcd_mac": 2,
    "trp": 2,
    "tras": 2,
    "trc": 4,
    "tccd": 1,
    "twr": 1,
    "trtp": 1,
    "twtr": 1,
    "trtw": 0,
    "trrd": 1,
    "tfaw": 0,
    "trfc": 1,
    "trefi": 0,
    "tmod": 0,
    "tmac": 1,
    "cl": 3,
    "cwl": 2,
    "cl_reg": 1,
    "cwl_reg": 1,
}


def system(**timing: int) -> PimParams:
    return replace(TINY, timing=replace(TINY.timing, **(LOOSE | timing)))


def log(*commands: tuple) -> list[Entry]:
    """``(cycle, command, bank, row, col)`` on channel 1."""
    return [Entry(cycle, 1, *rest) for cycle, *rest in commands]


OPEN = (0, "ACT", 0, 5)
OPEN_ALL = (0, "ACT_AB", 0, 5)
#: Rule, its values, what comes before, and the command at the first legal cycle.
CASES = [
    ("tRCD_RD", {"trcd_rd": 9, "tras": 9, "trc": 11}, [OPEN], (9, "RD_SB", 0, 0, 3)),
    ("tRCD_RD", {"trcd_rd": 9, "tras": 9, "trc": 11}, [OPEN_ALL], (9, "RD_SB", 3)),
    ("tRCD_WR", {"trcd_wr": 9, "tras": 9, "trc": 11}, [OPEN], (9, "WR_SB", 0)),
    ("tRCD_WR", {"trcd_wr": 9, "tras": 9, "trc": 11}, [OPEN_ALL], (9, "WR_ELEM")),
    ("tRCD_MAC", {"trcd_mac": 9}, [OPEN_ALL], (9, "MAC_AB")),
    ("tRCD_MAC", {"trcd_mac": 9}, [(bank, "ACT", bank, 5) for bank in range(4)], (12, "MAC_AB")),
    ("tRAS", {"tras": 9, "trc": 11}, [OPEN], (9, "PRE", 0)),
    ("tRAS", {"tras": 9, "trc": 11}, [OPEN_ALL], (9, "PRE", 2)),
    ("tRAS", {"tras": 9, "trc": 11}, [OPEN, (4, "ACT", 3, 6)], (13, "PRE_AB")),
    ("tRC", {"trc": 19}, [OPEN, (3, "PRE", 0)], (19, "ACT", 0, 6)),
    ("tRC", {"trc": 19}, [OPEN, (3, "PRE", 0)], (19, "ACT_AB", 0, 6)),
    ("tRC", {"trc": 19}, [OPEN_ALL, (3, "PRE", 1)], (19, "ACT", 1, 6)),
    ("tRP", {"trp": 9, "trc": 11}, [OPEN, (20, "PRE", 0)], (29, "ACT", 0, 6)),
    ("tRP", {"trp": 9, "trc": 11}, [OPEN_ALL, (20, "PRE_AB")], (29, "ACT", 2, 6)),
    ("tRP", {"trp": 9, "trc": 11}, [OPEN, (20, "PRE", 0)], (29, "REF")),
    ("tRRD", {"trrd": 7}, [OPEN], (7, "ACT", 1, 9)),
    ("tFAW", {"tfaw": 40}, [(bank, "ACT", bank, 5) for bank in range(4)] + [(20, "PRE", 0)], (40, "ACT", 0, 6)),
    ("tCCD", {"tccd": 5}, [OPEN, (9, "RD_SB", 0)], (14, "RD_SB", 0, 0, 1)),
    ("tCCD", {"tccd": 5}, [OPEN_ALL, (9, "MAC_AB")], (14, "MAC_AB", 0, 1, 1)),
    ("tCCD", {"tccd": 5}, [OPEN_ALL, (9, "MAC_AB")], (14, "WR_SB", 2)),
    ("tCCD", {"tccd": 5}, [OPEN_ALL, (9, "WR_ELEM")], (14, "WR_SB", 0)),
    ("tRTP", {"trtp": 5}, [OPEN, (9, "RD_SB", 0)], (14, "PRE", 0)),
    ("tRTP", {"trtp": 5}, [OPEN_ALL, (9, "MAC_AB")], (14, "PRE", 3)),
    ("tWR", {"twr": 5}, [OPEN, (9, "WR_SB", 0)], (9 + 2 + 1 + 5, "PRE", 0)),
    ("tWR", {"twr": 5}, [OPEN_ALL, (9, "WR_ELEM")], (17, "PRE_AB")),
    ("tWTR", {"twtr": 5}, [OPEN_ALL, (9, "WR_SB", 0)], (9 + 2 + 1 + 5, "RD_SB", 3)),
    ("tWTR", {"twtr": 5}, [OPEN_ALL, (9, "WR_ELEM", 0)], (17, "MAC_AB")),
    ("tWTR", {"twtr": 5}, [(9, "WR_BIAS")], (9 + 1 + 1 + 5, "RD_MAC")),
    ("tWTR", {"twtr": 5}, [OPEN, (9, "WR_GB")], (16, "RD_SB", 0)),
    ("tWTR", {"twtr": 5}, [OPEN, (9, "WR_SB", 0)], (17, "RD_MAC_KEEP")),
    ("tRTW", {"trtw": 5}, [OPEN, (9, "RD_SB", 0)], (9 + 3 + 1 + 5 - 2, "WR_SB", 0)),
    ("tRTW", {"trtw": 5}, [OPEN, (9, "RD_SB", 0)], (9 + 3 + 1 + 5 - 1, "WR_GB")),
    ("tRTW", {"trtw": 5}, [(9, "RD_MAC")], (9 + 1 + 1 + 5 - 1, "WR_BIAS")),
    ("tRTW", {"trtw": 5}, [OPEN, (9, "RD_MAC_KEEP")], (9 + 1 + 1 + 5 - 2, "WR_SB", 0)),
    ("CWL_REG", {"cwl_reg": 6}, [OPEN_ALL, (9, "WR_GB", 0, 7)], (9 + 6 + 1, "MAC_AB")),
    ("CWL_REG", {"cwl_reg": 6}, [OPEN_ALL, (9, "WR_BIAS")], (16, "MAC_AB")),
    ("tMAC", {"tmac": 6}, [OPEN_ALL, (9, "MAC_AB")], (15, "RD_MAC")),
    ("tMAC", {"tmac": 6}, [OPEN_ALL, (9, "MAC_AB")], (15, "RD_MAC_KEEP")),
    ("tMAC", {"tmac": 6}, [OPEN_ALL, (9, "MAC_AB")], (15, "WR_BIAS")),
    ("tMOD", {"tmod": 6}, [OPEN_ALL, (9, "MAC_AB")], (15, "WR_GB")),
    ("tMOD", {"tmod": 6}, [(9, "WR_GB")], (15, "ACT_AB", 0, 1)),
    ("tMOD", {"tmod": 6}, [OPEN_ALL, (9, "RD_MAC")], (15, "PRE_AB")),
    ("tRFC", {"trfc": 30}, [(0, "REF")], (30, "ACT", 2, 5)),
    ("tRFC", {"trfc": 30}, [(0, "REF")], (30, "REF")),
    ("tRFC", {"trfc": 30}, [(0, "REF")], (30, "WR_GB")),
    ("data bus", {"cl": 7, "trtw": 0}, [OPEN, (9, "RD_SB", 0)], (9 + 7 + 1 - 1, "RD_MAC")),
    ("data bus", {"tbl": 3, "tccd": 3}, [(9, "WR_GB")], (12, "WR_GB", 0, 1)),
    ("data bus", {"tbl": 3, "tccd": 3}, [(9, "RD_MAC")], (12, "RD_MAC")),
    ("command bus", {}, [(9, "WR_GB")], (10, "ACT_AB", 0, 5)),
]


@pytest.mark.parametrize(("rule", "timing", "before", "last"), CASES)
def test_at_the_limit_and_one_cycle_short(rule, timing, before, last):
    params = system(**timing)
    assert check_log(params, log(*before, last)) == []
    cycle, command, *_ = last
    found = check_log(params, log(*before, (cycle - 1, *last[1:])))
    assert [(each.rule, each.entry.cycle, each.entry.channel, each.entry.command) for each in found] == [
        (rule, cycle - 1, 1, command)
    ]
    assert found[0].earliest == cycle
    assert str(found[0]).startswith(f"cycle {cycle - 1}, channel 1, {command}: {rule}: ")
    assert str(found[0]).endswith(f"; not before cycle {cycle}")
    # Another channel has a clock and a bus of its own.
    elsewhere = [Entry(cycle - 1, 0, *last[1:])]
    if command in ("ACT", "ACT_AB", "REF", "WR_GB", "WR_BIAS", "RD_MAC", "RD_MAC_KEEP"):
        assert check_log(params, sorted(log(*before) + elsewhere)) == []


#: With two global buffers of eight words and two vectors at once: before, and a command at the first legal cycle.
TWO = replace(TINY, accumulators=2, vectors=2, buffers=2)
SECOND = TWO.gb_words
BOTH = number(TWO.number_bits, "MAC_AB", word=1, vectors=2)
BUFFERS = [
    ("CWL_REG", [OPEN_ALL, (9, "WR_GB", 0, 7)], (16, "MAC_AB")),
    ("CWL_REG", [OPEN_ALL, (9, "WR_GB", 0, SECOND)], (16, "MAC_AB", 0, SECOND + 3)),
    ("CWL_REG", [OPEN_ALL, (8, "WR_GB", 0, 2), (9, "WR_GB", 0, SECOND)], (16, "MAC_AB", 0, BOTH)),
    ("CWL_REG", [OPEN_ALL, (8, "WR_GB", 0, SECOND), (9, "WR_GB", 0, 2)], (16, "MAC_AB", 0, BOTH)),
    ("CWL_REG", [OPEN_ALL, (9, "WR_BIAS")], (16, "MAC_AB")),
    ("command bus", [OPEN_ALL, (9, "WR_GB", 0, 7)], (10, "MAC_AB", 0, SECOND)),
    ("command bus", [OPEN_ALL, (9, "MAC_AB")], (10, "WR_GB", 0, 7)),
    ("command bus", [OPEN_ALL, (9, "WR_GB", 0, 7)], (10, "PRE_AB")),
    ("tRFC", [(0, "REF")], (30, "WR_GB")),
]


@pytest.mark.parametrize(("rule", "before", "last"), BUFFERS)
def test_several_buffers(rule, before, last):
    """A MAC waits for the words of those that it reads; loads need no switch of mode, though there is one."""
    params = replace(TWO, timing=replace(TINY.timing, **LOOSE | {"cwl_reg": 6, "trfc": 30, "tmod": 5}))
    assert check_log(params, log(*before, last)) == []
    cycle, *rest = last
    (found,) = check_log(params, log(*before, (cycle - 1, *rest)))
    assert (found.rule, found.entry.command, found.earliest) == (rule, last[1], cycle)


def test_every_rule_has_a_test():
    rest = {"address", "bank closed", "bank open", "rows differ", "tREFI"}
    assert {case[0] for case in CASES} | rest == set(RULES)


@pytest.mark.parametrize(
    ("before", "last", "rule", "message"),
    [
        ([], (9, "RD_SB", 1), "bank closed", "bank 1 has no row open"),
        ([OPEN], (9, "RD_SB", 1), "bank closed", "bank 1 has no row open"),
        ([OPEN], (9, "MAC_AB"), "bank closed", "bank 1 has no row open"),
        ([OPEN_ALL, (9, "PRE", 2)], (19, "WR_ELEM"), "bank closed", "bank 2 has no row open"),
        ([OPEN_ALL, (9, "PRE_AB")], (19, "MAC_AB"), "bank closed", "bank 0 has no row open"),
        ([OPEN], (9, "ACT", 0, 5), "bank open", "bank 0 has row 5 open"),
        ([(0, "ACT", 2, 5)], (9, "ACT_AB", 0, 5), "bank open", "bank 2 has row 5 open"),
        ([OPEN_ALL, (9, "PRE", 0)], (19, "REF"), "bank open", "bank 1 has row 5 open"),
        ([OPEN_ALL, (9, "PRE", 3), (19, "ACT", 3, 6)], (29, "MAC_AB"), "rows differ", "rows 5 and 6 are open"),
        ([], (9, "ACT", 4, 0), "address", "bank 4 of 4"),
        ([], (9, "ACT", 0, 64), "address", "row 64 of 64"),
        ([OPEN], (9, "RD_SB", 0, 0, 8), "address", "col 8 of 8"),
        ([], (9, "WR_GB", 0, 8), "address", "row 8 of 8"),
        ([OPEN_ALL], (9, "MAC_AB", 0, 8), "address", "row 8 of 8"),
    ],
)
def test_rows_and_addresses(before, last, rule, message):
    found = check_log(system(), log(*before, last))
    assert [(each.rule, each.message, each.entry.cycle) for each in found] == [(rule, message, last[0])]


def test_channel_that_does_not_exist():
    assert [each.message for each in check_log(system(), [Entry(0, 2, "REF")])] == ["channel 2 of 2"]


def test_what_is_exempt():
    """All-bank activates from tRRD and tFAW; precharges of closed banks from everything."""
    params = system(trrd=20, tfaw=300)
    rows = [(10 * k + j, name, 0, 5) for k in range(9) for j, name in ((0, "ACT_AB"), (5, "PRE_AB"))]
    assert check_log(params, log(*[(cycle, name, 0, 5 if name == "ACT_AB" else 0) for cycle, name, *_ in rows])) == []
    closed = system(trp=30, trc=40, tras=9)
    assert check_log(closed, log((0, "PRE", 0), (1, "ACT", 0, 5), (2, "PRE_AB", 0))) != []
    assert check_log(closed, log((0, "PRE", 0), (1, "ACT", 0, 5), (2, "PRE", 1), (3, "ACT", 1, 5))) == []


def test_postponed_refreshes():
    """Eight may be owed; the ninth is due at 9 tREFI."""
    params = system(trefi=100)
    late = [(850 + 2 * k, "REF") for k in range(9)]
    assert check_log(params, log(*late), end=899) == []
    assert check_log(params, [], end=899) == []
    found = check_log(params, [], end=900)
    assert [(each.rule, each.entry.channel, each.entry.command) for each in found] == [
        ("tREFI", 0, "END"),
        ("tREFI", 1, "END"),
    ]
    found = check_log(params, log((900, "ACT", 0, 5)))
    assert [str(each) for each in found] == ["cycle 900, channel 1, ACT: tREFI: 0 refreshes, 9 are due: 9 postponed"]
    assert check_log(params, log((899, "REF"), (999, "REF"), (1000, "ACT", 0, 5)), end=1000)[0].entry.channel == 0
    # Reported once, not with each command after it.
    assert len(check_log(params, log(*[(900 + k, "WR_GB") for k in range(50)]))) == 1
    assert len(check_log(params, log(*[(900 + 2 * k, "WR_GB") for k in range(60)]))) == 2


def test_refreshes_in_advance():
    params = system(trefi=100)
    early = [(10 * k, "REF") for k in range(8)]
    assert check_log(params, log(*early, (100, "REF"))) == []
    found = check_log(params, log(*early, (99, "REF")))
    assert [(each.rule, each.earliest) for each in found] == [("tREFI", 100)]


def stream(params: PimParams, rows: int) -> list[Entry]:
    """MACs over whole rows as fast as they may go, and the reads of what came out, by the row law."""
    t, cycle, entries = params.timing, 0, []
    for row in range(rows):
        entries.append(Entry(cycle, 0, "ACT_AB", 0, row))
        first = cycle + t.trcd_mac
        entries += [Entry(first + col * t.tccd, 0, "MAC_AB", 0, col, col) for col in range(params.row_cols)]
        close = max(entries[-1].cycle + t.trtp, cycle + t.tras)
        entries.append(Entry(close, 0, "PRE_AB"))
        cycle = max(close + t.trp, cycle + t.trc)
    return entries


@pytest.mark.parametrize("name", PRESETS)
def test_the_row_law(name):
    """A further row takes ``row_clocks``, and nothing in the stream can come a clock earlier."""
    params = replace(
        PRESETS[name], timing=replace(PRESETS[name].timing, trefi=0), row_cols=min(PRESETS[name].row_cols, 20)
    )
    entries = stream(params, 3)
    opened = [entry.cycle for entry in entries if entry.command == "ACT_AB"]
    assert [later - earlier for earlier, later in pairwise(opened)] == [params.row_clocks] * 2
    assert check_log(params, entries) == []
    checked = 0
    for place in range(1, len(entries)):
        early = [entry._replace(cycle=entry.cycle - (index >= place)) for index, entry in enumerate(entries)]
        found = check_log(params, early)
        assert found, entries[place]
        assert found[0].entry == early[place]
        checked += 1
    assert checked == 3 * (params.row_cols + 2) - 1


def test_refresh_of_aim_takes_what_it_should():
    """A stream with a refresh every tREFI passes for 20 intervals, and fails where the refreshes are left out."""
    t = AIM.timing
    entries, cycle, refreshes, row = [], 0, 0, 0
    while cycle < 20 * t.trefi:
        if cycle // t.trefi > refreshes:
            entries.append(Entry(cycle, 0, "REF"))
            cycle, refreshes = cycle + t.trfc, refreshes + 1
        entries += [entry._replace(cycle=entry.cycle + cycle, row=row) for entry in stream(AIM, 1)[:1]]
        entries += [entry._replace(cycle=entry.cycle + cycle) for entry in stream(AIM, 1)[1:]]
        cycle, row = cycle + AIM.row_clocks, row + 1
    assert refreshes == 19
    checker = TimingChecker(AIM)
    for entry in entries:
        checker.command(entry)
    assert checker.violations == []
    assert checker.commands == len(entries) == row * 66 + refreshes
    without = [entry for entry in entries if entry.command != "REF"]
    assert {each.rule for each in check_log(AIM, without)} == {"tREFI"}


def test_log_files(tmp_path: Path):
    entries = stream(TINY, 2)
    path = tmp_path / "commands.csv"
    assert write_log(path, entries) == len(entries)
    lines = path.read_text().splitlines()
    assert lines[:3] == ["cycle,channel,cmd,bank,row,col", "0,0,ACT_AB,0,0,0", "7,0,MAC_AB,0,0,0"]
    assert list(read_log(path)) == entries


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("1,2,ACT", "line 2: must have 6 fields (cycle,channel,cmd,bank,row,col), not 3"),
        ("1,0,ACTAB,0,0,0", "line 2: there is no command 'ACTAB' (did you mean 'ACT_AB'?)"),
        ("1,0,ACT,0,-1,0", "line 2: must be a number, not '-1'"),
    ],
)
def test_log_files_that_are_wrong(tmp_path: Path, line, message):
    path = tmp_path / "commands.csv"
    path.write_text(f"0,0,REF,0,0,0\n{line}\n")
    with pytest.raises(ConfigError) as caught:
        list(read_log(path))
    assert str(caught.value) == f"{path}: {message}"


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("number", range(21))
def test_a_wrong_rule_is_caught(monkeypatch, number, by):
    """Any spacing rule a clock too lax or too strict fails the cases above."""
    assert len(spacings(TINY)) == 21

    full = spacings(replace(TINY, timing=replace(TINY.timing, trtw=9)))

    def wrong(params):
        table = spacings(params)
        broken = full[number]  # by name: some systems need fewer rules
        same = [(rule.rule, rule.before, rule.after) == (broken.rule, broken.before, broken.after) for rule in table]
        return tuple(replace(rule, clocks=rule.clocks + by * hit) for rule, hit in zip(table, same, strict=True))

    monkeypatch.setattr(sim_tb.pim.check.checker, "spacings", wrong)
    caught = 0
    for case in CASES:
        try:
            test_at_the_limit_and_one_cycle_short(*case)
        except AssertionError:
            caught += 1
    assert 1 <= caught < len(CASES)
