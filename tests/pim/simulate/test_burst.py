"""Burst mode says the same as the simulator that goes through every command: clocks, ends, marks and statistics."""

from __future__ import annotations

import copy
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from typing import Any

import pytest

import tests.pim.test_golden_programs as golden
from gen.pim.assemble import assemble
from gen.pim.compile import compile_decoder
from gen.pim.model import Decoder
from gen.pim.model.published import published
from hdl.params import ConfigError, ToolError
from hdl.params.pim import PRESETS, PimParams
from sim_tb.golden.pim import Machine
from sim_tb.pim.simulate import simulate
from sim_tb.pim.simulate.burst import Memory, burst, segment, steps, trail
from sim_tb.pim.simulate.core import cut_channel, run
from sim_tb.pim.simulate.core.native import Native
from sim_tb.pim.simulate.core.row import put
from tests.pim.compile import toys
from tests.pim.machines import FEW_BANKS, MAC_SYSTEMS, MANY_BANKS, TINY
from tests.pim.simulate.compare import batches
from tests.pim.simulate.directed import DIRECTED

MANY = 10_000_000
SYSTEMS = {
    "tiny": TINY,
    "few banks": FEW_BANKS,
    "many banks": MANY_BANKS,
    "refreshes all the time": replace(MANY_BANKS, timing=replace(TINY.timing, tbl=2, tccd=3, trefi=160)),
    "refreshes as they are": replace(TINY, timing=replace(TINY.timing, trefi=457)),
    "two buffers": replace(MANY_BANKS, buffers=2, timing=replace(TINY.timing, trefi=457)),
    "no refresh": replace(TINY, channels=3, timing=replace(TINY.timing, trefi=0), vector_lanes=8),
    **MAC_SYSTEMS,
}


def same(memory: Memory, words: Sequence[int], starts: Sequence[int] = (0,), **settings: Any) -> bool:
    """Both modes say the same, burst mode also when it has seen it all."""
    right = simulate(memory.params, words, starts, log=False, limit=MANY, **copy.deepcopy(settings))
    own = [burst(memory.params, words, starts, limit=MANY, memory=memory, **copy.deepcopy(settings)) for _ in range(2)]
    return all(
        (each.runs, each.marks, each.cycles, each.statistics)
        == (right.runs, right.marks, right.cycles, right.statistics)
        for each in own
    )


def tokens(decoder: Decoder, params: PimParams, positions: Sequence[int]) -> tuple[list[int], list[int]]:
    """Programs for tokens at some positions, one behind the other, and where they begin."""
    compiled = compile_decoder(decoder, params)
    words: list[int] = []
    starts = []
    for position in positions:
        for program in compiled.programs(position, token=position * 7 % decoder.vocabulary):
            starts.append(len(words))
            words += program.words
    return words, starts


@pytest.mark.parametrize("name", DIRECTED)
def test_directed(name):
    assert same(Memory(TINY), assemble(DIRECTED[name], system=TINY).words, [0, 0], inputs=1400)


@pytest.mark.parametrize("name", SYSTEMS)
def test_random_programs(name):
    """Programs with all units, loops and lengths from registers."""
    memory, seed = Memory(SYSTEMS[name]), len(name)
    print(f"seed {seed}")
    for words, starts, machine in batches(memory.params, seed, 12):
        right: Machine = copy.deepcopy(machine)
        for start in starts:
            right.run(words, start)
        scalars = [int(value) for value in machine.scalars]
        assert same(memory, words, starts, scalars=scalars, results=right.given, inputs=len(machine.inputs))


def test_every_fault():
    """Programs that end with an error, and go on."""
    cases = [case for case in golden.test_every_fault.pytestmark[0].args[1] if case[1] != "PROGRAM"]
    words: list[int] = []
    starts = []
    for text, *_ in [*cases, ("nop", "PROGRAM", 2)]:
        starts.append(len(words))
        words += assemble(f"mark tag=5\nact_ab row=1\n{text}", system=TINY, checked=False).words
    assert same(Memory(TINY), words, starts)


