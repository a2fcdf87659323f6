"""The program whose power is measured is legal on every system that has room for it, and keeps both units busy."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.program import Program
from hdl.params.pim import PRESETS
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.trace import BEATS, TURNS, busy_program, record
from tests.pim.machines import SYSTEMS, TINY, numbers

FEW_COLUMNS = replace(TINY, rows=1, row_cols=6, gb_words=8, channels=1)
CASES = SYSTEMS | PRESETS | {"few columns": FEW_COLUMNS}


@pytest.mark.parametrize("name", CASES)
def test_it_runs_to_its_end(name):
    params = CASES[name]
    code, words = busy_program(params, BEATS)
    assert words <= params.sram_words
    machine = Machine(params)
    machine.sram[:] = numbers(np.random.default_rng(1), *machine.sram.shape)
    before = machine.sram.copy()
    outcome = machine.run(Program.of(params, code).words)
    assert (outcome.fault, outcome.instructions) == (None, len(code))
    changed = (machine.sram != before).any(axis=1)
    assert changed.sum() >= 3 * TURNS * BEATS * params.vector_lanes // params.lanes


def test_too_small_for_it():
    """Nothing is recorded, and nothing built."""
    assert record(replace(TINY, sram_words=16)) is None
    assert record(replace(TINY, program_words=8)) is None
