"""From a cell's Liberty group to a :class:`~synth_scripts.library.cell.Cell`.

A cell that lacks something is refused alone (:class:`Unread`); one that contradicts itself, or holds what is no
number, refuses the file (:class:`LibertyError`).
"""

from __future__ import annotations

from dataclasses import dataclass

from synth_scripts.library.cell import Arc, Cell, Pin, State
from synth_scripts.library.header import Header
from synth_scripts.library.liberty import Group, LibertyError
from synth_scripts.library.logic import Function, inverted, replaced, truth_table
from synth_scripts.library.names import pin_names, safe_name
from synth_scripts.library.tables import Scale, Table, Unread

__all__ = ["Frame", "Unsuited", "read"]

#: Timing that a period depends on. The rest (widths of pulses, three-state, skew, ...) is left out.
_COMBINATIONAL = ("combinational", "combinational_rise", "combinational_fall")
_EDGES = ("rising_edge", "falling_edge")
_SETUP = ("setup_rising", "setup_falling")
_KINDS = (
    *(*_COMBINATIONAL, *_EDGES, *_SETUP, "hold_rising", "hold_falling", "preset", "clear"),
    *("recovery_rising", "recovery_falling", "removal_rising", "removal_falling"),
)
_DELAYS, _SLEWS = ("cell_rise", "cell_fall"), ("rise_transition", "fall_transition")
_TABLES = (*_DELAYS, *_SLEWS, "rise_constraint", "fall_constraint")
_SENSES = ("positive_unate", "negative_unate", "non_unate")
_ROLES = ("clock", "enable", "out", "test")
#: Between which a pin's capacitance is (fF), and what no cell (um2) or table (seconds) has.
_LEAST, _CAPACITANCE, _AREA, _TIME = 1e-5, 1e7, 1e10, 1e-3
#: Inputs up to which the sense of an arc is found in the function.
_FEW = 10


class Unsuited(Exception):
    """A cell that is no gate, flip-flop, latch or clock gate of one bit: nothing is missing, it is not for mapping."""

    def __init__(self, why: str) -> None:
        super().__init__(why)


@dataclass(frozen=True)
class Frame:
    """What a cell is read in: its file, and what its numbers are multiplied with."""

    source: str
    header: Header
    scale: Scale
    time_ps: float
    cap_ff: float


def read(group: Group, name: str, frame: Frame) -> Cell:
    """Read a cell and give it a name.

    Raises
    ------
    Unsuited
        Where it is nothing a netlist is mapped to.
    Unread
        Where it lacks something.
    LibertyError
        Where it contradicts itself, or holds what is no number.
    """
    try:
        return _Reader(group, name, frame).cell()
    except LibertyError as error:
        raise error.within(group) from None


