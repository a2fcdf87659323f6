"""The photographs that scikit-image ships, as luma: those that a network learns from, and five that it never sees."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from hdl.params import ToolError

__all__ = ["HELD_OUT", "LEARNED", "luma", "photograph"]

Pixels = npt.NDArray[np.uint8]

#: Photographs to judge by.
HELD_OUT = ("camera", "coins", "coffee", "text", "moon")
#: Photographs to learn from: all others of a fair size which come with the package.
LEARNED = (
    "astronaut",
    "brick",
    "chelsea",
    "grass",
    "gravel",
    "hubble_deep_field",
    "immunohistochemistry",
    "page",
    "retina",
    "rocket",
)


def photograph(name: str) -> Pixels:
    """Luma of a photograph, of even height and width. Raises ToolError where scikit-image is missing."""
    try:
        from skimage import data
    except ImportError:
        raise ToolError("the photographs need scikit-image: pip install 'bitloom[photographs]'") from None
    pixels = luma(getattr(data, name)())
    return pixels[: pixels.shape[0] // 2 * 2, : pixels.shape[1] // 2 * 2]


def luma(pixels: npt.NDArray[np.uint8]) -> Pixels:
    """Luma of ITU-R BT.601, 0 to 255, of colours of shape (height, width, 3); greys, of two axes, stay as they are."""
    if pixels.ndim == 2:
        return pixels
    red, green, blue = (pixels[..., i].astype(np.int64) for i in range(3))
    return ((299 * red + 587 * green + 114 * blue + 500) // 1000).astype(np.uint8)
