"""Handwritten digits: scikit-learn's 8 x 8 images, a 64-32-10 network trained on them, every GEMM on the engine."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gen.stimuli import patterns
from hdl.params import EngineParams, FloatOperand, ToolError
from sim_tb.golden import Matrix
from sim_tb.workloads.float_network import FloatNetwork
from sim_tb.workloads.network import SHIFT, Network, Placement
from sim_tb.workloads.tiling import Tiling

__all__ = ["PIXEL_TOP", "prepare", "trained"]

Floats = npt.NDArray[np.float64]

HIDDEN = 32
CLASSES = 10
PIXEL_TOP = 16
#: Images are left out where a tiny engine would need more operand beats than this.
BEATS = 250_000


def prepare(params: EngineParams) -> Network | FloatNetwork:
    """Train the network and quantise it to the engine's operand formats.

    Every third image is kept for the test; small engines are given the first of those only.

    Raises
    ------
    ToolError
        If scikit-learn is missing.
    """
    pixels, labels, test, (weights1, weights2) = trained()
    count = min(int(test.sum()), max(1, _image_limit(params, pixels.shape[1])))
    images, shown = pixels[test][:count], labels[test][:count]

    accuracy = float((_forward(images / PIXEL_TOP, weights1, weights2).argmax(axis=1) == shown).mean())
    if isinstance(params.a, FloatOperand):
        pixels_of, first, second = (patterns(params.a, each) for each in (images / PIXEL_TOP, weights1, weights2))
        return FloatNetwork(pixels_of, shown, first, second, float_accuracy=accuracy, engine=params)
    place = Placement(params)
    top = place.activation.max
    quantised1, quantised2 = _quantise(weights1, place.weight_top), _quantise(weights2, place.weight_top)
    # The greatest result that the training images give becomes the greatest activation.
    reach = int((_quantise_pixels(pixels[~test], top) @ quantised1).max())
    return Network(
        images=_quantise_pixels(images, top),
        labels=shown,
        weights1=quantised1,
        weights2=quantised2,
        factor=max(1, (top << SHIFT) // max(reach, 1)),
        top=top,
        float_accuracy=accuracy,
    )


def trained() -> tuple[Matrix, Matrix, npt.NDArray[np.bool_], tuple[Floats, Floats]]:
    """Pixels, labels, which images are for the test, and the weights that the others gave, in floating point.

    Raises
    ------
    ToolError
        If scikit-learn is missing.
    """
    pixels, labels = _load()
    test = np.arange(len(labels)) % 3 == 0
    return pixels, labels, test, _train(pixels[~test] / PIXEL_TOP, labels[~test])


def _load() -> tuple[Matrix, Matrix]:
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ToolError(
            "The workload 'digits' needs scikit-learn: pip install 'bitloom[workload]' (or set workload.name=random)"
        ) from None
    data = load_digits()
    return data.data.astype(np.int64), data.target.astype(np.int64)


def _image_limit(params: EngineParams, pixels: int) -> int:
    """Images that fit into BEATS operand beats."""
    place = Placement(params)
    batch = params.cols if place.swapped else params.rows
    beats = 0
    for inner, outer in ((pixels, HIDDEN), (HIDDEN, CLASSES)):
        size = (outer, inner, batch) if place.swapped else (batch, inner, outer)
        beats += Tiling.quickest(params, *size).beats
    return BEATS // beats * batch


def _forward(images: Floats, weights1: Floats, weights2: Floats) -> Floats:
    return np.maximum(images @ weights1, 0) @ weights2


def _train(images: Floats, labels: Matrix, *, steps: int = 400, rate: float = 0.01) -> tuple[Floats, Floats]:
    """Minimise the cross entropy with Adam, on all images at once; deterministic."""
    rng = np.random.default_rng(2)
    weights = [
        rng.normal(0, (2 / fan_in) ** 0.5, (fan_in, fan_out))
        for fan_in, fan_out in ((images.shape[1], HIDDEN), (HIDDEN, CLASSES))
    ]
    wanted = np.eye(CLASSES)[labels]
    mean = [np.zeros_like(weight) for weight in weights]
    square = [np.zeros_like(weight) for weight in weights]
    for step in range(1, steps + 1):
        hidden = np.maximum(images @ weights[0], 0)
        logits = hidden @ weights[1]
        chance = np.exp(logits - logits.max(axis=1, keepdims=True))
        chance /= chance.sum(axis=1, keepdims=True)
        slope = (chance - wanted) / len(images)
        slopes = [images.T @ ((slope @ weights[1].T) * (hidden > 0)), hidden.T @ slope]
        for index, gradient in enumerate(slopes):
            gradient = gradient + 1e-4 * weights[index]  # weight decay keeps outliers from setting the scale
            mean[index] = 0.9 * mean[index] + 0.1 * gradient
            square[index] = 0.999 * square[index] + 0.001 * gradient**2
            corrected = square[index] / (1 - 0.999**step)
            weights[index] -= rate * mean[index] / (1 - 0.9**step) / (np.sqrt(corrected) + 1e-8)
    return weights[0], weights[1]


def _quantise(weights: Floats, top: int) -> Matrix:
    """Scale, round half to even, and saturate at ``top``.

    Of some scales, from the one that keeps the greatest weight up to one that saturates all but the smallest, the one
    with the least squared error: it matters where a weight has two or three bits.
    """
    reach = float(np.abs(weights).max())
    trials = []
    for share in np.linspace(1.0, 0.2, 17):
        scale = reach * share / top
        rounded = np.clip(np.rint(weights / scale), -top, top)
        trials.append((float(((rounded * scale - weights) ** 2).sum()), rounded))
    best: Matrix = min(trials, key=lambda trial: trial[0])[1].astype(np.int64)
    return best


def _quantise_pixels(pixels: Matrix, top: int) -> Matrix:
    """Scale PIXEL_TOP to ``top`` and round half up."""
    return (2 * pixels * top + PIXEL_TOP) // (2 * PIXEL_TOP)
