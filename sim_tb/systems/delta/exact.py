"""The whole on the RTL: a clip's patches enter an engine behind a delta encoder, against a full recomputation."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from gen.emit.verilog import Emission, emit
from hdl.params import CheckFailed, ConfigError, OperandFormat, Problem
from hdl.params.delta import DeltaSetting
from hdl.params.delta_front import DeltaFront
from sim_tb.models import DEPTH
from sim_tb.run import run_workload
from sim_tb.systems.delta.clips import Clip
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import PIXELS, Contender
from sim_tb.systems.delta.frames import Frames
from sim_tb.workloads.tiling import Tiling

__all__ = ["Case", "cases", "compared"]

#: Changes of send-on-delta that are narrow enough to saturate, and its threshold.
NARROW, THRESHOLD = OperandFormat(6, signed=True), 5


@dataclass(frozen=True)
class Case:
    """An engine behind an encoder, and the encoder's setting.

    Parameters
    ----------
    words : str
    front : DeltaFront
    setting : DeltaSetting
    """

    words: str
    front: DeltaFront
    setting: DeltaSetting

    def frames(self, clip: Clip, layer: Convolution) -> Frames:
        """A layer's operands in every frame of a clip."""
        patches = layer.patches(clip.frames.astype(np.int64))
        tiling = Tiling(self.front.engine, patches.shape[1], *layer.weights.shape)
        cuts = [tiling.cut(each, layer.weights, np.broadcast_to(layer.bias, (tiling.m, tiling.n))) for each in patches]
        first = cuts[0][0]
        assert first.initial is not None
        return Frames(
            self.front, np.array([tiles.a for (tiles,) in cuts]), first.b, first.initial, self.setting, stalled=True
        )


def cases(contender: Contender, clip: Clip, layer: Convolution, theta: int, own: DeltaFront | None) -> tuple[Case, ...]:
    """Quantised changes, and those of send-on-delta with operands so narrow that large ones saturate.

    Parameters
    ----------
    own : DeltaFront or None
        What a user puts in front of the engine; otherwise an encoder that is large enough.

    Raises
    ------
    ConfigError
        Where a frame is larger than what a user's encoder holds, its activations are no pixels, or sums are too large.
    """
    params, (k, n) = contender.params, layer.weights.shape
    down, across = Tiling(params, layer.patches(clip.frames[:1]).shape[1], k, n).grid
    needed = down * across * DeltaFront(params, PIXELS).a_beats.beats(k)
    problems = []
    if k > params.k_limit:
        message = f"must hold sums of {k} products, for which {params.accumulator} bits are too few"
        problems.append(Problem("engine.accumulator", message, "raise it"))
    if own is not None and own.x != PIXELS:
        problems.append(Problem("delta.x", f"must be {PIXELS}, as pixels are, not {own.x}"))
    if own is not None and own.words < needed:
        problems.append(Problem("delta.words", f"must hold the {needed:,} beats of a frame, not {own.words:,}"))
    if problems:
        raise ConfigError(problems)
    front = own or DeltaFront(params, PIXELS, max(2, needed))
    narrow = min(NARROW, params.a, key=lambda form: form.width)
    found = [Case(f"quantised, theta {theta}", front, DeltaSetting.quantised(theta))]
    words = f"send on delta, threshold {THRESHOLD}, {narrow}"
    with suppress(ConfigError):  # of an engine that does several digits at once, which so few don't fill
        found.append(Case(words, front.before(replace(params, a=narrow)), DeltaSetting(threshold=THRESHOLD)))
    return tuple(found)


def compared(
    case: Case, clip: Clip, layer: Convolution, *, seed: int, keep: Path, say: Callable[[str], None]
) -> tuple[Emission, dict[str, Any]]:
    """Run a case; gives its Verilog, and how many changes there were, how many saturated, and how many results.

    Raises
    ------
    CheckFailed
        Where a result differs from that of a full recomputation.
    """
    work, hardware = case.frames(clip, layer), emit(case.front)
    depth = max(DEPTH, 1 << (work.words - 1).bit_length())
    params = case.front.engine
    answer = run_workload(params, hardware, workload=work, seed=seed, effort="quick", depth=depth, keep=keep, say=say)
    if not answer["passed"]:
        raise CheckFailed(f"behind {case.front.title}, {case.words}, seed {seed}: {'; '.join(answer['problems'])}")
    sent = work.sent.changes
    saturated = int(((sent == params.a.max) | (sent == params.a.min)).sum())
    results = len(clip.frames) * layer.patches(clip.frames[:1]).shape[1] * layer.weights.shape[1]
    return hardware, {"changes": int(sent.size), "saturated": saturated, "results": results}
