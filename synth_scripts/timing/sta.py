"""OpenSTA: timing of many netlists in one process."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from gen.workplace import workplace
from hdl.params.errors import ToolError
from synth_scripts.library.library import Library
from synth_scripts.work.jobs import program
from synth_scripts.work.yosys import LIBRARY

__all__ = ["Paths", "Timing", "available", "measure", "paths", "plain", "run", "settle", "version"]

#: A clock period no path comes near, FO4.
_LONG = 1000


@dataclass(frozen=True)
class Timing:
    """Timing of one netlist, ns.

    Parameters
    ----------
    period : float
        The least clock period: flip-flop to flip-flop, and ports against flip-flops outside.
    register_period : float
        The same of paths that begin and end inside.
    path : str
        The critical path, where it was found on the way.
    """

    period: float
    register_period: float
    path: str = ""


@dataclass(frozen=True)
class Paths:
    """Critical paths at a clock period, as OpenSTA prints them.

    Parameters
    ----------
    path : str
        Critical path of the whole netlist.
    among : float
        Least period (ns) of paths between the cells that were asked for; 0 where there are none.
    among_path : str
        The critical one of these.
    loops : int
        Combinational loops.
    """

    path: str
    among: float = 0.0
    among_path: str = ""
    loops: int = 0


def available() -> bool:
    """OpenSTA is installed."""
    return shutil.which("sta") is not None


def version() -> str:
    """OpenSTA's version."""
    try:
        return subprocess.run(["sta", "-version"], capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.SubprocessError) as error:
        raise ToolError(f"OpenSTA can't be run: {error}") from None


def plain(netlist: str) -> str:
    """A netlist that OpenSTA reads: without ``signed``, which its parser does not know."""
    return re.sub(r"\b(input|output|wire|reg) signed\b", r"\1", netlist)


@program
def run(commands: list[str], folder: Path, name: str, files: Mapping[str, str | Path] | None = None) -> str:
    """Run OpenSTA commands and return the output, kept as ``<name>.log`` beside ``<name>.tcl``.

    Parameters
    ----------
    commands : list of str
    folder : Path
        File names in commands are relative to it.
    name : str
    files : mapping of str to path, optional
        More files, from anywhere, by the names that the commands have for them.

    Raises
    ------
    ToolError
        Where OpenSTA is missing or reports an error.
    """
    program = shutil.which("sta")
    if program is None:
        raise ToolError("OpenSTA is missing: install the Debian package opensta (its command is 'sta')")
    (folder / f"{name}.tcl").write_text("\n".join([*commands, "exit", ""]), encoding="utf-8")
    log = f"{name}.log"
    with workplace("sta") as place:
        place.link_all(folder, but=log)
        for own, path in (files or {}).items():
            place.link(own, path)
        try:
            # Without the user's own .sta, which might change figures.
            command = [os.path.abspath(program), "-no_init", "-exit", f"{name}.tcl"]
            status = place.run(command, log=log, errors="errors")
            text = "".join((place / each).read_text(encoding="utf-8", errors="replace") for each in (log, "errors"))
            (place / log).write_text(text, encoding="utf-8")
        finally:
            (place / "errors").unlink(missing_ok=True)
            place.bring_out(folder)
    error = re.search(r"^Error: (.*)$", text, re.MULTILINE)
    if status or error:
        what = error[1] if error else f"it stopped with status {status}"
        raise ToolError(f"OpenSTA failed: {what} (log: {folder / log})")
    return text


def constraints(library: Library, clock: str = "clk") -> list[str]:
    """The constraints of every measurement: ideal clock, inputs from flip-flops, outputs into flip-flops.

    They are a Tcl procedure, ``constrain PERIOD``.
    """
    unit = library.time_ps
    return [
        "proc constrain {period} {",
        f"set ports [get_ports -quiet {clock}]",
        # A virtual clock times modules without flip-flops.
        "eval create_clock -name clock -period $period $ports",
        "set data [list]",
        f'foreach port [all_inputs] {{ if {{[get_property $port full_name] ne "{clock}"}} {{ lappend data $port }} }}',
        f"set_driving_cell -lib_cell {library.driver} -pin {library.driver_output} $data",
        f"set_input_delay {library.flop_delay_ps / unit:g} -clock clock $data",
        f"set_output_delay {library.flop_setup_ps / unit:g} -clock clock [all_outputs]",
        f"set_load {library.load_ff / library.cap_ff:g} [all_outputs]",
        "}",
    ]


