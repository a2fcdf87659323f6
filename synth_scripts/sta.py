"""OpenSTA: timing of many netlists in one process."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError
from synth_scripts.library import Library

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
    """

    period: float
    register_period: float
    path: str


def available() -> bool:
    """OpenSTA is installed."""
    return shutil.which("sta") is not None


def version() -> str:
    """OpenSTA's version."""
    return subprocess.run(["sta", "-version"], capture_output=True, text=True, check=True).stdout.strip()


def plain(netlist: str) -> str:
    """A netlist that OpenSTA reads: without ``signed``, which its parser does not know."""
    return re.sub(r"\b(input|output|wire|reg) signed\b", r"\1", netlist)


def run(commands: list[str], folder: Path, name: str) -> str:
    """Run OpenSTA commands and return the output, kept as ``<name>.log`` beside ``<name>.tcl``.

    Raises
    ------
    ToolError
        Where OpenSTA is missing or reports an error.
    """
    (folder / f"{name}.tcl").write_text("\n".join([*commands, "exit", ""]))
    try:
        result = subprocess.run(
            ["sta", "-exit", f"{name}.tcl"], cwd=folder, capture_output=True, text=True, check=False
        )
    except FileNotFoundError:
        raise ToolError("OpenSTA is missing: install the Debian package opensta (its command is 'sta')") from None
    text = result.stdout + result.stderr
    (folder / f"{name}.log").write_text(text)
    error = re.search(r"^Error: (.*)$", text, re.MULTILINE)
    if result.returncode or error:
        what = error[1] if error else f"it stopped with status {result.returncode}"
        raise ToolError(f"OpenSTA failed: {what} (log: {folder / f'{name}.log'})")
    return text


def constraints(library: Library, clock: str = "clk") -> list[str]:
    """The constraints of every measurement: ideal clock, inputs from flip-flops, outputs into flip-flops."""
    unit = library.time_ps
    return [
        f"create_clock -name clock -period {_LONG * library.fo4_ps / unit:g} [get_ports {clock}]",
        "set data [list]",
        f'foreach port [all_inputs] {{ if {{[get_property $port full_name] ne "{clock}"}} {{ lappend data $port }} }}',
        f"set_driving_cell -lib_cell {library.driver} -pin {library.driver_output} $data",
        f"set_input_delay {library.flop_delay_ps / unit:g} -clock clock $data",
        f"set_output_delay {library.flop_setup_ps / unit:g} -clock clock [all_outputs]",
        f"set_load {library.load_ff / library.cap_ff:g} [all_outputs]",
    ]


def measure(library: Library, netlists: dict[str, str], top: str, folder: Path, *, clock: str = "clk") -> dict[str, Timing]:
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

    Returns
    -------
    dict of Timing
        By the same names.
    """
    commands = [f"read_liberty {library.mapping}"]
    inside = "-from [all_registers -edge_triggered -clock_pins] -to [all_registers -edge_triggered -data_pins]"
    paths = (("REGISTER", inside), ("INTO", "-to [all_registers -edge_triggered -data_pins]"), ("OUT", "-to [all_outputs]"))
    for name, path in netlists.items():
        commands += [f"read_verilog {path}", f"link_design {top}", *constraints(library, clock), f'puts "NETLIST {name}"']
        for kind, where in paths:
            commands += [
                f"set path [lindex [find_timing_paths -path_delay max {where}] 0]",
                f'if {{$path ne "" && $path ne "NULL"}} {{ puts "{kind} [get_property $path slack]" }}',
            ]
        commands += ['puts "PATH"', f"report_checks -path_delay max {paths[1][1]} -digits 4", 'puts "END"']
    text = run(commands, folder, "timing")
    period = _LONG * library.fo4_ps
    found = {}
    for block in re.split(r"^NETLIST ", text, flags=re.MULTILINE)[1:]:
        slacks = {kind: float(value) * library.time_ps for kind, value in re.findall(r"^(REGISTER|INTO|OUT) (\S+)$", block, re.MULTILINE)}
        needs = {kind: (period - slack) / 1e3 for kind, slack in slacks.items()}
        path = block.partition("PATH\n")[2].partition("END")[0].strip()
        found[block.split("\n", 1)[0].strip()] = Timing(max(needs.values(), default=0.0), needs.get("REGISTER", 0.0), path)
    return found
