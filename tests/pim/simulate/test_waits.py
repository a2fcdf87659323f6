"""The table of waits: a clock more for any pair of commands shows in a log, unless another rule is stricter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params.pim import COMMANDS, Instruction
from sim_tb.pim.bench.system import run_system
from sim_tb.pim.simulate import simulate
from sim_tb.pim.simulate.waits import Waits
from tests.pim.machines import TINY
from tests.pim.rtl.test_sequencer import SHARP, mixed
from tests.pim.rtl.test_system import loaded
from tests.pim.simulate.alone import noted
from tests.pim.simulate.compare import ordered

MACS = ("MAC_AB", "SCALE_AB")
COLUMNS = ("RD_SB", "WR_SB", "WR_ELEM", *MACS)
#: Between these there is always an activate or a precharge, which waits as long or longer.
APART = [
    *(("channel", "REF", after) for after in (*COLUMNS, "PRE", "PRE_AB", "REF")),
    *(("channel", before, "REF") for before in ("PRE", "WR_GB", "WR_BIAS", "RD_MAC", "RD_MAC_KEEP")),
    *(("channel", before, after) for before in ("ACT", "RD_MAC", "RD_MAC_KEEP") for after in (*MACS, "WR_ELEM")),
    ("channel", "WR_SB", "WR_ELEM"),
]
NAMES = {command.code: name for name, command in COMMANDS.items()}


def changed(waits: Waits, table: str, before: int, after: int) -> Waits:
    """The table with an entry that is greater by one."""
    lines = list(getattr(waits, table))
    lines[before] = tuple((code, clocks + (code == after)) for code, clocks in lines[before])
    return replace(waits, **{table: tuple(lines)})


def entries(waits: Waits) -> list[tuple[str, int, int]]:
    return [
        (table, before, after)
        for table in ("channel", "bank")
        for before, line in enumerate(getattr(waits, table))
        for after, _ in line
    ]


def test_every_entry_counts(monkeypatch):
    """A clock more shows in the log of a channel alone, but for pairs that always have others in between."""
    rng, params = np.random.default_rng(7), replace(TINY, timing=SHARP, accumulators=4, int8=True)  # all commands
    waits = Waits.of(params)
    print("seed 7")
    left = entries(waits)
    for length in (2000, 12_000):  # most show soon
        code = [_keeping(one, rng) for one in mixed(params, rng, length)]
        pauses = [_pause(rng) for _ in code]
        monkeypatch.setattr(Waits, "of", lambda _: waits)
        right, missed = noted(params, code, pauses, 0), []
        for entry in left:
            mutant = changed(waits, *entry)
            monkeypatch.setattr(Waits, "of", lambda _, mutant=mutant: mutant)
            if np.array_equal(noted(params, code, pauses, 0), right):
                missed.append(entry)
        left = missed
    names = [(table, NAMES[before], NAMES[after]) for table, before, after in left]
    assert [each for each in names if each not in APART] == []


def _pause(rng: np.random.Generator) -> int:
    """Clocks before an operation, mostly none; now and then enough to be refreshed at rest."""
    chance = rng.random()
    return int(rng.integers(1000)) if chance < 0.03 else int(rng.integers(40)) if chance < 0.1 else 0


def _keeping(one: Instruction, rng: np.random.Generator) -> Instruction:
    """Half of the reads of accumulators keep them."""
    keeps = one.op.name == "RD_MAC" and rng.random() < 0.5
    return replace(one, flags=frozenset({"accumulate"})) if keeps else one


@pytest.mark.sim
def test_a_wrong_entry_is_caught(monkeypatch):
    """The log of the hardware tells a table with one wrong entry from the right one, for every rule by itself."""
    text = ["in d=0, n=64", "loop n=12"]
    text += ["wr_sb bank=1, row=1, n=2, a=0", "rd_sb mask=CH0, bank=1, row=1, n=3, d=70", "wr_gb a=0, n=4"]
    text += ["wr_bias a=8", "mac_ab row=2, n=4", "rd_mac accumulate, d=80", "wr_gb a=0, n=2", "mac_ab row=2, n=5"]
    text += [
        "mac_ab row=3, n=2",
        "wr_bias zero",
        "rd_mac d=80",
        "act_ab row=6",
        "pre_ab",
        "act_ab row=7",
        "endl",
        "halt",
    ]
    words = assemble("\n".join(text), system=TINY).words
    machine = loaded(TINY, np.random.default_rng(2), 64)
    right = ordered(run_system(TINY, words, machine=machine).log)
    assert simulate(TINY, words, inputs=64).log == right
    waits = Waits.of(TINY)
    pairs = [("ACT_AB", "MAC_AB"), ("MAC_AB", "MAC_AB"), ("MAC_AB", "RD_MAC_KEEP"), ("WR_GB", "MAC_AB")]
    pairs += [("PRE_AB", "ACT_AB"), ("REF", "ACT_AB"), ("WR_SB", "RD_SB")]
    for before, after in pairs:
        mutant = changed(waits, "channel", COMMANDS[before].code, COMMANDS[after].code)
        monkeypatch.setattr(Waits, "of", lambda _, mutant=mutant: mutant)
        assert simulate(TINY, words, inputs=64).log != right, (before, after)
