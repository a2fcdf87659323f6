"""The table of waits: a clock more for any pair of commands shows in a log, unless another rule is stricter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params.pim import COMMANDS
from sim_tb.pim.bench.system import run_system
from sim_tb.pim.simulate import Simulated, simulate
from sim_tb.pim.simulate.waits import Waits
from tests.pim.machines import TINY
from tests.pim.rtl.test_system import loaded
from tests.pim.simulate.compare import batches, ordered

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


@pytest.mark.slow
def test_every_entry_counts(monkeypatch):
    """What is never seen to matter is hidden by a stricter rule: by those of the modes, of rows, or of the bus."""
    cases = [
        (words, starts, machine) for words, starts, machine in batches(TINY, 3, 40) if len(machine.inputs) < 1 << 12
    ]

    def logs(first: list[Simulated] | None) -> list[Simulated] | None:
        """All logs; None at the first one that differs."""
        found = []
        for index, (words, starts, machine) in enumerate(cases):
            scalars = [int(value) for value in machine.scalars]
            inputs = len(machine.inputs)
            found.append(simulate(TINY, words, starts, scalars=scalars, results=[3] * 999, inputs=inputs))
            if first and found[-1].log != first[index].log:
                return None
        return found

    right, waits = logs(None), Waits.of(TINY.timing)
    everything, missed = entries(waits), []
    for entry in everything:
        mutant = changed(waits, *entry)
        monkeypatch.setattr(Waits, "of", lambda _, mutant=mutant: mutant)
        if logs(right):
            missed.append((entry[0], NAMES[entry[1]], NAMES[entry[2]]))
    print(f"{len(missed)} of {len(everything)} are hidden: {missed}")
    assert len(missed) < len(everything) / 4


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
    waits = Waits.of(TINY.timing)
    pairs = [("ACT_AB", "MAC_AB"), ("MAC_AB", "MAC_AB"), ("MAC_AB", "RD_MAC_KEEP"), ("WR_GB", "MAC_AB")]
    pairs += [("PRE_AB", "ACT_AB"), ("REF", "ACT_AB"), ("WR_SB", "RD_SB"), ("PRE", "ACT")]
    for before, after in pairs:
        table = "bank" if (before, after) == ("PRE", "ACT") else "channel"
        mutant = changed(waits, table, COMMANDS[before].code, COMMANDS[after].code)
        monkeypatch.setattr(Waits, "of", lambda _, mutant=mutant: mutant)
        assert simulate(TINY, words, inputs=64).log != right, (before, after)
