"""Reading a cell library: which cells there are, and what each is good for."""

from __future__ import annotations

import fnmatch
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from hdl.params.errors import ToolError
from synth_scripts import cache, unit
from synth_scripts.liberty import Group, LibertyError, parse
from synth_scripts.library import Adder, ClockGate, Library
from synth_scripts.logic import FULL_CARRY, FULL_SUM, truth_table
from synth_scripts.sources import Source
from synth_scripts.tables import delay, flop_times, fo4

__all__ = ["Reader"]

#: Cells that a mapper must not pick as ordinary gates: power management, probes, delay lines, hold buffers.
UNSUITABLE = (
    "*lpflow*",
    "*probe*",
    "*dly*",
    "*macro_sparecell*",
    "*sighold*",
    "*ebuf*",
    "*einv*",
    "*TBUF*",
    "HB[1-4]x*",
)
_NO_TIMING = ("internal_power", "leakage_power", "power_lut_template", "test_cell", "normalized_driver_waveform")


@dataclass
class _Cell:
    """What one pass over a cell found."""

    group: Group
    area: float
    inputs: list[str] = field(default_factory=list)
    functions: dict[str, int] = field(default_factory=dict)

    @property
    def name(self) -> str:
        return self.group.name


class Reader:
    """Reads the files of one library.

    Parameters
    ----------
    sources : list of Source
    key : str
        Hash of the files' contents; names what is written to the cache.
    """

    def __init__(self, sources: list[Source], key: str) -> None:
        self.sources, self.key, self.notes = sources, key, list[str]()

    def read(self) -> Library:
        """Read everything. Raises ToolError where the files can't be used for synthesis."""
        roots = [self._parse(source) for source in self.sources]
        where = ", ".join(source.name for source in self.sources)
        units = {(_time_ps(root), _cap_ff(root)) for root in roots}
        if len(units) > 1:
            raise ToolError(f"{where}: the files have different time or capacitance units and can't make one library")
        time_ps, cap_ff = units.pop()
        groups = {group.name: group for root in roots for group in root.all("cell")}
        flops = [name for name, group in groups.items() if group.first("ff")]
        latches = [name for name, group in groups.items() if group.first("latch")]
        if not flops:
            raise ToolError(f"{where}: no cell with an 'ff' group: a library with flip-flops is needed to synthesise")
        areas = self._areas(groups, flops)
        cells = [_Cell(group, areas[name]) for name, group in groups.items() if _usable(group)]
        for cell in cells:
            _read_pins(cell)
        cells.sort(key=lambda cell: (cell.area, "clk" in cell.name.lower(), cell.name))
        nand2 = next((cell for cell in cells if _outputs(cell, 2, 0b0111)), None)
        inverters = [_pins(cell) for cell in cells if _outputs(cell, 1, 0b01)]
        buffers = [_pins(cell) for cell in cells if _outputs(cell, 1, 0b10)]
        if nand2 is None or not inverters:
            raise ToolError(
                f"{where}: no {'NAND2' if nand2 is None else 'inverter'} cell found: it is needed to map logic"
            )
        if not buffers:
            raise ToolError(f"{where}: no buffer cell found: it is needed to drive nets of high fan-out")
        driver = buffers[min(1, len(buffers) - 1)]
        flop = groups[min(flops, key=lambda name: (areas[name], name))]
        inverter = groups[inverters[0][0]]
        four = 4 * next(pin for pin in inverter.all("pin") if pin.name == inverters[0][1]).number("capacitance")
        flop_delay, flop_setup = flop_times(flop, _home(roots, flop), four)
        delay_fo4 = fo4(inverter, _home(roots, inverter), inverters[0][1:])
        tree = _tree(roots, groups, areas, buffers, 2.5 * delay_fo4)
        name = roots[0].name if len(roots) == 1 else _common([root.name for root in roots])
        return Library(
            name=name,
            files=tuple(str(path) for path in self._unpack()),
            mapping=str(self._mapping(name, roots, areas)),
            time_ps=time_ps,
            cap_ff=cap_ff,
            corner=_corner(roots[0]),
            areas=areas,
            flops=tuple(flops),
            latches=tuple(latches),
            clock_gate=_clock_gate(groups, areas),
            latch_gate=_latch_gate(groups, cells, areas, inverters),
            nand2_area=nand2.area,
            driver=driver[0],
            driver_output=driver[2],
            load_ff=_data_capacitance(flop) * cap_ff,
            fo4_ps=delay_fo4 * time_ps,
            flop_delay_ps=flop_delay * time_ps,
            flop_setup_ps=flop_setup * time_ps,
            loads=_loads(groups, cap_ff),
            clock_pins={name: pins for name, group in groups.items() if (pins := _clock_pins(group))},
            tree_buffer=tree[0],
            tree_load_ff=tree[1] * cap_ff,
            weak_load_ff=min(tree[1], _weak(flop, _home(roots, flop), four, delay_fo4)) * cap_ff,
            buffers=tuple(buffers),
            inverters=tuple(inverters),
            full_adder=_adder(cells, 3, FULL_SUM, FULL_CARRY),
            half_adder=_adder(cells, 2, 0b0110, 0b1000),
            tie_high=_tie(cells, 1),
            tie_low=_tie(cells, 0),
            notes=tuple(self.notes),
            digest=self.key,
            is_unit=name == unit.NAME,
        )

    def _parse(self, source: Source) -> Group:
        text = source.data.decode("utf-8", errors="replace")
        if not text.strip():
            raise ToolError(f"{source.name}: the file is empty: a Liberty file (.lib) is needed")
        try:
            root = parse(text)
        except LibertyError as error:
            raise ToolError(f"{source.name}: not a Liberty file: {error}") from None
        if root.first("cell") is None:
            raise ToolError(f"{source.name}: the library has no cells")
        return root

    def _areas(self, groups: dict[str, Group], flops: list[str]) -> dict[str, float]:
        try:
            areas = {name: group.number("area") for name, group in groups.items()}
        except LibertyError as error:
            raise ToolError(f"{', '.join(source.name for source in self.sources)}: {error}") from None
        smallest = min((areas[name] for name in flops if areas[name] > 0), default=0.0)
        for name, group in groups.items():
            if areas[name] == 0 and group.first("latch"):
                areas[name] = smallest
                self.notes.append(f"{name} has no area in the file; the smallest flip-flop's is used")
        return areas

    def _unpack(self) -> list[Path]:
        folder = cache.folder("libraries")
        paths = []
        for source in self.sources:
            if source.path and source.path.suffix == ".lib":
                paths.append(source.path.resolve())
                continue
            path = folder / f"{cache.digest(source.data)}.lib"
            if not cache.intact(path):
                path = cache.write_text(path, source.data.decode("utf-8", errors="replace"))
            paths.append(path)
        return paths

    def _mapping(self, name: str, roots: list[Group], areas: dict[str, float]) -> Path:
        """One file of the usable cells: small, so that ABC and OpenSTA start fast."""
        root = roots[0]
        seen: set[tuple[str, str]] = set()
        parts = [f"library ({name}) {{\n{root.own_text}\n"]
        for each in roots:
            for group in each.groups:
                if group.kind in _NO_TIMING or (group.kind, group.name) in seen:
                    continue
                if group.kind == "cell" and not (_usable(group) or _is_gate(group)):
                    continue
                seen.add((group.kind, group.name))
                text = group.slim(_NO_TIMING)
                if group.kind == "cell" and areas[group.name] != group.number("area"):
                    text = text.replace("area : 0;", f"area : {areas[group.name]:g};", 1)
                parts.append(f"{text}\n")
        return cache.write_text(cache.folder("libraries") / f"{self.key}_mapping.lib", "".join([*parts, "}\n"]))


