"""Every model over all its tokens, on both systems, with its output matrix and without."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.sample import TOKENS, decoder_of, figures_of, totals_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from gen.pim.model.published import PUBLISHED
from hdl.params.pim import PRESETS
from sim_tb.pim.simulate.burst import Memory

__all__ = ["GROUP", "OTHERS", "SYSTEMS", "item", "twin"]

SYSTEMS = ("pimgpt_paper", "aim_measured")
#: Models that PIM-GPT was not measured with, in ``configs/models``.
OTHERS = ("tinyllama-1.1b-chat", "llama-3.2-1b-instruct", "qwen2-0.5b", "smollm2-135m")


def item(model: str, system: str) -> str:
    """The name of an entry."""
    return f"{model} on {system}"


def twin(model: str) -> str:
    """The first published model that is the same one but for a context beyond the tokens; else the model itself."""
    decoder = decoder_of(model)
    same = (name for name in PUBLISHED if replace(decoder_of(name), context=decoder.context) == decoder)
    return next(same, model)


def measure(model: str, system: str, tokens: int = TOKENS) -> dict[str, Any]:
    """All positions, one after the other, from the first one on."""
    decoder, params = decoder_of(model), PRESETS[system]
    compiled, memory = compile_decoder(decoder, params, TOKENS), Memory(params)
    found = {
        name: figures_of(compiled, totals_of(compiled, range(tokens), predict=predict, memory=memory))
        for name, predict in (("with", True), ("without", False))
    }
    return {"parameters": decoder.parameters, "rows": compiled.placement.rows, "tokens": tokens, **found}


GROUP = Group(
    "pim-models",
    {
        item(model, system): partial(measure, model, system)
        for model in (*PUBLISHED, *OTHERS)
        for system in SYSTEMS
        if twin(model) == model
    },
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
