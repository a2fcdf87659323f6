"""Positions in burst mode: their figures are those of the simulator that goes through every command."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import pytest

from gen.pim.compile import Compiled, compile_decoder
from gen.pim.model.published import published
from hdl.params.pim import PRESETS
from sim_tb.pim.simulate.burst import blocks, memory, names
from sim_tb.pim.simulate.core import channel, ledger, run
from sim_tb.pim.simulate.core.native import Native
from sim_tb.pim.tokens import Step, tokens_in_time
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY

REFRESHES = {"often": 389, "as they are": TINY.timing.trefi, "never": 0}


def both(compiled: Compiled, positions: Sequence[int], **options: bool | int) -> tuple[list[Step], list[Step]]:
    """The positions in burst mode, and command by command."""
    fast, slow = (list(tokens_in_time(compiled, positions, bursts=bursts, **options)) for bursts in (True, False))
    return fast, slow


@pytest.mark.parametrize("refreshes", REFRESHES)
@pytest.mark.parametrize("family", ["gpt2", "llama"])
def test_the_same_figures(family, refreshes):
    """Clocks, causes, commands, row hits, open rows, work of units of each position; the last one's timeline."""
    params = toys.system(timing=replace(TINY.timing, trefi=REFRESHES[refreshes]))
    compiled = compile_decoder(getattr(toys, family)(), params)
    fast, slow = both(compiled, (0, 1, 2, 6, 7, 8, 20, 21), detail=21)
    assert fast[-1].timelines
    for one, other in zip(fast, slow, strict=True):
        assert one.totals == other.totals
        assert one.totals.energy(params) == other.totals.energy(params)
    for one, other in zip(fast[-1].timelines, slow[-1].timelines, strict=True):
        assert (one.clocks(), one.spans(), one.end) == (other.clocks(), other.spans(), other.end)


@pytest.mark.parametrize("sizes", [{"buffers": 2}, {"buffers": 4, "accumulators": 4, "vectors": 2}])
def test_other_systems(sizes):
    """Buffers that are loaded while banks work; several accumulators, and vectors at once."""
    params = toys.system(**sizes, timing=replace(TINY.timing, trefi=389))
    compiled = compile_decoder(toys.llama(), params)
    fast, slow = both(compiled, range(10))
    assert [each.totals for each in fast] == [each.totals for each in slow]


@pytest.mark.parametrize("sizes", [{"accumulators": 2}, {"buffers": 4, "accumulators": 8, "vectors": 2}])
def test_caches_of_8_bits(sizes):
    """Scales in the banks, and softmax with those of values."""
    params = toys.system(**sizes, int8=True, program_words=512, timing=replace(TINY.timing, trefi=389))
    fast, slow = both(compile_decoder(toys.llama(), params, caches="int8"), range(10))
    assert [each.totals for each in fast] == [each.totals for each in slow]


def test_what_is_forgotten(monkeypatch):
    """What has become too much is learnt again."""
    monkeypatch.setattr(memory, "MOST", 300)
    compiled = compile_decoder(toys.gpt2(), toys.system(timing=replace(TINY.timing, trefi=389)))
    fast, slow = both(compiled, range(8))
    assert [each.totals for each in fast] == [each.totals for each in slow]


@pytest.mark.parametrize("options", [{"predict": False}, {"detail": 3}, {}])
def test_options(options):
    """Without the output matrix; with timelines in the middle, and without any."""
    compiled = compile_decoder(toys.gpt2(), toys.system(timing=replace(TINY.timing, trefi=389)))
    fast, slow = both(compiled, range(6), **options)
    assert [(each.totals, bool(each.timelines)) for each in fast] == [
        (each.totals, bool(each.timelines)) for each in slow
    ]


@pytest.mark.slow
@pytest.mark.parametrize("system", ["pimgpt_paper", "aim_measured"])
@pytest.mark.parametrize(
    ("name", "positions"), [("gpt2-small", (0, 1, 2, 510, 511, 512, 513, 514)), ("gpt3-xl", (40, 41))]
)
def test_published(name, system, positions):
    """Whole models."""
    fast, slow = both(compile_decoder(published(name), PRESETS[system]), positions)
    assert [each.totals for each in fast] == [each.totals for each in slow]


def held_all_along(A, a, last, now):
    """In place of :func:`sim_tb.pim.simulate.core.ledger.open_clocks`."""
    return now - last if A[a + ledger.HELD] else 0


def one_stretch(self, program, body, past, right=blocks.Blocks._stretch):
    """In place of :meth:`sim_tb.pim.simulate.burst.blocks.Blocks._stretch`: all are equal."""
    return replace(right(self, program, body, past), number=0)


def due_at_any_time(S, due, clock):
    """In place of :func:`sim_tb.pim.simulate.core.channel.once_due`."""
    return max(due, clock)


@pytest.mark.parametrize(
    ("where", "name", "mutant"),
    [
        (ledger, "open_clocks", held_all_along),
        (blocks.Blocks, "_stretch", one_stretch),
        (names.Names, "of", lambda self, banks: tuple(0 for _ in banks)),
        (channel, "once_due", due_at_any_time),
    ],
)
def test_mutations_are_caught(monkeypatch, where, name, mutant):
    """Rows opened or closed in the middle of a segment; stretches of other blocks; banks that are others; refreshes."""
    compiled = compile_decoder(toys.gpt2(), toys.system(timing=replace(TINY.timing, trefi=389)))
    right = [step.totals for step in tokens_in_time(compiled, range(12), bursts=False)]
    monkeypatch.setattr(where, name, mutant)
    monkeypatch.setattr(run, "native", Native(*run.ENTRIES))
    assert [step.totals for step in tokens_in_time(compiled, range(12))] != right
