"""``bitloom pim synth``: the controller through the synthesis flow."""

from __future__ import annotations

import argparse
from functools import partial
from pathlib import Path
from typing import Any

from gen.cli.console import Console, table
from gen.cli.summary import missed
from gen.keys import MAX_CLOCK_NS, MIN_CLOCK_NS
from gen.pim.named import system_of
from gen.pim.trace import Trace
from hdl.params import CheckFailed, ConfigError, Problem, ToolError
from hdl.params.pim import PimParams

__all__ = ["command"]

#: The report, and the folder of scripts, logs and netlists.
REPORT, WORK = "pim-synth.json", "synth"


def command(options: argparse.Namespace, console: Console) -> int:
    """Write Verilog, C header, SystemRDL and the report of a controller to a folder."""
    from gen.output import open_output
    from gen.pim.hardware import pim_verilog
    from gen.pim.registers import c_header, systemrdl
    from hdl.pim.registers import pim_registers
    from synth_scripts.controller.controller import synthesise_controller

    if options.clock is not None and not MIN_CLOCK_NS <= options.clock <= MAX_CLOCK_NS:
        legal = f"must be {MIN_CLOCK_NS:g} to {MAX_CLOCK_NS:g} ns, not {options.clock:g}"
        raise ConfigError([Problem("", legal)], "--clock")
    params = system_of(options.system)
    registers = pim_registers(params)
    folder = options.output or Path("build") / f"pim-{Path(options.system).stem}"
    with open_output(folder, force=options.force) as output:
        if (output.read_json(REPORT) or {}).get("system") != params.hash:
            output.protect([REPORT])
        output.write("bitloom_pim.v", pim_verilog(params))
        output.write("bitloom_pim.h", c_header(registers))
        output.write("bitloom_pim.rdl", systemrdl(registers))
        with console.doing("synthesise"):
            found = synthesise_controller(
                params,
                output.workdir(WORK),
                library=options.library,
                lef=options.lef,
                wires=_wires(options.wires),
                clock_ns=options.clock,
                effort=options.effort,
                record=partial(_record, params, options.effort, console),
            )
        output.write_json(REPORT, found)
        where = output / REPORT
    console.say(_text(found))
    console.say(f"report  {where}")
    console.json(found)
    if not found["clock_met"]:
        raise CheckFailed(missed(found))
    return 0


def _record(params: PimParams, effort: str, console: Console) -> Trace | None:
    """A program for the netlist to repeat; none at effort quick, and where there is no Verilator."""
    from sim_tb.pim.bench.trace import record
    from sim_tb.tools import find_verilator

    if effort == "quick":
        return None
    try:
        find_verilator()
    except ToolError as error:
        console.detail(f"power follows a rule: {error}")
        return None
    return record(params)


def _wires(text: str) -> str | float:
    """A number where it is one."""
    try:
        return float(text)
    except ValueError:
        return text


def _text(found: dict[str, Any]) -> str:
    unit = found["area_unit"]
    lines = [
        f"synthesised on {found['library']}, {found['corner']}",
        f"area   {found['area_um2']:,.0f} {unit} of cells, {found['gate_equivalents']:,.0f} NAND2, without macros",
        table([_row(each) for each in found["blocks"]], "  "),
        f"macros {found['macro_bits']:,} bits, an estimated {found['macro_area_estimate_um2']:,.0f} {unit}",
        f"clock  {found['fmax_mhz']:,.1f} MHz at best, {found['period_fo4']:.1f} FO4",
        *(f"  {text}" for text in [missed(found)] if text),
        *_wired(found),
    ]
    for words, state in (("", ""), (", idle", "idle_")):
        total = found[f"{state}power_mw"]
        if total is not None:
            parts = ", ".join(f"{name} {value:,.2f}" for name, value in found[f"{state}power_parts_mw"].items())
            lines.append(f"power{words}  {total:,.1f} mW at {found['clock_ns']:.2f} ns ({parts})")
    if found["power_mw"] is not None:
        lines.append(f"  {found['power_model']}")
    other, here = found["published"], found["at_28_nm"]
    lines += [
        f"beside {other['area_mm2']} mm2 and {other['power_mw']} mW, which PIM-GPT gives for its controller at "
        f"{other['node_nm']} nm and {other['clock_mhz']:,} MHz:",
        f"  scaled to 28 nm, {here['logic_mm2']:.2f} mm2 of logic, {here['memory_mm2']:.2f} mm2 of memory, "
        f"{here['clock_mhz']:,.0f} MHz",
        f"  {found['scaling']}",
    ]
    return "\n".join(lines)


def _wired(found: dict[str, Any]) -> list[str]:
    """What wires are counted, and what figures are without."""
    if not found["wire_ff_per_sink"]:
        return []
    lines = [f"wires  {found['wire_ff_per_sink']:g} fF for each sink of a net ({found['wires']}); without"]
    if found["fmax_mhz_wireless"]:
        lines[0] += f" {found['fmax_mhz_wireless']:,.1f} MHz"
    if found["power_mw_wireless"]:
        lines[0] += f", {found['power_mw_wireless']:,.1f} mW at the clock with them"
    return lines


def _row(block: dict[str, Any]) -> list[str]:
    powers = ((block["power_mw"], "mW"), (block["idle_power_mw"], "mW idle"))
    return [
        *(block["block"], f"{block['area_um2']:,.0f}", f"{block['share']:.1%}"),
        *("" if power is None else f"{power:,.2f} {unit}" for power, unit in powers),
    ]
