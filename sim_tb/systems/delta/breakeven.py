"""How much may change until changes take as many cycles as what they replace: by the timing model of the engines."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from gen.cycles.job import job_cycles
from hdl.params import EngineParams
from hdl.params.delta import DeltaSetting
from sim_tb.golden import Matrix
from sim_tb.golden.delta import delta
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import encoder_of
from sim_tb.workloads.tiling import Tiling

__all__ = ["SHARES", "Point", "break_even", "sweep"]

#: Shares of pixels that are replaced by those of another picture.
SHARES = (0.0, 0.05, 0.1, 0.2, 0.4, 0.6, 0.8, 1.0)


@dataclass(frozen=True)
class Point:
    """A frame of which a share of pixels is new.

    Parameters
    ----------
    replaced : float
        Share of pixels.
    nonzero : float
        Share of operands that are not zero.
    cycles, rounded : float
        Of the frame as changes, and of the same frame sent whole in the same units.
    """

    replaced: float
    nonzero: float
    cycles: float
    rounded: float


def sweep(params: EngineParams, layer: Convolution, theta: int, pair: tuple[Matrix, Matrix], seed: int) -> list[Point]:
    """From a picture to one that has more and more pixels of another; both are (height, width, channels)."""
    old, new = (np.asarray(each, np.int64) for each in pair)
    rng = np.random.default_rng([seed, 9])
    order = rng.random(old.shape[:2])
    encoder = encoder_of(params, old.shape[2], old.shape[0] * old.shape[1])
    setting, found = DeltaSetting.quantised(theta), []
    whole = DeltaSetting(shift=setting.shift, whole=True)
    for share in SHARES:
        frames = np.array([old, np.where((order < share)[..., None], new, old)])
        sent, plain = (layer.patches(delta(encoder, each, frames).changes)[1] for each in (setting, whole))
        cycles = [_cycles(params, layer, each) for each in (sent, plain)]
        found.append(Point(share, float((sent != 0).mean()), *cycles))
    return found


def break_even(points: list[Point]) -> float | None:
    """The share of operands that are not zero at which both take as many cycles; None where changes are always quicker.

    Between two points on a line; 0 where changes never are.
    """
    gains = [point.rounded - point.cycles for point in points]
    if gains[0] <= 0:
        return 0.0
    for i in range(1, len(points)):
        if gains[i] <= 0:
            part = gains[i - 1] / (gains[i - 1] - gains[i])
            return points[i - 1].nonzero + part * (points[i].nonzero - points[i - 1].nonzero)
    return None


def _cycles(params: EngineParams, layer: Convolution, sent: Matrix) -> float:
    """Of a frame, as a job."""
    tiling = Tiling(params, len(sent), *layer.weights.shape)
    return job_cycles(params, [(tiles.a, tiles.b) for tiles in tiling.cut(sent, layer.weights)])
