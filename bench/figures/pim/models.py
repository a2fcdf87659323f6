"""Every model over its tokens, on both systems, with its output matrix and without."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.sample import TOKENS, decoder_of, figures_of, sampled, sum_of, totals_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from gen.pim.model.published import PUBLISHED
from hdl.params.pim import PRESETS

__all__ = ["GROUP", "MODELS", "OTHERS", "SYSTEMS", "item", "twin"]

SYSTEMS = ("pimgpt_paper", "aim_measured")
#: Models that people run today.
OTHERS = ("smollm2-135m", "qwen2-0.5b", "tinyllama-1.1b-chat", "llama-3.2-1b-instruct")
#: The longest first.
MODELS = tuple(sorted((*PUBLISHED, *OTHERS), key=lambda name: -decoder_of(name).parameters))


def item(model: str, system: str) -> str:
    """The name of an entry."""
    return f"{model} on {system}"


def twin(model: str) -> str:
    """The first published model that is the same one but for a context beyond the tokens; else the model itself."""
    decoder = decoder_of(model)
    same = (name for name in PUBLISHED if replace(decoder_of(name), context=decoder.context) == decoder)
    return next(same, model)


def _measure(model: str, system: str) -> dict[str, Any]:
    """All positions with the output matrix; without it the middle one alone, whose difference is that of each."""
    decoder = decoder_of(model)
    compiled = compile_decoder(decoder, PRESETS[system], TOKENS)
    positions = sampled(TOKENS)
    middle = positions[len(positions) // 2]
    steps = [totals_of(compiled, [position]) for position in positions]
    found = figures_of(compiled, sum_of(steps))
    both = (steps[positions.index(middle)], totals_of(compiled, [middle], predict=False))
    output, without = (figures_of(compiled, totals) for totals in both)
    difference = {key: output[key] - without[key] for key in ("clocks", "seconds", "joules")}
    return {
        "parameters": decoder.parameters,
        "rows": compiled.placement.rows,
        "with": found,
        "without": {key: found[key] - value for key, value in difference.items()},
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
