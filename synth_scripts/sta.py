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
from synth_scripts.library import Library
from synth_scripts.yosys import LIBRARY

__all__ = ["Timing", "available", "measure", "plain", "run", "version"]

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
        The critical path as OpenSTA prints it.
    among : float
        The same of paths between the cells that were asked for; 0 where there are none.
    among_path : str
        The critical one of these.
    """

    period: float
    register_period: float
    path: str
    among: float = 0.0
    among_path: str = ""


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


#: Raise the period from what flip-flops need ($least) until no path anywhere fails.
_SETTLE = (
    "set need $least",
    "for {set try 0} {$try < 12} {incr try} {",
    "  constrain $need",
    "  set path [lindex [find_timing_paths -path_delay max] 0]",
    "  set slack [get_property $path slack]",
    "  if {$slack >= -1e-4 * $need} { break }",
    "  set need [expr $need - 1.02 * $slack]",
    "}",
    "if {$try > 0} { report_checks -path_delay max -digits 4 }",
    'puts "SETTLED $need"',
)


def _among(kinds: Sequence[str]) -> list[str]:
    """The slack of the worst path between flip-flops in cells of these kinds."""
    names = " ".join(kinds)
    return [
        "set from [list]",
        "set to [list]",
        "foreach {list pins} [list from $starts to $ends] { foreach pin $pins {",
        "  set kind [get_property [get_cells -of_objects $pin] ref_name]",
        f"  if {{[lsearch [list {names}] $kind] >= 0}} {{ lappend $list $pin }}",
        "} }",
        "if {[llength $from] && [llength $to]} {",
        "  set path [lindex [find_timing_paths -path_delay max -from $from -to $to] 0]",
        '  if {$path ne "" && $path ne "NULL"} {',
        '    puts "AMONG [get_property $path slack]"',
        '    puts "BETWEEN"',
        "    report_checks -path_delay max -from $from -to $to -digits 4",
        '    puts "END"',
        "  }",
        "}",
    ]


def measure(
    library: Library,
    netlists: dict[str, str],
    top: str,
    folder: Path,
    *,
    clock: str = "clk",
    read: Sequence[str] = (),
    log: str = "timing",
    loops: bool = False,
    gates: bool = False,
    among: Sequence[str] = (),
) -> dict[str, Timing]:
    """Time netlists of the same top module.

    Parameters
    ----------
    library : Library
    netlists : dict
        Verilog files (relative to ``folder``) by name.
    top : str
    folder : Path
    clock : str
        The clock port.
    read : sequence of str
        Commands that read more cells.
    log : str
        Name of script and log.
    loops : bool
        Look for combinational loops; the log names them.
    gates : bool
        Include paths into clock gates and latches, which have less than a period: the period is raised until they hold.
    among : sequence of str
        Kinds of cells whose paths among each other are timed apart, see :attr:`Timing.among`.

    Returns
    -------
    dict of Timing
        By the same names.
    """
    commands = [f"read_liberty {LIBRARY}", *read, *constraints(library, clock)]
    period = _LONG * library.fo4_ps / library.time_ps
    paths = (("REGISTER", "-from $starts -to $ends"), ("INTO", "-to $ends"), ("OUT", "-to [all_outputs]"))
    for name, path in netlists.items():
        commands += [f"read_verilog {path}", f"link_design {top}", f"constrain {period:g}", f'puts "NETLIST {name}"']
        commands += ["check_setup -loops"] if loops else []
        commands += [
            "set starts [all_registers -edge_triggered -clock_pins]",
            "set ends [all_registers -edge_triggered -data_pins]",
            "set kinds [list OUT]",
            "set least 0.0",
            "if {[llength $ends]} { lappend kinds INTO REGISTER }",
            *(_among(among) if among else ()),
        ]
        for kind, where in paths:
            commands += [
                f"if {{[lsearch $kinds {kind}] >= 0}} {{",
                f"  set path [lindex [find_timing_paths -path_delay max {where}] 0]",
                '  if {$path ne "" && $path ne "NULL"} {',
                "    set slack [get_property $path slack]",
                f'    puts "{kind} $slack"',
                f"    set least [expr max($least, {period:g} - $slack)]",
                "  }",
                "}",
            ]
        commands += [
            "if {![llength $ends]} { set ends [all_outputs] }",
            'puts "PATH"',
            "report_checks -path_delay max -to $ends -digits 4",
            'puts "END"',
            *(_SETTLE if gates else ()),
        ]
    text = run(commands, folder, log, {LIBRARY: library.mapping})
    found = {}
    for block in re.split(r"^NETLIST ", text, flags=re.MULTILINE)[1:]:
        slacks = {
            kind: float(value) * library.time_ps
            for kind, value in re.findall(r"^(REGISTER|INTO|OUT|AMONG) (\S+)$", block, re.MULTILINE)
        }
        needs = {kind: _LONG * library.fo4_ps / 1e3 - slack / 1e3 for kind, slack in slacks.items()}
        among_ns = needs.pop("AMONG", 0.0)
        settled = re.search(r"^SETTLED (\S+)$", block, re.MULTILINE)
        if settled:
            needs["GATES"] = float(settled[1]) * library.time_ps / 1e3
        path, between = (block.partition(f"{word}\n")[2].partition("END")[0].strip() for word in ("PATH", "BETWEEN"))
        found[block.split("\n", 1)[0].strip()] = Timing(
            max(needs.values(), default=0.0), needs.get("REGISTER", 0.0), path, among_ns, between
        )
    return found
