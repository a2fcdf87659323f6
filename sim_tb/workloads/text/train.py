"""Train the decoder that ``config.json`` describes: ``python -m sim_tb.workloads.text.train``.

Writes the weights beside it, in bf16, as a checkpoint of GPT-2 has them (``model.safetensors``).

Adam (Kingma and Ba, 2015) with a warm-up and half a cosine, in single precision; the seed fixes all that is random.
"""

from __future__ import annotations

import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gen.pim.elements import Elements
from gen.pim.model import Decoder, read
from sim_tb.golden.float import narrow, widen
from sim_tb.workloads.text.corpus import END, documentation
from sim_tb.workloads.text.gradients import Parameters, loss

Tokens = npt.NDArray[np.int64]
FOLDER = Path(__file__).parent
SHAPE = read(FOLDER)
WEIGHTS = FOLDER / "model.safetensors"
#: What the gradients call a checkpoint's tensors; those of layer 0 stand for every layer's.
NAMES = {
    "wte": "wte.weight",
    "wpe": "wpe.weight",
    "h0/ln_1/g": "h.0.ln_1.weight",
    "h0/ln_1/b": "h.0.ln_1.bias",
    "h0/attn/c_attn/w": "h.0.attn.c_attn.weight",
    "h0/attn/c_attn/b": "h.0.attn.c_attn.bias",
    "h0/attn/c_proj/w": "h.0.attn.c_proj.weight",
    "h0/attn/c_proj/b": "h.0.attn.c_proj.bias",
    "h0/ln_2/g": "h.0.ln_2.weight",
    "h0/ln_2/b": "h.0.ln_2.bias",
    "h0/mlp/c_fc/w": "h.0.mlp.c_fc.weight",
    "h0/mlp/c_fc/b": "h.0.mlp.c_fc.bias",
    "h0/mlp/c_proj/w": "h.0.mlp.c_proj.weight",
    "h0/mlp/c_proj/b": "h.0.mlp.c_proj.bias",
    "ln_f/g": "ln_f.weight",
    "ln_f/b": "ln_f.bias",
}


@dataclass(frozen=True)
class Settings:
    """The decoder's sizes, and how it is trained."""

    shape: Decoder = SHAPE
    batch: int = 32
    steps: int = 4500
    warm_up: int = 100
    rate: float = 4e-3
    least_rate: float = 1e-4
    beta1: float = 0.9
    beta2: float = 0.99
    clip: float = 1.0
    #: One string in this many is held out, for the loss on what was not learned.
    held_out: int = 20
    seed: int = 1


def names(layers: int) -> dict[str, str]:
    """The checkpoint's name of every tensor of a model of N layers, by the gradients' name."""
    found = {}
    for name, stored in NAMES.items():
        for layer in range(layers) if name.startswith("h0/") else (0,):
            found[name.replace("h0/", f"h{layer}/")] = stored.replace("h.0.", f"h.{layer}.")
    return found


def shapes(decoder: Decoder) -> dict[str, tuple[int, ...]]:
    """The shape of every tensor, by the gradients' name; matrices are (inputs, outputs)."""
    width, inner = decoder.width, decoder.mlp.inner
    ends = {"c_attn/w": (width, 3 * width), "c_attn/b": (3 * width,), "c_fc/w": (width, inner), "c_fc/b": (inner,)}
    ends |= {"attn/c_proj/w": (width, width), "mlp/c_proj/w": (inner, width)}
    ends |= {"wte": (decoder.vocabulary, width), "wpe": (decoder.context, width)}
    found = {}
    for name in names(decoder.layers):
        found[name] = next((shape for end, shape in ends.items() if name.endswith(end)), (width,))
    return found


def save(tensors: dict[str, Elements], layers: int, path: Path) -> None:
    """Write bf16 tensors, by the gradients' names, as a checkpoint."""
    from safetensors import TensorSpec, serialize_file

    stored = {other: np.ascontiguousarray(tensors[name]) for name, other in names(layers).items()}
    specs = {
        name: TensorSpec(dtype="bfloat16", shape=value.shape, data_ptr=value.ctypes.data, data_len=value.nbytes)
        for name, value in stored.items()
    }
    serialize_file(specs, path)


def initial(settings: Settings, rng: np.random.Generator) -> Parameters:
    """Random weights, smaller ones where they lead back to the residual stream."""
    found: Parameters = {}
    for name, shape in shapes(settings.shape).items():
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
    sizes = settings.shape.layers, settings.shape.attention.heads
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
    save({name: narrow(value) for name, value in train(Settings()).items()}, SHAPE.layers, WEIGHTS)
