"""One reading of one or more Liberty files: each keeps its own head, together they make one set of cells.

Every file's units, templates and measuring points hold for its own cells only; what comes out is in one set of units
and measuring points. A list that contradicts itself is refused, and its order does not matter.
"""

from __future__ import annotations

import fnmatch
from collections.abc import Collection
from dataclasses import dataclass, field
from pathlib import PurePath

from hdl.params.errors import ToolError
from synth_scripts.library import unit
from synth_scripts.library.cell import Cell
from synth_scripts.library.cell_reader import Frame, Unsuited
from synth_scripts.library.cell_reader import read as read_cell
from synth_scripts.library.header import Corner, Header, Thresholds
from synth_scripts.library.lef_areas import Areas
from synth_scripts.library.liberty import Group, LibertyError, decode, parse
from synth_scripts.library.names import safe_name
from synth_scripts.library.sources import Source
from synth_scripts.library.tables import Scale, Unread

__all__ = ["File", "Reading", "open_file"]

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
#: Groups that neither mapping nor timing needs.
NOT_TIMING = (
    *("internal_power", "leakage_power", "power_lut_template", "test_cell", "normalized_driver_waveform"),
    *("output_current_rise", "output_current_fall", "receiver_capacitance", "output_current_template"),
    *("receiver_capacitance1_rise", "receiver_capacitance1_fall", "receiver_capacitance2_rise"),
    *("receiver_capacitance2_fall", "ccsn_first_stage", "ccsn_last_stage", "dynamic_current", "intrinsic_parasitic"),
    *("scaled_cell", "min_pulse_width", "minimum_period", "hidden_ccb", "ocv_sigma_cell_rise", "ocv_sigma_cell_fall"),
)
_NOT_USED = ("dont_use", "is_isolation_cell", "is_level_shifter", "always_on", "pad_cell")


@dataclass(frozen=True)
class File:
    """One opened file."""

    source: Source
    root: Group
    header: Header

    @property
    def name(self) -> str:
        """The file's name, for messages."""
        return self.source.name

    @property
    def short(self) -> str:
        """Its name without folders, for notes."""
        return PurePath(self.source.name).name


def open_file(source: Source, skip: Collection[str] = NOT_TIMING) -> File:
    """Parse a file and read its head. Raises ToolError, which names the file."""
    text = decode(source.data)
    if not text.strip():
        raise ToolError(f"{source.name}: the file is empty: a Liberty file (.lib) is needed")
    try:
        root = parse(text, skip)
    except LibertyError as error:
        raise ToolError(f"{source.name}: not a Liberty file: {error}") from None
    try:
        header = Header.read(root, PurePath(source.name).name.partition(".")[0] or "library")
    except LibertyError as error:
        raise ToolError(f"{source.name}: {error}") from None
    if root.first("cell") is None:
        raise ToolError(f"{source.name}: the library has no cells")
    if "leakage_power" in text.replace("leakage_power_unit", "") and not root.get("leakage_power_unit"):
        header.notes.append("the file gives no leakage_power_unit; leakage is taken as nanowatts")
    if header.name != unit.NAME and "internal_power" not in text:
        header.notes.append(
            "the file has no energies of its cells (internal_power); where power is given, only the charge of their "
            "input pins and leakage are in it"
        )
    return File(source, root, header)


