"""Statistics from the totals of a ledger."""

from __future__ import annotations

from sim_tb.pim.simulate.statistics import CAUSES, IDLE, NAMES, Numbers, Statistics

__all__ = ["Numbers", "statistics_of"]


def statistics_of(totals: Numbers, channels: int) -> Statistics:
    """Statistics from the totals of a ledger."""
    causes = totals[: (channels + 1) * IDLE].reshape(-1, IDLE).tolist()
    rest = totals[(channels + 1) * IDLE :].tolist()
    busy, codes, (products, columns, misses, *words, _) = rest[: channels + 2], rest[channels + 2 : -7], rest[-7:]
    names = [*(f"channel{i}" for i in range(channels)), "vector", "move"]
    named = [dict(zip(CAUSES, each, strict=True)) for each in causes]
    return Statistics(
        clocks=named[0],
        channels=tuple(named[1:]),
        commands={NAMES[code]: count for code, count in enumerate(codes) if count},
        products=products,
        columns=columns,
        misses=misses,
        words=dict(zip(("feed", "collect", "move"), words, strict=True)),
        busy=dict(zip(names, busy, strict=True)),
    )
