"""Handwritten digits behind a gate: which pixels are important, and what pruning the others costs in accuracy."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.params import EngineParams
from hdl.params.gate import GateParams
from sim_tb.golden import Matrix
from sim_tb.golden.gate import draw
from sim_tb.systems.gate.jobs import Setting, run_jobs
from sim_tb.workloads import digits
from sim_tb.workloads.network import Network, requantise

__all__ = ["Accuracy", "accuracy", "first_layer", "importance", "most_important", "network"]

Floats = npt.NDArray[np.float64]


def importance() -> Floats:
    """How much each pixel matters to the loss: the mean of |dL/dx * x| over the training images, shape (64,).

    Raises
    ------
    ToolError
        If scikit-learn is missing.
    """
    pixels, labels, test, (first, second) = digits.trained()
    images, wanted = pixels[~test] / digits.PIXEL_TOP, np.eye(second.shape[1])[labels[~test]]
    hidden = np.maximum(images @ first, 0)
    chance = np.exp(hidden @ second)
    chance /= chance.sum(axis=1, keepdims=True)
    slope = ((chance - wanted) @ second.T * (hidden > 0)) @ first.T
    found: Floats = np.abs(slope * images).mean(axis=0)
    return found


def most_important(values: Floats, count: int) -> npt.NDArray[np.bool_]:
    """A map of the ``count`` pixels of the greatest importance; of equal ones the first."""
    chosen = np.zeros(len(values), bool)
    chosen[np.argsort(-values, kind="stable")[:count]] = True
    return chosen


def network(engine: EngineParams) -> Network:
    """The quantised network, with all test images, whatever the size of the engine."""
    found = digits.prepare(EngineParams(a=engine.a, b=engine.b, accumulator=engine.accumulator))
    assert isinstance(found, Network)
    return found


@dataclass(frozen=True)
class Accuracy:
    """Shares of the test images that are classified rightly.

    Parameters
    ----------
    whole : float
        Nothing is pruned.
    mean, least, most : float
        Over draws of the masks.
    kept : float
        Share of the multiplications of the first layer that are made.
    """

    whole: float
    mean: float
    least: float
    most: float
    kept: float


def accuracy(
    net: Network, gate: GateParams, important: npt.NDArray[np.bool_], threshold: int, draws: int, state: int
) -> Accuracy:
    """Classify all test images with as many draws of a mask for each, by the golden model."""
    images, pixels = net.images.shape
    drawn = draw(gate, "zero", important, threshold, images * draws, pixels, state)
    runs = drawn.runs.reshape(draws, images, pixels)
    found = [net.accuracy(_logits(net, (net.images * mask) @ net.weights1)) for mask in runs]
    whole = net.accuracy(_logits(net, net.images @ net.weights1))
    return Accuracy(whole, float(np.mean(found)), min(found), max(found), float(runs.mean()))


def _logits(net: Network, hidden: Matrix) -> Matrix:
    """The second layer, which no gate protects."""
    found: Matrix = requantise(hidden, net.factor, net.top) @ net.weights2
    return found


def first_layer(setting: Setting, net: Network, images: int, state: int) -> tuple[int, int]:
    """The first layer of some images on the RTL, a mask for each group of images that enters together.

    Returns
    -------
    elements, wrong : int
        Results that were compared with the golden model's, and that differ.
    """
    engine, pixels = setting.params.engine, net.images.shape[1]
    groups = images // engine.rows
    columns = net.weights1.shape[1] // engine.cols
    x = net.images[: groups * engine.rows].reshape(groups, engine.rows, pixels)
    w = net.weights1[:, : columns * engine.cols].reshape(pixels, columns, engine.cols).transpose(1, 0, 2)
    seeds = np.arange(state, state + groups, dtype=np.uint64)
    # A group meets all columns with the same random bits: what is pruned is the same for every neuron.
    a = np.repeat(x, columns, axis=0)[:, None]
    b = np.tile(w, (groups, 1, 1))[:, None]
    found = run_jobs(setting, a, b, np.repeat(seeds, columns)).results[:, 0]
    wrong = 0
    for group, seed in enumerate(seeds):
        drawn = draw(setting.params, setting.mode, setting.important, setting.threshold, 1, pixels, int(seed))
        expected = np.where(drawn.runs[0], x[group], 0) @ w
        wrong += int((expected != found[group * columns : (group + 1) * columns]).sum())
    return found.size, wrong
