from __future__ import annotations

import numpy as np
import pytest

from gen.nest.encoders import encode
from gen.nest.terms import expected_terms
from hdl.params import EngineParams, OperandFormat


@pytest.mark.parametrize("encoder", ["booth", "naf", "bit_serial"])
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


def test_results_take_their_time():
    params = EngineParams(array="matrix_2d", scheme="laconic", rows=16, cols=2, depth=16)
    assert expected_terms(params, 1, 0.001) == 17


def test_narrow_operands_have_fewer_terms():
    params = EngineParams(array="matrix_2d", scheme="laconic", rows=4, cols=4, depth=1, encoder="naf")
    found = [expected_terms(params, 1000, sigma) for sigma in (2.0, 10.0, 40.0, None)]
    assert found == sorted(found)
