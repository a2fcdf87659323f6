from __future__ import annotations

import numpy as np
import pytest

from gen.nest.check import check
from gen.nest.cycles import cycles
from gen.nest.encoders import density, encode
from gen.nest.engines import engine_nest, engine_tile
from gen.nest.terms import empty_beats, expected_terms
from hdl.params import Axes, EngineParams, OperandFormat
from hdl.params.axes import Digits, Order, Recoded, Skip
from sim_tb.activity import active_cycles
from sim_tb.tiles import random_tiles


@pytest.mark.parametrize("encoder", ["booth", "naf", "bit_serial", "sign_magnitude"])
@pytest.mark.parametrize(("rows", "cols", "depth", "k"), [(1, 1, 1, 40), (3, 2, 4, 30)])
def test_the_mean_is_that_of_random_operands(rows, cols, depth, k, encoder):
    seed = 5
    print("seed", seed)
    rng = np.random.default_rng(seed)
    a, b = OperandFormat(6, signed=True), OperandFormat(5, signed=False)
    params = EngineParams(
        array="matrix_2d", scheme="laconic", rows=rows, cols=cols, depth=depth, encoder=encoder, a=a, b=b
    )
    tiles = []
    for _ in range(200):
        most = []
        for operand, count in ((a, rows), (b, cols)):
            terms = (encode(rng.integers(operand.min, operand.max + 1, (count, k)), encoder, operand) != 0).sum(-1)
            most.append([terms[:, start : start + depth].max() for start in range(0, k, depth)])
        tiles.append(np.maximum(np.multiply(*most), 1).sum())
    error = np.std(tiles) / np.sqrt(len(tiles))
    assert abs(np.mean(tiles) - expected_terms(params, k, None)) < 4 * error


@pytest.mark.parametrize("recoded", list(Recoded)[:2])
@pytest.mark.parametrize(("rows", "cols", "k", "encoder"), [(1, 2, 50, "naf"), (3, 2, 40, "bit_serial")])
def test_steps_that_no_operand_needs(rows, cols, k, encoder, recoded):
    """The nest's mean, and a step for a beat of zeros, is the mean of random tiles."""
    axes = Axes(digits=Digits(1, Order.OPERANDS), skip=Skip.COMMON, recoded=recoded)
    form = {"a": OperandFormat(4, signed=True), "b": OperandFormat(3, signed=False)}
    params = EngineParams(point=axes, rows=rows, cols=cols, encoder=encoder, **form)
    rng = np.random.default_rng(6)
    taken = [active_cycles(params, random_tiles(params, 1, k, rng)) for _ in range(300)]
    nest = engine_nest(params)
    counted = cycles(nest, check(nest), engine_tile(params, k), density(encoder, params.recoded)).tile
    error = np.std(taken) / np.sqrt(len(taken))
    assert abs(np.mean(taken) - counted - empty_beats(params, k, None)) < 4 * error
    assert empty_beats(params, k, None) > 4 * error or rows * cols > 2


def test_results_take_their_time():
    params = EngineParams(array="matrix_2d", scheme="laconic", rows=16, cols=2, depth=16)
    assert expected_terms(params, 1, 0.001) == 17


def test_narrow_operands_have_fewer_terms():
    params = EngineParams(array="matrix_2d", scheme="laconic", rows=4, cols=4, depth=1, encoder="naf")
    found = [expected_terms(params, 1000, sigma) for sigma in (2.0, 10.0, 40.0, None)]
    assert found == sorted(found)
