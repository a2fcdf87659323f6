"""The chain on the RTL: frames through the encoder, its changes through an engine, against a full recomputation."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from hdl.params import CheckFailed, OperandFormat
from hdl.params.delta import DeltaParams, DeltaSetting
from sim_tb.golden.delta import delta
from sim_tb.systems.delta.clips import Clip
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import PIXELS
from sim_tb.systems.delta.hardware import encode_frames
from sim_tb.systems.delta.sequences import Sequence

__all__ = ["Case", "cases", "encoded"]

#: Changes of send-on-delta that are narrow enough to saturate, and its threshold.
NARROW, THRESHOLD = OperandFormat(6, signed=True), 5


@dataclass(frozen=True)
class Case:
    """An encoder and its setting.

    Parameters
    ----------
    words : str
    params : DeltaParams
    setting : DeltaSetting
    """

    words: str
    params: DeltaParams
    setting: DeltaSetting


def cases(clip: Clip, activation: OperandFormat, theta: int) -> tuple[Case, ...]:
    """Quantised changes, and those of send-on-delta, of which large ones saturate."""
    words, lanes = clip.frames.shape[1] * clip.frames.shape[2], clip.frames.shape[3]

    def encoder(d: OperandFormat) -> DeltaParams:
        return DeltaParams(lanes=lanes, words=words, x=PIXELS, d=d)

    narrow = min(NARROW, activation, key=lambda form: form.width)
    return (
        Case(f"quantised, theta {theta}", encoder(activation), DeltaSetting.quantised(theta)),
        Case(f"send on delta, threshold {THRESHOLD}, {narrow}", encoder(narrow), DeltaSetting(threshold=THRESHOLD)),
    )


def encoded(
    case: Case, clip: Clip, layer: Convolution, *, seed: int, keep: Path, say: Callable[[str], None]
) -> tuple[Sequence, int]:
    """The layer's operands as the encoder's RTL sends them, and how many changes saturated.

    Raises
    ------
    CheckFailed
        Where the RTL sends something else than the golden model.
    """
    frames = clip.frames.astype(np.int64)
    flat = frames.reshape(len(frames), -1, frames.shape[3])
    found = encode_frames(case.params, case.setting, flat, seed=seed, keep=keep, say=say).changes.reshape(frames.shape)
    expected = delta(case.params, case.setting, frames)
    if wrong := int((found != expected.changes).sum()):
        text = f"{wrong} of {found.size} changes differ from NumPy's"
        raise CheckFailed(f"the delta encoder, {case.words}, clip {clip.name}, seed {seed}: {text}")
    saturated = int(((found == case.params.d.max) | (found == case.params.d.min)).sum())
    patches = layer.patches(found), layer.patches(expected.whole)
    return Sequence(f"{clip.name} {case.words}", *patches), saturated
