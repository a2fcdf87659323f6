"""Every model over its tokens, on both systems, with its output matrix and without."""

from __future__ import annotations

from functools import partial
from typing import Any

from bench.figures.pim.sample import TOKENS, decoder_of, figures_of, sampled, totals_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from gen.pim.model.published import PUBLISHED
from hdl.params.pim import PRESETS

__all__ = ["GROUP", "MODELS", "OTHERS", "SYSTEMS", "item"]

SYSTEMS = ("pimgpt_paper", "aim_measured")
#: Models that people run today.
OTHERS = ("smollm2-135m", "qwen2-0.5b", "tinyllama-1.1b-chat", "llama-3.2-1b-instruct")
#: The longest first.
MODELS = tuple(sorted((*PUBLISHED, *OTHERS), key=lambda name: -decoder_of(name).parameters))


def item(model: str, system: str) -> str:
    """The name of an entry."""
    return f"{model} on {system}"


def _measure(model: str, system: str) -> dict[str, Any]:
    decoder = decoder_of(model)
    compiled = compile_decoder(decoder, PRESETS[system], TOKENS)
    positions = sampled(TOKENS)
    found = {
        name: figures_of(compiled, totals_of(compiled, positions, predict=predict))
        for name, predict in (("with", True), ("without", False))
    }
    return {"parameters": decoder.parameters, "rows": compiled.placement.rows, **found}


GROUP = Group(
    "pim-models",
    {item(model, system): partial(_measure, model, system) for model in MODELS for system in SYSTEMS},
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
