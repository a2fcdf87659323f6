"""The delta encoder's Verilog in Verilator: frames go through it, with gaps and back-pressure."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import NamedTuple

import numpy as np

from gen.emit.verilog import verilog_of
from hdl.delta.encoder import DeltaEncoder
from hdl.params import CheckFailed
from hdl.params.delta import DeltaParams, DeltaSetting
from sim_tb.build import Model
from sim_tb.golden import Matrix
from sim_tb.run import run_model

__all__ = ["Encoded", "encode_frames", "encoder_verilog"]

PREFIX = "bitloom"


class Encoded(NamedTuple):
    """Changes, of the shape of the frames, and the cycles that they took."""

    changes: Matrix
    cycles: int


def encoder_verilog(params: DeltaParams) -> str:
    """Its Verilog; the first module is ``bitloom_delta_encoder``."""
    return verilog_of(DeltaEncoder(params), PREFIX)


def encode_frames(
    params: DeltaParams,
    setting: DeltaSetting,
    frames: Matrix,
    *,
    seed: int = 1,
    keep: Path | None = None,
    say: Callable[[str], None] = lambda text: None,
) -> Encoded:
    """Send frames through the encoder in Verilator.

    Parameters
    ----------
    frames : integer array of shape (frames, words, lanes)
    seed : int
        Of gaps, back-pressure, and what registers hold before the reset.

    Raises
    ------
    CheckFailed
        Where beats are lost, come out of order, or with a wrong flag.
    """
    part = DeltaEncoder(params)
    top = f"{PREFIX}_{part.module}"
    ports = ("clk", "rst", *part.signature.members)
    public = [f'public_flat_rw -module "{top}" -var "{name}"' for name in ports]
    control = "\n".join(["`verilator_config", *public, ""])
    model = Model(
        name=f"{top}-{params.lanes}", top=top, sources={"encoder.v": encoder_verilog(params), "e.vlt": control}
    )
    request = {**vars(setting), "x": str(params.x), "d": str(params.d), "seed": seed}
    answer = run_model(
        model, "sim_tb.tb.delta", request, files={"frames.npy": lambda path: np.save(path, frames)}, keep=keep, say=say
    )
    if not answer["passed"]:
        raise CheckFailed(f"the delta encoder, seed {seed}: {'; '.join(answer['problems'])}")
    return Encoded(np.array(answer["changes"], np.int64).reshape(frames.shape), answer["cycles"])
