"""Train the decoder: ``python -m sim_tb.workloads.text.train``. Writes the weights beside this file, in bf16.

Adam (Kingma and Ba, 2015) with a warm-up and half a cosine, in single precision; the seed fixes all that is random.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from gen.pim.gpt import GptShape
from sim_tb.golden.float import narrow, widen
from sim_tb.workloads.text.corpus import END, VOCABULARY, documentation
from sim_tb.workloads.text.gradients import Parameters, loss

Tokens = npt.NDArray[np.int64]
SHAPE = GptShape(layers=2, heads=4, width=64, context=128, vocabulary=VOCABULARY)
WEIGHTS = Path(__file__).with_name("decoder.npz")


@dataclass(frozen=True)
class Settings:
    """The decoder's sizes, and how it is trained."""

    shape: GptShape = SHAPE
    batch: int = 32
    steps: int = 4500
    warm_up: int = 100
    rate: float = 4e-3
    least_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0
    #: One string in so many is kept for the loss on what was not learned.
    held_out: int = 20
    seed: int = 1


def initial(settings: Settings, rng: np.random.Generator) -> Parameters:
    """Random weights, smaller ones where they lead back to the residual stream."""
    found: Parameters = {}
    for name, shape in settings.shape.tensors.items():
        deviation = 0.06 / (np.sqrt(2 * settings.shape.layers) if name.endswith("c_proj/w") else 1)
        if len(shape) == 2:
            found[name] = (rng.standard_normal(shape) * deviation).astype(np.float32)
        else:
            found[name] = np.full(shape, float(name.endswith("/g")), np.float32)
    return found


def batches(settings: Settings, strings: list[bytes], rng: np.random.Generator) -> Iterator[Tokens]:
    """Windows of context + 1 tokens, half of them from the beginning of a string."""
    order = rng.permutation(len(strings))
    text = bytes([END]) + bytes([END]).join(strings[i] for i in order) + bytes([END]) * (settings.shape.context + 2)
    stream = np.frombuffer(text, np.uint8).astype(np.int64)
    last = len(stream) - settings.shape.context - 1
    starts = np.flatnonzero(stream[:last] == END)
    inside = np.arange(settings.shape.context + 1)
    while True:
        anywhere = rng.integers(last, size=settings.batch - settings.batch // 2)
        at = np.concatenate([rng.choice(starts, settings.batch // 2), anywhere])
        yield stream[at[:, None] + inside]


def rate(settings: Settings, step: int) -> float:
    """The learning rate of a step."""
    if step < settings.warm_up:
        return settings.rate * (step + 1) / settings.warm_up
    way = (step - settings.warm_up) / max(1, settings.steps - settings.warm_up)
    return settings.least_rate + (settings.rate - settings.least_rate) * (1 + float(np.cos(np.pi * way))) / 2


def train(settings: Settings, every: int = 100) -> Parameters:
    """The weights after training, rounded to bf16; prints the losses on strings learned and held out."""
    rng = np.random.default_rng(settings.seed)
    strings = documentation()
    kept = strings[:: settings.held_out]
    learned = [each for index, each in enumerate(strings) if index % settings.held_out]
    print(f"{len(strings)} strings, {sum(map(len, strings))} bytes", flush=True)
    p = initial(settings, rng)
    moments = {name: (np.zeros_like(value), np.zeros_like(value)) for name, value in p.items()}
    source, unseen = batches(settings, learned, rng), batches(settings, kept, np.random.default_rng(0))
    check = np.concatenate([next(unseen) for _ in range(4)])
    sizes = settings.shape.layers, settings.shape.heads
    began, recent = time.process_time(), 0.0
    for step in range(settings.steps):
        g: Parameters = {}
        recent += loss(p, *sizes, next(source), g)
        norm = float(np.sqrt(sum(float((each.astype(np.float64) ** 2).sum()) for each in g.values())))
        shrink = min(1.0, settings.clip / (norm + 1e-12))
        late1, late2 = 1 - settings.beta1 ** (step + 1), 1 - settings.beta2 ** (step + 1)
        pace = rate(settings, step) / late1
        for name, (first, second) in moments.items():
            gradient = g[name] * np.float32(shrink)
            first += np.float32(1 - settings.beta1) * (gradient - first)
            second += np.float32(1 - settings.beta2) * (gradient * gradient - second)
            p[name] -= np.float32(pace) * first / (np.sqrt(second / np.float32(late2)) + np.float32(1e-8))
        if (step + 1) % every == 0:
            held = loss(p, *sizes, check)
            seconds = time.process_time() - began
            print(f"step {step + 1}: {recent / every:.3f}, held out {held:.3f}, {seconds:.0f} s", flush=True)
            recent = 0.0
    rounded = {name: widen(narrow(value)) for name, value in p.items()}
    print(f"rounded to bf16: held out {loss(rounded, *sizes, check):.3f}")
    return rounded


if __name__ == "__main__":
    tensors: dict[str, Any] = {name: narrow(value) for name, value in train(Settings()).items()}
    np.savez_compressed(WEIGHTS, **tensors)
