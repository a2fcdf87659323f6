"""Area efficiency of OPT1 against the best MAC: throughput over cell area, each design at its own best clock.

The MAC is the strongest that can be built: as operators, with every multiplier and adder style of Yosys, and as one
fused Booth multiply-accumulate; the better one stands for it. Every design goes through the same flow with the same
clock targets. The target is 1.8 for the core on every library; the engine figures stand beside.

Libraries: osu018 from its Debian package, and the open libraries in the folder given by --pdk or BITLOOM_PDK.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from gen.emit.verilog import emit
from hdl.params import BitloomError, EngineParams
from hdl.params.engine import MULTIPLIERS
from synth_scripts.run import synthesise
from synth_scripts.sources import OSU018
from synth_scripts.styles import EFFORTS

TARGET = 1.8
#: Name -> file or folder below the PDK folder.
OPEN_LIBRARIES = {"sky130": "sky130hd_tt.lib.gz", "sg13g2": "sg13g2_typ.lib.gz", "asap7": "asap7_rvt_tt"}


@dataclass(frozen=True)
class Settings:
    library: str
    effort: str
    clock_ns: str = "auto"


def libraries(pdk: Path) -> dict[str, str]:
    """The libraries that are here."""
    found = {"osu018": "osu018"} if OSU018.exists() else {}
    return found | {name: str(pdk / entry) for name, entry in OPEN_LIBRARIES.items() if (pdk / entry).exists()}


def figures(params: EngineParams, settings: Settings) -> dict[str, Any]:
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        return synthesise(params, emit(params), settings, Path(folder), with_power=False)


def best_mac(params: EngineParams, settings: Settings, key: str) -> dict[str, Any]:
    """The MAC with the greatest figure ``key``."""
    designs = [figures(replace(params, scheme="mac", multiplier=name), settings) for name in MULTIPLIERS]
    return max(designs, key=lambda design: float(design[key]))


def line(scheme: str, design: dict[str, Any]) -> str:
    return (
        f"    {scheme:5s} core {design['core_area_um2']:12,.0f} um2 {design['core_fmax_mhz']:7.0f} MHz "
        f"{design['gops_per_mm2_core']:10.1f} GOPS/mm2   engine {design['engine_area_um2']:12,.0f} um2 "
        f"{design['engine_fmax_mhz']:7.0f} MHz {design['gops_per_mm2_engine']:10.1f} GOPS/mm2   {design['style']}"
    )


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    root = Path(__file__).resolve().parents[1]
    parser.add_argument("--pdk", type=Path, default=os.environ.get("BITLOOM_PDK") or root.parent / "shared" / "pdk")
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="normal")
    parser.add_argument("--sizes", type=int, nargs="+", default=[8, 16])
    parser.add_argument("--libraries", nargs="+", metavar="NAME", help="only these")
    options = parser.parse_args()
    settings = libraries(Path(options.pdk))
    if options.libraries:
        settings = {name: setting for name, setting in settings.items() if name in options.libraries}
    if not settings:
        print("no cell library found: install qflow-tech-osu018, or name a folder with --pdk", file=sys.stderr)
        return 2
    worst = float("inf")
    print(f"area efficiency of opt1 against the best mac, 8 x 8 bit, 32-bit accumulator (target: core {TARGET})")
    for name, setting in settings.items():
        for size in options.sizes:
            chosen = Settings(setting, options.effort)
            params = EngineParams(rows=size, cols=size, scheme="opt1")
            opt1 = figures(params, chosen)
            mac = best_mac(params, chosen, "gops_per_mm2_core")
            engine_mac = best_mac(params, chosen, "gops_per_mm2_engine")
            core = opt1["gops_per_mm2_core"] / mac["gops_per_mm2_core"]
            engine = opt1["gops_per_mm2_engine"] / engine_mac["gops_per_mm2_engine"]
            worst = min(worst, core)
            print(f"  {name} ({opt1['corner']}), {size}x{size}: core {core:.2f}, engine {engine:.2f}", flush=True)
            print(f"{line('opt1', opt1)}\n{line('mac', mac)}", flush=True)
    print(f"least core ratio {worst:.2f}: {'reached' if worst >= TARGET else 'NOT reached'}")
    return 0 if worst >= TARGET else 1


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BitloomError as error:
        sys.exit(f"error: {error}")
