"""Which cells of a library there are for what: from a reading of its files to a :class:`Library`."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

from hdl.params.errors import ToolError
from synth_scripts.library import unit
from synth_scripts.library.cell import Cell
from synth_scripts.library.celltimes import delay, flop_times, fo4
from synth_scripts.library.lef_areas import Areas
from synth_scripts.library.liberty import decode
from synth_scripts.library.library import Adder, ClockGate, Library
from synth_scripts.library.logic import FULL_CARRY, FULL_SUM
from synth_scripts.library.reading import File, Reading
from synth_scripts.library.sources import Source
from synth_scripts.library.wires import Wires, choose
from synth_scripts.library.writer import write
from synth_scripts.work import cache

__all__ = ["make"]

#: Delays within which a buffer of fan-out trees drives at least four of its kind, FO4; the first that does counts.
_TREE_FO4 = (2.5, 5.0, 10.0, 20.0)
#: How far a cell may be from the smallest inverter: delays in FO4, capacitances in its input's, areas in NAND2s.
_FAR = 1e4
#: How many names a note lists.
_LISTED = 8


def make(sources: list[Source], areas: Areas, wires: str | float, key: str) -> Library:
    """Read the files of one library.

    Parameters
    ----------
    sources : list of Source
    areas : Areas
        From LEF files: they count instead of the Liberty files'.
    wires : str or float
        Which wire load is counted, see :func:`synth_scripts.library.wires.choose`.
    key : str
        Hash of all that; names what is written to the cache.

    Raises
    ------
    ToolError
        Where the files can't be used for synthesis; it names file, line, cell and pin.
    """
    choice = _Choice(Reading.of(sources, areas))
    bare = choice.library(key)
    chosen = choose(wires, bare.name, choice.reading.wires, bare.nand2_area, unit=bare.is_unit)
    return choice.wired(bare, chosen) if chosen.ff else bare


class _Choice:
    """The roles of a reading's cells."""

    def __init__(self, reading: Reading) -> None:
        self.reading, self.notes = reading, list(reading.notes)
        self.cells = reading.cells
        self._flops()
        self.areas = {name: cell.area for name, cell in self.cells.items() if cell.area is not None}
        self.gates = sorted(
            (cell for cell in self.cells.values() if not cell.state and not cell.gate),
            key=lambda cell: (self.areas[cell.name], "clk" in cell.name.lower(), cell.name),
        )
        self.inverters = [_through(cell) for cell in self.gates if _is(cell, 1, 0b01)]
        self.buffers = [_through(cell) for cell in self.gates if _is(cell, 1, 0b10)]
        self._needed()

    def _needed(self) -> None:
        """Raise ToolError where a kind of cell is missing."""
        nand2 = next((cell for cell in self.gates if _is(cell, 2, 0b0111)), None)
        needed = (
            (nand2, "NAND2", "to map logic"),
            (self.inverters, "inverter", "to map logic"),
            (self.buffers, "buffer", "to drive nets of high fan-out"),
        )
        for found, what, why in needed:
            if not found:
                raise ToolError(f"{self.reading.where}: no {what} cell found: it is needed {why}{self._why_not()}")
        assert nand2 is not None
        self.nand2 = nand2

    def _why_not(self, more: Mapping[str, tuple[File, str]] | None = None, kind: str = "") -> str:
        """What is wrong with the cells that can't be used, first with those that have a group of a kind."""
        reading = self.reading
        groups = [group for file in reading.files for group in file.root.all("cell")]
        of_kind = {group.name for group in groups if kind and group.first(kind) is not None}
        found = [each for some in (reading.unread, more or {}, reading.avoided) for each in some.items()]
        found.sort(key=lambda each: each[0] not in of_kind)
        reasons = [f"\n  not used: {file.name}, {reason}" for _, (file, reason) in found]
        return "".join(reasons[:_LISTED]) + (f"\n  and {len(reasons) - _LISTED} more" if len(reasons) > _LISTED else "")

    def _flops(self) -> None:
        """The flip-flops that can be used; those without setup times only where there are no others."""
        reading = self.reading
        flops = [cell for cell in self.cells.values() if cell.state and cell.state.kind == "ff"]
        if not flops:
            raise ToolError(
                f"{reading.where}: no cell with a usable 'ff' group: a library with flip-flops is needed to synthesise"
                f"{self._why_not(reading.unsuited, 'ff')}"
            )
        if not any(_is_plain(cell) for cell in flops):
            raise ToolError(
                f"{reading.where}: no flip-flop just stores its data pin, which is needed to synthesise; there are "
                f"{', '.join(cell.original for cell in flops[:_LISTED])}"
            )
        if not any(_is_plain(cell) and _rises(cell) for cell in flops):
            raise ToolError(
                f"{reading.where}: no flip-flop stores at the rising edge of its clock, which is needed to synthesise: "
                f"{', '.join(cell.original for cell in flops[:_LISTED])} store at the falling one"
            )
        complete = [cell for cell in flops if not cell.without_setup]
        if any(_is_plain(cell) for cell in complete):
            for cell in flops:
                if cell.without_setup:
                    file = next(file for file in reading.files if file.name == cell.source)
                    where = f"line {cell.line}: cell {cell.original}, pin {cell.without_setup[0]}"
                    reading.unread[cell.original] = (file, f"{where}: there is no setup time")
                    del self.cells[cell.name]
            flops = complete
        else:
            names = ", ".join(cell.original for cell in flops[:_LISTED])
            self.notes.append(
                f"the file gives no setup times of its flip-flops ({names}): none are counted, so that clocks are "
                "faster than they would be"
            )
        self.flops = flops

    def library(self, key: str) -> Library:
        """Everything that the flow wants to know."""
        reading = self.reading
        flop = min(filter(_is_plain, self.flops), key=lambda cell: (self.areas[cell.name], cell.name))
        inverter = self.cells[self.inverters[0][0]]
        own = inverter.pins[self.inverters[0][1]].capacitance or 0.0
        four = 4 * own
        delay_fo4 = fo4(inverter)
        if not 0.1 <= delay_fo4 * reading.time_ps <= 1e10:
            raise ToolError(
                f"{inverter.where}: driving four of its kind it has a delay of {delay_fo4 * reading.time_ps:g} ps, "
                "which can't be"
            )
        self._sane(delay_fo4, own)
        clock_gate = self._clock_gate()
        latch_gate = self._latch_gate(flop, clock_gate is not None)
        flop_delay, flop_setup = flop_times(flop, four)
        if not max(flop_delay, flop_setup) < _FAR * delay_fo4:
            raise ToolError(
                f"{flop.where}: clock to output takes {flop_delay * reading.time_ps:g} ps, setup "
                f"{flop_setup * reading.time_ps:g} ps, which can't be"
            )
        tree = self._tree(delay_fo4, four)
        driver = self.buffers[min(1, len(self.buffers) - 1)]
        self._say_unread()
        corner = reading.corner
        return Library(
            name=reading.name,
            files=tuple(str(path) for path in _unpack(reading.files)),
            mapping=str(cache.write_text(cache.folder("libraries") / f"{key}_mapping.lib", write(reading, self.areas))),
            time_ps=reading.time_ps,
            cap_ff=reading.cap_ff,
            thresholds=reading.thresholds,
            corner=vars(corner),
            areas=self.areas,
            flops=tuple(cell.name for cell in self.flops),
            latches=tuple(name for name, cell in self.cells.items() if cell.state and cell.state.kind == "latch"),
            clock_gate=clock_gate,
            latch_gate=latch_gate,
            nand2_area=self.areas[self.nand2.name],
            driver=driver[0],
            driver_output=driver[2],
            load_ff=_data_capacitance(flop) * reading.cap_ff,
            fo4_ps=delay_fo4 * reading.time_ps,
            flop_delay_ps=flop_delay * reading.time_ps,
            flop_setup_ps=flop_setup * reading.time_ps,
            loads={name: _loads(cell, reading.cap_ff) for name, cell in self.cells.items()},
            clock_pins={name: pins for name, cell in self.cells.items() if (pins := _clock_pins(cell))},
            tree_buffer=tree[0],
            tree_load_ff=tree[1] * reading.cap_ff,
            weak_load_ff=min(tree[1], _weak(flop, four, delay_fo4)) * reading.cap_ff,
            buffers=tuple(self.buffers),
            inverters=tuple(self.inverters),
            full_adder=self._adder(3, FULL_SUM, FULL_CARRY),
            half_adder=self._adder(2, 0b0110, 0b1000),
            tie_high=self._tie(1),
            tie_low=self._tie(0),
            renamed={name: cell.original for name, cell in self.cells.items() if name != cell.original},
            notes=tuple(self.notes),
            digest=key,
            is_unit=reading.name == unit.NAME,
        )

    def wired(self, bare: Library, wires: Wires) -> Library:
        """The library with wires."""
        text = write(self.reading, self.areas, wires.ff)
        where = cache.folder("libraries") / f"{bare.digest}_wires_mapping.lib"
        return replace(
            bare,
            mapping=str(cache.write_text(where, text)),
            load_ff=bare.load_ff + wires.ff,
            loads={
                cell: {pin: round(load + wires.ff, 6) for pin, load in pins.items()}
                for cell, pins in bare.loads.items()
            },
            notes=(*bare.notes, f"wires: {wires.ff:g} fF for each sink of a net ({wires.words})"),
            digest=f"{bare.digest}_wires",
            wires=wires,
            bare=bare,
        )

    def _sane(self, delay_fo4: float, own: float) -> None:
        """Raise ToolError where a cell is out of all proportion to the smallest inverter: a number is wrong."""
        nand2 = self.areas[self.nand2.name]
        for cell in self.cells.values():
            area = self.areas.get(cell.name, nand2)
            if not nand2 / _FAR <= area <= _FAR * nand2:
                raise ToolError(f"{cell.where} has the area {area:g}, {area / nand2:.3g} times that of a NAND2")
            for pin in cell.pins.values():
                cap = (pin.capacitance or 0.0) / own
                if pin.direction == "input" and not 1 / _FAR <= cap <= _FAR:
                    raise ToolError(
                        f"{cell.where}, pin {pin.name} has {cap:.3g} times the capacitance of the smallest inverter"
                    )
                for arc in pin.arcs:
                    for name, table in arc.tables.items():
                        if table.greatest > _FAR * delay_fo4:
                            raise ToolError(
                                f"{cell.where}, pin {pin.name}, {name} from {arc.related}: a value is "
                                f"{table.greatest / delay_fo4:.0f} times the delay of an inverter"
                            )

    def _say_unread(self) -> None:
        unread, renamed = self.reading.unread, [cell for cell in self.cells.values() if cell.name != cell.original]
        if unread:
            several = len(self.reading.files) > 1
            listed = [
                f"{file.short}, {reason}" if several else reason for file, reason in list(unread.values())[:_LISTED]
            ]
            more = f"; and {len(unread) - _LISTED} more" if len(unread) > _LISTED else ""
            cells = "1 cell is" if len(unread) == 1 else f"{len(unread)} cells are"
            self.notes.append(f"{cells} not used, because the file does not tell enough: {'; '.join(listed)}{more}")
        if renamed:
            listed = [f"{cell.original} is {cell.name}" for cell in renamed[:_LISTED]]
            more = f" and {len(renamed) - _LISTED} more" if len(renamed) > _LISTED else ""
            self.notes.append(f"cells with names that not all tools read are renamed: {', '.join(listed)}{more}")

    def _adder(self, inputs: int, total: int, carry: int) -> Adder | None:
        full = (1 << (1 << inputs)) - 1
        for cell in self.gates:
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

    def _tie(self, value: int) -> tuple[str, str] | None:
        for cell in self.gates:
            for pin, table in cell.functions.items():
                if not cell.inputs and table == value:
                    return cell.name, pin
        return None

    def _clock_gate(self) -> ClockGate | None:
        gates = sorted(
            (cell for cell in self.cells.values() if cell.gate), key=lambda cell: (self.areas[cell.name], cell.name)
        )
        if not gates:
            return None
        roles = {pin.role: pin.name for pin in gates[0].pins.values() if pin.role}
        tests = tuple(pin.name for pin in gates[0].pins.values() if pin.role == "test")
        return ClockGate(gates[0].name, roles["enable"], roles["clock"], roles["out"], tests)

    def _latch_gate(self, flop: Cell, has_gate: bool) -> dict[str, list[str]] | None:
        """Cells for a composed clock gate: [cell, pins ...] of a latch open at clock high, an inverter and an AND."""
        smallest = self.areas[flop.name]
        latches = sorted(
            (cell for cell in self.cells.values() if cell.state and cell.state.kind == "latch"),
            key=lambda cell: (self.areas.get(cell.name, smallest), cell.name),
        )
        chosen: dict[str, list[str]] | None = None
        and2 = next((cell for cell in self.gates if _is(cell, 2, 0b1000)), None)
        for cell in latches:
            assert cell.state is not None
            data, enable = cell.state.data, cell.state.clock
            output = next((name for name in cell.outputs if _just(cell, name, cell.state.names[0])), "")
            simple = data.kind == enable.kind == "name" and sorted(cell.inputs) == sorted([data.name, enable.name])
            if and2 is not None and chosen is None and simple and output:
                chosen = {
                    "latch": [cell.name, enable.name, data.name, output],
                    "inverter": list(self.inverters[0]),
                    "and": [and2.name, *and2.inputs, and2.outputs[0]],
                }
                if cell.name not in self.areas and not has_gate:
                    self.notes.append(
                        f"the file gives no area for the latch {cell.original}, of which clock gates are composed: "
                        f"each counts with that of the smallest flip-flop ({flop.original}, {smallest:g} um2) instead"
                    )
            self.areas.setdefault(cell.name, smallest)
        return chosen

    def _tree(self, delay_fo4: float, four: float) -> tuple[tuple[str, str, str], float]:
        """The buffer that drives most for its area within a delay, and what it drives then (library's units)."""
        for factor in _TREE_FO4:
            limit = factor * delay_fo4
            best = (0.0, self.buffers[0], 0.0)
            for buffer in self.buffers:
                name, source, output = buffer
                own = self.cells[name].pins[source].capacitance or 0.0
                low, high = 0.0, 1000 * own
                for _ in range(30):
                    middle = (low + high) / 2
                    slow = delay(self.cells[name], output, source, limit / 2, middle)[0] > limit
                    low, high = (low, middle) if slow else (middle, high)
                # a tree's cost is its buffers' area and the load they are to the level above
                if low > 4 * own and low / self.areas[name] > best[0]:
                    best = (low / self.areas[name], buffer, low)
            if best[2]:
                if factor != _TREE_FO4[0]:
                    self.notes.append(
                        f"buffers are slow: fan-out trees are sized for {factor:g} FO4 a level instead of "
                        f"{_TREE_FO4[0]:g}"
                    )
                return best[1], best[2]
        first = self.cells[self.buffers[0][0]]
        raise ToolError(
            f"{first.where}: no buffer drives four of its kind within {_TREE_FO4[-1]:g} FO4, "
            "which trees of high fan-out need"
        )


