"""SESR: pictures of the network in integers, every result of a crop on the RTL, and the share of the peak.

Held-out photographs are halved and doubled again. A crop of the first one runs on engines, every layer packed or not,
and all results are compared with the golden model's. Shares are judged on 16 x 16 PEs that skip nothing.
"""

from __future__ import annotations

import argparse
import sys

import numpy as np

from bench._judge import Judge
from sim_tb.systems.sesr.block import LinearBlock
from sim_tb.systems.sesr.photographs import HELD_OUT, photograph
from sim_tb.systems.sesr.quality import NEAR, middle, quality
from sim_tb.systems.sesr.quantise import calibration, quantise
from sim_tb.systems.sesr.resize import halve
from sim_tb.systems.sesr.runs import Run, run
from sim_tb.systems.sesr.study import CROP, ENGINES
from sim_tb.systems.sesr.weights import read

#: Of the five photographs; and shares of the peak, unpacked and packed.
PHOTOGRAPHS, PLAIN, PACKED = 4, 0.65, 0.90
#: Of the collapsed blocks from the expanded ones.
COLLAPSE = 1e-5


def collapsed(judge: Judge) -> None:
    """Blocks of the network's shapes, expanded and collapsed, in single precision."""
    rng, worst = np.random.default_rng(1), 0.0
    for kernel, inputs, outputs in ((5, 1, 16), (3, 16, 16), (5, 16, 4)):
        block = LinearBlock.random(kernel, inputs, outputs, 256, rng, residual=inputs == outputs)
        maps = rng.uniform(-0.5, 0.5, (1, 32, 32, inputs)).astype(np.float32)
        once = LinearBlock(block.collapsed, np.eye(outputs, dtype=np.float32), kernel)
        worst = max(worst, float(np.abs(block.expanded(maps) - once.expanded(maps)).max()))
    judge.most("collapsed blocks from expanded ones, greatest difference", COLLAPSE, worst, "{:.1e}")


def judged(judge: Judge, each: Run) -> None:
    """A crop on an engine."""
    ways = "packed" if each.pack else "not packed"
    results, differ = each.results
    wrong = differ if each.passed else max(differ, 1)
    judge.most(f"of {results:,} results of {each.title}, {ways}, that differ", 0, wrong, "{:.0f}")
    if each.params.data_dependent:
        print(f"{each.title}, {ways}: {each.cycles:,} cycles, {each.pace}")
        return
    judge.least(f"share of the peak, {each.title}, {ways}", PACKED if each.pack else PLAIN, each.share(), "{:.1%}")
    off = sum(abs(layer["cycles"] - layer["modelled"]) for layer in each.layers)
    judge.most(f"cycles that the model of {each.title}, {ways}, is off", 0, off, "{:.0f}")


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--crop", type=int, default=CROP, help="pixels along a side")
    parser.add_argument("--engines", type=int, default=len(ENGINES), help="as many of the documentation's")
    args = parser.parse_args()
    judge = Judge()
    collapsed(judge)
    network = read()
    integers = quantise(network, calibration())
    found = [quality(name, photograph(name), network, integers)[0] for name in HELD_OUT]
    for each in found:
        print(each.to_dict())
    for what, count in (
        (f"INT8 is within {NEAR} dB of FP32", sum(each.near for each in found)),
        ("INT8 is above bicubic and spline", sum(each.above for each in found)),
    ):
        judge.least(f"photographs of {len(found)} on which {what}", PHOTOGRAPHS, count, "{:.0f}")
    pixels = middle(halve(photograph(HELD_OUT[0])), args.crop)
    for params in ENGINES[: args.engines]:
        for pack in (False, True) if params is ENGINES[0] else (True,):
            judged(judge, run(params, integers, pixels, pack=pack, say=lambda text: print(text, file=sys.stderr)))
    return judge.status


if __name__ == "__main__":
    raise SystemExit(main())
