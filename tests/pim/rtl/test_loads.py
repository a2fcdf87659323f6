"""Loads of global buffers that go on while banks work: in order where it counts, legal, and as early as they can be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest

import sim_tb.pim.bench.sequencers as bench
import sim_tb.pim.bench.system as system
from gen.pim.assemble import assemble
from hdl.params.pim import PRESETS, Instruction, PimParams, instruction
from hdl.pim.channel import loads
from hdl.pim.channel.sequencer import Sequencer
from sim_tb.pim import Entry, check_log
from sim_tb.pim.bench.programs import unrolled
from sim_tb.pim.bench.sequencers import run_sequencers, steps_of
from sim_tb.pim.bench.system import run_system
from tests.pim.machines import TINY
from tests.pim.rtl.test_sequencer import TIMINGS, checked, executed, mixed
from tests.pim.rtl.work import done, expected, overlapped
from tests.pim.simulate.alone import commands
from tests.pim.test_golden_programs import start

pytestmark = pytest.mark.sim

TWO, FOUR = (replace(TINY, buffers=buffers) for buffers in (2, 4))
#: Channels of 16 banks with the presets' own times, without refreshes.
WIDE = replace(PRESETS["aim_measured"], buffers=2)
QUIET = {name: replace(PRESETS[name].timing, trefi=0) for name in ("pimgpt_paper", "aim_measured", "tiny")}
OFTEN = {"WR_GB": 0.3, "MAC_AB": 0.3, "RD_MAC": 0.1, "WR_BIAS": 0.05, "ACT_AB": 0.08, "PRE_AB": 0.05}
OFTEN |= dict.fromkeys(("RD_SB", "WR_SB", "ACT"), 0.04)


def loading(params: PimParams, rng: np.random.Generator, length: int) -> list[Instruction]:
    """Loads and MACs of some length, mostly of whole buffers, and now and then something else."""
    found = []
    for name in rng.choice(list(OFTEN), length, p=list(OFTEN.values())):
        place = {"bank": rng.integers(params.banks), "row": rng.integers(2), "col": rng.integers(params.row_cols)}
        whole = rng.random() < 0.7
        gb = rng.integers(params.buffers) * params.gb_words if whole else rng.integers(params.buffer_words)
        n = min(1 + rng.integers(12), params.buffer_words - gb) if name in ("WR_GB", "MAC_AB") else 1
        known = {"mask": 1, "a": 0, "d": 0, "gb": gb, "n": n, **place}
        plain = instruction(str(name), mask=1, **{key: 0 for key in ("a", "d") if _has(str(name), key)}, **_must(name))
        values = {key: int(known.get(key, value)) for key, value in plain.values.items()}
        found.append(replace(plain, values=values))
    return found


def _has(name: str, key: str) -> bool:
    return key in {"WR_GB": "a", "WR_BIAS": "a", "WR_SB": "a", "RD_MAC": "d", "RD_SB": "d"}.get(name, "")


def _must(name: str) -> dict[str, int]:
    """Operands without a default."""
    counted = {"WR_GB": {"n": 1}, "MAC_AB": {"row": 0, "n": 1}, "ACT_AB": {"row": 0}, "ACT": {"bank": 0, "row": 0}}
    return counted.get(name, {"bank": 0, "row": 0, "n": 1} if name in ("RD_SB", "WR_SB") else {})


def early(params: PimParams, log: Sequence[Entry], code: Sequence[Instruction]) -> int:
    """How many commands came at another place than that of their operation."""
    return sum(own != turn for own, turn in zip(done(params, log), expected(params, code), strict=True))


@pytest.mark.parametrize("params", [TWO, FOUR], ids=["two", "four"])
def test_random_operations(params):
    """Legal, nothing lost, every MAC with the words of its turn; and the simulator's channel says the same."""
    rng = np.random.default_rng(params.buffers)
    code = [one for one in executed(params, 3, 200) + mixed(params, rng, 300) if one["mask"] & 1]
    code += loading(params, rng, 1500)
    waits = [int(rng.integers(60)) if rng.random() < 0.1 else 0 for _ in code]
    steps = [replace(step, wait=wait) for step, wait in zip(steps_of(params, code), waits, strict=True)]
    for name, log in run_sequencers(params, TIMINGS, steps).items():
        checked(params, TIMINGS[name], log, code, prompt=False)
        assert early(params, log, code) > 500
        found = commands(replace(params, timing=TIMINGS[name]), code, waits, log[-1].cycle)
        for own, right in zip(found, log, strict=True):
            assert own == right, name


@pytest.mark.parametrize("stall", [64, 200])
def test_words_and_room_that_come_late(stall):
    """All operations end, whatever words and room do: nothing waits for what waits for it."""
    code = loading(FOUR, np.random.default_rng(stall), 1200)
    for name, log in run_sequencers(FOUR, TIMINGS, steps_of(FOUR, code), stall=stall).items():
        checked(FOUR, TIMINGS[name], log, code, prompt=False)
        assert early(FOUR, log, code) > 200


def _mac(row: int, buffer: int, n: int = 64) -> Instruction:
    return instruction("MAC_AB", mask=1, row=row, n=n, gb=buffer * WIDE.gb_words)


def _load(buffer: int, n: int = 64) -> Instruction:
    return instruction("WR_GB", mask=1, a=0, n=n, gb=buffer * WIDE.gb_words)


