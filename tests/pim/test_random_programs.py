"""Random programs: legal, varied, and the same for the same seed."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.check import check
from gen.pim.disassemble import disassemble
from hdl.params.pim import INSTRUCTIONS, PRESETS
from sim_tb.pim.bench.programs import random_elements, random_program
from tests.pim.machines import ALL_AT_ONCE

TINY = PRESETS["tiny"]
SYSTEMS = [TINY, replace(TINY, channels=4, banks=2, lanes=8, vector_lanes=8), PRESETS["aim_measured"], ALL_AT_ONCE]


@pytest.mark.parametrize("params", SYSTEMS, ids=["tiny", "few banks", "aim", "all at once"])
@pytest.mark.parametrize("seed", range(5))
def test_legal_and_the_same_after_text(params, seed):
    made = random_program(params, np.random.default_rng(seed), 25)
    assert len(made.program.words) >= 25
    assert check(made.program) == []
    assert assemble(disassemble(made.program)) == made.program


@pytest.mark.parametrize("params", [TINY, ALL_AT_ONCE], ids=["tiny", "all at once"])
def test_random_programs_hold_everything(params):
    used: set[str] = set()
    loops = advancing = scalars = 0
    for seed in range(40):
        for one in random_program(params, np.random.default_rng(seed), 40).program.instructions:
            assert one is not None
            used.add(one.op.name)
            loops += one.op.name == "LOOP"
            advancing += one.advance != 0
            scalars += "reg" in one.flags
    assert used == {name for name, op in INSTRUCTIONS.items() if not op.needs or getattr(params, op.needs)}
    assert min(loops, advancing, scalars) > 10


def test_the_same_seed_gives_the_same_program():
    made = [random_program(TINY, np.random.default_rng(7), 30) for _ in range(2)]
    assert made[0] == made[1] != random_program(TINY, np.random.default_rng(8), 30)


def test_elements_are_normal_numbers_of_many_magnitudes():
    found = random_elements(np.random.default_rng(1), (4000,))
    exponents = found >> 7 & 0xFF
    assert (exponents.min(), exponents.max()) == (115, 138)
    assert len(np.unique(exponents)) == 24
    assert 0.45 < (found >> 15).mean() < 0.55
    assert len(np.unique(found & 0x7F)) == 128
