"""What a token's time depends on: one position on systems that differ in one respect each."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any

from bench.figures.pim.models import SYSTEMS, item
from bench.figures.pim.sample import TOKENS, decoder_of, position_of
from bench.figures.store import Group
from gen.pim.compile import compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, PimParams, TimingTable, changed
from sim_tb.pim.sensitivity import VARIATIONS

__all__ = ["GROUP", "MODELS", "POSITION", "RESPECTS"]

MODELS = ("gpt2-small", "gpt3-xl")
#: The last of half the tokens.
POSITION = TOKENS // 2 - 1
#: Times of the memory's arrays and of refreshes, which stay when the clock changes; all others are clocks.
ARRAYS = (
    *("trcd_rd", "trcd_wr", "trcd_mac", "trp", "tras", "trc", "twr", "trtp", "twtr", "trrd", "tfaw"),
    *("trfc", "trefi", "tmod", "cl", "cwl"),
)


def _clocked(timing: TimingTable, faster: int, slower: int = 1) -> dict[str, int | float]:
    """A clock N times as fast; times of arrays stay, rounded up to clocks."""
    found = {key: -(-getattr(timing, key) * faster // slower) for key in ARRAYS}
    found["trc"] = max(found["trc"], found["tras"] + found["trp"])
    return {"timing.clock_ps": timing.clock_ps * slower // faster} | {
        f"timing.{key}": clocks for key, clocks in found.items()
    }


def _lanes(params: PimParams, lanes: int) -> dict[str, int | float]:
    """MAC units and columns of N lanes; as many elements in a row, in a buffer and in SRAM as before."""
    most = params.lanes * params.row_cols // lanes
    return {
        "lanes": lanes,
        "row_cols": min(most, 64),
        "rows": params.rows * most // min(most, 64),
        "gb_words": params.lanes * params.gb_words // lanes,
        "sram_words": params.lanes * params.sram_words // lanes,
    }


RESPECTS: dict[str, Callable[[PimParams], dict[str, int | float]]] = {
    "": lambda params: {},
    "clock twice as fast": lambda params: _clocked(params.timing, 2),
    "clock half as fast": lambda params: _clocked(params.timing, 1, 2),
    "half the channels": VARIATIONS["half the channels"],
    "twice the channels": VARIATIONS["twice the channels"],
    "half the lanes of MAC units": lambda params: _lanes(params, params.lanes // 2),
    "twice the lanes of MAC units": lambda params: _lanes(params, params.lanes * 2),
    **{name: change for name, change in VARIATIONS.items() if "vector unit" in name or name.startswith("no ")},
}


def _measure(model: str, system: str) -> dict[str, Any]:
    params, decoder = PRESETS[system], decoder_of(model)
    found: dict[str, Any] = {}
    for name, changes_of in RESPECTS.items():
        changes = changes_of(params)
        if name and not changes:
            continue
        try:
            other = changed(params, changes) if changes else params
            found[name] = {"changes": changes, **position_of(compile_decoder(decoder, other, TOKENS), POSITION)}
        except ConfigError as error:
            found[name] = {"changes": changes, "problem": str(error.problems[0])}
    return found


GROUP = Group(
    "pim-systems",
    {item(model, system): partial(_measure, model, system) for model in reversed(MODELS) for system in SYSTEMS},
    ("sim_tb.pim.sensitivity", "gen.pim.model"),
)
