"""What a clip costs on an engine: every frame plain, and as changes, on the RTL."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from gen.emit.verilog import emit
from gen.nest.encoders import encode
from hdl.params import CheckFailed, EngineParams
from hdl.params.delta import DeltaSetting
from sim_tb.golden import Matrix
from sim_tb.golden.delta import delta
from sim_tb.run import run_workload
from sim_tb.systems.delta.clips import Clip
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import Contender, encoder_of
from sim_tb.systems.delta.sequences import Sequence, Sequences

__all__ = ["Mode", "Run", "Shape", "modes", "run_clips", "sequence_of", "shape_of"]

#: A beat for each of so many words of a tile's operands: enough for all tiles of a frame at once.
DEPTH = 1 << 15


@dataclass(frozen=True)
class Mode:
    """How frames are sent.

    Parameters
    ----------
    key, words : str
    setting : DeltaSetting
    drops : bool
        As in :class:`sim_tb.systems.delta.sequences.Sequence`.
    """

    key: str
    words: str
    setting: DeltaSetting
    drops: bool = False


def modes(contender: Contender, theta: int) -> tuple[Mode, ...]:
    """Pixels as they are, pixels in units of theta, and their changes: those of the modes that an engine can take."""
    quantised = DeltaSetting.quantised(theta)
    plain = Mode("plain", "pixels as they are", DeltaSetting(whole=True))
    units = f"in units of {theta}"
    found = (
        Mode("rounded", f"pixels {units}", DeltaSetting(shift=quantised.shift, whole=True)),
        Mode("delta", f"changes {units}", quantised),
    )
    gathered = Mode("gathered", f"changes {units}, steps without any left out", quantised, drops=True)
    return ((plain,) if contender.takes_pixels else ()) + found + ((gathered,) if contender.gathers else ())


def sequence_of(clip: Clip, mode: Mode, layer: Convolution, params: EngineParams) -> Sequence:
    """The layer's operands in every frame of a clip."""
    encoder = encoder_of(params, clip.frames.shape[3], clip.frames.shape[1] * clip.frames.shape[2])
    sent = delta(encoder, mode.setting, clip.frames.astype(np.int64))
    patches = layer.patches(sent.changes), layer.patches(sent.whole)
    return Sequence(f"{clip.name} {mode.key}", *patches, mode.setting.whole, mode.drops)


@dataclass(frozen=True)
class Shape:
    """What is special about operands, the first frame left out.

    Parameters
    ----------
    zeros : float
        Share of operands that are zero.
    digits : float
        Mean digits of an operand that are not zero.
    lockstep : float
        Mean of the most digits in a step of K of as many neighbouring rows as the engine has.
    """

    zeros: float
    digits: float
    lockstep: float


def shape_of(params: EngineParams, sent: Matrix) -> Shape:
    """Of operands (frames, m, k)."""
    later = sent[1:]
    digits = (encode(later, params.encoder, params.a) != 0).sum(axis=-1)
    whole = digits[:, : max(digits.shape[1] // params.rows, 1) * params.rows]
    rows = whole.reshape(len(whole), -1, min(params.rows, whole.shape[1]), whole.shape[2])
    return Shape(float((later == 0).mean()), float(digits.mean()), float(rows.max(axis=2).mean()))


@dataclass(frozen=True)
class Run:
    """What an engine took.

    Parameters
    ----------
    cycles : mapping
        Cycles of every frame, by sequence.
    checked : int
        Results that were compared.
    """

    cycles: Mapping[str, list[int]]
    checked: int

    def mean(self, name: str) -> float:
        """Cycles of a frame, the first one left out."""
        return float(np.mean(self.cycles[name][1:]))


def run_clips(
    contender: Contender,
    sequences: tuple[Sequence, ...],
    layer: Convolution,
    *,
    seed: int,
    keep: Path,
    say: Callable[[str], None],
) -> Run:
    """Run sequences on the RTL, every frame against a full recomputation.

    Raises
    ------
    CheckFailed
        Where a result differs, or an engine that has a stream of initial values wasn't given them.
    """
    work = Sequences(sequences, layer.weights, layer.bias)
    params = contender.params
    answer = run_workload(
        params, emit(params), workload=work, seed=seed, effort="quick", depth=DEPTH, keep=keep, say=say
    )
    problems = list(answer["problems"])
    if not answer["measured"]["preloaded"]:
        problems.append("results of the frame before were added outside of the engine")
    if not answer["passed"] or problems:
        raise CheckFailed(f"delta on {contender.key}, seed {seed}: {'; '.join(problems)}")
    results = sum(each.sent.shape[0] * each.sent.shape[1] for each in sequences) * layer.weights.shape[1]
    return Run(answer["measured"]["frames"], results)
