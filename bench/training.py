"""Training in BF16 and FP16: bits on the RTL, accuracy beside fp32, and multiply-accumulates a clock.

Passes of single layers, and the first steps of a training run on scikit-learn's digits, run on the RTL of 4x4 engines;
all of the run is done by the golden model. Clocks of a training step of ResNet8 and DS-CNN follow from the model of
cycles, which passes of single layers are held against. The rates that must be exceeded are those that PULP-TrainLib
reports (arXiv 2305.19167), of everything that eight cores do; here products alone are counted.
"""

from __future__ import annotations

import argparse

from bench._judge import Judge
from bench._study import studied
from sim_tb.systems.training.rates import STEP
from sim_tb.systems.training.sections import PAPER
from sim_tb.systems.training.study import study

#: Steps, and by how many points accuracy may differ from that of fp32.
STEPS, POINTS = 200, 1.0


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rtl", type=int, default=60, help="steps that run on the RTL (default: 60)")
    args = parser.parse_args()
    judge = Judge()
    found = studied(study, rtl=str(args.rtl)).figures
    runs = found["training"]
    for form, passes in found["passes"].items():
        exact = sum(each["cycles"] == each["model"] for each in passes)
        judge.least(f"passes of single layers whose cycles are as modelled, {form}", len(passes), exact, "{:.0f}")
        rtl, run = runs[form]["rtl"], runs[form]
        what = f"results that differ on the RTL, {form}, of {rtl['elements_checked']:,} in {rtl['steps']} steps"
        judge.most(what, 0, rtl["mismatches"], "{:.0f}")
        judge.least(f"steps of the training run, {form}", STEPS, len(run["losses"]), "{:.0f}")
        gap = 100 * (runs["fp32"]["accuracy"] - run["accuracy"])
        judge.most(f"points of accuracy below fp32, {form}", POINTS, gap)
    judge.most("other problems", 0, len(found["problems"]), "{:.0f}")
    for engine, networks in found["clocks"].items():
        for name, ways in networks.items():
            rate = ways["plain"][STEP]
            share = f"{rate['share']:.0%} of the peak, {rate['macs']:,} multiply-accumulates"
            judge.least(f"MAC/clk of a training step, {name}, {engine}: {share}", PAPER[name], rate["macs_per_clock"])
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
