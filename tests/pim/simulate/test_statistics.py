"""Where the time goes: every clock once, and what can be counted from the log by other means."""

from __future__ import annotations

from collections import Counter

import pytest

from gen.pim.assemble import assemble
from sim_tb.pim.simulate import Simulated, simulate
from tests.pim.machines import TINY
from tests.pim.simulate.directed import DIRECTED

COLUMNS = ("RD_SB", "WR_SB", "WR_ELEM", "MAC_AB")


def run(text: str) -> Simulated:
    return simulate(TINY, assemble(text, system=TINY).words, inputs=2000)


@pytest.mark.parametrize("name", DIRECTED)
def test_counts(name):
    """Clocks, commands, and hits of open rows, counted from the log."""
    found = run(DIRECTED[name])
    statistics = found.statistics
    assert statistics.commands == Counter(entry.command for entry in found.log)
    for clocks in (statistics.clocks, *statistics.channels):
        assert sum(clocks.values()) == found.cycles - 4
    columns = misses = 0
    for channel in range(TINY.channels):
        opened = False
        for entry in found.log:
            if entry.channel == channel and entry.command in COLUMNS:
                columns, misses, opened = columns + 1, misses + opened, False
            elif entry.channel == channel and entry.command in ("ACT", "ACT_AB"):
                opened = True
    assert (statistics.columns, statistics.misses) == (columns, misses)
    assert 0 <= statistics.row_hits <= 1


def test_by_hand():
    """Two rows of MACs: tRCD, eight columns, tRTP and tRP, tRCD, eight columns, tMOD, the rest of tMAC, read."""
    found = run("wr_bias zero\nmac_ab row=0, n=8\nmac_ab row=1, n=8\nrd_mac d=0\nhalt")
    times = {entry.command: entry.cycle for entry in found.log if entry.channel == 0}
    t, clocks = TINY.timing, found.statistics.channels[0]
    assert clocks["mac"] == 2 * (7 * t.tccd + t.trcd_mac)
    assert times["RD_MAC"] - times["MAC_AB"] == t.tmac
    assert clocks["read"] == t.tmac - (t.tmod - 1)
    assert clocks["mode"] == t.tmod - 1
    assert clocks["refresh"] == clocks["vector"] == 0
    assert found.statistics.row_hits == 14 / 16


def test_beside():
    """Vector instructions count where no operation is at work; words of the host likewise."""
    found = run("in d=0, n=50\nvexp a=0, d=100, n=64\nfence\nmac_ab row=0, n=4\nhalt")
    clocks = found.statistics.clocks
    assert clocks["vector"] == found.statistics.busy["vector"] == found.runs[0].vector_clocks > 16
    assert clocks["host"] >= 50
    assert found.statistics.words == {"feed": 0, "collect": 0, "move": 50}
    assert clocks["mac"] == 3 * TINY.timing.tccd + TINY.timing.trcd_mac
