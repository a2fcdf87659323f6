"""Images and labels to train on: scikit-learn's digits, or a file of the user's."""

from __future__ import annotations

import zipfile
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from hdl.params import ConfigError, Problem, ToolError, shown

__all__ = ["Data", "digits", "read"]

#: The greatest pixel of the digits, height and width of an image at most, and how many classes there may be.
PIXEL_TOP, MOST_SIZE, MOST_CLASSES = 16, 64, 1000
#: Every so many-th image is kept for the test.
TEST_EVERY = 3


@dataclass(frozen=True)
class Data:
    """Images of which some are learnt from, and others kept for a test.

    Parameters
    ----------
    images : float32 array of shape (images, rows, columns, channels)
        Numbers around 1, or less.
    labels : int64 array of shape (images,)
        What they show, from 0.
    """

    images: npt.NDArray[np.float32]
    labels: npt.NDArray[np.int64]

    @property
    def test(self) -> npt.NDArray[np.bool_]:
        """Which images are kept: every third."""
        kept: npt.NDArray[np.bool_] = np.arange(len(self.labels)) % TEST_EVERY == 0
        return kept

    @property
    def classes(self) -> int:
        """How many there are."""
        return int(self.labels.max()) + 1


def digits() -> Data:
    """Handwritten digits, 8x8 pixels. Raises ToolError where scikit-learn is missing."""
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        raise ToolError("the workload 'training' needs scikit-learn: pip install 'bitloom[workload]'") from None
    found = load_digits()
    return Data((found.images / PIXEL_TOP).astype(np.float32)[..., None], found.target.astype(np.int64))


def read(path: Path) -> Data:
    """Images and labels of an ``.npz`` file, under these names; a map of a single channel may leave that out.

    Raises
    ------
    ConfigError
        With all that is wrong with the file.
    """
    try:
        with np.load(path, allow_pickle=False) as file:
            found: dict[str, Any] = {name: file[name] for name in ("images", "labels") if name in file}
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise ConfigError([Problem("", f"is no file of NumPy arrays: {error}")], str(path)) from None
    problems = [
        Problem(name, "is missing", "np.savez(path, images=..., labels=...)")
        for name in ("images", "labels")
        if name not in found
    ]
    if not problems:
        problems = _misfits(found["images"], found["labels"])
    if problems:
        raise ConfigError(problems, str(path))
    images = np.asarray(found["images"], np.float32)
    return Data(images[..., None] if images.ndim == 3 else images, found["labels"].astype(np.int64))


def _misfits(images: npt.NDArray[Any], labels: npt.NDArray[Any]) -> list[Problem]:
    """What is wrong with arrays."""
    problems = []
    if images.ndim not in (3, 4) or 0 in images.shape or max(images.shape[1:]) > MOST_SIZE:
        text = f"must be of shape (images, rows, columns) or (images, rows, columns, channels), none above {MOST_SIZE}"
        problems.append(Problem("images", f"{text}, not {images.shape}"))
    elif not np.issubdtype(images.dtype, np.number) or np.iscomplexobj(images):
        problems.append(Problem("images", f"must be numbers, not {images.dtype}"))
    elif not np.isfinite(images).all() or np.abs(images).max() > MOST_SIZE:
        problems.append(Problem("images", f"must be finite, and between -{MOST_SIZE} and {MOST_SIZE}", "divide them"))
    if labels.shape != images.shape[:1]:
        problems.append(Problem("labels", f"must be one for each image, {images.shape[:1]}, not {labels.shape}"))
    elif not np.issubdtype(labels.dtype, np.integer):
        problems.append(Problem("labels", f"must be integers, not {labels.dtype}"))
    elif len(labels) and (labels.min() < 0 or labels.max() >= MOST_CLASSES):
        ends = shown((int(labels.min()), int(labels.max())))
        problems.append(Problem("labels", f"must lie from 0 to {MOST_CLASSES - 1}, not {ends}"))
    if not problems and len(labels) < TEST_EVERY:
        problems.append(Problem("images", f"must be {TEST_EVERY} at least, as every third is kept, not {len(labels)}"))
    return problems
