"""States: taken in any clock and put into another simulation, they go on as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params import ConfigError, ToolError
from sim_tb.pim.simulate import System, simulate
from tests.pim.machines import MANY_BANKS, TINY
from tests.pim.simulate.compare import batches
from tests.pim.simulate.directed import DIRECTED

END = 1 << 40


def go_on(system: System, clock: int) -> None:
    """To a clock, also where the last program ends before it."""
    while system.time < clock:
        system.advance(clock)


@pytest.mark.parametrize("params", [TINY, MANY_BANKS, replace(TINY, buffers=2)])
def test_resumed(params):
    """The second half of a program, in a simulation that begins with it."""
    rng = np.random.default_rng(4)
    print("seed 4")
    for words, starts, machine in batches(params, 5, 6):
        settings = {"scalars": [int(value) for value in machine.scalars], "results": [3] * 999}
        for start in starts[1:]:
            whole = System(params, words, [start], inputs=len(machine.inputs), **settings)
            whole.advance(END)
            end = whole.time + 100
            first = System(params, words, [start], inputs=len(machine.inputs), **settings)
            go_on(first, int(rng.integers(whole.time)))
            second = System(params, words, [], inputs=0, **settings)
            second.time = first.time
            second.restore(first.state())
            assert second.state() == first.state()
            go_on(second, end)
            middle = first.time
            go_on(first, end)
            later = [entry for entry in first.result().log if entry.cycle > middle + 400]
            assert [entry for entry in second.result().log if entry.cycle > middle + 400] == later
            assert second.state()[1] == first.state()[1]


def test_the_same_state_again():
    """What a loop does comes back to the same state, apart from the iteration, without refreshes."""
    text = "loop n=4000\nwr_gb a=0, n=8\nwr_bias zero\nmac_ab row=2, n=8\nrd_mac d=16\nfence\nendl\nhalt"
    params = replace(TINY, timing=replace(TINY.timing, trefi=0))
    system = System(params, assemble(text, system=TINY).words)
    seen = set()
    for _ in range(3000):
        go_on(system, system.time + 1)
        seen.add(system.units.state(system.time))
    assert len(seen) < 300


def test_without_an_end():
    words = assemble(DIRECTED["fences"], system=TINY).words
    with pytest.raises(ToolError, match="did not end within 5000 clocks: it stands at 2"):
        simulate(TINY, words, inputs=10, limit=5000)


def test_lengths_that_nobody_knows():
    text = "in d=0, n=4\nargmax r=r2, a=0, n=4\nvgather stride=r2, a=0, d=9, n=2\nhalt"
    words = assemble(text, system=TINY).words
    with pytest.raises(ConfigError, match="uses r2 as stride, which the vector unit gives"):
        simulate(TINY, words, inputs=4)
    assert simulate(TINY, words, inputs=4, results=[1]).runs[0].halted
