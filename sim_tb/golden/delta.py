"""What a delta encoder sends of a sequence of frames, on arrays of integers."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from hdl.params import ConfigError, Problem
from hdl.params.delta import DeltaParams, DeltaSetting
from sim_tb.golden.gemm import Matrix

__all__ = ["Sent", "delta"]


class Sent(NamedTuple):
    """Of every frame what was sent, and the sum of all that was sent up to it; both in units of theta."""

    changes: Matrix
    whole: Matrix


def delta(params: DeltaParams, setting: DeltaSetting, frames: Matrix) -> Sent:
    """Encode frames, of which the first is sent whole.

    Parameters
    ----------
    params : DeltaParams
        Gives the formats.
    setting : DeltaSetting
    frames : integer array of shape (frames, ...)

    Returns
    -------
    Sent
        Two int64 arrays of the same shape.

    Raises
    ------
    ConfigError
        Where the setting doesn't fit, frames are no integers, or an activation is outside of its format.
    """
    params.fits(setting)
    values = np.asarray(frames)
    if values.ndim < 2 or values.dtype.kind not in "iu":
        text = f"must be integers of shape (frames, ...), not {values.dtype} of shape {values.shape}"
        raise ConfigError([Problem("frames", text)])
    low, high = params.x.min, params.x.max
    if values.size and (values.min() < low or values.max() > high):
        text = f"must be activations of {params.x}, {low} to {high}, not {values.min()} to {values.max()}"
        raise ConfigError([Problem("frames", text)])
    units = np.floor(values.astype(np.float64) / setting.theta + 0.5).astype(np.int64)
    units = np.minimum(units, high // setting.theta)
    changes, sums = np.empty_like(units), np.empty_like(units)
    known = np.zeros(units.shape[1:], np.int64)
    for i, frame in enumerate(units):
        if i == 0 or setting.whole:
            known = np.zeros_like(known)
            due = frame
        else:
            due = np.where(np.abs(frame - known) < setting.threshold, 0, frame - known)
        changes[i] = np.clip(due, params.d.min, params.d.max)
        known = known + changes[i]
        sums[i] = known
    return Sent(changes, sums)
