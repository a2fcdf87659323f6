"""Tokens of a model in time, and what figures are made of."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from gen.pim.compile import Compiled
from gen.pim.model import Decoder, read
from gen.pim.model.published import PUBLISHED, published
from sim_tb.pim.simulate.burst import Memory
from sim_tb.pim.tokens import Totals, tokens_in_time

__all__ = ["TOKENS", "decoder_of", "figures_of", "position_of", "totals_of"]

ROOT = Path(__file__).resolve().parents[3]
#: Tokens that a model processes.
TOKENS = 1024


def decoder_of(name: str) -> Decoder:
    """A published decoder, or that of a configuration in ``configs/models``."""
    return published(name) if name in PUBLISHED else read(ROOT / "configs" / "models" / f"{name}.json")


def totals_of(
    compiled: Compiled, positions: Sequence[int], *, predict: bool = True, memory: Memory | None = None
) -> Totals:
    """Where time and energy of some positions went; ``memory`` is what is known of the system."""
    totals = Totals()
    for step in tokens_in_time(compiled, positions, predict=predict, memory=memory):
        totals.add(step.totals)
    totals.check_refreshes(compiled.params)
    return totals


def position_of(compiled: Compiled, position: int) -> dict[str, float]:
    """Figures of a position by itself, with its output matrix."""
    return figures_of(compiled, totals_of(compiled, [position]))


def figures_of(compiled: Compiled, totals: Totals) -> dict[str, float]:
    """Means of a token, of all sequences."""
    params, tokens = compiled.params, totals.positions * compiled.placement.batch
    return {
        "clocks": totals.clocks / tokens,
        "seconds": totals.clocks / tokens * params.timing.clock_ps * 1e-12,
        "joules": totals.energy(params).total / tokens * 1e-12,
        "row_hits": totals.row_hits,
        "mac": totals.mac_utilisation(params),
    }