#: ``worst ARGUMENTS`` is the path with the least slack, or nothing: OpenSTA finds one for each group of paths.
_WORST = (
    "proc worst {args} {",
    "  set found {}",
    "  foreach path [find_timing_paths -path_delay max {*}$args] {",
    '    if {$path eq "" || $path eq "NULL"} { continue }',
    '    if {$found eq "" || [get_property $path slack] < [get_property $found slack]} { set found $path }',
    "  }",
    "  return $found",
    "}",
)


def _begin(library: Library, read: Sequence[str], clock: str) -> list[str]:
    return [f"read_liberty {LIBRARY}", *read, *constraints(library, clock), *_WORST]


def measure(
    library: Library,
    netlists: Mapping[str, str],
    top: str,
    folder: Path,
    *,
    wires: Mapping[str, Mapping[str, float]] | None = None,
    clock: str = "clk",
    log: str = "timing",
) -> dict[str, Timing]:
    """Time netlists of the same top module.

    Parameters
    ----------
    library : Library
    netlists : dict
        Verilog files (relative to ``folder``) by name.
    top : str
    folder : Path
    wires : mapping, optional
        By the same names: the capacitance of wires by net, fF. Other nets have none, or what the library states.
    clock : str
        The clock port.
    log : str
        Name of script and log.

    Returns
    -------
    dict of Timing
        By the same names.
    """
    commands = _begin(library, (), clock)
    period = _LONG * library.fo4_ps / library.time_ps
    paths = (("REGISTER", "-from $starts -to $ends"), ("INTO", "-to $ends"), ("OUT", "-to [all_outputs]"))
    for name, path in netlists.items():
        loads = (wires or {}).get(name, {})
        commands += [
            *(f"read_verilog {path}", f"link_design {top}", f"constrain {period:g}"),
            *(f"set_load {load / library.cap_ff:.6g} [get_nets {net}]" for net, load in loads.items()),
            f'puts "NETLIST {name}"',
            "set starts [all_registers -edge_triggered -clock_pins]",
            "set ends [all_registers -edge_triggered -data_pins]",
            "set kinds [list OUT]",
            "if {[llength $ends]} { lappend kinds INTO REGISTER }",
        ]
        for kind, where in paths:
            commands += [
                f"if {{[lsearch $kinds {kind}] >= 0}} {{",
                f"  set path [worst {where}]",
                f'  if {{$path ne ""}} {{ puts "{kind} [get_property $path slack]" }}',
                "}",
            ]
    text = run(commands, folder, log, {LIBRARY: library.mapping})
    found = {}
    for block in re.split(r"^NETLIST ", text, flags=re.MULTILINE)[1:]:
        slacks = re.findall(r"^(REGISTER|INTO|OUT) (\S+)$", block, re.MULTILINE)
        needs = {kind: (period - float(slack)) * library.time_ps / 1e3 for kind, slack in slacks}
        found[block.split("\n", 1)[0].strip()] = Timing(max(needs.values(), default=0.0), needs.get("REGISTER", 0.0))
    return found


