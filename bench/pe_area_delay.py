"""Area times delay of the PE alone, against the PE that everybody builds and against the published RTL.

The boundary is that of the published PEs: both operand registers and the accumulator are inside; drain, final adder and
skew are not. Where our PE leaves the register of its digit to the row (OPT4C, OPT4E), one is put in front of it. The
baseline, 1.0, is the ``mac`` PE of operators with Yosys' Booth multiplier (``synth -booth``), at its own best area x
delay over all adders and mapping scripts; the same PE with any of Yosys' multipliers, and our own fused Booth ``mac``,
stand beside it. Every design has the same clock targets, effort and library. The targets are 1 / 1.5 of what the
published RTL reaches against the same baseline on a 45 nm library, and hold for the median over the libraries.

Libraries: osu018 from its Debian package, and the open libraries in the folder given by --pdk or BITLOOM_PDK.
"""

from __future__ import annotations

import argparse
import re
import statistics
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from bench._common import add_library_options, libraries
from bench._judge import Judge
from gen.emit.verilog import emit
from hdl.params import BitloomError, EngineParams
from synth_scripts.library.library import Library
from synth_scripts.library.load import load
from synth_scripts.module.flow import Result, area_delay, synthesise_module
from synth_scripts.module.styles import EFFORTS, Effort
from synth_scripts.netlist.hierarchy import Hierarchy

#: What has the PEs, and the targets of those that are judged.
PES: tuple[tuple[dict[str, Any], float | None], ...] = (
    ({"scheme": "opt1", "carry_every": 1}, 0.515),
    ({"array": "matrix_2d", "scheme": "opt3", "carry_every": 1}, 0.180),
    ({"array": "matrix_2d", "scheme": "opt4c", "carry_every": 1}, 0.147),
    ({"array": "matrix_2d", "scheme": "opt2", "carry_every": 1}, None),
    ({"array": "matrix_2d", "scheme": "opt4e", "carry_every": 1}, None),
    ({"array": "matrix_2d", "scheme": "laconic", "depth": 16}, None),
)


@dataclass(frozen=True)
class Design:
    """A PE: its Verilog, its module, how many lanes share it, and the target if it is judged."""

    text: str
    module: str
    lanes: int = 1
    target: float | None = None


def pe(params: EngineParams) -> Design:
    """The PE of an engine; with a register in front of ``action``, which selects its digits, where it is told those."""
    emission, lanes = emit(params), params.k_step
    module = emission.modules["pe"]
    if not params.axes.skips_by_row or params.axes.recodes_in_pe:
        return Design(emission.text, module, lanes)
    return Design(f"{emission.text}\n{boundary(emission.text, module, 'action')}", f"{module}_registered", lanes)


def boundary(text: str, module: str, register: str) -> str:
    """A module around another one, in which one input is a register."""
    body = Hierarchy(text).texts[module]
    ports = re.findall(r"^  (input|output) (?:reg )?(\[\d+:0\] )?(\w+),?$", body, re.MULTILINE)
    width = next(width for _, width, name in ports if name == register)
    names = [name for _, _, name in ports]
    lines = [f"module {module}_registered({', '.join(names)});"]
    lines += [f"  {direction} {width}{name};" for direction, width, name in ports]
    lines += [f"  reg {width}held;", f"  always @(posedge clk) held <= {register};"]
    places = ", ".join(f".{name}({'held' if name == register else name})" for name in names)
    return "\n".join([*lines, f"  {module} pe ({places});", "endmodule", ""])


def designs() -> dict[str, Design]:
    """The PEs. They keep a carry bit in every column, as the published ones do."""
    engines = {EngineParams(rows=2, cols=2, **values): target for values, target in PES}
    return {params.scheme: replace(pe(params), target=target) for params, target in engines.items()}


def targets() -> Iterator[tuple[str, float]]:
    """The PEs that are judged, and their targets."""
    return ((values["scheme"], target) for values, target in PES if target is not None)


def best(library: Library, design: Design, effort: str | Effort) -> Result:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        return synthesise_module(library, design.text, design.module, Path(folder), effort=effort)


def measure(library: Library, made: dict[str, Design], effort: str) -> dict[str, float]:
    """Area x delay of every design over the baseline's; prints them."""
    operators = pe(EngineParams(scheme="mac", multiplier="inferred", rows=2, cols=2))
    fused = pe(EngineParams(scheme="mac", multiplier="fused", rows=2, cols=2))
    results = {
        "mac, booth": best(library, operators, replace(EFFORTS[effort], multipliers=("booth",))),
        "mac, any": best(library, operators, effort),
        "mac, fused": best(library, fused, effort),
        **{name: best(library, design, effort) for name, design in made.items()},
    }
    base, strong = (area_delay(results[name].best) for name in ("mac, booth", "mac, fused"))
    print(f"  {library.name}, {library.corner_text}")
    ratios = {}
    for name, result in results.items():
        found = result.best
        ratios[name] = area_delay(found) / base
        lanes = made[name].lanes if name in made else 1
        each = f"; a lane of {lanes}: {ratios[name] / lanes:.3f}" if lanes > 1 else ""
        print(
            f"    {name:11s} {found.area:10,.1f} {'NAND2' if library.is_unit else 'um2'} {found.period:8.4f} ns  "
            f"{ratios[name]:6.3f}  (over the fused mac {area_delay(found) / strong:6.3f}{each})  {found.name}",
            flush=True,
        )
    return ratios


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_library_options(parser)
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="normal")
    parser.add_argument("--only", nargs="+", metavar="NAME", help="only these")
    options = parser.parse_args()
    settings = libraries(options)
    if not settings:
        print("no such cell library: install qflow-tech-osu018, or name a folder with --pdk", file=sys.stderr)
        return 2
    made = {name: design for name, design in designs().items() if name in (options.only or designs())}
    print("area x delay of a PE, 8 x 8 bit, over the mac with Yosys' Booth multiplier (1.0); carry_every = 1")
    found = [measure(load(setting), made, options.effort) for setting in settings.values()]
    judge = Judge()
    print(f"median over {', '.join(settings)}")
    for name in made:
        median = statistics.median(ratios[name] for ratios in found)
        target = made[name].target
        if target is None:
            print(f"  {name:11s} {median:6.3f}  for information")
        else:
            judge.most(f"area x delay of the PE of {name}", target, median, "{:.3f}")
    return judge.status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BitloomError as error:
        sys.exit(f"error: {error}")