def _usable(group: Group) -> bool:
    flags = ("dont_use", "is_isolation_cell", "is_level_shifter", "always_on", "pad_cell")
    if any(group.attributes.get(flag) == "true" for flag in flags):
        return False
    return not any(fnmatch.fnmatchcase(group.name, pattern) for pattern in UNSUITABLE)


def _is_gate(group: Group) -> bool:
    return group.attributes.get("clock_gating_integrated_cell", "").startswith("latch_posedge")


def _read_pins(cell: _Cell) -> None:
    if any(cell.group.all("ff", "latch", "statetable")):
        return
    pins = [pin for pin in cell.group.all("pin") if pin.attributes.get("direction") in ("input", "output")]
    cell.inputs = [pin.name for pin in pins if pin.attributes["direction"] == "input"]
    for pin in pins:
        if "three_state" in pin.attributes:
            cell.functions.clear()
            return
        function = pin.attributes.get("function")
        if pin.attributes["direction"] == "output" and function is not None:
            table = truth_table(function, cell.inputs) if len(cell.inputs) < 6 else None
            if table is not None:
                cell.functions[pin.name] = table


def _outputs(cell: _Cell, inputs: int, table: int) -> bool:
    """A cell of one output with this function."""
    return len(cell.inputs) == inputs and list(cell.functions.values()) == [table]


