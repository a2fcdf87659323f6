"""Linear blocks collapse, gradients are those of the loss, and weights are read or refused."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest

from hdl.params import ConfigError
from sim_tb.systems.sesr.block import LinearBlock
from sim_tb.systems.sesr.gradients import loss
from sim_tb.systems.sesr.network import Network, to_space
from sim_tb.systems.sesr.train import Settings, initial, train
from sim_tb.systems.sesr.weights import read, write
from tests.systems.sesr.networks import floating


@pytest.mark.parametrize(
    ("kernel", "inputs", "outputs", "residual"),
    [(5, 1, 16, False), (3, 16, 16, True), (3, 16, 16, False), (5, 16, 4, False), (1, 3, 3, True)],
)
def test_a_block_collapses(kernel: int, inputs: int, outputs: int, residual: bool) -> None:
    """Both convolutions one after the other give what the collapsed one gives, in single precision."""
    rng = np.random.default_rng(kernel + inputs)
    block = LinearBlock.random(kernel, inputs, outputs, 256, rng, residual=residual)
    maps = rng.uniform(-0.5, 0.5, (2, 9, 12, inputs)).astype(np.float32)
    once = LinearBlock(block.collapsed, np.eye(outputs, dtype=np.float32), kernel)
    assert block.expanded(maps).dtype == np.float32
    assert np.abs(block.expanded(maps) - once.expanded(maps)).max() <= 1e-5


def test_a_convolution_is_what_its_definition_says() -> None:
    rng = np.random.default_rng(3)
    block = LinearBlock.random(3, 2, 5, 7, rng)
    maps = rng.normal(size=(1, 4, 6, 2)).astype(np.float32)
    filters = block.collapsed.reshape(3, 3, 2, 5)
    padded = np.pad(maps[0], ((1, 1), (1, 1), (0, 0)))
    for y in range(4):
        for x in range(6):
            wanted = np.einsum("vuc,vuco->o", padded[y : y + 3, x : x + 3], filters)
            assert np.allclose(block.expanded(maps)[0, y, x], wanted, atol=1e-5)


def test_gradients_are_slopes_of_the_loss() -> None:
    rng = np.random.default_rng(0)
    blocks = [
        replace(block, wide=block.wide.astype(np.float64), narrow=block.narrow.astype(np.float64))
        for block in initial(Settings(layers=2, features=3, p=5), rng)
    ]
    x, target = rng.normal(size=(2, 6, 7, 1)), rng.normal(size=(2, 6, 7, 4))
    _, found = loss(blocks, x, target)
    for block, pair in zip(blocks, found, strict=True):
        for tensor, gradient in zip((block.wide, block.narrow), pair, strict=True):
            at = tuple(int(rng.integers(size)) for size in tensor.shape)
            kept, ends = tensor[at], []
            for step in (1e-6, -1e-6):
                tensor[at] = kept + step
                ends.append(loss(blocks, x, target)[0])
            tensor[at] = kept
            assert gradient[at] == pytest.approx((ends[0] - ends[1]) / 2e-6, rel=1e-4, abs=1e-9)


def test_the_network_that_learns_is_the_one_that_runs() -> None:
    """The loss is that of the collapsed network's output."""
    rng = np.random.default_rng(5)
    blocks = initial(Settings(layers=3, features=4, p=8), rng)
    x, target = (rng.uniform(-0.5, 0.5, (2, 8, 9, n)).astype(np.float32) for n in (1, 4))
    output = Network.collapse(blocks).maps(x)[-1]
    assert loss(blocks, x, target)[0] == pytest.approx(float(np.abs(output - target).mean()), rel=1e-5)


def test_channels_become_pixels() -> None:
    maps = np.arange(24).reshape(1, 2, 3, 4)
    assert to_space(maps)[0, :2, :4].tolist() == [[0, 1, 4, 5], [2, 3, 6, 7]]


def test_training_learns_and_repeats(capsys) -> None:
    pytest.importorskip("skimage", reason="scikit-image ships the photographs")
    settings = Settings(layers=1, features=4, p=8, batch=2, patch=16, steps=40, warm_up=5, rate=3e-3)
    first, second = train(settings, 20), train(settings, 20)
    assert all(np.array_equal(a.wide, b.wide) for a, b in zip(first, second, strict=True))
    early, late = (float(line.split()[2]) for line in capsys.readouterr().out.splitlines()[:2])
    assert late < early


def test_the_committed_network() -> None:
    network = read()
    assert sum(weights.size for weights in network.weights) == 13_520
    assert [weights.shape[0] for weights in network.weights] == [25, *[144] * 5, 400]


def test_weights_are_read_back(tmp_path) -> None:
    network = floating()
    write(network, tmp_path / "n.npz")
    found = read(tmp_path / "n.npz")
    assert all(np.array_equal(a, b) for a, b in zip(network.weights, found.weights, strict=True))


@pytest.mark.parametrize(
    ("change", "messages"),
    [
        (lambda w: w.pop("L1"), ["L1: is missing", "L3: is no layer"]),
        (lambda w: w.update(L1=w["L1"].astype(np.float64)), ["L1: must be float32 of shape (taps * inputs, outputs)"]),
        (lambda w: w.update(L0=w["L0"][:9]), ["L0: has weights of shape (9, 4), not (25, 4)"]),
        (lambda w: w.update(L3=w["L3"][:, :3]), ["L3: has weights of shape (100, 3), not (100, 4)"]),
        (lambda w: w.update(L2=w["L2"] * np.float32("nan")), ["L2: has values that are not finite"]),
        (lambda w: [w.pop(name) for name in ("L2", "L3")], ["L2: is missing"]),
        (lambda w: w.clear(), ["L0: is missing"]),
    ],
)
def test_files_of_other_networks_are_refused(tmp_path, change, messages: list[str]) -> None:
    arrays = {f"L{i}": weights for i, weights in enumerate(floating().weights)}
    change(arrays)
    np.savez(tmp_path / "n.npz", **arrays)
    with pytest.raises(ConfigError) as error:
        read(tmp_path / "n.npz")
    for message in messages:
        assert f"n.npz: {message}" in str(error.value)


@pytest.mark.parametrize("content", [b"", b"no archive", b"PK\x03\x04 and no more"])
def test_files_of_other_kinds_are_refused(tmp_path, content: bytes) -> None:
    (tmp_path / "n.npz").write_bytes(content)
    with pytest.raises(ConfigError, match=r"n\.npz: is no \.npz file of arrays"):
        read(tmp_path / "n.npz")


def test_the_script_trains(tmp_path) -> None:
    pytest.importorskip("skimage", reason="scikit-image ships the photographs")
    command = [sys.executable, "-m", "sim_tb.systems.sesr.train", str(tmp_path / "w.npz"), "--steps", "1"]
    subprocess.run(command, check=True, capture_output=True)
    assert len(read(tmp_path / "w.npz").weights) == 7
