"""Decoders and systems of random shapes: whatever compiles is right, and whatever doesn't is refused by name."""

from __future__ import annotations

import numpy as np
import pytest

from gen.pim.check import check
from gen.pim.compile import Compiled, compile_decoder
from gen.pim.model import Attention, Decoder, Learned, Mlp, Norm, Rotary
from hdl.params import ConfigError
from hdl.params.pim import PimParams
from tests.pim.compile.toys import compare, system


def random_decoder(rng: np.random.Generator) -> Decoder:
    """One or two small layers of any family's parts, whether some family combines them so or not."""
    layers, groups = int(rng.integers(1, 3)), int(rng.integers(1, 4))
    head_width = 2 * int(rng.integers(1, 6))
    turned = 2 * int(rng.integers(1, head_width // 2 + 1))
    flags = rng.integers(2, size=9).astype(bool).tolist()
    return Decoder(
        family="any",
        layers=layers,
        width=int(rng.integers(2, 40)),
        vocabulary=int(rng.integers(2, 90)),
        context=16,
        norm=Norm(kind="rms" if flags[0] else "layer", epsilon=1e-5),
        positions=Rotary(width=turned, base=50.0, interleaved=flags[1]) if flags[2] else Learned(offset=int(flags[1])),
        attention=Attention(
            heads=groups * int(rng.integers(1, 4)),
            groups=groups,
            head_width=head_width,
            scale=tuple(rng.uniform(0.2, 1, size=layers).tolist()),
            windows=tuple(rng.integers(0, 7, size=layers).tolist()),
            input_bias=flags[3],
            output_bias=flags[4],
        ),
        mlp=Mlp(
            inner=int(rng.integers(2, 50)),
            activation=str(rng.choice(["gelu", "gelu_tanh", "relu", "silu"])),
            gated=flags[5],
            bias=flags[6],
        ),
        parallel=flags[7],
        tied=flags[8],
        output_bias=bool(rng.integers(2)),
    )


def random_system(rng: np.random.Generator) -> PimParams:
    while True:
        sizes = {
            "channels": int(rng.integers(1, 5)),
            "banks": 1 << int(rng.integers(4)),
            "lanes": 1 << int(rng.integers(4)),
        }
        sizes |= {"gb_words": int(rng.integers(2, 20)), "row_cols": int(rng.integers(3, 17)), "rows": 4096}
        sizes |= {"vector_lanes": 2 * sizes["lanes"], "sram_words": int(rng.integers(100, 1500))}
        try:
            return system(**sizes)
        except ConfigError:
            continue


def attempt(seed: int) -> tuple[Compiled | None, list[str]]:
    """A compiled decoder, or why there is none."""
    rng = np.random.default_rng(seed)
    decoder, params = random_decoder(rng), random_system(rng)
    try:
        compiled = compile_decoder(decoder, params, layout=str(rng.choice(["dense", "rows", "auto"])))
        compiled.programs(15)
    except ConfigError as error:
        return None, [str(problem) for problem in error.problems]
    return compiled, []


@pytest.mark.parametrize("seed", range(24))
def test_any_shape(seed):
    print("seed", seed)
    compiled, problems = attempt(seed)
    if compiled is None:
        sizes = ("pim.sram_words: ", "pim.gb_words: ", "pim.program_words: ", "pim.rows: ")
        assert problems
        assert all(problem.startswith(sizes) for problem in problems)
        return
    for position in (0, 7, 15):
        for program in compiled.programs(position, logits=True):
            assert check(program) == []
    assert compare(compiled, seed, 9).different == 0


def test_most_shapes_compile():
    """The test above tests something."""
    assert sum(attempt(seed)[0] is not None for seed in range(24)) >= 12