@pytest.mark.parametrize("family", ["gpt2", "gpt_neo", "opt", "llama", "mistral", "qwen2", "phi"])
def test_decoders(family):
    """Tokens of a small decoder, over many refreshes."""
    params = toys.system(timing=replace(TINY.timing, trefi=389))
    assert same(Memory(params), *tokens(getattr(toys, family)(), params, (0, 1, 7, 8, 9)))


@pytest.mark.parametrize("system", ["pimgpt_paper", "aim_measured"])
@pytest.mark.parametrize("positions", [(0, 1), pytest.param((300, 301, 1000), marks=pytest.mark.slow)])
def test_layers_at_full_size(system, positions):
    """Three layers of GPT2-small, and a small vocabulary."""
    whole = published("gpt2-small")
    attention = replace(whole.attention, scale=whole.attention.scale[:3], windows=(0, 0, 0))
    decoder = replace(whole, layers=3, vocabulary=500, attention=attention)
    assert same(Memory(PRESETS[system]), *tokens(decoder, PRESETS[system], positions))


def test_a_loop_over_rows_whose_instruction_fails():
    """In the middle of a layer, where it can't be told from the program."""
    text = "loop rows, n=3, row=2\nmac_ab row=1, n=8\nrd_mac d=0\nrd_mac d=4\nendl\nhalt"
    words = assemble(text, system=TINY, checked=False).words
    assert same(Memory(TINY), words, [0, 0])


def test_limit():
    with pytest.raises(ToolError, match="within 900 clocks"):
        burst(TINY, assemble("loop n=4000\nmac_ab row=1, n=8\nendl\nhalt", system=TINY).words, limit=900)


def test_unknown_lengths():
    """A result that isn't given is no length."""
    text = "rmax r=r2, a=0, n=9\nvmm row=0, n=8, slots=r2, a=0, zero, d=80\nhalt"
    with pytest.raises(ConfigError, match="uses r2 as slots"):
        burst(TINY, assemble(text, system=TINY, checked=False).words)
    assert same(Memory(TINY), assemble(text, system=TINY, checked=False).words, results=[3])


#: The same instructions on the open row and on another one; with words that are still on their way, and others.
MEETING = f"""
    {"mac_ab row=1, n=8, fence; " * 6}
    mac_ab row=2, n=8, fence
    rd_mac d=0, fence
    wr_gb a=0, n=2
    wr_bias zero, fence
    rd_mac d=0, fence
    wr_gb a=64, n=2
    halt
""".replace(";", "\n")


def test_what_a_segment_meets():
    assert same(Memory(TINY), assemble(MEETING, system=TINY).words, [0, 0])


def no_clocks(S, O, first, many, now, base):  # noqa: E741 - as that in whose place it is
    put(O, 0)


@pytest.mark.parametrize(
    ("where", "name", "mutant"),
    [
        (segment.Segment, "meets", lambda self, places, apart: self.ranges),
        (segment.Segment, "meets", lambda self, places, apart: self.row),
        (segment.Segment, "begins", property(lambda self: False)),
        (trail.Trail, "leaves", lambda self, place, until: len(self.needs)),
        (steps.Steps, "owes", lambda self, shape: False),
        (cut_channel, "put_clocks", no_clocks),
    ],
)
def test_mutations_are_caught(monkeypatch, where, name, mutant):
    """What a segment meets, how far a refresh may move, and what a state leaves out all count."""
    params = toys.system(timing=replace(TINY.timing, trefi=389))
    monkeypatch.setattr(where, name, mutant)
    monkeypatch.setattr(run, "native", Native(*run.ENTRIES))
    with suppress(ValueError, KeyError, ToolError):  # states that don't fit together
        assert not (
            same(Memory(TINY), assemble(MEETING, system=TINY).words, [0, 0])
            and same(Memory(params), *tokens(toys.gpt2(), params, (0, 1, 7)))
        )
