"""What PIM-GPT does not have, switch by switch and together: one position, tokens of all sequences a second."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import partial
from typing import Any

from bench.figures.pim.models import SYSTEMS, item
from bench.figures.pim.sample import TOKENS, decoder_of, position_of
from bench.figures.pim.systems import POSITION
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, changed

__all__ = ["GROUP", "MODELS", "SWITCHES", "Switch"]

MODELS = ("gpt2-small", "gpt3-xl")


@dataclass(frozen=True)
class Switch:
    """Something beyond the plain mapping.

    Parameters
    ----------
    system : mapping
        Values of the system, as ``--set`` takes them.
    mapping : mapping
        Arguments of :func:`gen.pim.compile.compile_decoder`.
    """

    system: dict[str, int | float | bool] = field(default_factory=dict)
    mapping: dict[str, Any] = field(default_factory=dict)

    def __or__(self, other: Switch) -> Switch:
        return Switch(self.system | other.system, self.mapping | other.mapping)


PLAIN = Switch(mapping={"overlap": False})
OVERLAP = Switch(mapping={"overlap": True})
BUFFERS = Switch({"buffers": 2})
ACCUMULATORS = Switch({"accumulators": 16})
#: Eight sequences, each word of a column multiplied with those of all at once.
VECTORS = Switch(
    {"sram_words": 32768, "program_words": 2048, "accumulators": 16, "vectors": 8, "buffers": 8}, {"batch": 8}
)
INT8 = Switch({"int8": True}, {"weights": "int8"})
CACHES = Switch({"int8": True}, {"caches": "int8"})
SWITCHES: dict[str, Switch] = {
    "plain": PLAIN,
    "vector work beside bank work": OVERLAP,
    "2 global buffers": PLAIN | BUFFERS,
    "16 accumulators": PLAIN | ACCUMULATORS,
    "16 accumulators, weights of 8 bits": PLAIN | INT8 | ACCUMULATORS,
    "16 accumulators, caches of 8 bits": PLAIN | CACHES | ACCUMULATORS,
    "all of these": OVERLAP | BUFFERS | ACCUMULATORS | INT8 | CACHES,
    "8 sequences, 8 vectors at once": PLAIN | VECTORS,
    "all of these, 8 sequences": OVERLAP | VECTORS | INT8 | CACHES,
}


def _measure(model: str, system: str) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for name, switch in SWITCHES.items():
        try:
            params = changed(PRESETS[system], switch.system) if switch.system else PRESETS[system]
            compiled = compile_decoder(decoder_of(model), params, TOKENS, **switch.mapping)
            found[name] = position_of(compiled, POSITION)
        except ConfigError as error:
            found[name] = {"problem": str(error.problems[0])}
    return found


GROUP = Group(
    "pim-beyond",
    {item(model, system): partial(_measure, model, system) for model in reversed(MODELS) for system in SYSTEMS},
    ("sim_tb.pim.tokens", "gen.pim.compile", "gen.pim.model"),
)