def settle(
    library: Library,
    netlist: str,
    top: str,
    folder: Path,
    *,
    start_ns: float,
    read: Sequence[str] = (),
    clock: str = "clk",
    log: str = "timing",
) -> Timing:
    """The least clock period at which every path holds, those into clock gates and latches included, and which is last.

    These have less than a period, so the clock is moved until the worst slack is nothing. One process for one netlist:
    OpenSTA 2.0.17 crashes when it links anew after a change of clock.

    Parameters
    ----------
    library : Library
    netlist : str
        Verilog file, relative to ``folder``.
    top : str
    folder : Path
    start_ns : float
        A period to begin at.
    read : sequence of str
        Commands that read more cells.
    clock : str
    log : str
    """
    text = run(
        [
            *_begin(library, read, clock),
            f"read_verilog {netlist}",
            f"link_design {top}",
            f"set need {start_ns * 1e3 / library.time_ps:g}",
            "for {set try 0} {$try < 16} {incr try} {",
            "  constrain $need",
            "  set path [worst]",
            '  if {$path eq ""} { set need 0.0; break }',
            "  set slack [get_property $path slack]",
            "  set need [expr $need - $slack]",
            "  if {abs($slack) <= 2e-5 * $need} { break }",
            "}",
            'puts "SETTLED $need"',
            'puts "PATH"',
            'if {$path ne ""} { report_checks -path_delay max -digits 4 }',
            'puts "END"',
        ],
        folder,
        log,
        {LIBRARY: library.mapping},
    )
    need = float(re.findall(r"^SETTLED (\S+)$", text, re.MULTILINE)[-1]) * library.time_ps / 1e3
    return Timing(need, 0.0, _worst_between(text, "PATH"))


def paths(
    library: Library,
    netlist: str,
    top: str,
    folder: Path,
    *,
    period_ns: float,
    read: Sequence[str] = (),
    among: Sequence[str] = (),
    clock: str = "clk",
    log: str = "paths",
) -> Paths:
    """The critical paths of a netlist at a clock period, and its combinational loops.

    Parameters
    ----------
    library : Library
    netlist : str
        Verilog file, relative to ``folder``.
    top : str
    folder : Path
    period_ns : float
    read : sequence of str
        Commands that read more cells.
    among : sequence of str
        Kinds of cells whose paths among each other are looked for as well, see :attr:`Paths.among`.
    clock : str
    log : str
        Name of script and log, in which loops are named.
    """
    period = period_ns * 1e3 / library.time_ps
    between = (
        "set cells [list]",
        "foreach cell [all_registers -edge_triggered -cells] {",
        f"  if {{[lsearch [list {' '.join(among)}] [get_property $cell ref_name]] >= 0}} {{ lappend cells $cell }}",
        "}",
        "if {[llength $cells]} {",
        "  set path [worst -from $cells -to $cells]",
        '  if {$path ne ""} {',
        '    puts "AMONG [get_property $path slack]"',
        '    puts "BETWEEN"',
        "    report_checks -path_delay max -from $cells -to $cells -digits 4",
        '    puts "END"',
        "  }",
        "}",
    )
    text = run(
        [
            *_begin(library, read, clock),
            f"read_verilog {netlist}",
            f"link_design {top}",
            f"constrain {period:.9g}",
            "check_setup -loops",
            'puts "PATH"',
            "report_checks -path_delay max -digits 4",
            'puts "END"',
            *(between if among else ()),
        ],
        folder,
        log,
        {LIBRARY: library.mapping},
    )
    slack = re.search(r"^AMONG (\S+)$", text, re.MULTILINE)
    loops = re.search(r"There (?:is|are) (\d+) combinational loops?", text)
    path, among_path = (_worst_between(text, word) for word in ("PATH", "BETWEEN"))
    return Paths(
        path,
        (period - float(slack[1])) * library.time_ps / 1e3 if slack else 0.0,
        among_path,
        int(loops[1]) if loops else 0,
    )


def _worst_between(text: str, word: str) -> str:
    """The path with the least slack of those that OpenSTA reports after a line of its own, one for each group."""
    report = text.partition(f"\n{word}\n")[2].partition("\nEND")[0]
    found = [f"Startpoint:{text}".strip() for text in report.split("Startpoint:")[1:]]
    slacks = [re.search(r"(-?[\d.]+)\s+slack", text) for text in found]
    return min(
        zip(slacks, found, strict=True), key=lambda each: float(each[0][1]) if each[0] else 0.0, default=(0, "")
    )[1]
