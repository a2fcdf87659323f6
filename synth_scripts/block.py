"""A timing model of a synthesised module: its ports' setup times, delays and loads as a Liberty cell.

An engine has thousands of equal PEs. Their insides are timed once; the engine's timing sees each as one cell.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass
from pathlib import Path

from synth_scripts import sta
from synth_scripts.library import Library

__all__ = ["Block", "characterise", "port_loads"]

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


def characterise(library: Library, netlist: str, top: str, area: float, folder: Path, clock: str = "clk") -> Block:
    """Time a module's ports with OpenSTA and write them down.

    Inputs are driven at a slew of one FO4; outputs are timed at two loads, and their delay taken as linear between.
    Only modules whose outputs all come from flip-flops (no path from input to output) are described this way.

    Raises
    ------
    ToolError
        Where OpenSTA fails.
    """
    (folder / f"{top}.v").write_text(netlist)
    ports = _ports(netlist, top)
    unit, far = library.time_ps, 40 * library.load_ff / library.cap_ff
    period = _PERIOD_FO4 * library.fo4_ps / unit
    commands = [
        f"read_liberty {library.mapping}",
        f"read_verilog {top}.v",
        f"link_design {top}",
        f"create_clock -name clock -period {period:g} [get_ports {clock}]",
    ]
    inputs = [bit for name, (kind, bits) in ports.items() if kind == "input" and name != clock for bit in bits]
    outputs = [bit for kind, bits in ports.values() if kind == "output" for bit in bits]
    # A list of quoted names, so that brackets in bus bits are not Tcl commands.
    tcl_inputs, tcl_outputs = (" ".join(f"{{{bit}}}" for bit in bits) for bits in (inputs, outputs))
    commands += [
        f"foreach port [list {tcl_inputs}] {{ set_input_transition {library.fo4_ps / unit:g} [get_ports $port]; "
        f"set_input_delay {EARLY * period:g} -clock clock [get_ports $port] }}",
        f"foreach port [list {tcl_outputs}] {{ set_output_delay 0 -clock clock [get_ports $port] }}",
        f"foreach port [list {tcl_inputs}] {{",
        "  set path [lindex [find_timing_paths -path_delay max -from [get_ports $port]] 0]",
        '  if {$path ne "" && $path ne "NULL"} { puts "SETUP $port [get_property $path slack]" }',
        "}",
    ]
    for name, load in (("NEAR", 0.0), ("FAR", far)):
        commands += [
            f"foreach port [list {tcl_outputs}] {{",
            f"  set_load {load:g} [get_ports $port]",
            "  set path [lindex [find_timing_paths -path_delay max -to [get_ports $port]] 0]",
            f'  if {{$path ne "" && $path ne "NULL"}} {{ puts "{name} $port [get_property $path slack]" }}',
            "}",
        ]
    text = sta.run(commands, folder, f"{top}_block")
    found: dict[str, dict[str, float]] = defaultdict(dict)
    for kind, port, slack in re.findall(r"^(SETUP|NEAR|FAR) (\S+) (\S+)$", text, re.MULTILINE):
        value = period * ((1 - EARLY) if kind == "SETUP" else 1) - float(slack)
        if kind == "SETUP" and value > 0.4 * period:
            # The latch of a composed clock gate: it opens in the middle of the period and closes at its end.
            value += (library.flop_setup_ps + 2 * library.fo4_ps) / unit - period / 2
        found[kind][port] = value
    loads = port_loads(library, netlist, top)
    return Block(top, _liberty(library, top, area, ports, clock, found, loads, far), loads)


def _ports(netlist: str, top: str) -> dict[str, tuple[str, list[str]]]:
    """Direction and bits of every port of a module."""
    body = netlist[re.search(rf"^module {re.escape(top)}\b", netlist, re.MULTILINE).start() :]  # type: ignore[union-attr]
    ports = {}
    for kind, width, name in re.findall(r"^\s*(input|output) (\[\d+:\d+\] )?(\w+);", body, re.MULTILINE):
        if width:
            high, low = (int(part) for part in width.strip(" []").split(":"))
            ports[name] = (kind, [f"{name}[{i}]" for i in range(low, high + 1)])
        else:
            ports[name] = (kind, [name])
    return ports


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


def _liberty(
    library: Library,
    top: str,
    area: float,
    ports: dict[str, tuple[str, list[str]]],
    clock: str,
    found: dict[str, dict[str, float]],
    loads: dict[str, float],
    far: float,
) -> str:
    text = [
        f'library ({top}_block) {{ delay_model : table_lookup; time_unit : "1{_time_unit(library)}";',
        'capacitive_load_unit (1, ff); voltage_unit : "1V"; current_unit : "1mA";',
        'pulling_resistance_unit : "1kohm"; leakage_power_unit : "1nW";',
        "nom_process : 1; nom_voltage : 1; nom_temperature : 25;",
        "input_threshold_pct_rise : 50; input_threshold_pct_fall : 50;",
        "output_threshold_pct_rise : 50; output_threshold_pct_fall : 50;",
        "slew_lower_threshold_pct_rise : 20; slew_lower_threshold_pct_fall : 20;",
        "slew_upper_threshold_pct_rise : 80; slew_upper_threshold_pct_fall : 80;",
        "lu_table_template (by_load) { variable_1 : total_output_net_capacitance; "
        f'index_1 ("0, {far * library.cap_ff:g}"); }}',
    ]
    for size in sorted({len(bits) for _, bits in ports.values() if len(bits) > 1 or bits[0].endswith("]")}):
        text.append(
            f"type (bits{size}) {{ base_type : array; data_type : bit; bit_width : {size}; "
            f"bit_from : {size - 1}; bit_to : 0; downto : true; }}"
        )
    text.append(f"cell ({top}) {{ area : {area:g};")
    slew = library.fo4_ps / library.time_ps
    for name, (kind, bits) in ports.items():
        pins = []
        for bit in bits:
            if name == clock:
                pins.append(
                    f"pin ({bit}) {{ direction : input; clock : true; capacitance : {loads.get(bit, 0.0):g}; }}"
                )
            elif kind == "input":
                arcs = _setup(found["SETUP"].get(bit, 0.0), clock) if bit in found["SETUP"] else ""
                pins.append(f"pin ({bit}) {{ direction : input; capacitance : {loads.get(bit, 0.0):g}; {arcs}}}")
            else:
                near, distant = (found[key].get(bit) for key in ("NEAR", "FAR"))
                arcs = _launch(near, distant, slew, clock) if near is not None and distant is not None else ""
                pins.append(f"pin ({bit}) {{ direction : output; {arcs}}}")
        if len(bits) > 1 or bits[0].endswith("]"):
            text.append(f"bus ({name}) {{ bus_type : bits{len(bits)}; direction : {kind};")
            text += [*pins, "}"]
        else:
            text += pins
    return "\n".join([*text, "}", "}", ""])


def _setup(value: float, clock: str) -> str:
    tables = " ".join(f'{edge}_constraint (scalar) {{ values ("{value:.6g}"); }}' for edge in ("rise", "fall"))
    return f"timing () {{ related_pin : {clock}; timing_type : setup_rising; {tables} }} "


def _launch(near: float, far: float, slew: float, clock: str) -> str:
    delays = " ".join(f'cell_{edge} (by_load) {{ values ("{near:.6g}, {far:.6g}"); }}' for edge in ("rise", "fall"))
    late = slew + 1.4 * (far - near)
    slews = " ".join(
        f'{edge}_transition (by_load) {{ values ("{slew:.6g}, {late:.6g}"); }}' for edge in ("rise", "fall")
    )
    return f"timing () {{ related_pin : {clock}; timing_type : rising_edge; {delays} {slews} }} "


def _time_unit(library: Library) -> str:
    return {1.0: "ps", 1000.0: "ns"}[library.time_ps]