def _pins(cell: _Cell) -> tuple[str, str, str]:
    return cell.name, cell.inputs[0], next(iter(cell.functions))


def _adder(cells: list[_Cell], inputs: int, total: int, carry: int) -> Adder | None:
    full = (1 << (1 << inputs)) - 1
    for cell in cells:
        if len(cell.inputs) == inputs and len(cell.functions) == 2:
            pins = {table: name for name, table in cell.functions.items()}
            for sum_table in (total, full & ~total):
                for carry_table in (carry, full & ~carry):
                    if {sum_table, carry_table} == set(pins):
                        return Adder(
                            cell.name,
                            tuple(cell.inputs),
                            pins[sum_table],
                            pins[carry_table],
                            sum_table != total,
                            carry_table != carry,
                        )
    return None


def _tie(cells: list[_Cell], value: int) -> tuple[str, str] | None:
    for cell in cells:
        for pin, table in cell.functions.items():
            if not cell.inputs and table == value:
                return cell.name, pin
    return None


def _clock_gate(groups: dict[str, Group], areas: dict[str, float]) -> ClockGate | None:
    for name in sorted((name for name in groups if _is_gate(groups[name])), key=lambda name: (areas[name], name)):
        roles: dict[str, str] = {}
        tie_low = []
        for pin in groups[name].all("pin"):
            for role in ("clock", "enable", "out", "test"):
                if pin.attributes.get(f"clock_gate_{role}_pin") == "true":
                    if role == "test":
                        tie_low.append(pin.name)
                    roles[role] = pin.name
        if {"clock", "enable", "out"} <= set(roles):
            return ClockGate(name, roles["enable"], roles["clock"], roles["out"], tuple(tie_low))
    return None


def _latch_gate(
    groups: dict[str, Group], cells: list[_Cell], areas: dict[str, float], inverters: list[tuple[str, str, str]]
) -> dict[str, list[str]] | None:
    """Cells for a composed clock gate: [cell, pins ...] of a latch open at clock high, an inverter and an AND."""
    and2 = next((cell for cell in cells if _outputs(cell, 2, 0b1000)), None)
    if and2 is None:
        return None
    for name in sorted(
        (name for name, group in groups.items() if group.first("latch") and _usable(group)),
        key=lambda name: (areas[name], name),
    ):
        latch = groups[name].first("latch")
        pins = [pin.name for pin in groups[name].all("pin") if pin.attributes.get("direction") == "input"]
        enable, data = (latch.attributes.get(key, "") for key in ("enable", "data_in")) if latch else ("", "")
        state = latch.name if latch else ""
        output = next((pin.name for pin in groups[name].all("pin") if pin.attributes.get("function") == state), "")
        if sorted(pins) == sorted([enable, data]) and output:
            return {
                "latch": [name, enable, data, output],
                "inverter": list(inverters[0]),
                "and": [and2.name, *and2.inputs, next(iter(and2.functions))],
            }
    return None


