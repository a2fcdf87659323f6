"""The gate in front of an engine: products, time, accuracy, and what attackers find in simulated switching activity.

Judged: products of every mode against the golden model; clocks of a tile, the same over 1,000 inputs and weights in
all modes but ``compact``, and not the same on an engine that skips zero digits, as the test could not fail otherwise;
a correlation attack on the unprotected engine, which must find 28 of 32 weights within 100 traces at a noise of 4
toggles; naive attackers, who must find at most 12 of 32 behind each gate with ten times as many; accuracy on the
digits with half of the pixels important, within 2 points of that without a gate. What a pattern-aware attacker finds
is printed, whatever it is: there is no target for it.
"""

from __future__ import annotations

import argparse

import numpy as np

from bench._judge import Judge
from bench.figures.gate import SEED, SIGMA, THRESHOLD, checks
from hdl.params.gate import DEFAULT_SEED, MODES
from sim_tb.systems.gate import study
from sim_tb.systems.gate.campaign import ATTACKERS
from sim_tb.systems.gate.options import PIXELS
from sim_tb.systems.gate.page import ENOUGH, needed

#: Traces within which the unprotected engine is broken; weights that naive attackers find at most; points of accuracy.
TRACES, NAIVE, POINTS = 100, 12, 2.0
HALF = 32


def check(judge: Judge) -> None:
    """Products, time and accuracy."""
    found = checks()
    judge.says("products of all modes", "none wrong", f"{found.wrong} of {found.elements:,} wrong", met=not found.wrong)
    for (engine, mode), each in found.timed.items():
        if MODES[mode].constant:
            constant = not engine.data_dependent
            what = f"{engine.scheme} {mode}, clocks over {each.jobs:,} inputs and weights"
            clocks = f"{each.least}" if each.constant else f"{each.least} to {each.most}"
            judge.says(what, "the same" if constant else "not the same", clocks, met=each.constant == constant)
    accuracy = found.accuracies[HALF]
    drop = 100 * (accuracy.whole - accuracy.mean)
    judge.most(f"accuracy lost, {HALF} of 64 pixels important, points", POINTS, drop)


def attacks(most: int, judge: Judge) -> None:
    """Every attacker on every mode."""
    counts = study.counts_up_to(most)
    none = np.zeros(PIXELS, bool)
    enough = TRACES
    for mode in MODES:
        found = study.attack_all(mode, counts, none, THRESHOLD, SIGMA, SEED, DEFAULT_SEED)
        if not MODES[mode].prunes:
            enough = needed(found) or TRACES
            what = f"{mode}: weights of {found.targets} found within {TRACES} traces"
            judge.least(what, ENOUGH, found.found("fixed", TRACES), "{:.0f}")
        else:
            count = next(each for each in counts if each >= min(10 * enough, most))
            for name in ("fixed", "window"):
                what = f"{mode}: weights found by the naive attacker ({name}) with {count:,} traces"
                judge.most(what, NAIVE, found.found(name, count), "{:.0f}")
        for name in ATTACKERS:
            ranks = ", ".join(
                f"{count:,} traces {found.found(name, count)} (mean rank {found.mean_rank(name, count):.0f})"
                for count in counts
            )
            print(f"  {mode}, {name}: {ranks}", flush=True)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--traces", type=int, default=study.COUNTS[-1], help="of the attack, at least 1,000")
    args = parser.parse_args()
    judge = Judge()
    check(judge)
    attacks(max(args.traces, 10 * TRACES), judge)
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
