"""Longer contexts: the time of a token at positions up to 8,191."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.models import SYSTEMS, item
from bench.figures.pim.sample import decoder_of, position_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PRESETS

__all__ = ["CONTEXTS", "GROUP", "MODELS"]

MODELS = ("gpt2-small", "gpt3-xl")
CONTEXTS = (512, 1024, 2048, 4096, 8192)


def _measure(model: str, system: str) -> dict[str, Any]:
    """The last position of each context, of a decoder like that one with room for all."""
    decoder = replace(decoder_of(model), context=CONTEXTS[-1])
    try:
        compiled = compile_decoder(decoder, PRESETS[system], CONTEXTS[-1])
    except ConfigError as error:
        return {"problem": str(error.problems[0])}
    found: dict[str, Any] = {str(tokens): position_of(compiled, tokens - 1) for tokens in CONTEXTS}
    return {"rows": compiled.placement.rows, **found}


GROUP = Group(
    "pim-context",
    {item(model, system): partial(_measure, model, system) for model in reversed(MODELS) for system in SYSTEMS},
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
