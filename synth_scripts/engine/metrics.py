"""Figures of merit, from area, clock and power."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

__all__ = ["Rate", "gops", "per_area", "per_watt", "pj_per_mac", "ratios"]


@dataclass(frozen=True)
class Rate:
    """Multiply-accumulates a cycle, and in words where the number is from."""

    macs_per_cycle: float
    words: str


def gops(macs_per_cycle: float, period_ns: float) -> float:
    """Throughput in 1e9 operations a second; a multiply-accumulate is two."""
    return 2 * macs_per_cycle / period_ns


def per_area(throughput_gops: float, area_um2: float) -> float:
    """Area efficiency, GOPS/mm2."""
    return throughput_gops / area_um2 * 1e6


def per_watt(throughput_gops: float, power_mw: float) -> float:
    """Energy efficiency, GOPS/W."""
    return throughput_gops / power_mw * 1e3


def pj_per_mac(throughput_gops: float, power_mw: float) -> float:
    """Energy of one multiply-accumulate, pJ."""
    return 2 * power_mw / throughput_gops


def ratios(design: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, float | None]:
    """A design over another one: above 1 where this one is better, None where either was not measured.

    Parameters
    ----------
    design, other : mapping
        As in ``synth.json``.

    Returns
    -------
    dict
        ``area_core``, ``area_engine``, ``area_engine_total``: throughput over area, the last with every memory counted
        by one rule; ``energy_core``, ``energy_engine``: the other's energy of a multiply-accumulate over this one's,
        and the same with ``glitch_`` in front where glitches are counted; ``clock``: clock frequency of the figures.
    """

    def over(key: str, *, less: bool = False) -> float | None:
        ours, theirs = design.get(key), other.get(key)
        if not ours or not theirs:
            return None
        return float(theirs / ours if less else ours / theirs)

    return {
        "area_core": over("gops_per_mm2_core"),
        "area_engine": over("gops_per_mm2_engine"),
        "area_engine_total": over("gops_per_mm2_engine_total"),
        "energy_core": over("core_pj_per_mac", less=True),
        "energy_engine": over("pj_per_mac", less=True),
        "glitch_energy_core": over("glitch_core_pj_per_mac", less=True),
        "glitch_energy_engine": over("glitch_pj_per_mac", less=True),
        "clock": over("clock_ns", less=True),
    }
