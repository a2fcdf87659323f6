"""Engines of floating-point operands: order of additions, a broken one, and what is refused."""

from __future__ import annotations

import re

import numpy as np
import pytest

from gen.emit.verilog import emit
from gen.stimuli import patterns
from hdl.params import FLOATS, ConfigError, EngineParams
from sim_tb.golden import gemm
from sim_tb.golden.float.matrix import numbers
from sim_tb.tiles import corner_tiles, random_tiles
from synth_scripts.power.expected import element_of_c

ARRAYS = ("systolic_os", "matrix_2d", "adder_tree")


def engine(array: str, form: str, **more: object) -> EngineParams:
    return EngineParams.from_dict({"array": array, "scheme": "mac", "a": form, "b": form, "rows": 3, "cols": 2, **more})


@pytest.mark.parametrize("form", FLOATS)
@pytest.mark.parametrize("array", ARRAYS)
def test_two_models_agree(array: str, form: str) -> None:
    """The golden model on matrices, and what netlists are compared with, one number after the other."""
    params, rng = engine(array, form, depth=5), np.random.default_rng(1)
    for tile in [*corner_tiles(params, 17, rng), random_tiles(params, 1, 11, rng)]:
        expected = tile.golden(params)[0]
        a, b = ({at: int(value) for at, value in np.ndenumerate(each[0])} for each in (tile.a, tile.b))
        for (row, col), value in np.ndenumerate(expected):
            assert element_of_c(params, a, b, row, col, tile.k) == int(value)


@pytest.mark.parametrize("form", FLOATS)
def test_the_order_is_the_declared_one(form: str) -> None:
    """Plain fp32 loops of NumPy give the same bits, and another order does not."""
    rng = np.random.default_rng(2)
    a, b = (patterns(FLOATS[form], rng.normal(size=size)) for size in ((20, 64), (64, 20)))
    x, y = numbers(FLOATS[form], a), numbers(FLOATS[form], b)
    sums = np.zeros((3, 20, 20), np.float32)
    one = np.zeros((20, 20), np.float32)
    for k in range(64):
        product = x[:, k, None] * y[k]
        sums[k % 3] += product
        one += product
    found = gemm(engine("systolic_os", form), a, b).astype(np.uint32).view(np.float32)
    assert np.array_equal(found, (sums[0] + sums[1]) + sums[2])
    assert not np.array_equal(found, one)
    blocks = np.zeros((20, 20), np.float32)
    for k in range(0, 64, 4):
        p = [x[:, k + i, None] * y[k + i] for i in range(4)]
        blocks += (p[0] + p[1]) + (p[2] + p[3])
    found = gemm(engine("adder_tree", form, depth=4), a, b).astype(np.uint32).view(np.float32)
    assert np.array_equal(found, blocks)


def test_subnormal_operands() -> None:
    """Those of fp16 count, those of bf16 do not."""
    one = {form: np.full((1, 1), FLOATS[form].one, np.uint64) for form in FLOATS}
    least = np.ones((1, 1), np.uint64)
    assert gemm(engine("systolic_os", "bf16"), least, one["bf16"])[0, 0] == 0
    assert gemm(engine("systolic_os", "fp16"), least, one["fp16"]).astype(np.uint32).view(np.float32) == 2.0**-24


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"b": "s8"}, r"engine.b: must be of one format with A .* \(write bf16 for both\)"),
        ({"a": "u4"}, r"engine.b: must be of one format with A .* \(write bf16 for both\)"),
        ({"b": "fp16"}, "engine.b: must be of one format with A"),
        ({"accumulator": 40}, "engine.accumulator: must be 32, as sums of floating-point numbers are fp32, not 40"),
        (
            {"scheme": "opt1"},
            "engine.a: no engine of floating-point operands is built like this: sums that keep carries",
        ),
        ({"scheme": "opt4c"}, "digits of a significand that follow each other in time"),
        ({"array": "cube"}, "a chain over k"),
        ({"array": "systolic_ws"}, "a chain over k"),
    ],
)
def test_what_is_not_built_is_refused(values: dict[str, object], message: str) -> None:
    plain = {"array": "systolic_os", "scheme": "mac", "a": "bf16", "b": "bf16"}
    with pytest.raises(ConfigError, match=message):
        EngineParams.from_dict(plain | values)


@pytest.mark.parametrize("form", FLOATS)
def test_only_the_edge_has_what_makes_subnormal_operands_normal(form: str) -> None:
    """One for each row and column, and none for an operand that has no such numbers."""
    text = emit(engine("systolic_os", form, rows=4, cols=3)).text
    wideners = len(re.findall(r"bitloom_widen_e5m10 \\?\w", text))
    # A row is one module, with one; the heads of the columns stand in the array.
    assert wideners == (1 + 3 if FLOATS[form].subnormal else 0)