@dataclass
class Reading:
    """All that is read.

    Parameters
    ----------
    files : list of File
        In an order of their own.
    name : str
        The library's name; for several files what their names have in common, or all of them.
    time_ps, cap_ff : float
        The units that everything is in: picoseconds in the unit of time, femtofarads in that of capacitance.
    thresholds : Thresholds
        The measuring points that everything is in.
    corner : Corner
    cells : dict
        Every cell that a netlist may be mapped to, by its name for the tools.
    unread : dict
        Why cells that look like one are not used, by their name in the file: the file, and what is wrong.
    unsuited : dict
        The same of flip-flops that are described well, but not of a kind that a netlist is mapped to.
    avoided : dict
        Why cells are not to be used by the library's or our own word, by name: ``dont_use``, a delay line, ...
    wires : float or None
        Capacitance of wire for each sink of a net that the files name as their default, fF.
    notes : list of str
        What a reader of the figures should know.
    areas : Areas
        From LEF files: they count instead of those in the Liberty files.
    listed : dict
        Areas that the Liberty files give, by cell.
    """

    files: list[File]
    name: str
    time_ps: float
    cap_ff: float
    thresholds: Thresholds
    corner: Corner
    cells: dict[str, Cell] = field(default_factory=dict)
    unread: dict[str, tuple[File, str]] = field(default_factory=dict)
    unsuited: dict[str, tuple[File, str]] = field(default_factory=dict)
    avoided: dict[str, tuple[File, str]] = field(default_factory=dict)
    wires: float | None = None
    notes: list[str] = field(default_factory=list)
    areas: Areas = field(default_factory=Areas)
    listed: dict[str, float | None] = field(default_factory=dict)

    @classmethod
    def of(cls, sources: list[Source], areas: Areas | None = None) -> Reading:
        """Read the files; ``areas`` count instead of those in them.

        Raises ToolError, which names file, line, cell and pin.
        """
        files = [open_file(source) for source in sources]
        files.sort(key=lambda file: (file.header.name, [cell.name for cell in file.root.all("cell")], file.source.data))
        notes: list[str] = []
        reading = cls(
            files,
            _name([file.header.name for file in files]),
            _unit([file.header.time_ps for file in files]),
            _unit([file.header.cap_ff for file in files]),
            _thresholds(files, notes),
            _corner(files),
            notes=notes,
            areas=areas or Areas(),
        )
        for note in dict.fromkeys(note for file in files for note in file.header.notes):
            about = [file.short for file in files if note in file.header.notes]
            notes.append(note if len(about) == len(files) else f"{', '.join(about)}: {note}")
        reading._read_cells()
        reading._read_wires()
        notes += reading.areas.notes({cell.original: reading.listed[name] for name, cell in reading.cells.items()})
        return reading

    @property
    def where(self) -> str:
        """The files' names."""
        return ", ".join(file.name for file in self.files)

    @property
    def used(self) -> list[File]:
        """The files that have cells which are used."""
        sources = {cell.source for cell in self.cells.values()}
        return [file for file in self.files if file.name in sources]

    def scale(self, file: File) -> Scale:
        """What a file's numbers are multiplied with."""
        header = file.header
        own, common = header.thresholds.full_swing, self.thresholds.full_swing
        slew = 1.0 if own == common else own[0] / common[0]
        return Scale(_ratio(header.time_ps, self.time_ps), _ratio(header.cap_ff, self.cap_ff), slew)

    def _read_wires(self) -> None:
        found = {
            float(f"{wires * file.header.cap_ff:.6g}") for file in self.used if (wires := file.header.wires) is not None
        }
        if len(found) > 1:
            self.notes.append("the files' default wire loads differ, and none of them is counted")
        elif found:
            self.wires = found.pop()

    def _read_cells(self) -> None:
        originals = {group.name for file in self.files for group in file.root.all("cell")}
        names: dict[str, str] = {}
        for file in self.files:
            frame = Frame(file.name, file.header, self.scale(file), self.time_ps, self.cap_ff)
            for group in file.root.all("cell"):
                if group.name not in names:
                    names[group.name] = safe_name(group.name, originals | set(names.values()))
                try:
                    self._read_cell(group, names[group.name], file, frame)
                except LibertyError as error:
                    raise ToolError(f"{file.name}, {error}") from None

    def _read_cell(self, group: Group, name: str, file: File, frame: Frame) -> None:
        if not group.name:
            raise LibertyError("a cell has no name", group.line)
        try:
            # Clock gates are often marked dont_use, so that only the clock gating of a flow places them: ours does.
            if not group.get("clock_gating_integrated_cell") and (why := avoided(group)):
                self.avoided[group.name] = (file, f"line {group.line}: cell {group.name}: {why}")
                if name in self.cells:
                    raise _twice(group, self.cells[name].where)
                return
            found = read_cell(group, name, frame)
            self.listed[name] = found.area
            found.area = self.areas.cells.get(group.name, found.area)
            if found.area is None and not (found.state and found.state.kind == "latch"):
                raise Unread("there is no area, or it is zero", group.line).within(group)
        except Unsuited as unsuited:
            if any(group.all("ff", "ff_bank")):
                self.unsuited[group.name] = (file, f"line {group.line}: cell {group.name}: {unsuited}")
            return
        except Unread as error:
            self.unread.setdefault(group.name, (file, str(error)))
            if name in self.cells:
                raise _twice(group, self.cells[name].where) from None
            return
        if self.cells.setdefault(name, found) != found:
            raise _twice(group, self.cells[name].where)
        for elsewhere in (self.unread, self.avoided):
            if group.name in elsewhere:
                other, reason = elsewhere[group.name]
                raise _twice(group, f"{other.name}, {reason}")


