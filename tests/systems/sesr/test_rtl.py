"""The network on the Verilog of engines of two kinds: every result of every layer, and the cycles."""

from __future__ import annotations

import pytest

from hdl.params import EngineParams
from sim_tb.systems.sesr.integer import IntegerNetwork
from sim_tb.systems.sesr.runs import digits, run
from sim_tb.systems.sesr.tail import Tail
from tests.systems.sesr.networks import integers, pixels

DENSE = EngineParams(rows=4, cols=8, scheme="opt1")
SPARSE = EngineParams(array="matrix_2d", scheme="opt4e", encoder="ent", rows=4, cols=8, segment=64, group=2, queue=4)


@pytest.mark.sim
@pytest.mark.parametrize(("params", "pack"), [(DENSE, False), (DENSE, True), (SPARSE, True)], ids=str)
def test_every_result_is_the_golden_models(params: EngineParams, pack: bool) -> None:
    found = run(params, integers(layers=1), pixels(5, 6), pack=pack, say=lambda text: None)
    assert found.passed
    assert found.results == (3 * 5 * 6 * 4, 0)
    assert [bool(layer["packed"]) for layer in found.layers] == [pack] * 3
    for layer in found.layers:
        if not params.data_dependent:
            assert layer["cycles"] == layer["modelled"]
            assert found.slots(layer) >= 1
        assert 0 < found.share(layer) < (2 if params.data_dependent else 1)
    assert found.macs == 30 * (25 * 4 + 36 * 4 + 100 * 4)


def test_digits_are_counted() -> None:
    """Zero has none; 127 in EN-T is 128 - 1."""
    network = integers(layers=1)
    zero = IntegerNetwork(network.weights, tuple(Tail(t.mult * 0, t.shift, t.plus * 0, t.relu) for t in network.tails))
    image = pixels(4, 4)
    image[:] = 255
    assert digits(zero, image, "ent") == [2.0, 0.0, 0.0]
