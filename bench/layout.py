"""What wires leave of OPT1's gain: its PE beside that of the best ``mac``, both placed and routed on OSU018.

The targets hold for medians over five seeds of the placement: 1.9 times the clock, on at most 0.9 of the core.
OPT1 keeps every carry, as published; with one carry for two bits, its clock is slower and its core smaller.
"""

from __future__ import annotations

import argparse
import sys

from bench._judge import Judge
from bench.figures.layout import COMMANDS, measure
from gen.cli.commands.layout import summary
from hdl.params import BitloomError

CLOCK, CORE = 1.9, 0.9


def main() -> int:
    argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter).parse_args()
    try:
        found = measure(COMMANDS["PE, every carry"])
    except BitloomError as error:
        sys.exit(f"error: {error}")
    print(summary(found))
    ratios = found["designs"][1]["ratios"]
    judge = Judge()
    judge.least("clock of the PE of opt1 with wires, over that of mac", CLOCK, ratios["clock"])
    judge.most("core area of the PE of opt1, over that of mac", CORE, ratios["core_area"], "{:.3f}")
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