def test_a_load_beside_macs():
    """MACs come when they would without it; where they leave every other clock, the load is over with them.

    Where they take every clock, only those are left in which their row opens.
    """
    alone, beside = ([_load(0), _mac(3, 0), *more, _mac(4, 1)] for more in ([], [_load(1)]))
    plain, logs = (run_sequencers(WIDE, QUIET, steps_of(WIDE, code)) for code in (alone, beside))
    for name, log in logs.items():
        checked(WIDE, QUIET[name], log, beside)
        ends = [[entry.cycle for entry in each if entry.command == "MAC_AB"] for each in (plain[name], log)]
        assert ends[1][:64] == ends[0][:64]
        words = [entry.cycle for entry in log if entry.command == "WR_GB" and entry.row >= WIDE.gb_words]
        before = sum(cycle < ends[1][63] for cycle in words)
        print(name, before, ends[1][64] - ends[0][64])
        if QUIET[name].tccd > 1:
            # A clock to find it, and one to wait for the bus of data.
            assert before >= 62
            assert ends[1][64] == ends[0][64]
        else:
            assert 0 < before < QUIET[name].trcd_mac


def test_reads_are_not_held_up():
    """While accumulators are read, a load waits; it goes on behind."""
    code = [_load(0, 4), _mac(3, 0, 4), instruction("RD_MAC", mask=1, d=0), _load(1), _mac(3, 1, 4)]
    for name, log in run_sequencers(WIDE, QUIET, steps_of(WIDE, code)).items():
        checked(WIDE, QUIET[name], log, code)
        last = max(entry.cycle for entry in log if entry.command == "MAC_AB" and entry.row < 4)
        (read,) = (entry.cycle for entry in log if entry.command == "RD_MAC")
        assert read - last == max(QUIET[name].tmod, QUIET[name].tmac)
        words = [entry.cycle for entry in log if entry.command == "WR_GB" and entry.row >= WIDE.gb_words]
        assert not any(last + 1 < cycle < read for cycle in words)


def test_a_load_of_the_buffer_in_use_waits():
    code = [_load(0, 8), _mac(3, 0, 8), _load(0, 8), _mac(3, 0, 8)]
    for name, log in run_sequencers(WIDE, QUIET, steps_of(WIDE, code)).items():
        checked(WIDE, QUIET[name], log, code)
        assert done(WIDE, log) == expected(WIDE, code), name


def test_products_of_several_chunks():
    """A chunk is loaded while the last slot of the one before works, under the times of AiM."""
    vmm = instruction("VMM", "zero", row=1, n=192, slots=3, pitch=64, a=0, d=1000)
    spans = {}
    for buffers in (1, 2):
        params = replace(WIDE, buffers=buffers)
        code = list(unrolled(params, [vmm]))
        for name, log in run_sequencers(params, QUIET, steps_of(params, code)).items():
            checked(params, QUIET[name], log, code, prompt=False)
            spans[name, buffers] = log[-1].cycle - log[0].cycle
    print(spans)
    saved = {name: spans[name, 1] - spans[name, 2] for name in QUIET}
    timing = QUIET["aim_measured"]
    # Of each of two chunks all words but a few; and a switch of mode in front of the first word of the product.
    assert saved["aim_measured"] >= 2 * (64 * timing.tbl - 8) + timing.tmod
    assert saved["pimgpt_paper"] > 0


def _reads_nothing(right):
    """MACs in front do not count."""

    def search(self, waits, takes, reads):
        return right(self, waits, takes, reads & 0)

    return search


def _takes_nothing(right):
    """The present operation's words do not count."""

    def search(self, waits, takes, reads):
        return right(self, waits, takes & 0, reads)

    return search


@pytest.mark.parametrize("mutation", [_reads_nothing, _takes_nothing])
def test_mutations(mutation, monkeypatch):
    """A load that comes before its turn shows in the words that MACs find, or that others get."""
    code = loading(TWO, np.random.default_rng(9), 400)
    monkeypatch.setattr(loads.Loads, "_search", mutation(loads.Loads._search))
    bench._model.cache_clear()
    try:
        logs = run_sequencers(TWO, TIMINGS, steps_of(TWO, code))
    finally:
        bench._model.cache_clear()
    for name, log in logs.items():
        assert overlapped(done(TWO, log)) != overlapped(expected(TWO, code)), name


def test_the_device_finds_a_buffer_without_its_words(monkeypatch):
    """A controller whose MACs do not wait for buffers: the devices say so, and so does the checker of logs."""
    text = ["mac_ab row=2, n=8", "mac_ab row=3, n=8", "wr_gb a=0, n=8", "mac_ab row=3, n=8", "rd_mac d=40", "halt"]
    words = assemble("\n".join(text), system=TWO).words
    machine = start(TWO, np.random.default_rng(2), 0)
    monkeypatch.setattr(Sequencer, "_buffers", lambda _: [])
    system._model.cache_clear()
    try:
        found = run_system(TWO, words, machine=machine)
    finally:
        system._model.cache_clear()
    assert {(command, rule) for _, _, command, rule in found.violations} == {("MAC_AB", "CWL_REG")}
    assert {(each.entry.command, each.rule) for each in check_log(TWO, found.log)} == {("MAC_AB", "CWL_REG")}