def _loads(groups: dict[str, Group], cap_ff: float) -> dict[str, dict[str, float]]:
    return {
        name: {
            pin.name: round(pin.number("capacitance") * cap_ff, 6)
            for pin in group.all("pin")
            if pin.attributes.get("direction") == "input"
        }
        for name, group in groups.items()
    }


def _clock_pins(group: Group) -> tuple[str, ...]:
    state = group.first("latch")
    enable = state.attributes.get("enable", "") if state else ""
    flags = ("clock", "clock_gate_clock_pin")
    return tuple(
        pin.name
        for pin in group.all("pin")
        if any(pin.attributes.get(flag) == "true" for flag in flags) or (enable and pin.name in enable)
    )


def _tree(
    roots: list[Group],
    groups: dict[str, Group],
    areas: dict[str, float],
    buffers: list[tuple[str, str, str]],
    limit: float,
) -> tuple[tuple[str, str, str], float]:
    """The buffer that drives most for its area within a delay, and what it drives then (file's units)."""
    best = (0.0, buffers[0], 0.0)
    for buffer in buffers:
        cell, source, output = buffer
        own = next(pin for pin in groups[cell].all("pin") if pin.name == source).number("capacitance")
        low, high = 0.0, 1000 * own
        for _ in range(30):
            middle = (low + high) / 2
            slow = delay(groups[cell], _home(roots, groups[cell]), output, source, limit / 2, middle)[0] > limit
            low, high = (low, middle) if slow else (middle, high)
        # a tree's cost is its buffers' area and the load they are to the level above
        if low > 4 * own and low / areas[cell] > best[0]:
            best = (low / areas[cell], buffer, low)
    return best[1], best[2]


def _weak(flop: Group, home: Group, step: float, fo4_delay: float) -> float:
    """The load that slows a flip-flop by 2.5 FO4 (file's unit); ``step`` is a small load, to find the slope with."""
    slope = (flop_times(flop, home, 2 * step)[0] - flop_times(flop, home, step)[0]) / step
    return 2.5 * fo4_delay / slope


def _data_capacitance(flop: Group) -> float:
    """The largest data pin of a flip-flop, in the file's unit."""
    pins = [pin for pin in flop.all("pin") if pin.attributes.get("direction") == "input"]
    data = [pin for pin in pins if pin.attributes.get("clock") != "true"]
    return max((pin.number("capacitance") for pin in data), default=1.0)


def _time_ps(root: Group) -> float:
    text = root.attributes.get("time_unit", "1ns")
    for suffix, scale in (("ns", 1e3), ("ps", 1.0), ("us", 1e6), ("fs", 1e-3)):
        if text.endswith(suffix):
            return float(text[: -len(suffix)] or 1) * scale
    raise ToolError(f"library {root.name}: time_unit {text!r} is not understood")


def _cap_ff(root: Group) -> float:
    text = root.attributes.get("capacitive_load_unit", "1,pf")
    size, _, unit_name = (part.strip() for part in text.partition(","))
    scale = {"ff": 1.0, "pf": 1e3}.get(unit_name.lower())
    if scale is None:
        raise ToolError(f"library {root.name}: capacitive_load_unit {text!r} is not understood")
    return float(size) * scale


def _corner(root: Group) -> dict[str, Any]:
    names = {"process": 1.0, "voltage": 0.0, "temperature": 25.0}
    corner: dict[str, Any] = {name: root.number(f"nom_{name}", default) for name, default in names.items()}
    return {**corner, "conditions": root.attributes.get("default_operating_conditions", root.name)}


def _home(roots: list[Group], cell: Group) -> Group:
    """The library that a cell stands in."""
    return next(root for root in roots if root.text is cell.text)


def _common(names: list[str]) -> str:
    """What several names share: their common beginning and ending."""
    head = names[0]
    for name in names:
        while not name.startswith(head):
            head = head[:-1]
    return head.strip("_") or names[0]