def _through(cell: Cell) -> tuple[str, str, str]:
    return cell.name, cell.inputs[0], cell.outputs[0]


def _is(cell: Cell, inputs: int, table: int) -> bool:
    """A cell of one output with this function."""
    return len(cell.inputs) == inputs and list(cell.functions.values()) == [table]


def _is_plain(cell: Cell) -> bool:
    """A flip-flop that stores its data pin, or the inverse."""
    data = cell.state.data if cell.state else None
    while data is not None and data.kind == "!":
        data = data.parts[0]
    return data is not None and data.kind == "name" and data.name in cell.pins


def _rises(cell: Cell) -> bool:
    """A flip-flop of the rising edge."""
    clock, rises = cell.state.clock if cell.state else None, True
    while clock is not None and clock.kind == "!":
        clock, rises = clock.parts[0], not rises
    return rises


def _just(cell: Cell, output: str, name: str) -> bool:
    function = cell.pins[output].function
    return function is not None and function.kind == "name" and function.name == name


def _loads(cell: Cell, cap_ff: float) -> dict[str, float]:
    return {name: round((cell.pins[name].capacitance or 0.0) * cap_ff, 6) for name in cell.inputs}


def _clock_pins(cell: Cell) -> tuple[str, ...]:
    return tuple(pin.name for pin in cell.pins.values() if pin.clock)


def _weak(flop: Cell, step: float, fo4_delay: float) -> float:
    """The load that slows a flip-flop by 2.5 FO4 (library's unit); ``step`` is a small load, to find the slope with."""
    slope = (flop_times(flop, 2 * step)[0] - flop_times(flop, step)[0]) / step
    return 2.5 * fo4_delay / slope if slope > 0 else float("inf")


def _data_capacitance(flop: Cell) -> float:
    """The largest data pin of a flip-flop, in the library's unit."""
    return max(flop.pins[name].capacitance or 0.0 for name in flop.inputs if name != flop.clock)


def _unpack(files: list[File]) -> list[Path]:
    """The files as text on disk: the user's own where they are, decompressed ones in the cache."""
    folder = cache.folder("libraries")
    paths = []
    for file in files:
        source = file.source
        if source.path and source.path.suffix == ".lib":
            paths.append(source.path.resolve())
            continue
        path = folder / f"{cache.digest(source.data)}.lib"
        if not cache.intact(path):
            path = cache.write_text(path, decode(source.data))
        paths.append(path)
    return paths
