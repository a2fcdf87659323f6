"""The network in integers: tails, blocks of pixels, the golden model, and what runs, each against another."""

from __future__ import annotations

import ast
from fractions import Fraction
from math import floor
from pathlib import Path

import numpy as np
import pytest

from hdl.params import ConfigError, EngineParams
from sim_tb.golden import Matrix
from sim_tb.systems.sesr import golden as model
from sim_tb.systems.sesr.integer import inputs_of
from sim_tb.systems.sesr.network import to_input
from sim_tb.systems.sesr.patches import Blocks, patches
from sim_tb.systems.sesr.quantise import quantise
from sim_tb.systems.sesr.tail import Tail
from sim_tb.systems.sesr.upscaling import Upscaling, check
from sim_tb.workloads.catalogue import workload_class
from sim_tb.workloads.workload import at_once, multiply_numpy
from tests.systems.sesr.networks import floating, integers, pixels


def rounded(total: int, mult: int, other: int, plus: int, shift: int, *, relu: bool) -> int:
    """In fractions: to the nearest, half away from zero, saturated."""
    exact = Fraction((max(total, 0) if relu else total) * mult + other * plus, 1 << shift)
    nearest = floor(abs(exact) + Fraction(1, 2))
    return max(-128, min(127, nearest if exact >= 0 else -nearest))


@pytest.mark.parametrize("relu", [False, True])
def test_tails_round_half_away_from_zero(relu: bool) -> None:
    rng = np.random.default_rng(7)
    mult, shift = rng.integers(0, 1 << 16, 40), rng.integers(0, 40, 40)
    mult[:8], shift[:8] = 1, 1  # halves
    plus = rng.integers(0, 1 << 32, 40)
    plus[:20] = 0
    sums = rng.integers(-(1 << 24), 1 << 24, (30, 40)) >> rng.integers(0, 20, (30, 40))
    sums[:, :8] = rng.integers(-9, 10, (30, 8))
    other = rng.integers(-128, 128, (30, 40))
    wanted = [
        [
            rounded(*(int(v) for v in (sums[i, j], mult[j], other[i, j], plus[j], shift[j])), relu=relu)
            for j in range(40)
        ]
        for i in range(30)
    ]
    assert Tail(mult, shift, plus, relu).results(sums, other).tolist() == wanted
    assert model.requantise(sums, other, (mult, shift, plus, relu)).tolist() == wanted
    assert len({value for line in wanted for value in line}) > 20


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"mult": [1 << 16, 1]}, "mult: must be from 0 to 65535, not up to 65536"),
        ({"shift": [64, 1]}, "shift: must be from 0 to 63, not up to 64"),
        ({"plus": [-1, 1]}, "plus: must be from 0 to 4294967295"),
        ({"plus": [1.0, 1.0]}, "plus: must be integers of shape"),
        ({"shift": [1]}, "shift: must be integers of shape"),
    ],
)
def test_tails_out_of_range_are_refused(values: dict, message: str) -> None:
    usual = {"mult": [1, 1], "shift": [1, 1], "plus": [0, 0]}
    numbers = {name: np.array(each) for name, each in (usual | values).items()}
    with pytest.raises(ConfigError) as error:
        Tail(**numbers, relu=False)
    assert message in str(error.value)


@pytest.mark.parametrize("block", [(1, 1), (2, 2), (1, 3), (4, 2)])
@pytest.mark.parametrize("kernel", [1, 3, 5])
def test_blocks_of_pixels_give_the_same_convolution(kernel: int, block: tuple[int, int]) -> None:
    rng = np.random.default_rng(kernel)
    maps, weights = rng.integers(-9, 9, (1, 7, 9, 3)), rng.integers(-9, 9, (kernel**2 * 3, 2))
    blocks = Blocks(kernel, *block)
    product = blocks.operands(maps) @ blocks.filters(weights)
    wanted = model.convolve(maps[0], weights.reshape(kernel, kernel, 3, 2))
    assert np.array_equal(blocks.maps(product, 7, 9)[0], wanted)
    assert np.array_equal((patches(maps, kernel) @ weights).reshape(7, 9, 2), wanted)
    assert blocks.operands(maps).shape[1] == blocks.window[0] * blocks.window[1] * 3


