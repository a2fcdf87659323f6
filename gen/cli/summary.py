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


def simulated(sim: Json, folder: Path) -> str:
    """Whether the results are right, how fast they came, and where the waveform is."""
    verdict = "equal to NumPy" if sim["passed"] else f"compared with NumPy, {sim['mismatches']:,} DIFFER"
    parts = [f"{sim['elements_checked']:,} results {verdict}"]
    if sim.get("accuracy") is not None:
        parts.append(f"accuracy {sim['accuracy']:.1%}")
    used = f"{sim['utilization']:.1%} of the PEs' cycles used"
    if "cycles_per_step" in sim:
        used = f"{sim['cycles_per_step']:.2f} for each step of K"
    parts += [
        f"{sim['cycles']:,} cycles",
        used,
        f"{sim['macs_per_second'] / 1e6:.1f} M MAC/s",
    ]
    lines = [f"simulated  {', '.join(parts)}"]
    if "waves" in sim:
        lines.append(f"waveform   {folder / sim['waves']['file']} ({sim['waves']['bytes'] / 1e6:.1f} MB)")
    return "\n".join(lines)


#: Column heading and key in synth.json; for libraries in physical units, and for the unit library.
COLUMNS = (
    ("engine MHz", "engine_fmax_mhz"),
    ("core MHz", "core_fmax_mhz"),
    ("core um2", "core_area_um2"),
    ("engine um2", "engine_area_um2"),
    ("mW", "power_mw"),
    ("GOPS", "throughput_gops"),
    ("core GOPS/mm2", "gops_per_mm2_core"),
    ("engine GOPS/mm2", "gops_per_mm2_engine"),
)
UNIT_COLUMNS = (
    ("clock FO4", "clock_ns"),
    ("core NAND2", "core_area_um2"),
    ("engine NAND2", "engine_area_um2"),
    ("core op/FO4/MNAND2", "gops_per_mm2_core"),
    ("engine op/FO4/MNAND2", "gops_per_mm2_engine"),
)


def synthesised(design: Json) -> str:
    """The figures of the design and of those it is compared with."""
    designs = [design, *design["compared"]]
    columns = UNIT_COLUMNS if design["area_unit"] == "NAND2" else COLUMNS
    rows = [["scheme", *(heading for heading, _ in columns)]]
    rows += [[each["scheme"], *(_cell(each.get(key)) for _, key in columns)] for each in designs]
    notes = [*design.get("library_notes", ()), *(note for each in designs for note in _notes(each))]
    lines = "".join(f"\n  {note}" for note in notes)
    return f"synthesised on {design['library']}, {design['corner']}{lines}\n{table(rows, indent='  ')}"


def _notes(design: Json) -> list[str]:
    """What to know about the figures of an engine with macros, or of one whose operands decide about its speed."""
    notes = []
    if design.get("macro_bits"):
        area, unit = design["macro_area_estimate_um2"], design["area_unit"]
        notes.append(f"{design['macro_bits']:,} bits in macros, outside of the areas (estimate {area:,.0f} {unit})")
    if design.get("throughput_by", "").startswith("simulation"):
        notes.append(f"throughput from {design['throughput_by']}")
    return [f"{design['scheme']}: {note}" for note in notes]


def _cell(value: Any) -> str:
    """A number with four digits at least, or a dash."""
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