def _twice(group: Group, where: str) -> LibertyError:
    return LibertyError(f"it stands twice, and differs: also in {where}", group.line).within(group)


def avoided(group: Group) -> str:
    """Why a mapper may not pick the cell; empty where it may."""
    flags = [flag for flag in _NOT_USED if group.flag(flag)]
    if flags:
        return f"it is marked {flags[0]}"
    names = [pattern for pattern in UNSUITABLE if fnmatch.fnmatchcase(group.name, pattern)]
    return f"cells named {names[0]} are for power management, delays or probing" if names else ""


def _ratio(own: float, common: float) -> float:
    return 1.0 if own == common else float(f"{own / common:.12g}")


def _unit(units: list[float]) -> float:
    """One unit for all files: theirs where it is one that every tool knows (1 or 1000), else one near it."""
    if len(set(units)) == 1 and units[0] in (1.0, 1000.0):
        return units[0]
    return 1000.0 if max(units) >= 100 else 1.0


def _thresholds(files: list[File], notes: list[str]) -> Thresholds:
    """The measuring points of the file with the most cells; the others' slews are converted to these."""
    main = max(files, key=lambda file: sum(1 for _ in file.root.all("cell")))
    common = main.header.thresholds
    for file in files:
        own = file.header.thresholds
        if (own.inputs, own.outputs) != (common.inputs, common.outputs):
            raise ToolError(
                f"{main.name} and {file.name} measure delays at different points and can't make one library: "
                f"{common.delay_text} of the swing in the one, {own.delay_text} in the other"
            )
        if own.full_swing == common.full_swing:
            continue
        if any(swing[0] != swing[1] for swing in (own.full_swing, common.full_swing)):
            raise ToolError(
                f"{main.name} and {file.name} measure slews at different points, which also differ between rising "
                f"and falling edges, and can't make one library: {common.slew_text} in the one, "
                f"{own.slew_text} in the other"
            )
        notes.append(
            f"slews of {file.short} ({own.slew_text}) are converted to the points of {main.short} ({common.slew_text})"
        )
    return common


def _corner(files: list[File]) -> Corner:
    """The corner that all files are of."""
    values: dict[str, float | None] = {}
    for key, suffix in (("process", ""), ("voltage", " V"), ("temperature", " C")):
        given = [(value, file) for file in files if (value := getattr(file.header.corner, key)) is not None]
        for value, file in given[1:]:
            if abs(value - given[0][0]) > 1e-6 * max(1.0, abs(value)):
                raise ToolError(
                    f"{given[0][1].name} and {file.name} are of different corners and can't make one library: "
                    f"{key} {given[0][0]:g}{suffix} and {value:g}{suffix}"
                )
        values[key] = given[0][0] if given else None
    conditions = sorted({file.header.corner.conditions for file in files})
    own = {file.header.name for file in files}
    named = [each for each in conditions if each not in own]
    text = " and ".join(named) if named else _name(sorted(own))
    return Corner(values["process"], values["voltage"], values["temperature"], text)


def _name(names: list[str]) -> str:
    """One name; of several what they have in common at the beginning, or all of them."""
    names = sorted(set(names))
    head = names[0]
    for name in names:
        while not name.startswith(head):
            head = head[:-1]
    head = head.strip("_.-")
    return head if len(head) > 2 or len(names) == 1 else "+".join(names)
