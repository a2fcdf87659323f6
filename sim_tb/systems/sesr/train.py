"""Train the network: ``python -m sim_tb.systems.sesr.train``, some minutes of one core.

Writes the collapsed weights beside this file, or to the file that is named. Adam (Kingma and Ba, 2015) with half a
cosine, in single precision; the seed fixes all that is random, and the last bits are those of the machine's BLAS.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.systems.sesr.block import Floats, LinearBlock
from sim_tb.systems.sesr.gradients import loss
from sim_tb.systems.sesr.network import MIDDLE, SCALE, Network, kernels
from sim_tb.systems.sesr.photographs import LEARNED, photograph
from sim_tb.systems.sesr.resize import halve
from sim_tb.systems.sesr.weights import WEIGHTS, write

__all__ = ["Settings", "train"]


@dataclass(frozen=True)
class Settings:
    """The network's sizes, and how it is trained.

    Parameters
    ----------
    layers, features, p : int
        Convolutions of 3 x 3, channels between them, and channels inside of a linear block.
    batch, patch : int
        Patches of a step, and their height and width before they are doubled.
    """

    layers: int = 5
    features: int = 16
    p: int = 256
    batch: int = 8
    patch: int = 32
    steps: int = 5000
    warm_up: int = 100
    rate: float = 1e-3
    least_rate: float = 1e-5
    seed: int = 1


def initial(settings: Settings, rng: np.random.Generator) -> list[LinearBlock]:
    """Random blocks; the last one is small, so that training begins with pixels that are doubled."""
    width, sizes = settings.features, kernels(settings.layers)
    found = []
    for i, kernel in enumerate(sizes):
        last = i == len(sizes) - 1
        ends = width if i else 1, SCALE**2 if last else width
        block = LinearBlock.random(kernel, *ends, settings.p, rng, residual=0 < i < len(sizes) - 1)
        shrink = np.float32(0.1 if i else 1.0)
        found.append(LinearBlock(block.wide, block.narrow * shrink, kernel, block.residual))
    return found


def batches(settings: Settings, rng: np.random.Generator) -> Iterator[tuple[Floats, Floats]]:
    """Inputs and targets: patches from anywhere, turned and mirrored at random."""
    pairs = [(halve(image), image) for image in map(photograph, LEARNED)]
    sizes = np.array([small.size for small, _ in pairs], float) ** 0.5
    size = settings.patch
    while True:
        inputs: list[Matrix] = []
        targets: list[Matrix] = []
        for index in rng.choice(len(pairs), settings.batch, p=sizes / sizes.sum()):
            small, large = pairs[index]
            y, x = (int(rng.integers(side - size + 1)) for side in small.shape)
            turns, mirrored = int(rng.integers(4)), bool(rng.integers(2))
            for image, kept, scale in ((small, inputs, 1), (large, targets, SCALE)):
                patch = image[y * scale : (y + size) * scale, x * scale : (x + size) * scale]
                patch = np.rot90(patch, turns)
                kept.append(patch[:, ::-1] if mirrored else patch)
        blocks = np.stack(targets).reshape(-1, size, SCALE, size, SCALE).transpose(0, 1, 3, 2, 4)
        yield _floats(np.stack(inputs)[..., None]), _floats(blocks.reshape(-1, size, size, SCALE**2))


def _floats(pixels: Matrix) -> Floats:
    found: Floats = (pixels.astype(np.float32) - np.float32(MIDDLE)) / np.float32(255)
    return found


def rate(settings: Settings, step: int) -> float:
    """The learning rate of a step."""
    if step < settings.warm_up:
        return settings.rate * (step + 1) / settings.warm_up
    way = (step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
    return settings.least_rate + (settings.rate - settings.least_rate) * (1 + float(np.cos(np.pi * way))) / 2


def train(settings: Settings, every: int = 100) -> list[LinearBlock]:
    """The blocks after training; prints the mean error in grey levels."""
    rng = np.random.default_rng(settings.seed)
    blocks = initial(settings, rng)
    tensors = [tensor for block in blocks for tensor in (block.wide, block.narrow)]
    moments = [(np.zeros_like(tensor), np.zeros_like(tensor)) for tensor in tensors]
    source = batches(settings, rng)
    began, recent = time.process_time(), 0.0
    for step in range(settings.steps):
        error, pairs = loss(blocks, *next(source))
        recent += error
        late1, late2 = 1 - 0.9 ** (step + 1), 1 - 0.999 ** (step + 1)
        pace = np.float32(rate(settings, step) / late1)
        gradients = (gradient for pair in pairs for gradient in pair)
        for tensor, gradient, (first, second) in zip(tensors, gradients, moments, strict=True):
            first += np.float32(0.1) * (gradient - first)
            second += np.float32(0.001) * (gradient * gradient - second)
            tensor -= pace * first / (np.sqrt(second / np.float32(late2)) + np.float32(1e-8))
        if (step + 1) % every == 0:
            seconds = time.process_time() - began
            print(f"step {step + 1}: {255 * recent / every:.3f} grey levels, {seconds:.0f} s", flush=True)
            recent = 0.0
    return blocks


if __name__ == "__main__":
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("file", type=Path, nargs="?", default=WEIGHTS)
    arguments.add_argument("--steps", type=int, default=Settings.steps)
    given = arguments.parse_args()
    write(Network.collapse(train(Settings(steps=given.steps))), given.file)
