"""Decoders on the controller's hardware: a toy of one layer, everything bit for bit; the real one, token for token."""

from __future__ import annotations

import copy
from pathlib import Path

import numpy as np
import pytest

from gen.pim.gpt import Placement, token_programs
from gen.pim.program import Program
from hdl.params.pim import instruction
from sim_tb.pim import check_log
from sim_tb.pim.bench.system import run_system
from sim_tb.pim.gpt import loaded
from sim_tb.workloads.text import generate
from tests.pim.decoders import TINY, TOY, random_weights
from tests.pim.rtl.test_system import compare

pytestmark = pytest.mark.sim
PAGE = Path(__file__).parents[3] / "docs" / "decoder.md"


@pytest.mark.parametrize("first", [0, 30])
def test_one_layer(first):
    """Four tokens, the later ones chosen by the hardware: caches, logits, registers, and no rule broken.

    The first four, and four around the end of a global buffer of tokens.
    """
    placement = Placement(TOY, TINY)
    machine = loaded(placement, random_weights(TOY, np.random.default_rng(first)))
    for position in range(first):
        for program in token_programs(placement, position, position % TOY.vocabulary, predict=False):
            assert machine.run(program.words).fault is None
    before = copy.deepcopy(machine)
    programs = [
        program
        for position in range(first, first + 4)
        for program in token_programs(placement, position, 7 if position == first else None)
    ]
    logits = placement.slot_words(TOY.vocabulary)
    show = [instruction("OUT", a=placement.sram.logits, n=logits), instruction("HALT")]
    programs.append(Program.of(TINY, show))
    words = [word for program in programs for word in program.words]
    lengths = [len(program.words) for program in programs]
    starts = [sum(lengths[:index]) for index in range(len(programs))]
    result = run_system(TINY, words, starts, machine=before)
    for start, run in zip(starts, result.runs, strict=True):
        outcome = machine.run(words, start)
        assert (run.error, run.pc, run.instructions) == (0, outcome.pc, outcome.instructions)
    assert len(machine.outputs) == 4 + logits
    assert compare(result, machine, TINY) > TINY.bytes // 2
    assert result.violations == []
    assert check_log(TINY, result.log, result.cycles) == []


@pytest.mark.slow
def test_64_tokens():
    """Greedily, token for token as the golden model, in one simulation."""
    right = generate("Write ", 64)
    found = generate("Write ", 64, on="rtl")
    assert len(found.tokens) == 64
    assert found.tokens == right.tokens
    assert (found.text, found.instructions) == (right.text, right.instructions)
    cycles = np.array(found.cycles)
    print("clocks a position: first", cycles[0], "last", cycles[-1])
    assert cycles.shape == (len("Write ") + 64,)
    assert 8500 < cycles[1:].mean() < 11500
    assert "about 10,000 clocks a token" in PAGE.read_text(encoding="utf-8")
