"""Whole models on the hardware, the golden model and in the simulator: values, commands and clocks are the same."""

from __future__ import annotations

from dataclasses import replace
from itertools import accumulate

import numpy as np
import pytest

from gen.pim.compile import compile_decoder
from hdl.params.pim import PRESETS
from sim_tb.pim import check_log
from sim_tb.pim.decoder import generation, loaded, received
from sim_tb.workloads.text.generate import SYSTEM, compiled, encoded, weights
from tests.pim.compile import toys
from tests.pim.rtl.test_system import compare
from tests.pim.simulate.compare import both, same

pytestmark = pytest.mark.sim

#: A layer of GPT-2 small fits: 2 of the 8 channels, each as it is, and rows for 7 million weights.
REDUCED = replace(PRESETS["aim_measured"], channels=2, rows=256, sram_words=2048, program_words=512, vector_lanes=16)
SYSTEMS = {
    "with refresh": REDUCED,
    "without refresh": replace(REDUCED, timing=replace(REDUCED.timing, trefi=0)),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", SYSTEMS)
def test_a_layer_of_gpt2_small(name):
    """768 wide, 12 heads, 3,072 inside: a token with three in the caches, command by command."""
    params = SYSTEMS[name]
    sizes = {"n_embd": 768, "n_head": 12, "n_layer": 1, "n_positions": 64, "n_ctx": 64, "vocab_size": 96}
    decoder = compile_decoder(toys.gpt2(**sizes), params)
    assert decoder.decoder.mlp.inner == 3072
    machine = loaded(decoder, toys.random_weights(decoder.decoder, np.random.default_rng(768)))
    for position in range(3):
        (program,) = decoder.programs(position, token=position, predict=False)
        assert machine.run(program.words).fault is None
    (program,) = decoder.programs(3, token=90, logits=True)
    hardware, found = both(params, program.words, machine=machine)
    commands = same(hardware, found)
    refreshes = found.statistics.commands.get("REF", 0)
    print(name, "clocks", found.cycles, "commands", commands, "refreshes", refreshes)
    assert commands > 2 * 13824  # a column of every weight of a unit, in both channels
    assert (refreshes > 10) == (params.timing.trefi > 0)
    assert machine.run(program.words).fault is None
    assert compare(hardware, machine, params) > 7_000_000
    assert hardware.violations == []
    assert check_log(params, found.log, found.cycles) == []


@pytest.mark.slow
def test_64_tokens():
    """The decoder that has learned a language, from its config.json and its safetensors: every token's program."""
    programs = generation(compiled(), encoded("Write "), 64)
    words = [word for each in programs for program in each for word in program.words]
    starts = [0, *accumulate(len(program.words) for each in programs for program in each)][:-1]
    assert len(words) <= SYSTEM.program_words
    machine = loaded(compiled(), weights())
    hardware, found = both(SYSTEM, words, starts, machine)
    print("clocks", found.cycles, "commands", same(hardware, found))
    assert len(found.runs) == len("Write ") + 64
    for start in starts:
        machine.run(words, start)
    right = received(compiled(), np.array(machine.outputs))
    assert right.shape == (64, compiled().decoder.vocabulary)
    assert np.array_equal(received(compiled(), hardware.outputs), right)
