"""The picture of the documentation: ``python -m sim_tb.systems.sesr.strip FILE``."""

from __future__ import annotations

import sys
from pathlib import Path

import numpy as np

from gen.report.workload.png import png
from sim_tb.golden import Matrix
from sim_tb.systems.sesr.page import WAYS
from sim_tb.systems.sesr.photographs import photograph
from sim_tb.systems.sesr.quality import middle, quality
from sim_tb.systems.sesr.quantise import calibration, quantise
from sim_tb.systems.sesr.study import SHOWN, WINDOW
from sim_tb.systems.sesr.weights import read

__all__ = ["strip"]

#: Width and height of a pixel, and pixels between pictures.
ZOOM, GAP = 2, 6
#: Pixels around what is shown: more than the network sees.
AROUND = 64


def strip() -> Matrix:
    """A line for each photograph that is shown: bicubic, FP32, INT8, true. uint8 of shape (height, width)."""
    network = read()
    integers = quantise(network, calibration())
    lines = []
    for name in SHOWN:
        image = middle(photograph(name), WINDOW + AROUND)
        found = quality(name, image, network, integers)[1]
        shown = [np.kron(middle(found[way], WINDOW), np.ones((ZOOM, ZOOM), np.uint8)) for way in WAYS]
        lines.append(np.hstack([np.pad(each, GAP // 2, constant_values=255) for each in shown]))
    return np.vstack(lines)


if __name__ == "__main__":
    Path(sys.argv[1]).write_bytes(png(strip()))
