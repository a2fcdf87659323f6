"""Where the time goes: every clock once, and what can be counted from the log by other means."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import zip_longest

import numpy as np
import numpy.typing as npt
import pytest

from gen.pim.assemble import assemble
from hdl.params.pim import COMMANDS, PimParams
from sim_tb.pim import Entry
from sim_tb.pim.simulate import Simulated, System, simulate
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.statistics import CAUSE, IDLE, RANKS, modes
from tests.pim.machines import TINY
from tests.pim.simulate.directed import DIRECTED

Flags = npt.NDArray[np.bool_]
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


@dataclass(frozen=True)
class Clocks:
    """What is at work in each clock, as a simulation shows it that is stopped in every one.

    Parameters
    ----------
    work : bool array of shape (channels, clocks)
        An operation is at work.
    vector, move, rest : bool arrays of shape (clocks,)
        The vector unit or the data mover is busy; no program runs.
    """

    work: Flags
    vector: Flags
    move: Flags
    rest: Flags

    @classmethod
    def of(cls, system: System, end: int) -> Clocks:
        found, state = [], system._state
        for clock in range(end):
            while system.time < clock:
                system.advance(clock)
            spans = state[at.RESTING : at.RESTING + 2 * state[at.RESTING_N]].reshape(-1, 2)
            works = [state[at.CHANNELS + i * at.CHANNEL + at.VALID] for i in range(system.params.channels)]
            rests = any(first <= clock < past for first, past in spans)
            found.append([*works, state[at.ACTIVE] > 0, state[at.M_QUIET] > clock, rests])
        *work, vector, move, rest = np.array(found, bool).T
        return cls(np.array(work), vector, move, rest)


def causes_of(params: PimParams, log: Sequence[Entry], end: int) -> list[int]:
    """The cause of each clock of a channel, if an operation was always at work; from its commands one by one."""
    found, refreshed, switched, needs = [], 0, [0, 0], modes(params)
    for entry, following in zip_longest(log, log[1:]):
        clock, code = entry.cycle - 1, COMMANDS[entry.command].code
        refresh = entry.command == "REF" or (entry.command == "PRE_AB" and following and following.command == "REF")
        waits = [] if refresh else [(min(clock, refreshed), RANKS["refresh"])]
        if needs[code] >= 0 and not refresh:
            waits.append((min(clock, switched[1 - needs[code]]), RANKS["mode"]))
        for until, cause in (*waits, (clock + 1, RANKS["refresh"] if refresh else CAUSE[code])):
            found += [cause] * (until - len(found))
        if entry.command == "REF":
            refreshed = clock + params.timing.trfc
        if needs[code] >= 0:
            switched[needs[code]] = clock + params.timing.tmod
    return (found + [IDLE] * end)[:end]


@pytest.mark.parametrize("name", DIRECTED)
def test_clock_by_clock(name):
    """Causes as commands and what is at work in each clock give them, not kept from clock to clock."""
    words = assemble(DIRECTED[name], system=TINY).words
    found = simulate(TINY, words, inputs=2000)
    end = found.cycles - 4
    clocks = Clocks.of(System(TINY, words, inputs=2000), end)
    beside = np.full(end, RANKS["issue"])
    beside[clocks.vector] = RANKS["vector"]
    beside[(clocks.move | clocks.rest) & ~clocks.vector] = RANKS["host"]
    logs = [[entry for entry in found.log if entry.channel == channel] for channel in range(TINY.channels)]
    own = np.array([causes_of(TINY, log, end) for log in logs])
    shown = np.minimum(np.where(clocks.work, own, IDLE), beside)
    for layer, right in zip((shown.min(0), *shown), (found.statistics.clocks, *found.statistics.channels), strict=True):
        assert dict(zip(RANKS, np.bincount(layer, minlength=IDLE).tolist(), strict=True)) == right
    busy = {f"channel{i}": work.sum() for i, work in enumerate(clocks.work)}
    assert found.statistics.busy == busy | {"vector": clocks.vector.sum(), "move": clocks.move.sum()}


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
