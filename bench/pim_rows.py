"""Speed of all-bank MACs: columns inside a row, and each further row, against the exact row law; and of whole products.

The sequencer of a channel gets instructions of a whole row each, as the host's programs give them, and its command log
is counted. Refreshes are off, as in the measurement of AiM that the law was found with. The target is the law itself:
one column per tCCD, and tRCD_MAC + (columns - 1) tCCD + tRTP + tRP from row to row.

The products are the four matrices of a layer of GPT2-small, each a VMM, against the same products of WR_GB, WR_BIAS,
MAC_AB and RD_MAC alone, where every slot has a preset and rows open when they are needed. Slots have a row each;
one behind the other, the figures are shown too.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterable, Iterator
from dataclasses import replace

import numpy as np

from bench._judge import Judge
from hdl.params.pim import PRESETS, Instruction, PimParams, chunks, expand_vmm, instruction
from sim_tb.pim import check_log
from sim_tb.pim.bench.sequencers import run_sequencers, steps_of

#: Outputs and inputs of the matrices of a layer.
LAYER = {"qkv": (2304, 768), "projection": (768, 768), "first of MLP": (3072, 768), "second of MLP": (768, 3072)}
#: How much faster VMM has to be.
TARGET = {"aim_measured": 1.15, "pimgpt_paper": 1.0}


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


def products(params: PimParams, pitch: int) -> Iterator[Instruction]:
    """A VMM for each matrix of a layer, one matrix behind the other, each from a new row on."""
    at = 0
    for outputs, inputs in LAYER.values():
        words, slots = inputs // params.lanes, -(-outputs // params.units)
        row = -(-at // params.row_cols)
        yield instruction("VMM", row=row, n=words, slots=slots, pitch=pitch, a=0, b=512, d=1024)
        at = row * params.row_cols + slots * (pitch * len(chunks(params, words)) or words)


def plain(parts: Iterable[Instruction]) -> Iterator[Instruction]:
    """The parts of a VMM but those that open rows."""
    return (part for part in parts if part.op.name != "ACT_AB")


def layer(params: PimParams, pitch: int) -> tuple[int, int]:
    """Clocks of the products of a layer, plain and as VMM has them."""
    params = replace(params, timing=replace(params.timing, trefi=0))
    parts = [part for one in products(params, pitch) for part in expand_vmm(params, one, one["slots"])]
    spans = []
    for code in (list(plain(parts)), parts):
        log = run_sequencers(params, {"": params.timing}, steps_of(params, code))[""]
        assert not check_log(replace(params, channels=1), log)
        assert sum(entry.command == "MAC_AB" for entry in log) == sum(
            one["n"] for one in code if one.op.name == "MAC_AB"
        )
        spans.append(log[-1].cycle - log[0].cycle + 1)
    return spans[0], spans[1]


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=100)
    args = parser.parse_args()
    judge = Judge()
    for name, params in PRESETS.items():
        inside, between, total = measure(params, args.rows)
        judge.says(
            f"{name}, {args.rows} rows of {params.row_cols} columns in {total} clocks, clocks of a column and a row",
            f"{params.timing.tccd} and {params.row_clocks}",
            f"{', '.join(map(str, sorted(inside)))} and {', '.join(map(str, sorted(between)))}",
            met=inside == {params.timing.tccd} and between == {params.row_clocks},
        )
    for name, target in TARGET.items():
        params = PRESETS[name]
        before, after = layer(params, params.row_cols)
        dense = "{} plain, {} as VMM".format(*layer(params, 0))
        print(f"{name:14} {before} clocks plain, {after} as VMM; dense {dense}")
        judge.least(f"{name}, products of a layer of GPT2-small as VMM, times as fast", target, before / after)
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
