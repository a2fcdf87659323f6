"""How near doubled photographs come to the true ones: bicubic, the network in floating point, and in integers."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from sim_tb.golden import Matrix
from sim_tb.systems.sesr.integer import IntegerNetwork
from sim_tb.systems.sesr.network import SCALE, Network
from sim_tb.systems.sesr.resize import double, halve, psnr

__all__ = ["NEAR", "Quality", "middle", "quality"]

#: What integers may lose to floating point, dB.
NEAR = 0.2


@dataclass(frozen=True)
class Quality:
    """Peak signal to noise ratios of a photograph which was halved and doubled again, in dB.

    Parameters
    ----------
    name : str
    height, width : int
        Of the true photograph.
    bicubic, spline : float
        Keys' kernel, and scikit-image's cubic spline ("order 3").
    fp32, int8 : float
        The network.
    """

    name: str
    height: int
    width: int
    bicubic: float
    spline: float
    fp32: float
    int8: float

    @property
    def near(self) -> bool:
        """Integers lose no more than :data:`NEAR`."""
        return self.int8 >= self.fp32 - NEAR

    @property
    def above(self) -> bool:
        """Integers are better than both ways without a network."""
        return self.int8 > max(self.bicubic, self.spline)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, of two places."""
        return {key: round(value, 2) if isinstance(value, float) else value for key, value in asdict(self).items()}


def middle(image: Matrix, size: int | None) -> Matrix:
    """The middle of an image, of even position, at most so many pixels high and wide."""
    if size is None:
        return image
    kept = [min(side, size) for side in image.shape]
    y, x = ((side - own) // 2 // SCALE * SCALE for side, own in zip(image.shape, kept, strict=True))
    return image[y : y + kept[0], x : x + kept[1]]


def quality(name: str, image: Matrix, network: Network, integers: IntegerNetwork) -> tuple[Quality, dict[str, Matrix]]:
    """Judge a photograph of even height and width; and the images: ``true``, ``bicubic``, ``fp32``, ``int8``."""
    small = halve(image)
    found = {"true": image, "bicubic": double(small), "fp32": network.upscale(small), "int8": integers.golden(small)[1]}
    each = [psnr(one, image) for one in (found["bicubic"], _spline(small), found["fp32"], found["int8"])]
    return Quality(name, *image.shape, *each), found


def _spline(small: Matrix) -> Matrix:
    from skimage import transform

    resize: Any = transform.resize
    shape = tuple(SCALE * side for side in small.shape)
    doubled = resize(small.astype(np.float64), shape, order=3, mode="symmetric", preserve_range=True)
    result: Matrix = np.clip(np.floor(doubled + 0.5), 0, 255).astype(np.uint8)
    return result
