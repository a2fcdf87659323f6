"""The adapter of MACS: products on the RTL that differ from NumPy's, and integers beside floating point."""

from __future__ import annotations

import argparse

from bench._judge import Judge
from bench._study import studied
from hdl.params import CheckFailed
from sim_tb.systems.macs.study import study

COSINE, KEPT = 0.99, 0.95


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--quick", action="store_true", help="a small adapter of the same form")
    args = parser.parse_args()
    judge = Judge()
    try:
        found = studied(study, quick=args.quick)
    except CheckFailed as error:
        judge.says("products", "all equal", str(error), met=False)
        return judge.status
    figures = found.figures
    for engine, run in figures["runs"].items():
        judge.says(f"{engine}: results that differ", f"0 of {run['results']:,}", "0", met=run["results"] > 0)
    judge.least("cosine of tokens with FP64, the least", COSINE, figures["cosine"]["least"], "{:.4f}")
    judge.least("orders of six sources that are those of FP64", KEPT, figures["ranks"]["kept"], "{:.3f}")
    for each in figures["schedules"]:
        print(f"{each['engine']}, batch {each['batch']}: {each['utilisation']:.3f} of the peak")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
