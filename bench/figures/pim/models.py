"""Every model over its tokens, on both systems, with its output matrix and without."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.sample import TOKENS, decoder_of, figures_of, sampled, shortened, totals_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from gen.pim.model.published import PUBLISHED
from hdl.params.pim import PRESETS

__all__ = ["GROUP", "MODELS", "OTHERS", "SYSTEMS", "item", "twin"]

SYSTEMS = ("pimgpt_paper", "aim_measured")
#: Models that people run today.
OTHERS = ("smollm2-135m", "qwen2-0.5b", "tinyllama-1.1b-chat", "llama-3.2-1b-instruct")
MODELS = (*PUBLISHED, *OTHERS)


def item(model: str, system: str) -> str:
    """The name of an entry."""
    return f"{model} on {system}"


def twin(model: str) -> str:
    """The first published model that is the same one but for a context beyond the tokens; else the model itself."""
    decoder = decoder_of(model)
    same = (name for name in PUBLISHED if replace(decoder_of(name), context=decoder.context) == decoder)
    return next(same, model)


def _measure(model: str, system: str) -> dict[str, Any]:
    """With the output matrix; without it the same less what it takes, which a single layer in front of it shows."""
    decoder = decoder_of(model)
    compiled = compile_decoder(decoder, PRESETS[system], TOKENS)
    found = figures_of(compiled, totals_of(compiled, sampled(TOKENS)))
    short = compile_decoder(shortened(decoder, 1), PRESETS[system], TOKENS)
    output, none = (figures_of(short, totals_of(short, [TOKENS // 2], predict=predict)) for predict in (True, False))
    return {
        "parameters": decoder.parameters,
        "rows": compiled.placement.rows,
        "with": found,
        "without": {key: found[key] - output[key] + none[key] for key in ("clocks", "seconds", "joules")},
    }


GROUP = Group(
    "pim-models",
    {
        item(model, system): partial(_measure, model, system)
        for model in MODELS
        for system in SYSTEMS
        if twin(model) == model
    },
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
