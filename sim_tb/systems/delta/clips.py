"""Clips made from photographs: synthetic motion, with and without the noise of a sensor; and those of a user."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from hdl.params import ConfigError, Problem, ToolError

__all__ = ["NOISE", "Clip", "clips", "read_clip"]

#: Standard deviation of a sensor's noise, in steps of 8 bits.
NOISE = 2.0
#: Where a crop of the photograph begins, and one of the object that moves through it.
CROP, OBJECT = (20, 60), (60, 180)
#: Smallest side of a frame, and fewest frames.
LEAST_SIDE, LEAST_FRAMES = 8, 2

Pixels = NDArray[np.uint8]


@dataclass(frozen=True)
class Clip:
    """Frames.

    Parameters
    ----------
    name : str
        Short, for keys.
    words : str
        What moves.
    noisy : bool
        With the noise of a sensor.
    frames : uint8 array of shape (frames, height, width, channels)
    """

    name: str
    words: str
    noisy: bool
    frames: Pixels


def clips(size: int, count: int, seed: int) -> tuple[Clip, ...]:
    """Five clips of square frames: an object in front of what stands still, and pans of the camera.

    Raises
    ------
    ToolError
        Where scikit-image, which brings the photographs along, is missing.
    """
    try:
        from skimage import data
    except ImportError:
        text = "workload delta needs photographs of scikit-image: pip install 'bitloom[photographs]'"
        raise ToolError(text) from None
    cat, cup = (getattr(data, name)().astype(np.float64) for name in ("chelsea", "coffee"))
    photo = cat[CROP[0] : CROP[0] + size, CROP[1] :]
    side = size // 3
    thing = cup[OBJECT[0] : OBJECT[0] + side, OBJECT[1] : OBJECT[1] + side]

    def pan(step: float) -> list[NDArray[np.float64]]:
        found = []
        for t in range(count):
            at = step * t % (photo.shape[1] - size - 1)
            left, part = int(at), at % 1
            found.append((1 - part) * photo[:, left : left + size] + part * photo[:, left + 1 : left + 1 + size])
        return found

    def still() -> list[NDArray[np.float64]]:
        found = []
        for t in range(count):
            frame = photo[:, :size].copy()
            left = t % (size - side)
            frame[size // 3 : size // 3 + side, left : left + side] = thing
            found.append(frame)
        return found

    rng = np.random.default_rng([seed, 4])

    def made(name: str, words: str, frames: Sequence[NDArray[np.float64]], noise: float) -> Clip:
        values = np.array(frames)
        values = values + rng.normal(0, noise, values.shape) if noise else values
        return Clip(name, words, bool(noise), np.clip(np.rint(values), 0, 255).astype(np.uint8))

    sigma = f"noise of sigma {NOISE:g}"
    return (
        made("static", "static, an object moves", still(), 0),
        made("static-noise", f"static, an object moves, {sigma}", still(), NOISE),
        made("half-pan", "pan by half a pixel", pan(0.5), 0),
        made("half-pan-noise", f"pan by half a pixel, {sigma}", pan(0.5), NOISE),
        made("pan-noise", f"pan by a pixel, {sigma}", pan(1.0), NOISE),
    )


def read_clip(path: Path) -> Clip:
    """A user's clip: a ``.npy`` file of bytes, of shape (frames, height, width) or (frames, height, width, channels).

    Raises
    ------
    ConfigError
        Where the file holds something else.
    """
    where = f"--option clip ({path})"
    try:
        frames = np.load(path, allow_pickle=False)
    except (OSError, ValueError, EOFError) as error:
        raise ConfigError([Problem(where, f"is no file of NumPy: {str(error).splitlines()[0]}")]) from None
    if not isinstance(frames, np.ndarray):
        raise ConfigError([Problem(where, "must hold one array", "write it with numpy.save")])
    problems = []
    if frames.dtype != np.uint8:
        problems.append(Problem(where, f"must hold bytes (uint8), not {frames.dtype}"))
    if frames.ndim == 3:
        frames = frames[..., None]
    sizes = f"at least {LEAST_FRAMES} frames of {LEAST_SIDE} x {LEAST_SIDE} pixels and 1 to 4 channels"
    if (
        frames.ndim != 4
        or len(frames) < LEAST_FRAMES
        or min(frames.shape[1:3]) < LEAST_SIDE
        or not (1 <= frames.shape[3] <= 4)
    ):
        problems.append(
            Problem(where, f"must be of shape (frames, height, width[, channels]): {sizes}, not {frames.shape}")
        )
    if problems:
        raise ConfigError(problems)
    return Clip("clip", path.name, False, frames)
