"""Tokens of a model in time, from positions that stand for all."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

from gen.pim.compile import Compiled
from gen.pim.model import Decoder, read
from gen.pim.model.published import PUBLISHED, published
from sim_tb.pim.tokens import Totals, tokens_in_time

__all__ = [
    "FEW",
    "FEWER",
    "STRIDE",
    "TOKENS",
    "by_layers",
    "decoder_of",
    "figures_of",
    "sampled",
    "shortened",
    "totals_of",
]

ROOT = Path(__file__).resolve().parents[3]
#: Tokens that a model processes.
TOKENS = 1024
#: Positions that one of them stands for: one in the middle.
STRIDE = 512
#: Layers of decoders that stand for one with more.
FEW = (2, 6)
#: Where only ratios of one model count.
FEWER = (1, 3)


def decoder_of(name: str) -> Decoder:
    """A published decoder, or that of a configuration in ``configs/models``."""
    return published(name) if name in PUBLISHED else read(ROOT / "configs" / "models" / f"{name}.json")


def sampled(tokens: int, stride: int = STRIDE) -> list[int]:
    """A position in the middle of each ``stride``.

    By turns it is the last one of the first half and the first one of the second half. Of two, the mean is that of all
    positions in whatever grows evenly or step by step: words of tokens, slots of keys.
    """
    return [first + stride // 2 - 1 + turn % 2 for turn, first in enumerate(range(0, tokens, stride))]


def totals_of(compiled: Compiled, positions: Sequence[int], *, predict: bool = True) -> Totals:
    """Where time and energy of some positions went."""
    totals = Totals()
    for step in tokens_in_time(compiled, positions, predict=predict):
        totals.add(step.totals)
    totals.check_refreshes(compiled.params)
    return totals


def figures_of(compiled: Compiled, totals: Totals) -> dict[str, float]:
    """Means of a token, of all sequences."""
    return _figures(compiled, _numbers(compiled, totals))


def by_layers(
    decoder: Decoder,
    compiled: Callable[..., Compiled],
    positions: Sequence[int],
    *,
    predict: bool = True,
    few: tuple[int, int] = FEW,
) -> dict[str, float]:
    """The same from decoders like that one with a few layers, as all layers do the same.

    Parameters
    ----------
    decoder : Decoder
        Its layers see the same tokens.
    compiled : function
        How decoders are compiled, given one and a layout; refuses the whole one where it does not fit.
    positions : sequence of int
    predict : bool
        The output matrix takes part.
    few : (int, int)
        The layers of the two decoders.
    """
    whole = compiled(decoder, layout="auto")
    found = []
    for layers in few:
        for layout in ("auto", "dense"):  # what fits with a few layers may not with all
            short = compiled(shortened(decoder, layers), layout=layout)
            if short.placement.layer == whole.placement.layer:
                break
        else:
            raise AssertionError("fewer layers lie otherwise")
        found.append(_numbers(short, totals_of(short, positions, predict=predict)))
    less, more = found
    turns = (decoder.layers - few[0]) / (few[1] - few[0])
    return _figures(whole, {key: less[key] + turns * (more[key] - less[key]) for key in less})


def _numbers(compiled: Compiled, totals: Totals) -> dict[str, float]:
    """What grows with layers, of a position."""
    found = {
        "clocks": totals.clocks,
        "picojoules": totals.energy(compiled.params).total,
        "columns": totals.columns,
        "misses": totals.misses,
        "macs": totals.mac_utilisation(compiled.params) * totals.clocks,
    }
    return {name: number / totals.positions for name, number in found.items()}


def _figures(compiled: Compiled, numbers: dict[str, float]) -> dict[str, float]:
    clocks, batch = numbers["clocks"], compiled.placement.batch
    return {
        "clocks": clocks / batch,
        "seconds": clocks / batch * compiled.params.timing.clock_ps * 1e-12,
        "joules": numbers["picojoules"] / batch * 1e-12,
        "row_hits": 1 - numbers["misses"] / numbers["columns"],
        "mac": numbers["macs"] / clocks,
    }


def shortened(decoder: Decoder, layers: int) -> Decoder:
    """A decoder with the first layers only."""
    attention = decoder.attention
    first = replace(attention, scale=attention.scale[:layers], windows=attention.windows[:layers])
    return replace(decoder, layers=layers, attention=first)
