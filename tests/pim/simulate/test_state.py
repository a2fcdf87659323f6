"""States: cut in any clock and joined in another simulation, they go on as if nothing had happened."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from hdl.params import ConfigError, ToolError
from sim_tb.pim.simulate import System, simulate
from sim_tb.pim.simulate.burst.canonical import Canon
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core.arrays import Numbers, new_state, row_of
from sim_tb.pim.simulate.core.cut import cut
from sim_tb.pim.simulate.core.join import join
from sim_tb.pim.simulate.core.native import Native, Pinned
from tests.pim.machines import MANY_BANKS, TINY
from tests.pim.simulate.compare import batches
from tests.pim.simulate.directed import DIRECTED

END = 1 << 40
native = Native(cut, join)
#: The numbers of the issuer, which states leave out: at their ends it has nothing at hand.
ISSUER = [*range(at.STAGE, at.ENDED_ERROR + 1), at.PRESENT]


def go_on(system: System, clock: int) -> None:
    """To a clock, also where the last program ends before it."""
    while system.time < clock:
        system.advance(clock)


def state_of(system: System) -> tuple[Numbers, Numbers, int]:
    """The shape of a system's state, its places, and clocks until a refresh is due."""
    params = system.params
    orders = np.zeros(params.channels * (params.banks + 1), np.int64)
    places, shape = np.zeros(1 << 12, np.int64), np.zeros(1 << 16, np.int64)
    arrays = system._state, system._system, system._account
    until = native.cut(*arrays, system.time, orders, places, shape)
    return shape[: shape[0] + 1], places[: places[0] + 1], until


def forgets(system: System) -> None:
    """It keeps no more than the state, what the issuer has at hand, and totals."""
    shape, places, until = state_of(system)
    right, system._state = system._state, Pinned.of(new_state(system.params, 0))
    ranks = Canon(system.params, 1).ranks(places[2 : 2 + places[1]].tolist())
    arrays = system._state, system._system, system._account
    native.join(*arrays, system.time, until, row_of([len(ranks), *ranks]), places, shape)
    system._state[ISSUER] = right[ISSUER]


@pytest.mark.parametrize("params", [TINY, MANY_BANKS, replace(TINY, buffers=2)])
def test_resumed(params):
    """The second half of a program, in a simulation that begins with it: commands, and where the time went."""
    rng = np.random.default_rng(4)
    print("seed 4")
    for words, starts, machine in batches(params, 5, 6):
        settings = {"scalars": [int(value) for value in machine.scalars], "results": [3] * 999}
        for start in starts[1:]:
            whole, first, second = (
                System(params, words, [start], inputs=len(machine.inputs), **settings) for _ in range(3)
            )
            whole.advance(END)
            end, middle = whole.time + 100, int(rng.integers(whole.time))
            for each in (first, second):
                go_on(each, middle)
            forgets(second)
            for one, other in zip(state_of(first), state_of(second), strict=True):
                assert np.array_equal(one, other)
            for each in (first, second):
                go_on(each, end)
            # SRAM words, and columns within a row, are not part of a state.
            logs = [[(*entry[:4],) for entry in each.result().log] for each in (whole, first, second)]
            go_on(whole, end)
            assert logs[1] == logs[2]
            assert logs[1][: len(logs[0])] == logs[0]
            assert first.result().statistics == second.result().statistics == whole.result().statistics
            assert np.array_equal(state_of(first)[0], state_of(second)[0])


def test_the_same_state_again():
    """What a loop does comes back to the same state, apart from the iteration, without refreshes."""
    text = "loop n=4000\nwr_gb a=0, n=8\nwr_bias zero\nmac_ab row=2, n=8\nrd_mac d=16\nfence\nendl\nhalt"
    params = replace(TINY, timing=replace(TINY.timing, trefi=0))
    system = System(params, assemble(text, system=TINY).words, log=False)
    seen = set()
    for _ in range(3000):
        go_on(system, system.time + 1)
        seen.add(state_of(system)[0].tobytes())
    assert len(seen) < 600


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
