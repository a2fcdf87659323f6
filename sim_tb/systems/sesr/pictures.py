"""Pictures that a user brings along."""

from __future__ import annotations

from pathlib import Path

import numpy as np

from hdl.params import ConfigError, Problem, ToolError
from sim_tb.golden import Matrix
from sim_tb.systems.sesr.photographs import luma

__all__ = ["ENDINGS", "MOST", "picture"]

#: Files that are read.
ENDINGS = (".png", ".jpg", ".npy")
#: Pixels along a side: what the golden model computes within minutes.
MOST = 4096


def picture(path: Path, least: int) -> Matrix:
    """Luma of a picture of 8 bits, of even height and width.

    Parameters
    ----------
    path : Path
        ``.png``, ``.jpg``, or ``.npy``: bytes of shape (height, width), or (height, width, 3).
    least : int
        Pixels along a side.

    Raises
    ------
    ConfigError
        Where it is no picture, of another type, or too small or too large.
    ToolError
        Where scikit-image is missing.
    """
    pixels = _read(path)
    if pixels.dtype != np.uint8 or not (pixels.ndim == 2 or (pixels.ndim == 3 and pixels.shape[2] == 3)):
        text = f"is {pixels.dtype} of shape {pixels.shape}"
        raise ConfigError([Problem("", text, "bytes, of shape (height, width) or (height, width, 3)")], str(path))
    if not least <= min(pixels.shape[:2]) <= max(pixels.shape[:2]) <= MOST:
        text = f"has {pixels.shape[0]} x {pixels.shape[1]} pixels"
        raise ConfigError([Problem("", text, f"from {least} to {MOST:,} along a side")], str(path))
    grey = luma(pixels)
    return grey[: grey.shape[0] // 2 * 2, : grey.shape[1] // 2 * 2]


def _read(path: Path) -> Matrix:
    try:
        if path.suffix == ".npy":
            found: Matrix = np.load(path, allow_pickle=False)
            return found
        from PIL import Image

        with Image.open(path, formats=("PNG", "JPEG")) as image:
            return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    except ImportError:
        raise ToolError("pictures need scikit-image: pip install 'bitloom[photographs]'") from None
    except (OSError, ValueError, SyntaxError, EOFError):
        raise ConfigError([Problem("", "is no picture that can be read")], str(path)) from None
