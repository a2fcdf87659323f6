"""The fast golden model against the slow, obvious one."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hdl.params import EngineParams, OperandFormat
from sim_tb.golden import gemm, gemm_reference, wrap
from sim_tb.tiles import corner_tiles, random_tiles

FORMATS = st.builds(OperandFormat, st.integers(2, 16), st.booleans())


@st.composite
def engines(draw: st.DrawFn) -> EngineParams:
    """Any small engine; the accumulator holds at least one product."""
    a, b = draw(FORMATS), draw(FORMATS)
    wide = EngineParams(a=a, b=b, accumulator=64)
    least = max(2, wide.product_bits)
    return EngineParams(
        rows=draw(st.integers(1, 4)),
        cols=draw(st.integers(1, 4)),
        a=a,
        b=b,
        accumulator=draw(st.integers(least, 64)),
        preload=draw(st.booleans()),
    )


@settings(max_examples=200, deadline=None)
@given(engines(), st.integers(1, 9), st.integers(0, 2**32 - 1))
def test_fast_and_slow_agree(params: EngineParams, k: int, seed: int) -> None:
    rng = np.random.default_rng(seed)
    work = [random_tiles(params, 2, k, rng), *corner_tiles(params, k, rng)]
    for tiles in work:
        fast = tiles.golden(params)
        for index in range(tiles.count):
            initial = None if tiles.initial is None else tiles.initial[index]
            assert fast[index].tolist() == gemm_reference(params, tiles.a[index], tiles.b[index], initial)


def test_sums_beyond_the_accumulator_wrap() -> None:
    params = EngineParams(accumulator=17, rows=1, cols=1)
    a, b = np.full((1, 9), -128), np.full((9, 1), -128)
    assert gemm(params, a, b).tolist() == [[9 * 16384 - (1 << 17)]]
    assert gemm_reference(params, a, b) == [[9 * 16384 - (1 << 17)]]


@pytest.mark.parametrize(("a", "b", "signed"), [("u16", "u16", False), ("s16", "u16", True)])
def test_sixty_four_bits(a: str, b: str, signed: bool) -> None:
    params = EngineParams.from_dict({"a": a, "b": b, "accumulator": 64, "rows": 1, "cols": 1, "preload": True})
    low, high = params.result_range
    kind = np.int64 if signed else np.uint64
    one = np.array([[1]])
    assert gemm(params, one, one, np.array([[high]], dtype=kind)).tolist() == [[low]]
    assert wrap(params, np.array([low], dtype=kind)).tolist() == [low]


def test_the_golden_model_imports_no_hardware() -> None:
    import subprocess
    import sys

    code = "import sys, sim_tb.golden; sys.exit(any(name.split('.')[0] == 'amaranth' for name in sys.modules))"
    subprocess.run([sys.executable, "-c", code], check=True)
