"""Area efficiency of OPT1 against the best MAC: throughput over cell area, each design at its own best clock.

The MAC is the strongest that can be built: as operators, with every multiplier and adder style of Yosys, and as one
fused Booth multiply-accumulate; the better one stands for it. Every design goes through the same flow with the same
clock targets. The target is 1.8 for the core of the output-stationary array on every library; the engine figures stand
beside. The other arrays are compared on the first library only, with what the paper reports for its 28 nm designs as
the target: 1.27 for systolic arrays, 1.28 for the cube, and 1.56 and 1.44 for the adder tree and the 2D matrix, which
are the figures of OPT1 with OPT2 where both are built.

Libraries: osu018 from its Debian package, and the open libraries in the folder given by --pdk or BITLOOM_PDK.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import Any

from bench._common import Settings, add_library_options, libraries
from bench._judge import Judge
from gen.emit.verilog import emit
from hdl.params import MULTIPLIERS, BitloomError, EngineParams
from hdl.params.points import named_beside
from synth_scripts.engine.run import synthesise
from synth_scripts.module.styles import EFFORTS

TARGET = 1.8
#: The other arrays, and what Wu et al. (HPCA 2025) report of each.
REPORTED = (("systolic_ws", 1.27), ("cube", 1.28), ("adder_tree", 1.56), ("matrix_2d", 1.44))
CORE, ENGINE = "gops_per_mm2_core", "gops_per_mm2_engine"


def figures(params: EngineParams, settings: Settings) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        found = synthesise(params, emit(params), settings, Path(folder), with_power=False)
    return {"scheme": params.scheme, **found}


def line(design: dict[str, Any]) -> str:
    return (
        f"    {design['scheme']:5s} core {design['core_area_um2']:12,.0f} um2 {design['core_fmax_mhz']:7.0f} MHz "
        f"{design[CORE]:10.1f} GOPS/mm2   engine {design['engine_area_um2']:12,.0f} um2 "
        f"{design['engine_fmax_mhz']:7.0f} MHz {design[ENGINE]:10.1f} GOPS/mm2   {design['style']}"
    )


def compare(base: EngineParams, settings: Settings, name: str, target: float, judge: Judge) -> None:
    """The carry-save schemes of an array against its best MAC; prints all, and judges the core."""
    macs = [figures(replace(base, scheme="mac", multiplier=kind), settings) for kind in MULTIPLIERS]
    others = named_beside(base)
    ours = [figures(other, settings) for other in others if other.axes.saves_carries and not other.data_dependent]
    mac, best = (max(designs, key=lambda design: float(design[CORE])) for designs in (macs, ours))
    core = best[CORE] / mac[CORE]
    engine = max(design[ENGINE] for design in ours) / max(design[ENGINE] for design in macs)
    size = f"{base.rows}x{base.cols}" + (f"x{base.depth}" if base.deep else "")
    print(f"  {name} ({mac['corner']}), {base.array} {size}: engine {engine:.2f}")
    for design in (*ours, mac):
        print(line(design), flush=True)
    judge.least(f"{name}, {base.array} {size}, core of {best['scheme']} over that of mac", target, core)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_library_options(parser)
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="normal")
    parser.add_argument("--sizes", type=int, nargs="*", default=[8, 16], help="of the output-stationary array")
    parser.add_argument("--size", type=int, default=8, help="of the others, in every direction; 0: none")
    options = parser.parse_args()
    settings = libraries(options)
    settings.pop("unit", None)
    if not settings:
        print("no cell library found: install qflow-tech-osu018, or name a folder with --pdk", file=sys.stderr)
        return 2
    print("area efficiency against the best mac, 8 x 8 bit, 32-bit accumulator")
    judge = Judge()
    for name, setting in settings.items():
        for size in options.sizes:
            base = EngineParams(rows=size, cols=size, scheme="opt1")
            compare(base, Settings(setting, options.effort), name, TARGET, judge)
    name, setting = next(iter(settings.items()))
    for array, target in REPORTED if options.size else ():
        size = options.size
        base = EngineParams(array=array, rows=size, cols=size, depth=size, scheme="opt1")
        compare(base, Settings(setting, options.effort), name, target, judge)
    return judge.status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BitloomError as error:
        sys.exit(f"error: {error}")
