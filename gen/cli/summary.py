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


#: Column heading, key in synth.json, format.
COLUMNS = (
    ("clock ns", "clock_ns", "{:.3g}"),
    ("MHz", "fmax_mhz", "{:.0f}"),
    ("core um2", "core_area_um2", "{:,.0f}"),
    ("engine um2", "engine_area_um2", "{:,.0f}"),
    ("mW", "power_mw", "{:.3g}"),
    ("GOPS", "throughput_gops", "{:.3g}"),
    ("core GOPS/mm2", "gops_per_mm2_core", "{:.3g}"),
    ("engine GOPS/mm2", "gops_per_mm2_engine", "{:.3g}"),
)


def synthesised(design: Json) -> str:
    """The figures of the design and of those it is compared with."""
    designs = [design, *design["compared"]]
    rows = [["scheme", *(heading for heading, _, _ in COLUMNS)]]
    rows += [[each["scheme"], *(_cell(each.get(key), form) for _, key, form in COLUMNS)] for each in designs]
    return f"synthesised on {design['library']}\n{table(rows, indent='  ')}"


def _cell(value: Any, form: str) -> str:
    return form.format(value) if isinstance(value, int | float) else "-"
