"""The results of the steps in a few lines, for people."""

from __future__ import annotations

from pathlib import Path
from textwrap import fill
from typing import Any

from gen.cli.console import table

__all__ = ["against", "generated", "missed", "simulated", "synthesised"]

Json = dict[str, Any]


def generated(manifest: Json, folder: Path) -> str:
    """Where the Verilog is and how much of it."""
    verilog = folder / manifest["files"]["verilog"]
    return f"generated  {verilog} ({verilog.stat().st_size / 1000:.0f} kB, {len(manifest['ports'])} ports)"


def simulated(sim: Json, folder: Path) -> str:
    """Whether the results are right, how fast they came, and where the waveform is."""
    against = sim.get("against", "NumPy")
    layers = sim.get("network", {}).get("layers", ())
    checked, differ = (
        sum(layer[key] for layer in layers) if layers else sim[key] for key in ("elements_checked", "mismatches")
    )
    verdict = f"equal to {against}" if sim["passed"] else f"compared with {against}, {differ:,} DIFFER"
    parts = [f"{checked:,} results {verdict}"]
    if layers:
        parts.append(f"{len(layers)} of {sim['network']['layers_of_network']} layers of {sim['network']['file']}")
    if sim.get("accuracy") is not None:
        parts.append(f"accuracy {sim['accuracy']:.1%}")
    used = f"{sim['utilization']:.1%} of the PEs' cycles used"
    if layers:  # without the zeros that fill tiles up
        share = sum(layer["utilization"] * layer["cycles"] for layer in layers) / max(sim["cycles"], 1)
        used = f"{share:.1%} of the PEs' cycles used"
    elif "cycles_per_step" in sim:
        used = f"{sim['cycles_per_step']:.2f} for each step of K"
    parts += [
        f"{sim['cycles']:,} cycles",
        used,
        f"{sim['macs_per_second'] / 1e6:.1f} M MAC/s",
    ]
    lines = [f"simulated  {', '.join(parts)}"]
    if layers:
        lines.append(_layers(sim["network"]))
    if "waves" in sim:
        lines.append(f"waveform   {folder / sim['waves']['file']} ({sim['waves']['bytes'] / 1e6:.1f} MB)")
    return "\n".join(lines)


def _layers(network: Json) -> str:
    """A line for each layer that ran, and for each that could not."""
    head = ["layer", "kind", "m", "k", "n", "groups", "cycles", "PEs used", "results", "differ"]
    rows = [head]
    for layer in network["layers"]:
        of = layer["computed"]
        sizes = [f"{of[key]:,}" for key in ("m", "k", "n", "groups")]
        used, results = f"{layer['utilization']:.1%}", f"{layer['elements_checked']:,}"
        rows.append(
            [layer["name"], layer["kind"], *sizes, f"{layer['cycles']:,}", used, results, f"{layer['mismatches']:,}"]
        )
    skipped = [f"  not on the engine: {name}: {reason}" for name, reason in network["elsewhere"].items()]
    return "\n".join([table(rows, indent="  "), *skipped])


#: Columns of text.
WIDTH = 100
#: Figure and key in synth.json, a line each; the unit is that of the file.
LINES = (
    ("best clock of the engine", "engine_fmax_mhz"),
    ("best clock of the core", "core_fmax_mhz"),
    ("clock of the engine without wires", "engine_fmax_mhz_wireless"),
    ("clock of the core without wires", "core_fmax_mhz_wireless"),
    ("clock period of the engine's figures", "clock_ns"),
    ("area of the core", "core_area_um2"),
    ("area of the engine, cells", "engine_area_um2"),
    ("area of the engine, every memory counted", "engine_total_area_um2"),
    ("throughput", "throughput_gops"),
    ("throughput per area of the engine's cells", "gops_per_mm2_engine"),
    ("throughput per area, every memory counted", "gops_per_mm2_engine_total"),
    ("throughput per area of the core", "gops_per_mm2_core"),
    ("power of the engine at that clock", "power_mw"),
    ("power of the engine with glitches", "glitch_power_mw"),
    ("energy per MAC, engine", "pj_per_mac"),
    ("energy per MAC, engine with glitches", "glitch_pj_per_mac"),
    ("energy per MAC, core", "core_pj_per_mac"),
    ("energy per MAC, core with glitches", "glitch_core_pj_per_mac"),
    ("energy per MAC, engine with glitches, no wires", "glitch_pj_per_mac_wireless"),
    ("energy per MAC, core with glitches, no wires", "glitch_core_pj_per_mac_wireless"),
)
#: Lines that say the same as the one before where a design has no memory.
MEMORY_LINES = ("engine_total_area_um2", "gops_per_mm2_engine_total")

#: What clocks are called of netlists that were made for a clock that was asked for: a design's best may be better.
ASKED = {"engine_fmax_mhz": "clock that the engine reaches", "core_fmax_mhz": "clock that the core reaches"}


