"""The delta encoder: exact over 32 frames, and cycles and energy of plain inference over those of changes.

Results of every frame are compared with a full recomputation, on the RTL of encoder and engines. Cycles are judged for
each of five clips, of which the one that stands still and has no noise has a target of its own; the others' are with
motion or the noise of a sensor. A network of two layers is trained to change little. What takes long is judged from the
committed results (``python -m bench.figures measure --only delta``): the clip without noise, which needs frames of some
size, and energy, which is that of netlists simulated with the clip's operands.
"""

from __future__ import annotations

import argparse
from typing import Any

from bench._judge import Judge
from bench._study import studied
from bench.figures.delta import ENERGY, GROUP, energy_ratio, still_ratio
from bench.figures.store import entries
from hdl.params import CheckFailed
from sim_tb.systems.delta.pages import ratio
from sim_tb.systems.delta.study import EXACT, study

LEAST, STATIC = 1.3, 4.0
#: A network with delta layers has so many times fewer products, at so much less accuracy.
FEWER, WORSE = 2.0, 0.02


def judged(found: dict[str, Any], judge: Judge) -> None:
    """What a study measured."""
    for key, engine in found["engines"].items():
        ways = engine["clips"]["static"]
        skips = ways["delta"]["mean"] != ways["plain"]["mean"]
        share = engine["break_even"]
        words = "at any share" if share is None else f"below {share:.2f} of operands that are not zero"
        print(f"{key}: changes take fewer cycles than pixels in the same units {words if skips else 'at no share'}")
        if skips:
            least = min(ratio(engine, clip) for clip in engine["clips"])
            judge.least(
                f"{key}: cycles of plain inference over those of changes, the least of five clips", LEAST, least
            )
    plain, tuned = (found["network"][key] for key in ("plain", "delta"))
    judge.least(
        "products without zeros, a plain network over one with delta layers", FEWER, plain["work"] / tuned["work"]
    )
    judge.most("accuracy that this costs", WORSE, plain["accuracy"] - tuned["accuracy"], "{:.3f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="small frames, two engines")
    args = parser.parse_args()
    judge = Judge()
    try:
        found = dict(studied(study, quick=args.quick).figures)
    except CheckFailed as error:
        judge.says(f"results of {EXACT} frames", "all equal", str(error), met=False)
        return judge.status
    results = sum(found["exact"]["results"].values())
    what = f"results of {EXACT} frames that differ from a full recomputation"
    judge.says(what, f"0 of {results:,}", "0", met=results > 0)
    judged(found, judge)
    kept = entries(GROUP.name)
    for key, item, target, figure in (
        *((key, "still", STATIC, still_ratio) for key in ("opt4c", "opt4e")),
        *((key, f"energy {key}", 1.0, energy_ratio) for key in ENERGY),
    ):
        words = "cycles, what stands still without noise, steps left out" if item == "still" else "energy, with noise"
        what = f"{key}: plain inference over changes, {words}, as committed"
        if item in kept:
            judge.least(what, target, figure(key))
        else:
            judge.says(what, f"at least {target:.2f}", "nothing", met=False)
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
