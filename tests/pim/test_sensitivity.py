"""The same position on other systems."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gen.pim.compile import compile_decoder
from hdl.params.pim import PRESETS, changed
from sim_tb.pim.sensitivity import VARIATIONS, sensitivity
from sim_tb.pim.tokens import tokens_in_time
from tests.pim.compile.toys import TINY, gpt2


@pytest.mark.parametrize("system", [*PRESETS.values(), TINY])
def test_variations_are_systems(system):
    """Each changes something, and makes a system of every preset, or says what is in its way."""
    for name, changes_of in VARIATIONS.items():
        changes = changes_of(system)
        if changes:
            assert changed(system, changes) != system, name


def test_they_are_what_they_say():
    """Clocks and energy are those of a simulation of the other system."""
    compiled = compile_decoder(gpt2(), TINY)
    base, *found = sensitivity(compiled, 5)
    assert (base.name, base.changes, base.problem) == ("", {}, "")
    assert [each.name for each in found] == [name for name in VARIATIONS if VARIATIONS[name](TINY)]
    assert "half the lanes of the vector unit" not in [each.name for each in found]  # it has no more than a word
    for each in (base, *found):
        other = changed(TINY, each.changes)
        (step,) = tokens_in_time(compile_decoder(gpt2(), other), [5])
        assert each.clocks == step.totals.clocks
        assert each.picojoules == step.totals.energy(other).total
    by_name = {each.name: each.clocks for each in found}
    assert by_name["twice the channels"] < base.clocks < by_name["half the channels"]
    assert by_name["no refreshes"] < base.clocks
    assert by_name["activates and precharges in half the time"] < base.clocks


def test_a_system_that_is_too_small():
    rows = compile_decoder(gpt2(), TINY).placement.rows
    compiled = compile_decoder(gpt2(), replace(TINY, rows=rows))
    found = {each.name: each for each in sensitivity(compiled, 0)}
    small = found["half the channels"]
    assert (small.clocks, small.picojoules) == (None, None)
    assert small.problem.startswith("pim.rows: must be at least ")
    assert found["twice the channels"].problem == ""
