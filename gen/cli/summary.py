"""The results of the steps in a few lines, for people."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from gen.cli.console import table

__all__ = ["generated", "simulated", "synthesised"]

Json = dict[str, Any]


def generated(manifest: Json, folder: Path) -> str:
    """Where the Verilog is and how much of it."""
    verilog = folder / manifest["files"]["verilog"]
    return f"generated  {verilog} ({verilog.stat().st_size / 1000:.0f} kB, {len(manifest['ports'])} ports)"


def simulated(sim: Json) -> str:
    """Whether the results are right, and how fast they came."""
    verdict = "equal to NumPy" if sim["passed"] else f"compared with NumPy, {sim['mismatches']:,} DIFFER"
    parts = [f"{sim['elements_checked']:,} results {verdict}"]
    if sim.get("accuracy") is not None:
        parts.append(f"accuracy {sim['accuracy']:.1%}")
    parts += [
        f"{sim['cycles']:,} cycles",
        f"{sim['utilization']:.1%} of the PEs' cycles used",
        f"{sim['macs_per_second'] / 1e6:.1f} M MAC/s",
    ]
    return f"simulated  {', '.join(parts)}"


#: Column heading, key in synth.json, format; for libraries in physical units, and for the unit library.
COLUMNS = (
    ("engine MHz", "engine_fmax_mhz", "{:.0f}"),
    ("core MHz", "core_fmax_mhz", "{:.0f}"),
    ("core um2", "core_area_um2", "{:,.0f}"),
    ("engine um2", "engine_area_um2", "{:,.0f}"),
    ("mW", "power_mw", "{:.3g}"),
    ("GOPS", "throughput_gops", "{:.4g}"),
    ("core GOPS/mm2", "gops_per_mm2_core", "{:.4g}"),
    ("engine GOPS/mm2", "gops_per_mm2_engine", "{:.4g}"),
)
UNIT_COLUMNS = (
    ("clock FO4", "clock_ns", "{:.1f}"),
    ("core NAND2", "core_area_um2", "{:,.0f}"),
    ("engine NAND2", "engine_area_um2", "{:,.0f}"),
    ("core op/FO4/MNAND2", "gops_per_mm2_core", "{:.4g}"),
    ("engine op/FO4/MNAND2", "gops_per_mm2_engine", "{:.4g}"),
)


def synthesised(design: Json) -> str:
    """The figures of the design and of those it is compared with."""
    designs = [design, *design["compared"]]
    columns = UNIT_COLUMNS if design["area_unit"] == "NAND2" else COLUMNS
    rows = [["scheme", *(heading for heading, _, _ in columns)]]
    rows += [[each["scheme"], *(_cell(each.get(key), form) for _, key, form in columns)] for each in designs]
    notes = "".join(f"\n  {note}" for note in design.get("library_notes", ()))
    return f"synthesised on {design['library']}, {design['corner']}{notes}\n{table(rows, indent='  ')}"


def _cell(value: Any, form: str) -> str:
    return form.format(value) if isinstance(value, int | float) else "-"
