"""Decoders on the controller's hardware: toys of two families bit for bit; the one that has learned, every logit."""

from __future__ import annotations

import copy
from dataclasses import replace
from itertools import accumulate
from pathlib import Path

import numpy as np
import pytest

from gen.pim.compile import TOKEN, compile_decoder
from sim_tb.pim import check_log
from sim_tb.pim.bench.system import run_system
from sim_tb.pim.decoder import loaded, received
from sim_tb.workloads.text import generate
from tests.pim.compile import toys
from tests.pim.rtl.test_system import compare

pytestmark = pytest.mark.sim
PAGE = Path(__file__).parents[3] / "docs" / "decoder.md"
#: Enough memory for both toys, and for the programs of four positions.
SYSTEM = toys.system(rows=256, program_words=512)
#: Learned positions, biases, one logit piece; rotary positions, shared keys, a window, gates, an embedding of its own.
TOYS = {"gpt2": toys.gpt2(), "mistral": toys.mistral()}
#: MAC units for weights of 8 bits, and for the vectors of two sequences at once.
INTEGERS = replace(SYSTEM, program_words=1024, int8=True, accumulators=8, vectors=2, buffers=2)


@pytest.mark.slow
@pytest.mark.parametrize("first", [0, 14])
@pytest.mark.parametrize("name", TOYS)
def test_two_layers(name, first):
    """Four tokens, the later ones chosen by the hardware: caches, logits, registers, and no rule broken.

    The first four, and four around the end of two slots of keys.
    """
    compiled = compile_decoder(TOYS[name], SYSTEM)
    vocabulary = compiled.decoder.vocabulary
    machine = loaded(compiled, toys.random_weights(compiled.decoder, np.random.default_rng(first)))
    for position in range(first):
        for program in compiled.programs(position, token=position % vocabulary, predict=False):
            assert machine.run(program.words).fault is None
    before = copy.deepcopy(machine)
    programs = [
        program
        for position in range(first, first + 4)
        for program in compiled.programs(position, token=7 if position == first else None, logits=True)
    ]
    words = [word for program in programs for word in program.words]
    starts = [0, *accumulate(len(program.words) for program in programs[:-1])]
    result = run_system(SYSTEM, words, starts, machine=before)
    for start, run in zip(starts, result.runs, strict=True):
        outcome = machine.run(words, start)
        assert (run.error, run.pc, run.instructions) == (0, outcome.pc, outcome.instructions)
    assert received(compiled, result.outputs).shape == (4, vocabulary)
    assert result.scalars[TOKEN] < vocabulary
    assert compare(result, machine, SYSTEM) > SYSTEM.bytes // 2
    assert result.violations == []
    assert check_log(SYSTEM, result.log, result.cycles) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "batch"), [("gpt2", 1), ("mistral", 2)])
def test_weights_of_8_bits(name, batch):
    """Two tokens of each sequence, the second one chosen by the hardware: all that is left, and no rule broken."""
    compiled = compile_decoder(TOYS[name], INTEGERS, batch=batch, weights="int8")
    machine = loaded(compiled, toys.random_weights(compiled.decoder, np.random.default_rng(8)))
    given = [[7, 11][:batch], None]
    programs = [each for at in range(2) for each in compiled.programs(at, token=given[at], logits=True)]
    words = [word for program in programs for word in program.words]
    starts = [0, *accumulate(len(program.words) for program in programs[:-1])]
    result = run_system(INTEGERS, words, starts, machine=copy.deepcopy(machine))
    for start, run in zip(starts, result.runs, strict=True):
        outcome = machine.run(words, start)
        assert (run.error, run.pc, run.instructions) == (0, outcome.pc, outcome.instructions)
    assert received(compiled, result.outputs).size == 2 * batch * compiled.decoder.vocabulary
    assert compare(result, machine, INTEGERS) > INTEGERS.bytes // 2
    assert result.violations == []
    assert check_log(INTEGERS, result.log, result.cycles) == []


@pytest.mark.slow
@pytest.mark.parametrize(("name", "batch", "first"), [("gpt2", 2, 0), ("mistral", 1, 7)])
def test_caches_of_8_bits(name, batch, first):
    """Three tokens, the later ones chosen by the hardware, around the end of a slot of keys: all that is left."""
    compiled = compile_decoder(TOYS[name], INTEGERS, batch=batch, caches="int8")
    machine = loaded(compiled, toys.random_weights(compiled.decoder, np.random.default_rng(9)))
    for position in range(first):
        for program in compiled.programs(position, token=[position] * batch, predict=False):
            assert machine.run(program.words).fault is None
    given = [[7, 11][:batch], None, None]
    programs = [each for at in range(3) for each in compiled.programs(first + at, token=given[at], logits=True)]
    words = [word for program in programs for word in program.words]
    starts = [0, *accumulate(len(program.words) for program in programs[:-1])]
    result = run_system(INTEGERS, words, starts, machine=copy.deepcopy(machine))
    for start, run in zip(starts, result.runs, strict=True):
        outcome = machine.run(words, start)
        assert (run.error, run.pc, run.instructions) == (0, outcome.pc, outcome.instructions)
    assert received(compiled, result.outputs).size == 3 * batch * compiled.decoder.vocabulary
    assert compare(result, machine, INTEGERS) > INTEGERS.bytes // 2
    assert result.violations == []
    assert check_log(INTEGERS, result.log, result.cycles) == []


@pytest.mark.slow
def test_64_tokens():
    """Greedily, token for token as the golden model, in one simulation."""
    right = generate("Write ", 64)
    found = generate("Write ", 64, on="rtl")
    assert len(found.tokens) == 64
    assert found.tokens == right.tokens
    assert np.array_equal(found.logits, right.logits)
    assert (found.text, found.instructions) == (right.text, right.instructions)
    cycles = np.array(found.cycles)
    print("clocks a position: first", cycles[0], "last", cycles[-1])
    assert cycles.shape == (len("Write ") + 64,)
    assert 6500 < cycles[1:].mean() < 7500
    assert "about 7,000 clocks a token" in PAGE.read_text(encoding="utf-8")