class _Reader:
    def __init__(self, group: Group, name: str, frame: Frame) -> None:
        self.group, self.name, self.frame = group, name, frame
        pins = pin_names(group)
        states = [name for state in group.all("ff", "latch") for name in state.args]
        self.ports = {pins[name] for pin in group.all("pin") if pin.get("direction") != "internal" for name in pin.args}
        self.names = {**{name: safe_name(name, pins.values()) for name in states}, **pins}

    def cell(self) -> Cell:
        group = self.group
        gate = group.get("clock_gating_integrated_cell").lower()
        gate = gate if gate.startswith("latch_posedge") else ""
        if any(group.all("bus", "bundle", "ff_bank", "latch_bank")):
            raise Unsuited("it has more than one bit")
        states = list(group.all("ff", "latch"))
        states = states[:1] + [other for other in states[1:] if not other.same(states[0])]
        if len(states) > 1:
            raise Unsuited("it has more than one flip-flop or latch")
        if group.first("statetable") and not gate:
            raise Unsuited("it is described by a table of states")
        if not gate and not states and not any("function" in pin.raw for pin in group.all("pin")):
            raise Unsuited("it has no function")
        if any("three_state" in pin.raw or pin.get("direction").lower() == "inout" for pin in group.all("pin")):
            raise Unsuited("it drives a bus")
        pins = self._pins()
        state = self._state(states[0], pins) if states and not gate else None
        cell = Cell(self.name, group.name, self._area(), pins, state, gate, source=self.frame.source, line=group.line)
        if not cell.outputs:
            raise Unsuited("it has no output")
        if gate:
            self._check_gate(cell)
        elif state:
            self._check_state(cell, state)
        else:
            self._check_gates(cell)
        return cell

    def _area(self) -> float | None:
        area = self.group.number("area")
        if area is not None and not 0 <= area <= _AREA:
            raise LibertyError(f"area {area:g} is {'negative' if area < 0 else 'absurd'}")
        return area or None

    # --- pins --------------------------------------------------------------------------------------------------------
    def _pins(self) -> dict[str, Pin]:
        pins: dict[str, Pin] = {}
        groups: dict[str, Group] = {}
        for group in self.group.all("pin"):
            if not group.args:
                raise LibertyError("a pin has no name", group.line)
            for name in group.args:
                other = groups.setdefault(name, group)
                if other is not group:
                    if not other.same(group):
                        raise LibertyError(
                            f"pin {name} stands twice, and differs: also at line {other.line}", group.line
                        )
                    continue
                try:
                    pin = self._pin(group, name)
                except LibertyError as error:
                    raise error.within(group) from None
                if pin is not None:
                    pins[pin.name] = pin
        for pin in pins.values():
            if pin.direction == "output" and pin.function:
                self._known(pin.function, pins, f"pin {pin.name}: function")
            for arc in pin.arcs:
                if arc.related not in pins:
                    raise Unread(
                        f"timing related to a pin {arc.related!r}, which the cell does not have",
                        inside=(f"pin {pin.name}",),
                    )
        return pins

    def _pin(self, group: Group, name: str) -> Pin | None:
        direction = group.get("direction").lower()
        if direction == "internal":
            return None
        if not direction:
            raise Unread("there is no direction")
        if direction not in ("input", "output"):
            raise LibertyError(f"direction {direction!r} is none of input, output, inout, internal")
        scale = self.frame.scale
        rise, fall = self._cap(group, "rise_capacitance"), self._cap(group, "fall_capacitance")
        cap = self._cap(group, "capacitance")
        if direction == "input":
            if cap is None and rise is not None and fall is not None:
                cap = (rise + fall) / 2
            if cap is None and self.frame.header.input_cap is not None:
                cap = self.frame.header.input_cap * scale.cap
            if not cap:
                raise Unread("there is no capacitance")
        elif cap is None and self.frame.header.output_cap is not None:
            cap = self.frame.header.output_cap * scale.cap
        slowest = group.number("max_transition")
        function = self._function(group, "function") if direction == "output" and "function" in group.raw else None
        pin = Pin(
            self.names[name],
            direction,
            cap,
            rise,
            fall,
            self._cap(group, "max_capacitance"),
            None if slowest is None or slowest <= 0 else slowest * scale.time * scale.slew,
            function,
            group.flag("clock"),
            next((role for role in _ROLES if group.flag(f"clock_gate_{role}_pin")), ""),
        )
        for timing in group.all("timing"):
            try:
                pin.arcs += self._arcs(timing, direction)
            except LibertyError as error:
                raise error.within(timing) from None
        return pin

    def _cap(self, group: Group, name: str) -> float | None:
        value = group.number(name)
        if value is None:
            return None
        value *= self.frame.scale.cap
        if value and not _LEAST <= value * self.frame.cap_ff <= _CAPACITANCE:
            raise LibertyError(f"{name} {group.get(name)} is {'negative' if value < 0 else 'absurd'}")
        return value

    def _function(self, group: Group, name: str) -> Function:
        text = group.get(name)
        try:
            return self._named(text)
        except ValueError as error:
            raise Unread(f"{name} {text!r} is not understood: {error}") from None

    def _named(self, text: str) -> Function:
        names = {old: Function("name", new) for old, new in self.names.items() if old != new}
        return replaced(Function.read(text), names)

    def _known(self, function: Function, pins: dict[str, Pin], where: str) -> None:
        states = [self.names[name] for state in self.group.all("ff", "latch") for name in state.args]
        inputs = {name for name, pin in pins.items() if pin.direction == "input"}
        for name in function.names:
            if name not in inputs and name not in states:
                raise Unread(f"{where} names {name!r}, which is no input of the cell")

    def _arcs(self, timing: Group, direction: str) -> list[Arc]:
        kind = timing.get("timing_type").lower() or "combinational"
        if kind not in _KINDS or (kind in _COMBINATIONAL and direction == "input"):
            return []
        related = timing.get("related_pin").split()
        if not related:
            raise Unread("there is no related_pin")
        sense = timing.get("timing_sense").lower()
        if sense and sense not in _SENSES:
            raise LibertyError(f"timing_sense {sense!r} is none of {', '.join(_SENSES)}")
        when = self._when(timing)
        scale = self.frame.scale
        tables: dict[str, Table] = {}
        for table in timing.groups:
            if table.kind in _TABLES:
                if table.kind in tables:
                    if not next(timing.all(table.kind)).same(table):
                        raise LibertyError(f"{table.kind} is given twice, and differs", table.line)
                    continue
                factor = scale.time * (scale.slew if table.kind in _SLEWS else 1.0)
                found = Table.read(table, self.frame.header.templates, scale, factor)
                seconds = found.greatest * self.frame.time_ps * 1e-12
                if seconds > _TIME:
                    raise LibertyError(f"{table.kind} {table.name}: a value of {seconds:g} s is absurd", table.line)
                if table.kind in _SLEWS and min(found.values) < 0:
                    raise LibertyError(f"{table.kind} {table.name}: a slew is negative", table.line)
                tables[table.kind] = found
        return [Arc(self.names.get(pin, pin), kind, sense, when, tables) for pin in related]

    def _when(self, timing: Group) -> Function | None:
        """When an arc holds; None where it always does, or where that can't be read: then it counts always."""
        if "when" not in timing.raw:
            return None
        try:
            when = self._named(timing.get("when"))
        except ValueError:
            return None
        return when if set(when.names) <= self.ports else None

    # --- state -------------------------------------------------------------------------------------------------------
    def _state(self, group: Group, pins: dict[str, Pin]) -> State:
        data, clock = ("next_state", "clocked_on") if group.kind == "ff" else ("data_in", "enable")
        try:
            if "clocked_on_also" in group.raw or "enable_also" in group.raw:
                raise Unsuited("it has two clocks")
            for name in (data, clock):
                if not group.get(name):
                    raise Unread(f"there is no {name}")
            if not group.args:
                raise Unread("the state has no name")
            names = [self.names[name] for name in group.args[:2]]
            both = tuple(group.get(f"clear_preset_var{i}").upper() for i in (1, 2))
            if not set(both) <= {"", "L", "H", "N", "T", "X"}:
                raise LibertyError(f"clear_preset_var1 and 2 are L, H, N, T or X, not {' and '.join(both)}")
            clear, preset = (self._function(group, n) if n in group.raw else None for n in ("clear", "preset"))
            state = State(
                group.kind,
                (names[0], names[1] if len(names) > 1 else safe_name(f"{names[0]} inverse", self.names.values())),
                self._function(group, data),
                self._function(group, clock),
                clear,
                preset,
                (both[0], both[1]),
            )
            for function, name in ((state.data, data), (state.clock, clock), (clear, "clear"), (preset, "preset")):
                if function:
                    self._known(function, pins, name)
            if len(state.clock.names) != 1 or state.clock.names[0] not in pins:
                raise Unread(f"{clock} {group.get(clock)!r} is not one pin")
        except LibertyError as error:
            raise error.within(group) from None
        for name, pin in pins.items():
            pin.clock = name == state.clock.names[0]
        return state

    def _check_state(self, cell: Cell, state: State) -> None:
        data = [name for name in state.data.names if name in cell.pins]
        if cell.clock in data:
            raise Unread(f"the {state.kind} stores its own clock {cell.clock}")
        starts = [cell.clock] if state.kind == "ff" else [cell.clock, *data]
        for name in cell.outputs:
            pin = cell.pins[name]
            if pin.function is None:
                raise Unread("there is no function", inside=(f"pin {name}",))
            for start in starts:
                if not any(arc.related == start and (arc.has("rise") or arc.has("fall")) for arc in pin.arcs):
                    raise Unread(f"there is no delay from {start}", inside=(f"pin {name}",))
        through = dict(zip(state.names, (state.data, inverted(state.data)), strict=True))
        for name in cell.outputs:
            pin = cell.pins[name]
            if pin.function is not None:
                function = replaced(pin.function, through)
                pin.arcs = [
                    _with_sense(arc, function) if arc.kind in _COMBINATIONAL and arc.related in data else arc
                    for arc in pin.arcs
                ]
        if state.kind == "ff":
            cell.without_setup = tuple(name for name in data if not _has_setup(cell.pins[name], cell.clock))

    def _check_gates(self, cell: Cell) -> None:
        for name in cell.outputs:
            pin = cell.pins[name]
            if pin.function is None:
                raise Unread("there is no function", inside=(f"pin {name}",))
            for start in pin.function.names:
                arcs = [arc for arc in pin.arcs if arc.related == start and arc.kind in _COMBINATIONAL]
                if not all(any(arc.has(edge) for arc in arcs) for edge in ("rise", "fall")):
                    raise Unread(f"there is no delay from {start}, or only half of it", inside=(f"pin {name}",))
            pin.arcs = [_with_sense(arc, pin.function) for arc in pin.arcs]

    def _check_gate(self, cell: Cell) -> None:
        roles = {pin.role: pin for pin in cell.pins.values() if pin.role}
        if missing := [f"clock_gate_{role}_pin" for role in _ROLES[:3] if role not in roles]:
            raise Unread(f"no pin has {', '.join(missing)}")
        clock, enable, out = (roles[role] for role in _ROLES[:3])
        if not _has_setup(enable, clock.name):
            raise Unread("there is no setup time", inside=(f"pin {enable.name}",))
        arcs = [arc for arc in out.arcs if arc.related == clock.name]
        if not all(any(arc.has(edge) for arc in arcs) for edge in ("rise", "fall")):
            raise Unread(f"there is no delay from {clock.name}, or only half of it", inside=(f"pin {out.name}",))
        if any(arc.sense == "negative_unate" for arc in arcs):
            raise LibertyError(
                f"the output is negative_unate in {clock.name}, which a {cell.gate} gate can't be",
                inside=(f"pin {out.name}",),
            )
        # The clock goes through such a gate unchanged, whatever the arc is called: an arc without a sense would
        # let it through inverted as well, and halve the time of every path.
        through = [Arc(a.related, "combinational", "positive_unate", a.when, a.tables) for a in arcs]
        out.arcs = [*through, *(arc for arc in out.arcs if arc.related != clock.name and arc.kind in _COMBINATIONAL)]
        clock.clock = True
        for pin in cell.pins.values():
            pin.function = None  # it is of a state that the tools are not told of


def _has_setup(pin: Pin, clock: str) -> bool:
    return any(arc.kind in _SETUP and arc.related == clock and arc.tables for arc in pin.arcs)


def _with_sense(arc: Arc, function: Function) -> Arc:
    """An arc without a sense gets that of the function."""
    if arc.sense:
        return arc
    return Arc(arc.related, arc.kind, _sense(function, arc.related), arc.when, arc.tables)


def _sense(function: Function, name: str) -> str:
    names = function.names
    if name not in names or len(names) > _FEW:
        return "non_unate"
    table = truth_table(function.text(str), names) or 0
    bit = 1 << names.index(name)
    pairs = {(table >> i & 1, table >> (i | bit) & 1) for i in range(1 << len(names)) if not i & bit}
    rises, falls = (0, 1) in pairs, (1, 0) in pairs
    return "non_unate" if rises == falls else "positive_unate" if rises else "negative_unate"
