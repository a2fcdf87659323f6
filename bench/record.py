"""Every engine that has a name against a committed record: no larger and no slower than it was.

The record is of the commit before engines became points of axes. Compared are area of the cells of engine and core,
clock, area of everything times clock, latency, cycles and bytes of Verilog; each may be 2 % above the record, and as
far below it as it likes. One cycle of latency has been spent since: operands wait in front of the recoders. What
figures hold since, and the record does not, is left out of both: the load of wires, and areas out of LEF files.
Engines are small, and synthesised at quick effort. Such a search has few netlists to choose from: the order of two
assignments in a module is enough to move its best one by some percent along the curve of area and clock. So an engine
that misses one of these two is synthesised again, for the record's clock: it holds if one netlist is both, no larger
and no slower.

``--write COMMIT --checkout FOLDER`` measures another checkout, through its command line, and makes that the record:
needed where other tools are to be used.
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
import time
from collections.abc import Collection, Mapping
from pathlib import Path
from typing import Any

from bench._common import engines
from bench._judge import Judge
from bench.figures.cli import ROOT, run
from bench.figures.store import RESULTS
from gen.cli.versions import versions
from gen.output import to_json
from hdl.params import BitloomError, EngineParams
from synth_scripts.library.sources import OSU018

RECORD = RESULTS / "record.json"
SIZE = 4
#: What a figure may be above the record.
TOLERANCE = 0.02
#: Since the record, what has been given for clock.
SPENT = {"latency": 1}
#: Figures as those of the record: without what they have held since.
ALIKE: dict[str, Any] = {"wires": "none", "lef": "none"}
#: What is compared, by its unit.
FIGURES = {
    "engine": "um2",
    "core": "um2",
    "clock": "ns",
    "area x clock": "um2 ns",
    "latency": "cycles",
    "step": "cycles",
    "drain": "cycles",
    "verilog": "bytes",
}
#: Those of which a search takes one for the other.
TRADED = ("engine", "clock")
Figures = dict[str, float | None]


def name_of(params: EngineParams) -> str:
    return f"{params.array} {params.scheme}"


def measure(params: EngineParams, checkout: Path, alike: Mapping[str, Any]) -> Figures:
    """The figures of one engine with further keys of ``synth``; None where the operands decide.

    ``step`` is what a step of K takes in a streak, by simulation where the operands decide; ``drain`` the least time
    from one tile to the next.
    """
    sizes = {name: getattr(params, name) for name in ("array", "scheme", "rows", "cols", "depth")}
    settings = {**sizes, "library": "osu018", "effort": "quick", "compare": [], **alike}
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        Path(folder, "engine.toml").write_text("")
        options = [f"--set={key}={json.dumps(value)}" for key, value in settings.items()]
        command = ("synth", "engine.toml", "-o", "out", "--json", *options)
        found = json.loads(run(*command, folder=folder, checkout=checkout, missed=True))
        manifest = json.loads(Path(folder, "out", "manifest.json").read_text())
        size = sum(path.stat().st_size for path in Path(folder, "out").glob("*.v"))
    area, clock = found["engine_total_area_um2"], found["clock_ns"]
    values = (
        *(found["engine_area_um2"], found["core_area_um2"], clock, area * clock),
        *(manifest["latency"], params.rows * params.cols / found["macs_per_cycle"]),
        *(manifest["tile_interval"]["drain_cycles"], size),
    )
    return dict(zip(FIGURES, values, strict=True))


def changes(now: Figures, then: Figures, keys: Collection[str]) -> tuple[str, list[str]]:
    """How much each figure has changed, in words, and which of them are beyond the tolerance."""
    shown, missed = [], []
    for key in keys:
        new, old = now[key], then[key]
        if new is None or old is None:
            missed += [key] if new is not old else []
            continue
        shown += [f"{key} {new / old - 1:+.1%}"] if old else []
        missed += [key] if new > old * (1 + TOLERANCE) + SPENT.get(key, 0) else []
    return "  ".join(shown), missed


def compared(params: EngineParams, checkout: Path, then: Figures, judge: Judge) -> None:
    """Prints how much each figure has changed, and judges whether all are within the tolerance."""
    name = name_of(params)
    shown, missed = changes(measure(params, checkout, ALIKE), then, FIGURES)
    print(f"{name:18} {shown}")
    if missed and set(missed) <= set(TRADED):
        again = measure(params, checkout, ALIKE | {"clock_ns": then["clock"]})
        shown, missed = changes(again, then, TRADED)
        print(f"{'':18} for the record's clock: {shown}")
    found = ", ".join(missed) + " above" if missed else "all within"
    judge.says(f"{name}, every figure", f"at most {TOLERANCE:.0%} above the record", found, met=not missed)


def write(chosen: list[EngineParams], checkout: Path, commit: str) -> None:
    """Measure a checkout, and keep that as the record."""
    made: dict[str, Any] = {"commit": commit, "measured": time.strftime("%Y-%m-%d"), "versions": versions()}
    made |= {"size": SIZE, "units": FIGURES, "engines": {}}
    for params in chosen:
        made["engines"][name_of(params)] = measure(params, checkout, {})
        print(name_of(params), made["engines"][name_of(params)], flush=True)
        RECORD.write_text(to_json(made), encoding="utf-8")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", metavar="WORD", help="engines with one of these in their names")
    parser.add_argument(
        "--write", metavar="COMMIT", help="keep what is measured as the record, which is of that commit"
    )
    parser.add_argument("--checkout", type=Path, default=ROOT, help="what is measured instead of this checkout")
    options = parser.parse_args()
    if not OSU018.exists():
        print("the record is of another library: install qflow-tech-osu018", file=sys.stderr)
        return 2
    chosen = [each for each in engines(SIZE, SIZE) if any(word in name_of(each) for word in options.only or [""])]
    if options.write:
        write(chosen, options.checkout.resolve(), options.write)
        return 0
    record = json.loads(RECORD.read_text(encoding="utf-8"))
    print(
        f"engines of {SIZE}x{SIZE} on osu018, against {record['commit']}: each figure at most {TOLERANCE:.0%} above it"
    )
    for tool, version in versions().items():
        if (then := record["versions"].get(tool)) != version:
            print(f"note: the record was made with {tool} {then}, this is {version}")
    judge = Judge()
    for each in chosen:
        compared(each, options.checkout, record["engines"][name_of(each)], judge)
    return judge.status


if __name__ == "__main__":
    try:
        sys.exit(main())
    except BitloomError as error:
        sys.exit(f"error: {error}")
