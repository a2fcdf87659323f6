"""Transformed engines over plain ones, and those with digits in time over Laconic: medians over the libraries.

Nothing is measured here: ``python -m bench.figures measure --only comparison`` does that, for hours, and keeps what it
finds in ``bench/results/comparison.json``. In each figure the best transformed design is compared with the best plain
one; macros count into an engine's area, glitches into its energy. docs/comparison.md shows the same figures, and those
of the best engines library by library, beside the paper's.
"""

from __future__ import annotations

import argparse
from statistics import median

from bench._judge import Judge
from bench.figures.comparison.designs import CONTESTS, LIBRARIES
from bench.figures.comparison.results import AIMS, each_median, missing, over_laconic, pairs
from bench.figures.store import entries

#: What each ratio is of that is wanted.
JUDGED = {
    "area_core": "core, area efficiency",
    "area_engine_total": "engine, area efficiency",
    "glitch_energy_engine": "engine, energy with glitches",
}
#: What is wanted of the best design with digits in time over Laconic.
OVER_LACONIC = {"core, area efficiency": ("area_core", 4.0), "engine, area efficiency": ("area_engine_total", 3.0)}


def judged(judge: Judge, what: str, target: float, found: float | None) -> None:
    """A median, or that there is none."""
    if found is None:
        judge.says(what, f"at least {target:.2f}", "nothing", met=False)
    else:
        judge.least(what, target, found)


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    judge, kept = Judge(), entries("comparison").values()
    efforts = " and ".join(sorted({each["figures"]["effort"] for each in kept})) or "unknown"
    judge.most("runs that are not measured yet, and are in no median below", 0, len(missing()), "{:.0f}")
    for contest in (each for each in CONTESTS if each.wanted):
        libraries = " ".join(pair.library for pair in pairs() if pair.contest is contest)
        for key, wanted in AIMS.items():
            where = f"{contest.name} on {libraries or 'nothing'}, effort {efforts}, {JUDGED[key]}"
            judged(judge, where, getattr(contest.wanted, wanted), each_median(contest, key))
    for what, (key, target) in OVER_LACONIC.items():
        found = {library: each[1] for library in LIBRARIES if (each := over_laconic(library, key))}
        where = (
            f"best design with digits in time over laconic on {' '.join(found) or 'nothing'}, effort {efforts}, {what}"
        )
        judged(judge, where, target, median(found.values()) if found else None)
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
