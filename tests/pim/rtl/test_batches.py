"""Several accumulators, vectors and sequences on the hardware: values of the reference, commands of the simulator."""

from __future__ import annotations

from itertools import accumulate

import numpy as np
import pytest

from gen.pim.compile import compile_decoder
from sim_tb.pim.decoder import loaded, received
from sim_tb.pim.reference import single
from tests.pim.compile import toys
from tests.pim.simulate.compare import both, same

pytestmark = [pytest.mark.sim, pytest.mark.slow]

SYSTEM = toys.system(accumulators=4, vectors=2, buffers=2, program_words=2048, rows=256)
#: Decoders and sequences: more of these than vectors and buffers; queries that share a key.
CASES = {"gpt2, a batch": (toys.gpt2(), 3), "llama, queries at once": (toys.llama(), 1)}


@pytest.mark.parametrize("name", CASES)
def test_hardware_golden_model_and_simulator(name):
    decoder, batch = CASES[name]
    compiled = compile_decoder(decoder, SYSTEM, batch=batch)
    weights = toys.random_weights(decoder, np.random.default_rng(4))
    rng = np.random.default_rng(5)
    tokens = rng.integers(decoder.vocabulary, size=(3, batch))
    programs = [
        program
        for position, given in enumerate(tokens.tolist())
        for program in compiled.programs(position, token=given, logits=True)
    ]
    words = [word for program in programs for word in program.words]
    starts = [0, *accumulate(len(program.words) for program in programs[:-1])]
    hardware, simulated = both(SYSTEM, words, starts, loaded(compiled, weights))
    assert hardware.violations == []
    assert same(hardware, simulated) > 1000
    found = received(compiled, hardware.outputs).reshape(len(tokens), batch, -1)
    for sequence in range(batch):
        reference = single(decoder, weights, SYSTEM, compiled.summed)
        right = [reference.logits(int(token)) for token in tokens[:, sequence]]
        assert np.array_equal(found[:, sequence], right)