def test_the_golden_model_shares_no_code() -> None:
    tree = ast.parse(Path(model.__file__).read_text(encoding="utf-8"))
    names = {node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom)}
    assert {name for name in names if name and name.startswith(("sim_tb", "hdl", "gen"))} == {"sim_tb.golden"}


class Numpy:
    """A machine that multiplies in NumPy."""

    preloaded = False

    def __init__(self, params: EngineParams) -> None:
        self.params = params

    def counters(self) -> dict[str, int]:
        return {"cycles": 0, "active": 0, "macs": 0}

    def say(self, text: str) -> None:
        pass

    async def multiply(self, a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
        place = self.params
        assert place.a.min <= a.min() <= a.max() <= place.a.max
        assert place.b.min <= b.min() <= b.max() <= place.b.max
        return await multiply_numpy(a, b, initial)


@pytest.mark.parametrize("pack", [False, True])
@pytest.mark.parametrize("columns", [8, 16, 19])
def test_what_runs_gives_the_golden_model(columns: int, pack: bool, tmp_path) -> None:
    work = Upscaling(integers(), pixels(6, 7), pack)
    outputs = at_once(work.run(Numpy(EngineParams(rows=4, cols=columns))))
    for name, wanted in work.expected().items():
        assert np.array_equal(outputs[name], wanted), name
        assert len(np.unique(wanted)) > 8, name
    assert [each["packed"] != "" for each in work.records] == [pack] * 4
    work.save(tmp_path / "w")
    again = workload_class("sesr").load(tmp_path / "w")
    assert all(np.array_equal(again.expected()[name], wanted) for name, wanted in work.expected().items())
    assert again.pack is pack


def test_a_fault_in_one_result_is_counted() -> None:
    class Faulty(Numpy):
        async def multiply(self, a: Matrix, b: Matrix, initial: Matrix | None = None) -> Matrix:
            found = await super().multiply(a, b, initial)
            found[3, 1] += 1 << 14
            return found

    work = Upscaling(integers(), pixels(6, 7), pack=False)
    outputs = at_once(work.run(Faulty(EngineParams(rows=4, cols=4))))
    layers = work.figures(outputs)["network"]["layers"]
    assert layers[0]["differ"] == 1
    assert all(each["differ"] >= 1 for each in layers)


@pytest.mark.parametrize(
    ("values", "message"),
    [
        ({"a": "s6"}, "engine.a: is s6, from -32 to 31, and the network's operands are from -128 to 127"),
        ({"b": "s4"}, "engine.b: is s4, from -8 to 7"),
        ({"a": "u8", "b": "s8"}, "engine.a: is u8, from 0 to 255"),
        ({"a": "s8", "b": "u8"}, "engine.b: is u8, from 0 to 255"),
        ({"scheme": "mac", "a": "bf16", "b": "bf16"}, "engine.a: is bf16, and the network's operands are integers"),
    ],
)
def test_engines_that_can_not_hold_the_operands_are_refused(values: dict, message: str) -> None:
    with pytest.raises(ConfigError) as error:
        check(EngineParams.from_dict(values))
    assert message in str(error.value)


@pytest.mark.parametrize("values", [{}, {"a": "s9", "b": "s12"}])
def test_other_engines_are_taken(values: dict) -> None:
    check(EngineParams.from_dict(values))


def test_quantisation_follows_the_network() -> None:
    """Integers come near the floating-point network, layer by layer, and zero stays zero."""
    network = floating(layers=3, width=8)
    images = [pixels(24, 24, seed) // 2 + 64 for seed in range(3)]
    found = quantise(network, images)
    assert all(np.abs(weights).max() <= 127 for weights in found.weights)
    assert all(np.abs(weights).max(axis=0).min() == 127 for weights in found.weights)
    wanted = np.clip(network.maps(to_input(images[0]))[-1][0] * 255, -128, 127)
    results, _ = found.golden(images[0])
    assert float(np.abs(results[-1] - wanted).mean()) < 4
    flat = np.full((8, 8), 128, np.uint8)
    assert not inputs_of(flat).any()
    assert all(not each.any() for each in found.golden(flat)[0])
