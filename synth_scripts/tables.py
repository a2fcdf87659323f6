"""Figures read off Liberty tables: an inverter's FO4 delay, a flip-flop's clock-to-output delay and setup time."""

from __future__ import annotations

from dataclasses import dataclass

from synth_scripts.liberty import Group

__all__ = ["Table", "delay", "flop_times", "fo4"]


@dataclass(frozen=True)
class Table:
    """A Liberty table of one or two indices, read by linear interpolation (and extrapolation)."""

    axes: tuple[tuple[float, ...], ...]
    variables: tuple[str, ...]
    values: tuple[float, ...]

    @classmethod
    def read(cls, group: Group, library: Group) -> Table:
        """Read a table group; what it leaves out stands in its template."""
        template = next(
            (each for each in library.all("lu_table_template", "power_lut_template") if each.name == group.name), None
        )
        inherited = template.attributes if template else {}
        axes, variables = [], []
        for i in (1, 2, 3):
            text = group.attributes.get(f"index_{i}") or inherited.get(f"index_{i}")
            if text:
                axes.append(_numbers(text))
                variables.append(inherited.get(f"variable_{i}", ""))
        return cls(tuple(axes), tuple(variables), _numbers(group.attributes["values"]))

    def at(self, **where: float) -> float:
        """The value at ``slew`` and ``load`` (in the file's units); other axes are read at their first point."""
        points = [where["load"] if "capacitance" in name else where["slew"] for name in self.variables]
        return self._interpolate(points, 0, 0)

    def _interpolate(self, points: list[float], axis: int, offset: int) -> float:
        if axis == len(self.axes):
            return self.values[offset]
        stride = 1
        for later in self.axes[axis + 1 :]:
            stride *= len(later)
        grid, x = self.axes[axis], points[axis]
        if len(grid) == 1:
            return self._interpolate(points, axis + 1, offset)
        i = max(0, min(len(grid) - 2, sum(point <= x for point in grid) - 1))
        low = self._interpolate(points, axis + 1, offset + i * stride)
        high = self._interpolate(points, axis + 1, offset + (i + 1) * stride)
        return low + (high - low) * (x - grid[i]) / (grid[i + 1] - grid[i])


def _numbers(text: str) -> tuple[float, ...]:
    return tuple(float(part) for part in text.replace("\\", " ").replace(",", " ").split())


def delay(cell: Group, library: Group, output: str, related: str, slew: float, load: float) -> tuple[float, float]:
    """Mean delay and mean transition from one pin to another, in the file's time unit."""
    delays, slews = [], []
    pin = next(pin for pin in cell.all("pin") if pin.name == output)
    for timing in pin.all("timing"):
        if timing.attributes.get("related_pin") == related:
            delays += [
                Table.read(each, library).at(slew=slew, load=load) for each in timing.all("cell_rise", "cell_fall")
            ]
            slews += [
                Table.read(each, library).at(slew=slew, load=load)
                for each in timing.all("rise_transition", "fall_transition")
            ]
    return sum(delays) / max(1, len(delays)), sum(slews) / max(1, len(slews))


def fo4(inverter: Group, library: Group, pins: tuple[str, str]) -> float:
    """Delay of an inverter that drives four of its kind and is driven by such a one, in the file's time unit."""
    source, output = pins
    load = 4 * next(pin for pin in inverter.all("pin") if pin.name == source).number("capacitance")
    slew = value = 0.0
    for _ in range(8):
        value, slew = delay(inverter, library, output, source, slew, load)
    return value


def flop_times(flop: Group, library: Group, load: float) -> tuple[float, float]:
    """Clock-to-output delay at a load, and setup time, at no input slew; the slowest output and data pin."""
    clock = next((pin.name for pin in flop.all("pin") if pin.attributes.get("clock") == "true"), "")
    delays, setups = [0.0], [0.0]
    for pin in flop.all("pin"):
        if pin.attributes.get("direction") == "output":
            delays.append(delay(flop, library, pin.name, clock, 0.0, load)[0])
        for timing in pin.all("timing"):
            if (
                timing.attributes.get("timing_type", "").startswith("setup_")
                and pin.attributes.get("direction") == "input"
            ):
                tables = [Table.read(each, library) for each in timing.all("rise_constraint", "fall_constraint")]
                setups += [table.at(slew=0.0, load=0.0) for table in tables]
    return max(delays), max(setups)
