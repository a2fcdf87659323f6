"""A timing model of a synthesised module: its ports' setup times, delays and loads as a Liberty cell.

An engine has thousands of equal PEs. Their insides are timed once; the engine's timing sees each as one cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from synth_scripts.library.library import Library
from synth_scripts.timing import sta
from synth_scripts.work.yosys import LIBRARY

__all__ = ["Block", "Pin", "characterise", "liberty", "port_loads"]

_PERIOD_FO4 = 1000
#: When inputs arrive, as a part of the period.
EARLY = 0.2


@dataclass(frozen=True)
class Block:
    """A module as a cell.

    Parameters
    ----------
    name : str
    liberty : str
        The cell in a library of its own, as Liberty text.
    loads : dict
        Capacitance of each input bit, fF.
    """

    name: str
    liberty: str
    loads: dict[str, float]


@dataclass(frozen=True)
class Pin:
    """The timing of one bit of a port, in the library's unit.

    Parameters
    ----------
    setup : float or None
        Setup time of an input, to the clock.
    launch : (near, far) or None
        From the clock to an output, without load and with a large one.
    through : tuple of (input bit, near, far)
        The same from inputs to an output.
    """

    setup: float | None = None
    launch: tuple[float, float] | None = None
    through: tuple[tuple[str, float, float], ...] = ()


def characterise(library: Library, netlist: str, top: str, area: float, folder: Path, clock: str = "clk") -> Block:
    """Time a module's ports with OpenSTA and write them down.

    Inputs are driven at a slew of one FO4; outputs are timed at two loads, and their delay taken as linear between.

    Raises
    ------
    ToolError
        Where OpenSTA fails.
    """
    (folder / f"{top}.v").write_text(netlist)
    ports = _ports(netlist, top)
    unit = library.time_ps
    far_ff = 40 * library.load_ff
    period = _PERIOD_FO4 * library.fo4_ps / unit
    bits = {port: _bits(port, width) for port, (_, width) in ports.items()}
    inputs = [bit for port, (kind, _) in ports.items() if kind == "input" and port != clock for bit in bits[port]]
    outputs = [bit for port, (kind, _) in ports.items() if kind == "output" for bit in bits[port]]
    text = sta.run(
        [
            f"read_liberty {LIBRARY}",
            f"read_verilog {top}.v",
            f"link_design {top}",
            f"create_clock -name clock -period {period:g} [get_ports {clock}]",
            *_commands(_passes(library), inputs, outputs, library.fo4_ps / unit, period, far_ff / library.cap_ff),
        ],
        folder,
        f"{top}_block",
        {LIBRARY: library.mapping},
    )
    # find_timing_paths gives slacks: what is left of the period.
    setup = {}
    for bit, slack in re.findall(r"^SETUP (\S+) (\S+)$", text, re.MULTILINE):
        value = period * (1 - EARLY) - float(slack)
        if value > 0.4 * period:
            # The latch of a composed clock gate: it opens in the middle of the period and closes at its end.
            value += (library.flop_setup_ps + 2 * library.fo4_ps) / unit - period / 2
        setup[bit] = value
    launch: dict[str, dict[str, float]] = defaultdict(dict)
    for load, bit, slack in re.findall(r"^(NEAR|FAR) (\S+) (\S+)$", text, re.MULTILINE):
        launch[bit][load] = period - float(slack)
    through: dict[str, dict[str, dict[str, float]]] = defaultdict(lambda: defaultdict(dict))
    for load, begin, bit, slack in re.findall(r"^THROUGH_(NEAR|FAR) (\S+) (\S+) (\S+)$", text, re.MULTILINE):
        through[bit][begin][load] = period * (1 - EARLY) - float(slack)
    pins = {bit: Pin(setup=setup.get(bit)) for bit in inputs} | {
        bit: Pin(
            launch=(launch[bit]["NEAR"], launch[bit]["FAR"]) if len(launch[bit]) == 2 else None,
            through=tuple((begin, at["NEAR"], at["FAR"]) for begin, at in through[bit].items() if len(at) == 2),
        )
        for bit in outputs
    }
    loads = port_loads(library, netlist, top)
    return Block(top, liberty(library, top, area, ports, pins, loads, far_ff, clock), loads)


def _passes(library: Library) -> list[str]:
    """Nothing passes through the latches of clock gates; OpenSTA 2.0.17 crashes where it looks for what does."""
    if library.latch_gate is None:
        return []
    cell, _, data, output = library.latch_gate["latch"]
    return [f"set_disable_timing [get_lib_cells */{cell}] -from {data} -to {output}"]


def _commands(
    passes: list[str], inputs: list[str], outputs: list[str], slew: float, period: float, far: float
) -> list[str]:
    """Setup times first, while outputs are not constrained; then delays to outputs, from flip-flops and from inputs."""
    # A list of quoted names, so that brackets in bus bits are not Tcl commands.
    tcl_inputs, tcl_outputs = (" ".join(f"{{{bit}}}" for bit in bits) for bits in (inputs, outputs))
    found = '$path ne "" && $path ne "NULL"'
    commands = [
        f"foreach port [list {tcl_inputs}] {{ set_input_transition {slew:g} [get_ports $port]; "
        f"set_input_delay {EARLY * period:g} -clock clock [get_ports $port] }}",
        f"foreach port [list {tcl_inputs}] {{",
        "  set path [lindex [find_timing_paths -path_delay max -from [get_ports $port]] 0]",
        f'  if {{{found}}} {{ puts "SETUP $port [get_property $path slack]" }}',
        "}",
        f"foreach port [list {tcl_outputs}] {{ set_output_delay 0 -clock clock [get_ports $port] }}",
        *passes,
        "set starts [all_registers -edge_triggered -clock_pins]",
        "set through [find_timing_paths -path_delay max -from [all_inputs] -to [all_outputs]]",
    ]
    for name, load in (("NEAR", 0.0), ("FAR", far)):
        commands += [
            f"foreach port [list {tcl_outputs}] {{",
            f"  set_load {load:g} [get_ports $port]",
            "  set path [lindex [find_timing_paths -path_delay max -from $starts -to [get_ports $port]] 0]",
            f'  if {{{found}}} {{ puts "{name} $port [get_property $path slack]" }}',
            "}",
            "if {[llength $through]} {",
            f"  foreach port [list {tcl_inputs}] {{",
            "    foreach path [find_timing_paths -path_delay max -from [get_ports $port] -to [all_outputs] "
            "-group_count 100000 -endpoint_count 1] {",
            "      set end [get_property [get_property $path endpoint] full_name]",
            f'      puts "THROUGH_{name} $port $end [get_property $path slack]"',
            "    }",
            "  }",
            "}",
        ]
    return commands


def _bits(port: str, width: int) -> list[str]:
    return [f"{port}[{i}]" for i in range(width)] if width > 1 else [port]


def _ports(netlist: str, top: str) -> dict[str, tuple[str, int]]:
    """Direction and width of every port of a module."""
    body = netlist[re.search(rf"^module {re.escape(top)}\b", netlist, re.MULTILINE).start() :]  # type: ignore[union-attr]
    found = re.findall(r"^\s*(input|output) (?:\[(\d+):0\] )?(\w+);", body, re.MULTILINE)
    return {port: (kind, int(high) + 1 if high else 1) for kind, high, port in found}


def port_loads(library: Library, netlist: str, top: str) -> dict[str, float]:
    """Capacitance at each input bit: the pins of the cells it is connected to."""
    loads: dict[str, float] = defaultdict(float)
    for kind, body in re.findall(r"^\s*(\w+) \S+ \(\n(.*?)\);", netlist, re.MULTILINE | re.DOTALL):
        pins = library.loads.get(kind)
        if pins is None:
            continue
        for pin, net in re.findall(r"\.(\w+)\(([^()\s]+)\s*\)", body):
            loads[net] += pins.get(pin, 0.0)
    return dict(loads)


def liberty(
    library: Library,
    top: str,
    area: float,
    ports: Mapping[str, tuple[str, int]],
    pins: Mapping[str, Pin],
    loads: Mapping[str, float],
    far_ff: float,
    clock: str = "clk",
) -> str:
    """A cell in a library of its own.

    Parameters
    ----------
    library : Library
        Gives units and slews.
    top : str
    area : float
    ports : mapping of str to (direction, width)
    pins : mapping of str to Pin
        By bit.
    loads : mapping of str to float
        Capacitance of each input bit, fF.
    far_ff : float
        The large load of output delays.
    clock : str
    """
    text = [
        f'library ({top}_block) {{ delay_model : table_lookup; time_unit : "1{_time_unit(library)}";',
        'capacitive_load_unit (1, ff); voltage_unit : "1V"; current_unit : "1mA";',
        'pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW";',
        "nom_process : 1; nom_voltage : 1; nom_temperature : 25;",
        *library.thresholds.attributes,
        f'lu_table_template (by_load) {{ variable_1 : total_output_net_capacitance; index_1 ("0, {far_ff:g}"); }}',
    ]
    for size in sorted({width for _, width in ports.values() if width > 1}):
        text.append(
            f"type (bits{size}) {{ base_type : array; data_type : bit; bit_width : {size}; "
            f"bit_from : {size - 1}; bit_to : 0; downto : true; }}"
        )
    text.append(f"cell ({top}) {{ area : {area:g};")
    slew = library.fo4_ps / library.time_ps
    for port, (kind, width) in ports.items():
        lines = []
        for bit in _bits(port, width):
            pin = pins.get(bit, Pin())
            if port == clock:
                inside = f"direction : input; clock : true; capacitance : {loads.get(bit, 0.0):g};"
            elif kind == "input":
                arcs = "" if pin.setup is None else _setup(pin.setup, clock)
                inside = f"direction : input; capacitance : {loads.get(bit, 0.0):g}; {arcs}"
            else:
                arcs = "" if pin.launch is None else _arc(clock, "rising_edge", *pin.launch, slew)
                arcs += "".join(_arc(begin, "combinational", near, far, slew) for begin, near, far in pin.through)
                inside = f"direction : output; {arcs}"
            lines.append(f"pin ({bit}) {{ {inside} }}")
        if width > 1:
            text.append(f"bus ({port}) {{ bus_type : bits{width}; direction : {kind};")
            text += [*lines, "}"]
        else:
            text += lines
    return "\n".join([*text, "}", "}", ""])


def _setup(value: float, clock: str) -> str:
    tables = " ".join(f'{edge}_constraint (scalar) {{ values ("{value:.6g}"); }}' for edge in ("rise", "fall"))
    return f"timing () {{ related_pin : {clock}; timing_type : setup_rising; {tables} }} "


def _arc(related: str, kind: str, near: float, far: float, slew: float) -> str:
    delays = " ".join(f'cell_{edge} (by_load) {{ values ("{near:.6g}, {far:.6g}"); }}' for edge in ("rise", "fall"))
    late = slew + 1.4 * (far - near)
    slews = " ".join(
        f'{edge}_transition (by_load) {{ values ("{slew:.6g}, {late:.6g}"); }}' for edge in ("rise", "fall")
    )
    where = f'related_pin : "{related}"; timing_type : {kind}; timing_sense : non_unate;'
    return f"timing () {{ {where} {delays} {slews} }} "


def _time_unit(library: Library) -> str:
    return {1.0: "ps", 1000.0: "ns"}[library.time_ps]
