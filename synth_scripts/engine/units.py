"""The units of the figures in JSON files."""

from __future__ import annotations

__all__ = ["FO4_CLOCK", "units"]

#: Of clock frequencies where a ns stands for a FO4.
FO4_CLOCK = "1/(1000 FO4)"
#: Unit of each numeric figure: of a library in physical units and, where it differs, of the unit library.
UNITS: dict[str, tuple[str, ...]] = {
    "clock_asked_ns": ("ns", "FO4"),
    "clock_ns": ("ns", "FO4"),
    "wns_ns": ("ns", "FO4"),
    "fmax_mhz": ("MHz", FO4_CLOCK),
    "engine_fmax_mhz": ("MHz", FO4_CLOCK),
    "core_fmax_mhz": ("MHz", FO4_CLOCK),
    "engine_fmax_mhz_wireless": ("MHz", FO4_CLOCK),
    "core_fmax_mhz_wireless": ("MHz", FO4_CLOCK),
    "fmax_mhz_wireless": ("MHz", FO4_CLOCK),
    "wire_ff_per_sink": ("fF", "inverter inputs"),
    "period_fo4": ("FO4",),
    "area_um2": ("um2", "NAND2"),
    "core_area_um2": ("um2", "NAND2"),
    "engine_area_um2": ("um2", "NAND2"),
    "engine_total_area_um2": ("um2", "NAND2"),
    "memory_area_estimate_um2": ("um2", "NAND2"),
    "macro_area_estimate_um2": ("um2", "NAND2"),
    "gate_equivalents": ("NAND2",),
    "macro_bits": ("bits",),
    "cells": ("cells",),
    "fanout_buffers": ("cells",),
    "macs_per_cycle": ("MAC/cycle",),
    "throughput_gops": ("GOPS", "op/FO4"),
    "core_throughput_gops": ("GOPS", "op/FO4"),
    "gops_per_mm2_core": ("GOPS/mm2", "op/FO4/MNAND2"),
    "gops_per_mm2_engine": ("GOPS/mm2", "op/FO4/MNAND2"),
    "gops_per_mm2_engine_total": ("GOPS/mm2", "op/FO4/MNAND2"),
    "power_mw": ("mW",),
    "idle_power_mw": ("mW",),
    "core_power_mw": ("mW",),
    "macro_power_mw": ("mW",),
    "gops_per_w": ("GOPS/W",),
    "pj_per_mac": ("pJ",),
    "core_pj_per_mac": ("pJ",),
    "glitch_power_mw": ("mW",),
    "glitch_core_power_mw": ("mW",),
    "glitch_macro_power_mw": ("mW",),
    "glitch_gops_per_w": ("GOPS/W",),
    "glitch_pj_per_mac": ("pJ",),
    "glitch_core_pj_per_mac": ("pJ",),
    "pj_per_mac_wireless": ("pJ",),
    "core_pj_per_mac_wireless": ("pJ",),
    "glitch_pj_per_mac_wireless": ("pJ",),
    "glitch_core_pj_per_mac_wireless": ("pJ",),
    "power_mw_wireless": ("mW",),
    "idle_power_mw_wireless": ("mW",),
    "netlist_results": ("results",),
    "tried": ("netlists",),
}


def units(figures: dict[str, object], *, unit_library: bool) -> dict[str, str]:
    """Key and unit of every figure that is there, measured or not.

    Parameters
    ----------
    figures : dict
        The content of a JSON file.
    unit_library : bool
        Areas are NAND2 equivalents, and a ns stands for a FO4.
    """
    return {key: words[-1 if unit_library else 0] for key, words in UNITS.items() if key in figures}
