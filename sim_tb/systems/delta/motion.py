"""Synthetic motion of handwritten digits: sequences of frames in which one moves over a noisy background."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hdl.params import ToolError

__all__ = ["SIDE", "Moving", "moving_digits"]

Floats = NDArray[np.float64]

#: Side of a frame, frames of a sequence, digits that are tested on, and the standard deviation of noise on [0, 1].
SIDE, FRAMES, TEST, NOISE = 10, 6, 360, 0.02


@dataclass(frozen=True)
class Moving:
    """Sequences.

    Parameters
    ----------
    frames : array of shape (sequences, frames, SIDE * SIDE)
        Brightness, 0 to 1.
    labels : int array of shape (sequences,)
    """

    frames: Floats
    labels: NDArray[np.int64]


def moving_digits(seed: int) -> tuple[Moving, Moving]:
    """Sequences to train with, and others of other digits to test on. Raises ToolError without scikit-learn."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ToolError("workload delta needs digits of scikit-learn: pip install 'bitloom[workload]'") from None
    images, labels = load_digits(return_X_y=True)
    rng = np.random.default_rng([seed, 6])
    order = rng.permutation(len(images))
    images, labels = images[order].reshape(-1, 8, 8) / 16, labels[order].astype(np.int64)
    return _moved(images[TEST:], labels[TEST:], rng), _moved(images[:TEST], labels[:TEST], rng)


def _moved(images: Floats, labels: NDArray[np.int64], rng: np.random.Generator) -> Moving:
    """Each digit begins anywhere, and goes half a pixel a frame in one of four directions, or stays."""
    room = SIDE - 8
    step = 0.5 * np.array([(0, 0), (0, 1), (0, -1), (1, 0), (-1, 0)])[rng.integers(5, size=len(images))]
    start = rng.integers(0, room + 1, (len(images), 2)).astype(np.float64)
    found = np.zeros((len(images), FRAMES, SIDE, SIDE))
    for t in range(FRAMES):
        at = start + t * step
        at = room - np.abs(room - at % (2 * room))  # it turns around at the edge
        found[:, t] = _placed(images, at)
    noisy = np.clip(found + rng.normal(0, NOISE, found.shape), 0, 1)
    return Moving(noisy.reshape(len(images), FRAMES, -1), labels)


def _placed(images: Floats, at: Floats) -> Floats:
    """Images in frames, at places between pixels."""
    frames = np.zeros((len(images), SIDE + 1, SIDE + 1))
    whole = np.floor(at).astype(np.int64)
    part = at - whole
    for i, image in enumerate(images):
        for down, right in np.ndindex(2, 2):
            weight = (part[i, 0] if down else 1 - part[i, 0]) * (part[i, 1] if right else 1 - part[i, 1])
            top, left = whole[i, 0] + down, whole[i, 1] + right
            frames[i, top : top + 8, left : left + 8] += weight * image
    return frames[:, :SIDE, :SIDE]
