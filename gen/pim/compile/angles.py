"""The tables of rotary positions (Su et al., 2021), with the scalings that Llama 3 and longer contexts use."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from gen.pim.model import Rotary

__all__ = ["turns"]


def turns(rotary: Rotary, tokens: int) -> npt.NDArray[np.float64]:
    """Cosines, sines, and the sines' negatives of every position, shape (tokens, 3, width / 2)."""
    half = rotary.width // 2
    speed = rotary.base ** (-2 * np.arange(half) / rotary.width)
    scaling = dict(rotary.scaling)
    if "low_freq_factor" in scaling:
        speed = _slowed(speed, scaling)
    elif scaling:
        speed = speed / scaling["factor"]
    angles = np.arange(tokens)[:, None] * speed
    return np.stack([np.cos(angles), np.sin(angles), -np.sin(angles)], axis=1)


def _slowed(speed: npt.NDArray[np.float64], scaling: dict[str, float]) -> npt.NDArray[np.float64]:
    """Llama 3: pairs that turn fast stay, slow ones are slowed by the factor, and those between in between."""
    low, high = scaling["low_freq_factor"], scaling["high_freq_factor"]
    times = scaling["original_max_position_embeddings"] * speed / (2 * np.pi)
    share = np.clip((times - low) / (high - low), 0, 1)
    return speed * (share + (1 - share) / scaling["factor"])
