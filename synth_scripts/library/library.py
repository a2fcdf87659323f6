"""What the flow needs to know of a cell library."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

from synth_scripts.library.header import Thresholds
from synth_scripts.library.wires import Wires

__all__ = ["Adder", "ClockGate", "Library"]


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
        One Liberty file for mapping and timing, in one plain dialect: every usable cell of all files, wires counted at
        its inputs.
    time_ps, cap_ff : float
        Picoseconds in its time unit, 1 or 1000; femtofarads in its capacitance unit, 1 or 1000.
    thresholds : Thresholds
        Where it measures delays and slews.
    corner : dict
        ``process``, ``voltage`` (V), ``temperature`` (C), each None where the files don't give it, and ``conditions``.
    areas : dict
        Area of every usable cell (um2; NAND2 equivalents in the unit library).
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
        The load assumed on every output: a flip-flop's data pin, with its wire, fF.
    fo4_ps : float
        Delay of the smallest inverter driving four of its kind.
    flop_delay_ps, flop_setup_ps : float
        Clock to output (driving four inverters) and setup time of the smallest flip-flop.
    loads : dict
        Capacitance of every input with its wire, fF, by cell and pin.
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
    renamed : dict
        Names in the files of cells that have another name here, since not all tools read theirs.
    notes : tuple of str
        What a reader of the figures should know about the library.
    digest : str
        Hash of the files' contents.
    is_unit : bool
        The embedded unit library: area in NAND2 equivalents, 1 ns is 1 FO4, no energy.
    wires : Wires
        The capacitance of wire that each sink of a net stands for, which is in ``mapping``, ``loads`` and ``load_ff``.
    bare : Library or None
        The same library without wires; None where it has none.
    """

    name: str
    files: tuple[str, ...]
    mapping: str
    time_ps: float
    cap_ff: float
    thresholds: Thresholds
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
    renamed: dict[str, str]
    notes: tuple[str, ...]
    digest: str
    is_unit: bool = False
    wires: Wires = field(default_factory=Wires)
    bare: Library | None = None

    @property
    def wireless(self) -> Library:
        """The same library without wires."""
        return self.bare or self

    @property
    def without_power(self) -> str:
        """Why there is no power of this library; empty where there is."""
        if self.is_unit:
            return "the unit library has no energy"
        if self.corner["voltage"] is None:
            return "the library gives no voltage (nom_voltage or operating_conditions)"
        return ""

    @property
    def corner_text(self) -> str:
        """The corner in words."""
        if self.is_unit:
            return "no process: NAND2 equivalents and FO4 (1 ns = 1 FO4)"
        words = (
            ("process", "process {:g}", "process"),
            ("voltage", "{:g} V", "voltage"),
            ("temperature", "{:g} C", "temperature"),
        )
        point = [
            f"{name} not given" if self.corner[key] is None else text.format(self.corner[key])
            for key, text, name in words
        ]
        return f"{self.corner['conditions']}: {', '.join(point)}"
