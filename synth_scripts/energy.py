"""Energy of library cells, read from Liberty tables.

Input slews are taken as two FO4. Energies are per transition, the mean of rising and falling and over the conditions
(``when``) that a library tells apart. The energy of charging a pin is counted where the pin is.
"""

from __future__ import annotations

import bisect
import re
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from synth_scripts import cache
from synth_scripts.liberty import Group, parse
from synth_scripts.library import Library
from synth_scripts.tables import Table

__all__ = ["CellEnergy", "energies"]


@dataclass(frozen=True)
class CellEnergy:
    """One cell.

    Parameters
    ----------
    inputs : dict
        Energy of a transition of an input pin (fJ): inside the cell, and of charging the pin.
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


def energies(library: Library) -> dict[str, CellEnergy]:
    """The energies of every cell of a library."""
    key = f"{cache.digest('energy', 2, library.digest)}_energy"
    stored = cache.read("libraries", key)
    if stored is None:
        stored = {}
        for path in library.files:
            root = parse(Path(path).read_text(encoding="utf-8", errors="replace"))
            reader = _Reader(root, library)
            stored |= {group.name: vars(reader.cell(group)) for group in root.all("cell")}
        cache.write("libraries", key, stored)
    return {name: CellEnergy(**values) for name, values in stored.items()}


class _Reader:
    def __init__(self, root: Group, library: Library) -> None:
        self.root, self.library = root, library
        self.voltage: float = library.corner["voltage"]
        # Liberty's energy unit is the capacitance unit times square volts: here fF V2 = fJ.
        self.unit = library.cap_ff
        self.slew = 2 * library.fo4_ps / library.time_ps
        scale, suffix = re.fullmatch(r"([\d.]*)\s*(\w+)", root.attributes.get("leakage_power_unit", "1nW")).groups()  # type: ignore[union-attr]
        self.leakage = float(scale or 1) * {"pw": 1e-3, "nw": 1.0, "uw": 1e3, "mw": 1e6}[suffix.lower()]

    def cell(self, group: Group) -> CellEnergy:
        inputs, outputs = {}, {}
        for pin in group.all("pin"):
            powers = list(pin.all("internal_power"))
            if pin.attributes.get("direction") == "output":
                outputs[pin.name] = self._output(powers)
            elif pin.attributes.get("direction") == "input":
                charge = 0.5 * self.library.loads[group.name].get(pin.name, 0.0) * self.voltage**2
                inputs[pin.name] = charge + self._mean(self._at(each, 0.0) for each in powers)
        return CellEnergy(inputs, outputs, self._leakage(group))

    def _output(self, powers: list[Group]) -> list[tuple[float, float]]:
        loads = {0.0}
        for power in powers:
            for table in power.all("rise_power", "fall_power"):
                read = Table.read(table, self.root)
                loads.update(
                    load
                    for axis, name in zip(read.axes, read.variables, strict=True)
                    if "capacitance" in name
                    for load in axis
                )
        return [
            (load * self.library.cap_ff, self._mean(self._at(power, load) for power in powers))
            for load in sorted(loads)
        ]

    def _at(self, power: Group, load: float) -> float:
        tables = [Table.read(table, self.root) for table in power.all("rise_power", "fall_power", "power")]
        return self._mean(table.at(slew=self.slew, load=load) for table in tables) * self.unit

    @staticmethod
    def _mean(values: Iterable[float]) -> float:
        items = list(values)
        return sum(items) / len(items) if items else 0.0

    def _leakage(self, group: Group) -> float:
        """nW; the mean over states where the library tells them apart, one supply pin after another."""
        if "cell_leakage_power" in group.attributes:
            return group.number("cell_leakage_power") * self.leakage
        by_supply: dict[str, list[float]] = {}
        for each in group.all("leakage_power"):
            by_supply.setdefault(each.attributes.get("related_pg_pin", ""), []).append(each.number("value"))
        return sum(self._mean(values) for values in by_supply.values()) * self.leakage
