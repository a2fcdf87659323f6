"""Liberty in one plain dialect, written from what was read: the file that Yosys, ABC and OpenSTA get.

It holds what mapping and timing need and nothing else. Every table has its own indices, every arc one related pin
and a sense, functions are spelled with ``! & | ^`` and parentheses, units are nanoseconds or picoseconds and
picofarads or femtofarads.
"""

from __future__ import annotations

from collections.abc import Iterator

from synth_scripts.library.cell import Arc, Cell, Pin, State
from synth_scripts.library.logic import Function
from synth_scripts.library.reading import Reading
from synth_scripts.library.tables import CONSTRAINED, LOAD, RELATED, SLEW, Table

__all__ = ["write"]

_VARIABLES = {
    SLEW: "input_net_transition",
    LOAD: "total_output_net_capacitance",
    RELATED: "related_pin_transition",
    CONSTRAINED: "constrained_pin_transition",
}
_UNITS = {1.0: "ps", 1000.0: "ns"}
_CAPS = {1.0: "ff", 1000.0: "pf"}


def write(reading: Reading, areas: dict[str, float], wire_ff: float = 0.0) -> str:
    """The text: all cells of a reading that have an area.

    ``wire_ff`` is the capacitance of wire that each sink of a net stands for: it is added to every input.
    """
    writer = _Writer(reading, wire_ff / reading.cap_ff)
    body = [line for name, cell in reading.cells.items() if name in areas for line in writer.cell(cell, areas[name])]
    return "\n".join([*writer.head(), *body, "}", ""])


class _Writer:
    def __init__(self, reading: Reading, wire: float) -> None:
        self.reading, self.wire = reading, wire
        self.templates: dict[tuple[str, ...], str] = {}

    def head(self) -> list[str]:
        reading = self.reading
        corner = reading.corner
        conditions = (("process", corner.process), ("voltage", corner.voltage), ("temperature", corner.temperature))
        slowest = [
            file.header.max_transition * scale.time * scale.slew
            for file in reading.used
            if file.header.max_transition
            for scale in [reading.scale(file)]
        ]
        lines = [
            f'library ("{reading.name}") {{',
            "delay_model : table_lookup;",
            f'time_unit : "1{_UNITS[reading.time_ps]}";',
            f"capacitive_load_unit (1, {_CAPS[reading.cap_ff]});",
            'voltage_unit : "1V";',
            'current_unit : "1mA";',
            f'pulling_resistance_unit : "{reading.used[0].header.resistance}";',
            'leakage_power_unit : "1nW";',
            *(f"nom_{name} : {value!r};" for name, value in conditions if value is not None),
            *reading.thresholds.attributes,
            *([f"default_max_transition : {min(slowest)!r};"] if slowest else []),
        ]
        for variables, name in self.templates.items():
            lines.append(f"lu_table_template ({name}) {{")
            for i, (variable, size) in enumerate(zip(variables[::2], variables[1::2], strict=True), 1):
                points = ", ".join(str(point) for point in range(1, int(size) + 1))
                lines.append(f'variable_{i} : {_VARIABLES[variable]}; index_{i} ("{points}");')
            lines.append("}")
        return lines

    def cell(self, cell: Cell, area: float) -> Iterator[str]:
        yield f"cell ({cell.name}) {{"
        yield f"area : {area!r};"
        if cell.gate:
            yield f'clock_gating_integrated_cell : "{cell.gate}";'
        if cell.state:
            yield from self._state(cell.state)
        for pin in cell.pins.values():
            yield from self._pin(cell, pin)
        yield "}"

    def _state(self, state: State) -> Iterator[str]:
        data, clock = ("next_state", "clocked_on") if state.kind == "ff" else ("data_in", "enable")
        yield f"{state.kind} ({', '.join(state.names)}) {{"
        yield f'{data} : "{_text(state.data)}"; {clock} : "{_text(state.clock)}";'
        for name, function in (("clear", state.clear), ("preset", state.preset)):
            if function:
                yield f'{name} : "{_text(function)}";'
        for i, value in enumerate(state.both, 1):
            if value:
                yield f"clear_preset_var{i} : {value};"
        yield "}"

    def _pin(self, cell: Cell, pin: Pin) -> Iterator[str]:
        yield f"pin ({pin.name}) {{"
        yield f"direction : {pin.direction};"
        wire = self.wire if pin.direction == "input" else 0.0
        for name in ("capacitance", "rise_capacitance", "fall_capacitance"):
            value = getattr(pin, name)
            if value is not None:
                yield f"{name} : {value + wire!r};"
        for name in ("max_capacitance", "max_transition"):
            value = getattr(pin, name)
            if value is not None:
                yield f"{name} : {value!r};"
        if pin.clock:
            yield "clock : true;"
        if pin.role and cell.gate:
            yield f"clock_gate_{pin.role}_pin : true;"
        if pin.function:
            yield f'function : "{_text(pin.function)}";'
        for arc in pin.arcs:
            yield from self._arc(arc)
        if pin.name in cell.without_setup:
            edge = "falling" if _text(cell.state.clock).startswith("!") else "rising"  # type: ignore[union-attr]
            zero = Table((), (), (0.0,))
            tables = {"rise_constraint": zero, "fall_constraint": zero}
            yield from self._arc(Arc(cell.clock, f"setup_{edge}", "", None, tables))
        yield "}"

    def _arc(self, arc: Arc) -> Iterator[str]:
        yield "timing () {"
        yield f'related_pin : "{arc.related}"; timing_type : {arc.kind};'
        if arc.sense:
            yield f"timing_sense : {arc.sense};"
        if arc.when:
            yield f'when : "{_text(arc.when)}";'
        for name, table in arc.tables.items():
            yield from self._table(name, table if name.endswith("constraint") else table.grid())
        yield "}"

    def _table(self, name: str, table: Table) -> Iterator[str]:
        if not table.axes:
            yield f'{name} (scalar) {{ values ("{table.values[0]!r}"); }}'
            return
        key = tuple(text for pair in zip(table.variables, map(len, table.axes), strict=True) for text in map(str, pair))
        template = self.templates.setdefault(key, f"t{len(self.templates)}_{'x'.join(key[1::2])}")
        yield f"{name} ({template}) {{"
        for i, axis in enumerate(table.axes, 1):
            yield f'index_{i} ("{_row(axis)}");'
        width = len(table.axes[-1])
        rows = [f'"{_row(table.values[at : at + width])}"' for at in range(0, len(table.values), width)]
        yield f"values ({', '.join(rows)});"
        yield "}"


def _row(values: tuple[float, ...]) -> str:
    return ", ".join(map(repr, values))


def _text(function: Function) -> str:
    return function.text(str)