def synthesised(design: Json) -> str:
    """The figures of the design and of those it is compared with, and what they come to."""
    from synth_scripts.engine.units import FO4_CLOCK

    designs, units = [design, *design["compared"]], design["units"]
    lines = [line for line in LINES if line[1] not in MEMORY_LINES or any(map(_has_memory, designs))]
    rows = [["", "", *(each["scheme"] for each in designs)]]
    for name, key in lines:
        if design["clock_asked_ns"] is not None:
            name = ASKED.get(key, name)
        values, unit = [each.get(key) for each in designs], units.get(key, "")
        if key.endswith("_wireless") and not design.get("wire_ff_per_sink"):
            continue  # they are no others
        if unit == FO4_CLOCK:  # nobody thinks of it as a frequency
            values, unit = [1e3 / value for value in values], units["clock_ns"]
        if any(value is not None for value in values):
            rows.append([name, unit, *map(_cell, values)])
    names = max(len(row[0]) for row in rows)
    cells = [[f"{row[0].ljust(names)}  {row[1]}", *row[2:]] for row in rows]
    notes = [*design.get("library_notes", ()), *(note for each in designs for note in _notes(each))]
    verdicts = (
        fill(against(design, other), WIDTH, initial_indent="  ", subsequent_indent="    ")
        for other in design["compared"]
    )
    head = (f"synthesised on {design['library']}, {design['corner']}", *(f"  {note}" for note in notes))
    return "\n".join([*head, table(cells, indent="  "), *verdicts])


def missed(design: Json) -> str:
    """A sentence on a clock that was asked for and is not reached; empty where there is none."""
    if design.get("clock_met", True):
        return ""
    unit = design["units"]["clock_ns"]
    return (
        f"{design.get('scheme', 'the controller')} misses its clock: {design['clock_asked_ns']:.4g} {unit} asked for, "
        f"{design['clock_ns']:.4g} {unit} reached, {-design['wns_ns']:.4g} {unit} too slow; "
        "its figures are at the clock reached"
    )


def against(design: Json, other: Json) -> str:
    """A sentence on what a design gains over another one, and at what cost: the whole engine first."""
    ratios, memories = other["ratios"], _has_memory(design) or _has_memory(other)
    engine, core = ratios["area_engine_total" if memories else "area_engine"], ratios["area_core"]
    text = f"{design['scheme']} against {other['scheme']}: "
    if engine is None:
        text += "throughput was not measured"
    else:
        few = "only " if round(engine, 2) < 1 else ""
        counted = ", every memory counted" if memories else ""
        text += (
            f"the engine gives {few}{_times(engine)} the throughput per area{counted} (the core alone {_times(core)})"
        )
    engine, core = ratios["energy_engine"], ratios["energy_core"]
    if engine is None:
        reasons = [each["activity"] for each in (design, other) if each.get("power_mw") is None]
        return f"{text}; energy: {reasons[0] if reasons else 'not measured'}"
    glitching = ratios["glitch_energy_engine"], ratios["glitch_energy_core"]
    if glitching[0] is None:
        reasons = [each["glitches"] for each in (design, other) if each.get("glitch_power_mw") is None]
        return f"{text}, and takes {_energy(engine, core)}, without glitches ({reasons[0]})"
    return f"{text}, and takes {_energy(*glitching)} with glitches, {_energy(engine, core)} without"


def _energy(engine: float, core: float | None) -> str:
    """How much more energy a design takes than another one, by the ratios of theirs."""
    more = "" if engine >= 1 else ", which is more"
    used, core_used = (1 / ratio if ratio else None for ratio in (engine, core))
    return f"{_times(used)} the energy per MAC{more} (the core alone {_times(core_used)})"


def _times(ratio: float | None) -> str:
    """A ratio with two digits at least."""
    if ratio is None:
        return "-"
    return f"{ratio:.2f}x" if ratio >= 0.095 else f"{ratio:.2g}x"


def _has_memory(design: Json) -> bool:
    return bool(design.get("memory_area_estimate_um2"))


def _notes(design: Json) -> list[str]:
    """What to know about the figures of an engine that misses its clock, has macros, or whose operands decide."""
    notes = []
    if design.get("macro_bits"):
        area, unit = design["macro_area_estimate_um2"], design["area_unit"]
        notes.append(
            f"{design['macro_bits']:,} bits in macros, outside of the area of cells (estimate {area:,.0f} {unit})"
        )
    if design.get("power_model"):
        notes.append("power of macros by a model, which synth.json states")
    if design.get("throughput_by", "").startswith("simulation"):
        notes.append(f"throughput from {design['throughput_by']}")
    return [*filter(None, [missed(design)]), *(f"{design['scheme']}: {note}" for note in notes)]


def _cell(value: Any) -> str:
    """A number with four digits at least, or a dash."""
    if not isinstance(value, int | float):
        return "-"
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.4g}"
