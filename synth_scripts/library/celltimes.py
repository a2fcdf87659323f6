"""Figures read off cells' tables: an inverter's FO4 delay, a flip-flop's clock-to-output delay and setup time."""

from __future__ import annotations

from synth_scripts.library.cell import Cell

__all__ = ["delay", "flop_times", "fo4"]


def delay(cell: Cell, output: str, related: str, slew: float, load: float) -> tuple[float, float]:
    """Mean delay and mean transition from one pin to another, in the library's time unit."""
    delays: list[float] = []
    slews: list[float] = []
    for arc in cell.pins[output].arcs:
        if arc.related == related:
            for name, table in arc.tables.items():
                if not name.endswith("constraint"):
                    found = delays if name.startswith("cell_") else slews
                    found.append(table.at(slew=slew, load=load))
    return sum(delays) / max(1, len(delays)), sum(slews) / max(1, len(slews))


def fo4(inverter: Cell) -> float:
    """Delay of an inverter that drives four of its kind and is driven by such a one, in the library's time unit."""
    source, output = inverter.inputs[0], inverter.outputs[0]
    load = 4 * (inverter.pins[source].capacitance or 0.0)
    slew = value = 0.0
    for _ in range(8):
        value, slew = delay(inverter, output, source, slew, load)
    return value


def flop_times(flop: Cell, load: float) -> tuple[float, float]:
    """Clock-to-output delay at a load, and setup time, at no input slew; the slowest output and data pin."""
    delays, setups = [0.0], [0.0]
    for pin in flop.pins.values():
        if pin.direction == "output":
            delays.append(delay(flop, pin.name, flop.clock, 0.0, load)[0])
        for arc in pin.arcs:
            if arc.kind.startswith("setup_") and pin.direction == "input":
                setups += [table.at(slew=0.0, load=0.0) for table in arc.tables.values()]
    return max(delays), max(setups)
