"""Energy of library cells, read from Liberty tables.

Input slews are taken as two FO4. Energies are per transition, the mean of rising and falling and over the conditions
(``when``) that a library tells apart. The energy of charging a pin and its wire is counted where the pin is.
"""

from __future__ import annotations

import bisect
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from hdl.params.errors import ToolError
from synth_scripts.library import sources
from synth_scripts.library.liberty import Group, LibertyError
from synth_scripts.library.library import Library
from synth_scripts.library.names import pin_names
from synth_scripts.library.reading import NOT_TIMING, File, open_file
from synth_scripts.library.tables import LOAD, Table
from synth_scripts.work import cache

__all__ = ["CellEnergy", "energies"]


@dataclass(frozen=True)
class CellEnergy:
    """One cell.

    Parameters
    ----------
    inputs : dict
        Energy of a transition of an input pin (fJ): inside the cell, and of charging the pin and its wire.
    outputs : dict
        (load fF, energy fJ) points of a transition of an output pin.
    leakage_nw : float
    """

    inputs: dict[str, float]
    outputs: dict[str, list[tuple[float, float]]]
    leakage_nw: float

    def of_output(self, pin: str, load_ff: float) -> float:
        """Energy of a transition of an output at a load, fJ, between (and beyond) the table's points."""
        points = self.outputs.get(pin, [])
        if len(points) < 2:
            return points[0][1] if points else 0.0
        i = min(max(bisect.bisect([load for load, _ in points], load_ff), 1), len(points) - 1)
        (x0, y0), (x1, y1) = points[i - 1], points[i]
        return y0 + (y1 - y0) * (load_ff - x0) / (x1 - x0)


#: Energies no transition has.
_LIMIT_FJ = 1e9
#: Groups of power, which timing passes over.
_POWER = ("internal_power", "leakage_power", "power_lut_template")


def energies(library: Library) -> dict[str, CellEnergy]:
    """The energies of every usable cell of a library.

    Raises
    ------
    ToolError
        Where the files give no voltage, or a table of power is wrong; it names file, line, cell and pin.
    """
    bare = library.wireless  # what is inside of cells knows no wires
    key = f"{cache.key(__name__, bare.digest)}_energy"
    stored = cache.read("libraries", key)
    if stored is None:
        stored = {}
        for path in library.files:
            file = open_file(sources.read(Path(path)), [kind for kind in NOT_TIMING if kind not in _POWER])
            stored |= _Reader(file, bare).cells()
        cache.write("libraries", key, stored)
    half_square = 0.5 * library.corner["voltage"] ** 2
    return {
        name: CellEnergy(
            {pin: each + half_square * library.loads[name].get(pin, 0.0) for pin, each in values["inputs"].items()},
            {pin: [(load, energy) for load, energy in points] for pin, points in values["outputs"].items()},
            values["leakage_nw"],
        )
        for name, values in stored.items()
    }


class _Reader:
    """The energies of one file's cells."""

    def __init__(self, file: File, library: Library) -> None:
        self.file, self.library = file, library
        if library.corner["voltage"] is None:
            raise ToolError(f"{file.name}: the library gives no voltage (nom_voltage), without which there is no power")
        # Liberty's energy unit is the capacitance unit times square volts: here fF V2 = fJ.
        self.unit = file.header.cap_ff * file.header.volts**2
        swing = library.thresholds.full_swing[0] / file.header.thresholds.full_swing[0]
        self.slew = 2 * library.fo4_ps / file.header.time_ps * swing

    def cells(self) -> dict[str, dict[str, Any]]:
        """By the names that the cells have in the library."""
        names = {original: name for name, original in self.library.renamed.items()}
        found = {}
        for group in self.file.root.all("cell"):
            name = names.get(group.name, group.name)
            if name in self.library.areas:
                try:
                    found[name] = vars(self.cell(group, name))
                except LibertyError as error:
                    raise ToolError(f"{self.file.name}, {error.within(group)}") from None
        return found

    def cell(self, group: Group, name: str) -> CellEnergy:
        inputs, outputs = {}, {}
        for original, pin_name in pin_names(group).items():
            pin = next(pin for pin in group.all("pin") if original in pin.args)
            powers = list(pin.all("internal_power"))
            direction = pin.get("direction").lower()
            try:
                if direction == "output":
                    outputs[pin_name] = self._output(powers)
                elif direction == "input":
                    inputs[pin_name] = self._mean(self._at(each, 0.0) for each in powers)
            except LibertyError as error:
                raise error.within(pin) from None
        return CellEnergy(inputs, outputs, self._leakage(group))

    def _output(self, powers: list[Group]) -> list[tuple[float, float]]:
        loads = {0.0}
        for power in powers:
            for table in self._tables(power, "rise_power", "fall_power"):
                loads.update(
                    load
                    for axis, name in zip(table.axes, table.variables, strict=True)
                    if name == LOAD
                    for load in axis
                )
        return [
            (load * self.file.header.cap_ff, self._mean(self._at(power, load) for power in powers))
            for load in sorted(loads)
        ]

    def _tables(self, power: Group, *kinds: str) -> list[Table]:
        tables = []
        for group in power.all(*kinds):
            table = Table.read(group, self.file.header.templates)
            if table.greatest * self.unit > _LIMIT_FJ:
                raise LibertyError(f"{group.kind} {group.name}: a value of {table.greatest:g} is absurd", group.line)
            tables.append(table)
        return tables

    def _at(self, power: Group, load: float) -> float:
        tables = self._tables(power, "rise_power", "fall_power", "power")
        return self._mean(table.at(slew=self.slew, load=load) for table in tables) * self.unit

    @staticmethod
    def _mean(values: Iterable[float]) -> float:
        items = list(values)
        return sum(items) / len(items) if items else 0.0

    def _leakage(self, group: Group) -> float:
        """nW; the mean over states where the library tells them apart, one supply pin after another."""
        scale = self.file.header.leakage_nw
        whole = group.number("cell_leakage_power")
        if whole is not None:
            return whole * scale
        by_supply: dict[str, list[float]] = {}
        for each in group.all("leakage_power"):
            value = each.number("value")
            if value is not None:
                by_supply.setdefault(each.get("related_pg_pin"), []).append(value)
        return sum(self._mean(values) for values in by_supply.values()) * scale
