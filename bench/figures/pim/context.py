"""Longer contexts: the time of a token at positions up to 8,191."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.models import SYSTEMS, item
from bench.figures.pim.sample import FEWER, by_layers, decoder_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PRESETS

__all__ = ["CONTEXTS", "GROUP", "MODELS"]

MODELS = ("gpt2-small",)
CONTEXTS = (512, 1024, 2048, 4096, 8192)


def _measure(model: str, system: str) -> dict[str, Any]:
    """The last position of each context, of a decoder like that one with room for all."""
    decoder = replace(decoder_of(model), context=CONTEXTS[-1])
    how = partial(compile_decoder, params=PRESETS[system], tokens=CONTEXTS[-1])
    try:
        found: dict[str, Any] = {"rows": how(decoder).placement.rows}
    except ConfigError as error:
        return {"problem": str(error.problems[0])}
    return found | {str(tokens): by_layers(decoder, how, [tokens - 1], few=FEWER) for tokens in CONTEXTS}


GROUP = Group(
    "pim-context",
    {item(model, system): partial(_measure, model, system) for model in reversed(MODELS) for system in SYSTEMS},
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
