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
#: Kinds of pixels, as Pillow calls them.
MODES = ("1", "L", "P", "RGB", "RGBA")
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
        Where Pillow is missing, which comes with scikit-image.
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
    unreadable = ConfigError([Problem("", "is no picture that can be read")], str(path))
    if path.suffix == ".npy":
        try:
            found: Matrix = np.load(path, allow_pickle=False)
        except (OSError, ValueError, EOFError):
            raise unreadable from None
        return found
    try:
        from PIL import Image
    except ImportError:
        raise ToolError("pictures need Pillow: pip install 'bitloom[photographs]'") from None
    try:
        with Image.open(path, formats=("PNG", "JPEG")) as image:
            if image.mode not in MODES:
                hint = "8 bits for grey or for each colour"
                raise ConfigError([Problem("", f"has pixels of the kind {image.mode}", hint)], str(path))
            return np.asarray(image if image.mode in ("L", "RGB") else image.convert("RGB"))
    except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
        raise unreadable from None
