"""The simulator's command logs, marks and cycles are the hardware's, line by line."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest

import tests.pim.test_golden_programs as golden
from gen.pim.assemble import assemble
from gen.pim.compile import compile_decoder
from gen.pim.program import Program
from hdl.params import ToolError
from hdl.params.pim import TimingTable, decode
from hdl.pim.channel.look_ahead import DEPTH
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.programs import random_program
from sim_tb.pim.bench.system import run_system
from sim_tb.pim.decoder import loaded as with_decoder
from sim_tb.pim.simulate import simulate
from sim_tb.pim.simulate.core import carriers, channel, run
from sim_tb.pim.simulate.core.native import Native
from sim_tb.pim.simulate.work import NEVER
from tests.pim.compile import toys
from tests.pim.machines import ALL_AT_ONCE, FEW_BANKS, MAC_SYSTEMS, MANY_BANKS, TINY
from tests.pim.rtl.test_system import LOAD, loaded, turns
from tests.pim.simulate.compare import MANY, UNITS, batches, both, ordered, same
from tests.pim.simulate.directed import DIRECTED

pytestmark = pytest.mark.sim

#: Every time differs from what others add up to; refresh is due all the time; more banks than lanes.
SHARP = replace(TINY.timing, tbl=2, tccd=3, tfaw=24, trefi=160, cwl_reg=2, cl_reg=3)
#: Long times, no refresh.
LONG = replace(
    TINY.timing, trcd_mac=56, trcd_rd=36, trcd_wr=28, tras=54, trc=89, trp=32, tmod=32, cl=50, cwl=6, trefi=0
)
#: Everything at its least.
LEAST = replace(TimingTable(), trfc=60, trefi=400, tmac=1)
PLAIN = (TINY, FEW_BANKS, MANY_BANKS, *MAC_SYSTEMS.values())
SYSTEMS = {
    "tiny": TINY,
    "few banks": FEW_BANKS,
    "many banks": MANY_BANKS,
    "sharp": replace(MANY_BANKS, timing=SHARP, program_words=4096),
    "long": replace(TINY, channels=3, timing=LONG, vector_lanes=8, program_words=4096),
    "least": replace(FEW_BANKS, timing=LEAST, program_words=4096),
    "two buffers": replace(MANY_BANKS, buffers=2, timing=SHARP, program_words=4096),
    **MAC_SYSTEMS,
    "all at once, sharp": replace(ALL_AT_ONCE, timing=SHARP, program_words=4096),
}


@pytest.mark.parametrize(
    "name", [pytest.param(each, marks=() if params in PLAIN else pytest.mark.slow) for each, params in SYSTEMS.items()]
)
def test_random_programs(name):
    """84 of them, 504 on all systems, with all units, one after the other."""
    params, seed, commands = SYSTEMS[name], len(name), 0
    print(f"seed {seed}")
    for words, starts, machine in batches(params, seed, 84):
        commands += same(*both(params, words, starts, machine))
    assert commands > 6000


@pytest.mark.parametrize("name", DIRECTED)
def test_directed(name):
    """Streams, long inputs, what waits for what."""
    words = assemble(DIRECTED[name], system=TINY).words
    rng = np.random.default_rng(1)
    starts = [len(words), 0, 0]
    assert same(*both(TINY, [*words, *LOAD], starts, loaded(TINY, rng, 1400))) > 20


def never_ended(S, count, ranges, clock):
    pass


def nothing_to_make_ready(S, P, L, c, clock):
    return NEVER


@pytest.mark.parametrize(
    ("where", "name", "mutant", "text"),
    [
        (carriers, "ended", never_ended, "wr_bias zero\nmac_ab row=0, n=8\nrd_mac d=0\nwr_gb a=0, n=2\nhalt"),
        (channel, "make_ready", nothing_to_make_ready, DIRECTED["banks"]),
    ],
    ids=["ended", "make_ready"],
)
def test_mutations_are_caught(monkeypatch, where, name, mutant, text):
    """A core that is wrong in one place says something else than the hardware."""
    words = assemble(text, system=TINY).words
    hardware = run_system(TINY, words, machine=loaded(TINY, np.random.default_rng(1), 1400), limit=MANY)
    assert simulate(TINY, words, inputs=1400).log == ordered(hardware.log)
    monkeypatch.setattr(where, name, mutant)
    monkeypatch.setattr(run, "native", Native(*run.ENTRIES))
    with suppress(ToolError):  # it waits for ever
        assert simulate(TINY, words, inputs=1400).log != ordered(hardware.log)


@pytest.mark.parametrize("longest", [8, 20, 60])
def test_rows_opened_ahead(longest):
    """Rows that the next operations want are opened, kept and closed ahead of them, while a longer one goes on.

    No operation waits for another one's words, and the last one in the queue wants a bank of its own. How many
    operations are between the longer one and those with banks of their own is different every time.
    """
    rng, lines = np.random.default_rng(longest), []
    while len(lines) + DEPTH + 3 < TINY.program_words:
        first, second, *others = rng.permutation(TINY.banks)
        lines.append(f"wr_sb mask=CH0, bank={first}, row={rng.integers(3)}, n={1 + rng.integers(longest)}, a=0")
        for i in range(rng.integers(DEPTH)):
            lines.append(f"{'pre' if i % 2 else 'act row=1,'} mask=CH0, bank={second}")
        lines += [f"rd_sb mask=CH0, bank={one}, row={rng.integers(3)}, n=1, d={100 + len(lines)}" for one in others]
    words = assemble("\n".join([*lines, "halt"]), system=TINY).words
    assert same(*both(TINY, words)) > 300


def test_vectors_beside_channels():
    """Vectors right behind each other, which need a word in every clock, while channels take and give words."""
    text = ["setr r=r1, value=0x3f800000", "setr r=r2, value=0x40000000", "setr r=r3, value=0xbf000000"]
    for i in range(10):
        text.append(f"wr_sb mask=CH0, bank=1, row=1, n=100, a={i}")
        text.append(f"rd_sb mask=CH1, bank=2, row=2, n=60, d={300 + 60 * i}")
        text += [f"vscale a={i + j}, d={1000 + 20 * j + i}, n={60 + 3 * j}, imm=r{1 + (i + j) % 3}" for j in range(8)]
    words = assemble("\n".join([*text, "halt"]), system=TINY).words
    assert same(*both(TINY, words)) > 1000


def test_every_fault():
    """Each ends the program in the same clock, and the next one starts in the same clock after it was cleared."""
    cases = [case for case in golden.test_every_fault.pytestmark[0].args[1] if case[1] != "PROGRAM"]
    words, starts = [], []
    for text, *_ in [*cases, ("nop", "PROGRAM", 2)]:
        starts.append(len(words))
        words += assemble(f"mark tag=5\nact_ab row=1\n{text}", system=TINY, checked=False).words
    same(*both(TINY, words, starts))


def test_program_memory_full():
    program = Program.of(TINY, [decode(word) for word in assemble("nop\n" * 255 + "halt", system=TINY).words])
    same(*both(TINY, program.words))


def test_programs_with_a_flipped_bit():
    """Faults wherever they may be; those that wait for the host for ever are left out."""
    rng, compared = np.random.default_rng(8), 0
    while compared < 20:
        made = random_program(TINY, rng, 8, UNITS)
        words = list(made.program.words)
        words[int(rng.integers(len(words)))] ^= 1 << int(rng.integers(128))
        if _waits(words, made.input_words):
            continue
        same(*both(TINY, [*words, *LOAD], [len(words), 0], loaded(TINY, np.random.default_rng(1), made.input_words)))
        compared += 1


def _waits(words: list[int], inputs: int) -> bool:
    """The program waits for words that the host hasn't, or lasts for long."""
    machine = Machine(TINY)
    machine.send(np.zeros((inputs, TINY.lanes), np.uint16))
    if turns(words) >= 100:
        return True
    try:
        machine.run(words)
    except IndexError:
        return True
    return False


@pytest.mark.slow
@pytest.mark.parametrize(("name", "first"), [("gpt2", 0), ("mistral", 14)])
def test_decoder(name, first):
    """Four tokens of a decoder of two layers, those after the first chosen by it."""
    compiled = compile_decoder(getattr(toys, name)(), toys.system(rows=256, program_words=512))
    machine = with_decoder(compiled, toys.random_weights(compiled.decoder, np.random.default_rng(first)))
    programs = [
        program
        for position in range(first, first + 4)
        for program in compiled.programs(position, token=7 if position == first else None, logits=True)
    ]
    words = [word for program in programs for word in program.words]
    starts = [0, *accumulate(len(program.words) for program in programs[:-1])]
    assert same(*both(compiled.params, words, starts, machine)) > 2000
