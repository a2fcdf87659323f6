"""Cell libraries: from a setting to what the flow needs to know of its cells."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from synth_scripts import cache
from synth_scripts.sources import find

__all__ = ["Adder", "ClockGate", "Library", "load"]


@dataclass(frozen=True)
class ClockGate:
    """A clock-gating cell: its pins, and the pins to tie low (scan enable)."""

    cell: str
    enable: str
    clock: str
    output: str
    tie_low: tuple[str, ...] = ()


@dataclass(frozen=True)
class Adder:
    """A full or half adder cell: inputs, sum and carry pin, and which outputs are inverted."""

    cell: str
    inputs: tuple[str, ...]
    sum: str
    carry: str
    sum_inverted: bool
    carry_inverted: bool


@dataclass(frozen=True)
class Library:
    """One cell library, of one or more Liberty files.

    Parameters
    ----------
    name : str
        The name in the file; for several files what their names have in common.
    files : tuple of str
        The Liberty files, decompressed.
    mapping : str
        One Liberty file for mapping and timing: every usable cell of all files, without power tables.
    time_ps, cap_ff : float
        Picoseconds in the files' time unit, femtofarads in their capacitance unit.
    corner : dict
        ``process``, ``voltage`` (V), ``temperature`` (C) and ``conditions``.
    areas : dict
        Area of every cell (um2; NAND2 equivalents in the unit library).
    flops, latches : tuple of str
        Edge-triggered and level-sensitive cells.
    clock_gate : ClockGate or None
        The smallest clock-gating cell for rising edges.
    latch_gate : dict or None
        Latch, inverter and AND cells to compose a clock gate of, where there is none.
    nand2_area : float
        Area of the smallest NAND2.
    driver, driver_output : str
        The buffer assumed to drive every input, and its output pin.
    load_ff : float
        The load assumed on every output: a flip-flop's data pin, fF.
    fo4_ps : float
        Delay of the smallest inverter driving four of its kind.
    flop_delay_ps, flop_setup_ps : float
        Clock to output (driving four inverters) and setup time of the smallest flip-flop.
    loads : dict
        Capacitance of every data input, fF, by cell and pin.
    clock_pins : dict
        Clock and latch-enable pins by cell.
    tree_buffer : (cell, input, output)
        The buffer of fan-out trees.
    tree_load_ff : float
        What it drives within 2.5 FO4.
    weak_load_ff : float
        What the smallest flip-flop drives with 2.5 FO4 more than its delay without load.
    buffers, inverters : tuple of (cell, input, output)
        By area.
    full_adder, half_adder : Adder or None
    tie_high, tie_low : (cell, pin) or None
    notes : tuple of str
        What a reader of the figures should know about the library.
    digest : str
        Hash of the files' contents.
    is_unit : bool
        The embedded unit library: area in NAND2 equivalents, 1 ns is 1 FO4, no energy.
    """

    name: str
    files: tuple[str, ...]
    mapping: str
    time_ps: float
    cap_ff: float
    corner: dict[str, Any]
    areas: dict[str, float]
    flops: tuple[str, ...]
    latches: tuple[str, ...]
    clock_gate: ClockGate | None
    latch_gate: dict[str, list[str]] | None
    nand2_area: float
    driver: str
    driver_output: str
    load_ff: float
    fo4_ps: float
    flop_delay_ps: float
    flop_setup_ps: float
    loads: dict[str, dict[str, float]]
    clock_pins: dict[str, tuple[str, ...]]
    tree_buffer: tuple[str, str, str]
    tree_load_ff: float
    weak_load_ff: float
    buffers: tuple[tuple[str, str, str], ...]
    inverters: tuple[tuple[str, str, str], ...]
    full_adder: Adder | None
    half_adder: Adder | None
    tie_high: tuple[str, str] | None
    tie_low: tuple[str, str] | None
    notes: tuple[str, ...]
    digest: str
    is_unit: bool = False

    @property
    def corner_text(self) -> str:
        """The corner in words."""
        if self.is_unit:
            return "no process: NAND2 equivalents and FO4 (1 ns = 1 FO4)"
        corner = self.corner
        point = f"process {corner['process']:g}, {corner['voltage']:g} V, {corner['temperature']:g} C"
        return f"{corner['conditions']}: {point}"


def load(setting: str | list[str] = "auto") -> Library:
    """Resolve a library setting and read the library.

    Parameters
    ----------
    setting : str or list of str
        ``auto``, ``osu018``, ``unit``, the name of a PDK installed with ciel, a Liberty file (``.lib``, ``.lib.gz``), a
        folder of them, or a list of files that make one library.

    Raises
    ------
    ToolError
        Where a file is missing, empty, not Liberty or without flip-flops.
    """
    sources, notes = find(setting)
    key = cache.digest("library", VERSION, [(source.name, cache.digest(source.data)) for source in sources])
    stored = cache.read("libraries", key)
    if stored is not None and all(cache.intact(Path(path)) for path in (*stored["files"], stored["mapping"])):
        return _restore({**stored, "notes": (*notes, *stored["notes"])})
    from synth_scripts.cells import Reader  # it makes a Library

    library = Reader(sources, key).read()
    values = {name: getattr(library, name) for name in Library.__dataclass_fields__}
    values |= {name: vars(values[name]) for name in ("clock_gate", "full_adder", "half_adder") if values[name]}
    cache.write("libraries", key, values)
    return _restore({**values, "notes": (*notes, *library.notes)})


#: Counted up when what is read out of a library changes.
VERSION = 9


def _restore(values: dict[str, Any]) -> Library:
    def frozen(value: Any) -> Any:
        return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value

    values = {name: frozen(value) for name, value in values.items()}
    for name, kind in (("clock_gate", ClockGate), ("full_adder", Adder), ("half_adder", Adder)):
        if values[name] is not None:
            values[name] = kind(**{key: frozen(value) for key, value in values[name].items()})
    return Library(**values)
