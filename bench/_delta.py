"""What is measured of the delta encoder beside its study. As a program it makes the picture of docs/delta.md."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from bench._common import Settings
from gen.emit.verilog import emit, verilog_of
from gen.report.workload.png import png
from hdl.delta.encoder import DeltaEncoder
from hdl.params import EngineParams
from hdl.params.delta import DeltaParams, DeltaSetting
from sim_tb.golden.delta import delta
from sim_tb.rate import measure_streak
from sim_tb.systems.delta.clips import clips
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import contenders
from sim_tb.systems.delta.measure import modes, run_clips, sequence_of
from sim_tb.systems.delta.stimuli import Patches
from sim_tb.systems.delta.study import FILTERS, KERNEL, STRIDE
from synth_scripts.engine.metrics import Rate
from synth_scripts.engine.run import synthesise
from synth_scripts.library.load import load
from synth_scripts.module.flow import synthesise_module

__all__ = ["CLIP", "encoder_area", "energy", "picture", "still"]

#: The clip whose operands are multiplied, side and number of its frames, and theta.
CLIP, SIZE, FRAMES, THETA, SEED = "static-noise", 64, 3, 4, 0
#: Width and height of a pixel of the picture.
ZOOM = 3
#: Side of frames of which most stands still.
STILL_SIZE = 96
#: A streak is long enough for its pace to be steady.
TILES = 9
SETTINGS = Settings("osu018", "quick")


def energy(key: str) -> dict[str, Any]:
    """An engine's energy of a multiply-accumulate, zeros counted as any other: of pixels, and of their changes."""
    params = next(each.params for each in contenders() if each.key == key)
    clip = next(each for each in clips(SIZE, FRAMES, SEED) if each.name == CLIP)
    pixels = clip.frames.astype(np.int64)
    changes = delta(DeltaParams(), DeltaSetting.quantised(THETA), pixels).changes
    layer = Convolution.drawn(KERNEL, STRIDE, 3, FILTERS, SEED)
    found = {}
    for name, maps in (("raw", pixels), (CLIP, changes)):
        found[name] = _energy_of(params, Patches(name, layer.patches(maps[1:2])[0], layer.weights))
    return found


def _energy_of(params: EngineParams, patches: Patches) -> dict[str, Any]:
    """Figures of ``synth.json``; energy with glitches where they were simulated."""
    emission = emit(params)
    streak = measure_streak(params, emission, k=len(patches.weights), tiles=TILES, stimuli=patches)
    rate = Rate(streak.macs_per_cycle, streak.words)
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        found = synthesise(params, emission, SETTINGS, Path(folder), with_power=True, rate=rate, stimuli=patches)
    glitches = found.get("glitch_pj_per_mac") is not None
    keys = ("clock_ns", "engine_area_um2", "engine_total_area_um2", "macs_per_cycle", "library")
    energy = found["glitch_pj_per_mac"] if glitches else found["pj_per_mac"]
    return {"pj_per_mac": energy, "glitches": glitches, **{key: found[key] for key in keys}}


def still() -> dict[str, Any]:
    """Cycles of a frame of the clip that stands still, without noise, in large frames."""
    clip, layer = clips(STILL_SIZE, FRAMES, SEED)[0], Convolution.drawn(KERNEL, STRIDE, 3, FILTERS, SEED)
    found: dict[str, Any] = {}
    for each in contenders():
        if each.params.data_dependent:
            ways = [way for way in modes(each, THETA) if way.key != "rounded"]
            sequences = {way.key: sequence_of(clip, way, layer, each.params) for way in ways}
            with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
                run = run_clips(
                    each, tuple(sequences.values()), layer, seed=1, keep=Path(folder), say=lambda text: None
                )
            found[each.key] = {key: run.mean(sequence.name) for key, sequence in sequences.items()}
    return {"size": STILL_SIZE, "engines": found}


def encoder_area() -> dict[str, Any]:
    """Area and clock of what an encoder has for an activation of a beat, without its memory."""
    text = verilog_of(DeltaEncoder(DeltaParams()), "bitloom")
    with tempfile.TemporaryDirectory(prefix="bitloom_") as folder:
        found = synthesise_module(load("osu018"), text, "bitloom_delta_lane", Path(folder), effort="quick").best
    return {"area_um2": found.area, "period_ns": found.period}


def picture() -> bytes:
    """A PNG of three clips' last frames, and below each what is sent of it: grey is nothing."""
    setting, columns = DeltaSetting.quantised(THETA), []
    found = {each.name: each.frames for each in clips(SIZE, FRAMES, SEED)}
    for name in ("static", "static-noise", "pan-noise"):
        changes = delta(DeltaParams(), setting, found[name].astype(np.int64)).changes[-1]
        seen = np.clip(128 + 2 * THETA * changes, 0, 255).astype(np.uint8)
        columns.append(np.concatenate([found[name][-1], np.full((2, SIZE, 3), 255, np.uint8), seen]))
        columns.append(np.full((2 * SIZE + 2, 2, 3), 255, np.uint8))
    return png(np.concatenate(columns[:-1], axis=1).repeat(ZOOM, axis=0).repeat(ZOOM, axis=1))


if __name__ == "__main__":
    Path("docs/images/delta.png").write_bytes(picture())
