"""Figures of merit, from area, clock and power."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Rate", "gops", "per_area", "per_watt", "pj_per_mac"]


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
