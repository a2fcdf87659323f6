"""Longer contexts: the time of a token at positions up to 8,191, with caches as they are and with those of 8 bits."""

from __future__ import annotations

from dataclasses import replace
from functools import partial
from typing import Any

from bench.figures.pim.models import SYSTEMS, item
from bench.figures.pim.sample import decoder_of, position_of
from bench.figures.store import Group
from gen.pim.compile import CACHES, compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, PimParams, changed

__all__ = ["CONTEXTS", "EIGHT", "GROUP", "MODELS"]

MODELS = ("gpt2-small", "gpt3-xl")
CONTEXTS = (512, 1024, 2048, 4096, 8192)
#: The system that caches of 8 bits are compared on, with itself.
EIGHT: dict[str, int | float | bool] = {"int8": True, "accumulators": 16}


def _measure(model: str, system: str) -> dict[str, Any]:
    """The last position of each context, of a decoder like that one with room for all."""
    decoder = replace(decoder_of(model), context=CONTEXTS[-1])

    def found(params: PimParams, caches: str = "bf16") -> dict[str, Any]:
        try:
            compiled = compile_decoder(decoder, params, CONTEXTS[-1], caches=caches)
        except ConfigError as error:
            return {"problem": str(error.problems[0])}
        positions = {str(tokens): position_of(compiled, tokens - 1) for tokens in CONTEXTS}
        return {"rows": compiled.placement.rows, "cache_rows": compiled.placement.cache_rows, **positions}

    eight = changed(PRESETS[system], EIGHT)
    return {**found(PRESETS[system]), "eight": {caches: found(eight, caches) for caches in CACHES}}


GROUP = Group(
    "pim-context",
    {item(model, system): partial(_measure, model, system) for model in reversed(MODELS) for system in SYSTEMS},
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
