"""Every model over its tokens, on both systems, with its output matrix and without."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.sample import FEW, TOKENS, by_layers, decoder_of, figures_of, sampled, totals_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from gen.pim.model.published import PUBLISHED
from hdl.params.pim import PRESETS

__all__ = ["CHECK", "GROUP", "SYSTEMS", "WHOLE", "item", "twin"]

SYSTEMS = ("pimgpt_paper", "aim_measured")
#: The model that is simulated whole, to know what fewer layers and positions make of it; a position of so many.
WHOLE, CHECKED = "gpt2-small", 512


def item(model: str, system: str) -> str:
    """The name of an entry."""
    return f"{model} on {system}"


def twin(model: str) -> str:
    """The first published model that is the same one but for a context beyond the tokens; else the model itself."""
    decoder = decoder_of(model)
    same = (name for name in PUBLISHED if replace(decoder_of(name), context=decoder.context) == decoder)
    return next(same, model)


def _measure(model: str, system: str) -> dict[str, Any]:
    decoder = decoder_of(model)
    how = partial(compile_decoder, params=PRESETS[system], tokens=TOKENS)
    return {
        "parameters": decoder.parameters,
        "rows": how(decoder).placement.rows,
        "positions": sampled(TOKENS),
        "layers": FEW,
        "with": by_layers(decoder, how, sampled(TOKENS)),
        "without": by_layers(decoder, how, sampled(TOKENS), predict=False),
    }


def _check(model: str, system: str) -> dict[str, Any]:
    """All layers, and more positions, of one model."""
    compiled = compile_decoder(decoder_of(model), PRESETS[system], TOKENS)
    return figures_of(compiled, totals_of(compiled, sampled(TOKENS, CHECKED)))


GROUP = Group(
    "pim-models",
    {
        item(model, system): partial(_measure, model, system)
        for model in PUBLISHED
        for system in SYSTEMS
        if twin(model) == model
    },
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
CHECK = Group("pim-check", {item(WHOLE, system): partial(_check, WHOLE, system) for system in SYSTEMS}, GROUP.modules)
