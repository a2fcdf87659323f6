"""Small decoders of every family, with random weights, that tests share."""

from __future__ import annotations

import json
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gen.pim.compile import Compiled, token_of
from gen.pim.model import Decoder, read
from hdl.params.pim import PRESETS, Instruction, PimParams
from sim_tb.golden.float import narrow, widen
from sim_tb.pim.decoder import loaded, received
from sim_tb.pim.reference import double, single
from tests.pim.model.configs import GPT2, GPT_NEO, LLAMA, MISTRAL, OPT, PHI, QWEN2, Config

#: The preset with enough memory.
TINY = replace(PRESETS["tiny"], rows=1024)


def system(**sizes: Any) -> PimParams:
    """The tiny system with other sizes."""
    return replace(TINY, **sizes)


def decoder(config: Config, **changes: Any) -> Decoder:
    """The decoder of a configuration, as a file has it."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "config.json"
        path.write_text(json.dumps({**config, **changes}))
        return read(path)


def gpt2(**changes: Any) -> Decoder:
    sizes = {"n_embd": 16, "n_head": 2, "n_layer": 2, "n_positions": 40, "n_ctx": 40, "vocab_size": 32}
    return decoder({**GPT2, **sizes}, **changes)


def gpt_neo(**changes: Any) -> Decoder:
    sizes = {"hidden_size": 16, "num_heads": 2, "num_layers": 4, "max_position_embeddings": 40, "vocab_size": 30}
    kinds = {"attention_types": [[["global", "local"], 2]], "window_size": 5}
    return decoder({**GPT_NEO, **sizes, **kinds}, **changes)


def opt(**changes: Any) -> Decoder:
    sizes = {"hidden_size": 16, "word_embed_proj_dim": 16, "ffn_dim": 40, "num_attention_heads": 4}
    sizes |= {"num_hidden_layers": 2, "max_position_embeddings": 40, "vocab_size": 33}
    return decoder({**OPT, **sizes}, **changes)


_GATED = {"hidden_size": 24, "intermediate_size": 36, "num_hidden_layers": 2, "vocab_size": 50, "rope_theta": 100.0}
_GATED |= {"num_attention_heads": 6, "num_key_value_heads": 2, "head_dim": 8, "max_position_embeddings": 40}


def llama(**changes: Any) -> Decoder:
    return decoder({**LLAMA, **_GATED}, **changes)


def mistral(**changes: Any) -> Decoder:
    return decoder({**MISTRAL, **_GATED, "sliding_window": 6}, **changes)


def qwen2(**changes: Any) -> Decoder:
    return decoder({**QWEN2, **_GATED}, **changes)


def phi(**changes: Any) -> Decoder:
    sizes = {"hidden_size": 40, "intermediate_size": 44, "num_hidden_layers": 2, "vocab_size": 45}
    sizes |= {"num_attention_heads": 2, "max_position_embeddings": 40}
    return decoder({**PHI, **sizes}, **changes)


def random_weights(shape: Decoder, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Weights that make activations of about 1."""
    found = {}
    for name, sizes in shape.tensors().items():
        middle = "norm" in name and not name.endswith("bias")
        found[name] = narrow((0.3 * rng.standard_normal(sizes) + middle).astype(np.float32))
    return found


def distance(bits: np.ndarray, numbers: np.ndarray) -> float:
    """One less the cosine between two vectors."""
    found = widen(bits).astype(np.float64)
    return 1 - float(found @ numbers / np.linalg.norm(found) / np.linalg.norm(numbers))


@dataclass(frozen=True)
class Compared:
    """What was found: positions, logits that differ, the farthest from float64, and the longest program."""

    positions: int
    different: int
    farthest: float
    longest: int


def compare(compiled: Compiled, seed: int, positions: int) -> Compared:
    """Run a decoder with random weights: tokens at random, and every third the one predicted before.

    Sequences of a batch have tokens of their own.
    """
    rng = np.random.default_rng(seed)
    shape, batch = compiled.decoder, compiled.placement.batch
    weights = random_weights(shape, rng)
    machine = loaded(compiled, weights)
    stored = compiled.stored(weights)
    caches = compiled.placement.caches
    right = [single(shape, stored, compiled.params, compiled.summed, caches) for _ in range(batch)]
    wide = [double(shape, stored, caches) for _ in range(batch)]
    farthest, different, longest, tokens = 0.0, 0, 0, [0] * batch
    for position in range(positions):
        predicted = position % 3 == 2
        tokens = tokens if predicted else rng.integers(shape.vocabulary, size=batch).tolist()
        for program in compiled.programs(position, token=None if predicted else tokens, logits=True):
            longest = max(longest, len(program.words))
            assert machine.run(program.words).fault is None
        found = received(compiled, np.array(machine.outputs))[-1].reshape(batch, -1)
        for index, token in enumerate(tokens):
            bits = right[index].logits(token)
            different += int(np.count_nonzero(found[index] != bits))
            farthest = max(farthest, distance(found[index], wide[index].logits(token)))
            tokens[index] = int(machine.scalars[token_of(index)])
            assert tokens[index] == int(np.argmax(widen(bits)))
    return Compared(positions, different, farthest, longest)


def otherwise(one: Instruction, operand: str, by: int) -> Instruction:
    """An instruction with an operand changed, or a flag left out."""
    if operand in one.values:
        changed = replace(one, values={**one.values, operand: one[operand] + by})
    else:
        changed = replace(one, flags=one.flags - {operand})
    assert changed != one
    return changed
