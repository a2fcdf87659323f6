"""Decoders in time, beside the hardware: the same commands in the same clocks, position after position."""

from __future__ import annotations

from itertools import accumulate, pairwise

import numpy as np
import pytest

from gen.pim.compile import Compiled, compile_decoder
from sim_tb.pim.bench.system import run_system
from sim_tb.pim.decoder import loaded
from sim_tb.pim.tokens import tokens_in_time
from tests.pim.compile import toys
from tests.pim.rtl.test_decoder import INTEGERS, SYSTEM, TOYS

pytestmark = [pytest.mark.sim, pytest.mark.slow]
#: Clocks from the first one to the first without reset.
RESET = 4


@pytest.mark.parametrize("name", TOYS)
def test_the_hardware_takes_as_long(name):
    _compare(compile_decoder(TOYS[name], SYSTEM))


@pytest.mark.parametrize(("name", "batch"), [("gpt2", 1), ("mistral", 2)])
def test_with_weights_of_8_bits(name, batch):
    _compare(compile_decoder(TOYS[name], INTEGERS, batch=batch, weights="int8"))


@pytest.mark.parametrize(("name", "batch"), [("gpt2", 2), ("mistral", 1)])
def test_with_caches_of_8_bits(name, batch):
    _compare(compile_decoder(TOYS[name], INTEGERS, batch=batch, caches="int8"))


def _compare(compiled: Compiled) -> None:
    """Three positions: commands, clocks and instructions."""
    machine = loaded(compiled, toys.random_weights(compiled.decoder, np.random.default_rng(3)))
    programs = [program.words for position in range(3) for program in compiled.programs(position, token=0)]
    assert len(programs) == 3
    words = [word for each in programs for word in each]
    result = run_system(compiled.params, words, [0, *accumulate(map(len, programs[:-1]))], machine=machine)
    assert [run.error for run in result.runs] == [0, 0, 0]
    steps = list(tokens_in_time(compiled, range(3), log=True))
    begin, ends = len(words) - 1, [run.cycle - RESET for run in result.runs]
    assert [step.totals.clocks for step in steps] == [past - first for first, past in pairwise([begin, *ends])]
    assert [step.totals.instructions for step in steps] == [run.instructions for run in result.runs]
    assert [step.totals.busy["vector"] for step in steps] == [run.vector_clocks for run in result.runs]
    log = [entry for step in steps for entry in step.log]
    assert log == [entry for entry in result.log if entry.cycle < ends[-1]]
    assert len(log) > 1000
