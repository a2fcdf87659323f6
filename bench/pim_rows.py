"""Speed of all-bank MACs: columns inside a row, and each further row, against the exact row law.

The sequencer of a channel gets instructions of a whole row each, as the host's programs give them, and its command log
is counted. Refreshes are off, as in the measurement of AiM that the law was found with. The target is the law itself:
one column per tCCD, and tRCD_MAC + (columns - 1) tCCD + tRTP + tRP from row to row.
"""

from __future__ import annotations

import argparse
from dataclasses import replace

import numpy as np

from bench._common import verdict
from hdl.params.pim import PRESETS, PimParams, instruction
from sim_tb.pim import check_log
from sim_tb.pim.bench.sequencers import run_sequencers, steps_of


def measure(params: PimParams, rows: int) -> tuple[set[int], set[int], int]:
    """Clocks from column to column inside rows, clocks from row to row, and those of the whole stream."""
    timing = replace(params.timing, trefi=0)
    code = [instruction("MAC_AB", mask=1, row=row, col=0, n=params.row_cols) for row in range(rows)]
    log = run_sequencers(params, {"": timing}, steps_of(params, code))[""]
    assert not check_log(replace(params, channels=1, timing=timing), log)
    columns = np.array([entry.cycle for entry in log if entry.command == "MAC_AB"]).reshape(rows, params.row_cols)
    opened = np.array([entry.cycle for entry in log if entry.command == "ACT_AB"])
    assert len(opened) == rows
    return set(np.diff(columns, axis=1).flat), set(np.diff(opened)), int(columns[-1, -1] - opened[0] + timing.tccd)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100)
    args = parser.parse_args()
    missed = 0
    for name, params in PRESETS.items():
        inside, between, total = measure(params, args.rows)
        reached = inside == {params.timing.tccd} and between == {params.row_clocks}
        missed += not reached
        print(
            f"{name:14} {args.rows} rows of {params.row_cols} columns in {total} clocks: a column every "
            f"{', '.join(map(str, sorted(inside)))} (tCCD {params.timing.tccd}), a row every "
            f"{', '.join(map(str, sorted(between)))} (target {params.row_clocks}): {verdict(reached)}"
        )
    return int(missed > 0)


if __name__ == "__main__":
    raise SystemExit(main())
