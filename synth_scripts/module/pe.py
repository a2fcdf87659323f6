"""Command line: the best area, clock period and their product of one module, on one or more libraries.

``python -m synth_scripts.module.pe FILE.v TOP --library osu018 [--library FILE.lib.gz] [--effort quick|normal|full]``
"""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from pathlib import Path

from hdl.params.errors import BitloomError
from synth_scripts.library.load import load
from synth_scripts.module.flow import area_delay, critical_path, synthesise_module
from synth_scripts.module.styles import EFFORTS

__all__ = ["main"]


def main(arguments: list[str] | None = None) -> int:
    """Run the command line and return the exit status."""
    parser = argparse.ArgumentParser(
        prog="synth_scripts.module.pe", description="Best area and clock of one Verilog module."
    )
    parser.add_argument("file", type=Path)
    parser.add_argument("top")
    parser.add_argument("--library", action="append", help="osu018, unit, a Liberty file or a folder of them")
    parser.add_argument("--effort", choices=sorted(EFFORTS), default="normal")
    parser.add_argument("--all", type=int, default=0, metavar="N", help="list the N best candidates")
    parser.add_argument("--path", action="store_true", help="print the critical path")
    parser.add_argument("--keep", type=Path, help="keep scripts, logs and the netlist in this folder")
    options = parser.parse_args(arguments)
    try:
        for setting in options.library or ["auto"]:
            _report(options, setting)
    except BitloomError as error:
        print(f"error: {error}", file=sys.stderr)
        return error.exit_status
    return 0


def _report(options: argparse.Namespace, setting: str) -> None:
    begin = time.perf_counter()
    library = load(setting)
    with tempfile.TemporaryDirectory(prefix="bitloom_") as scratch:
        folder = options.keep / library.name if options.keep else Path(scratch)
        result = synthesise_module(library, options.file.read_text(), options.top, folder, effort=options.effort)
        path = critical_path(library, result, folder, result.best.period) if options.path else ""
    best = result.best
    print(
        f"{library.name:28s} {options.top:18s} area {best.area:10.3f} (seq {best.sequential_area:.3f})  "
        f"period {best.period:.4f} ns (reg-reg {best.register_period:.4f})  area*period {area_delay(best):.4f}  "
        f"[{best.name}; {len(result.tried)} tried, {time.perf_counter() - begin:.0f} s, {result.timing_by}]"
    )
    for candidate in sorted(result.tried, key=area_delay)[: options.all]:
        print(f"    {area_delay(candidate):12.4f}  {candidate.area:10.3f}  {candidate.period:.4f}  {candidate.name}")
    if path:
        print(path)


if __name__ == "__main__":
    sys.exit(main())
