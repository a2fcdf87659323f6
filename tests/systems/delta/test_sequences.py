"""Sequences of frames: golden model, clips, patches, and the recurrence on small engines of every kind."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gen.emit.verilog import emit
from hdl.params import CheckFailed, ConfigError, EngineParams, OperandFormat
from hdl.params.delta import DeltaParams, DeltaSetting
from hdl.params.delta_front import DeltaFront
from sim_tb.golden.delta import delta
from sim_tb.run import run_workload
from sim_tb.systems.delta.breakeven import Point, break_even
from sim_tb.systems.delta.clips import clips, read_clip
from sim_tb.systems.delta.convolution import Convolution
from sim_tb.systems.delta.engines import Contender, contenders, of_user
from sim_tb.systems.delta.exact import NARROW, THRESHOLD, cases, compared
from sim_tb.systems.delta.measure import modes, run_clips, sequence_of, shape_of
from sim_tb.systems.delta.sequences import Sequence, Sequences

FRAMES = 32


def test_what_is_known_follows_the_pixels_within_the_threshold() -> None:
    frames = clips(16, 8, 1)[3].frames.astype(np.int64)
    setting = DeltaSetting(threshold=5)
    sent = delta(DeltaParams(), setting, frames)
    assert (sent.changes.cumsum(axis=0) == sent.whole).all()
    assert np.abs(sent.whole - frames).max() == setting.threshold - 1
    exact = delta(DeltaParams(), DeltaSetting(), frames)
    assert (exact.whole == frames).all()
    rounded = delta(DeltaParams(), DeltaSetting.quantised(4), frames)
    assert np.abs(rounded.whole * 4 - frames).max() <= 3  # 254 and 255 are no more than 63 * 4
    assert np.abs(np.where(frames < 254, rounded.whole * 4 - frames, 0)).max() <= 2


def test_five_clips_with_and_without_noise() -> None:
    found = clips(24, 4, 1)
    assert [clip.noisy for clip in found] == [False, True, False, True, True]
    assert {clip.frames.shape for clip in found} == {(4, 24, 24, 3)}
    zeros = [float((np.diff(clip.frames.astype(int), axis=0) == 0).mean()) for clip in found]
    assert zeros[0] > 0.6 > zeros[1], "what stands still does not change, but for noise"
    again = clips(24, 4, 1)
    assert all((one.frames == other.frames).all() for one, other in zip(found, again, strict=True))
    assert (clips(24, 4, 2)[1].frames != found[1].frames).any()


def test_patches_of_changes_are_changes_of_patches() -> None:
    frames = clips(16, 4, 1)[1].frames.astype(np.int64)
    layer = Convolution.drawn(5, 2, 3, 4, 1)
    sent = delta(DeltaParams(), DeltaSetting.quantised(2), frames)
    assert (layer.patches(sent.changes).cumsum(axis=0) == layer.patches(sent.whole)).all()
    one = layer.patches(frames)[2, 7]  # the second pixel of the second line: six pixels a line
    assert (one == frames[2, 2:7, 2:7].ravel()).all()


def test_shapes_of_operands() -> None:
    params = contenders()[0].params
    still = np.zeros((3, 32, 10), np.int64)
    assert vars(shape_of(params, still)) == {"zeros": 1.0, "digits": 0.0, "lockstep": 0.0}
    still[1, 5] = 1  # one row of the first frame that counts
    found = shape_of(params, still)
    assert (found.zeros, found.digits, found.lockstep) == (1 - 1 / 64, 1 / 64, 1 / 4)


def test_break_even_lies_between_points() -> None:
    def point(share: float, cycles: float) -> Point:
        return Point(share, share, cycles, 100)

    assert break_even([point(0, 50), point(0.5, 90), point(1, 110)]) == pytest.approx(0.75)
    assert break_even([point(0, 50), point(1, 90)]) is None
    assert break_even([point(0, 100), point(1, 100)]) == 0.0


def test_sequences_are_stored(tmp_path: Path) -> None:
    rng = np.random.default_rng(1)
    shapes = ((2, 3, 4), (5, 2, 4))
    sequences = tuple(
        Sequence(f"n{i}", rng.integers(-256, 256, shape), rng.integers(0, 256, shape), bool(i), not i)
        for i, shape in enumerate(shapes)
    )
    work = Sequences(sequences, rng.integers(-127, 128, (4, 2)), rng.integers(-9, 9, 2))
    work.save(tmp_path / "workload")
    found = Sequences.load(tmp_path / "workload")
    assert [(each.name, each.whole, each.drops) for each in found.sequences] == [
        ("n0", False, True),
        ("n1", True, False),
    ]
    for one, other in zip(sequences, found.sequences, strict=True):
        assert (one.sent == other.sent).all()
        assert (one.known == other.known).all()
    assert (found.weights == work.weights).all()
    assert (found.bias == work.bias).all()


def small(contender: Contender) -> Contender:
    params = contender.params
    return replace(contender, params=replace(params, rows=4, cols=2, segment=32))


@pytest.mark.sim
@pytest.mark.parametrize("contender", [small(contenders()[i]) for i in (0, 2, 3)], ids=lambda each: each.key)
def test_every_frame_equals_a_full_recomputation(contender: Contender, tmp_path: Path) -> None:
    clip = clips(12, FRAMES, 1)[1]
    layer = Convolution.drawn(5, 3, 3, 2, 1)
    sequences = [sequence_of(clip, mode, layer, contender.params) for mode in modes(contender, 4)]
    narrow = DeltaParams(d=NARROW)
    sent = delta(narrow, DeltaSetting(threshold=THRESHOLD), clip.frames.astype(np.int64))
    assert sent.changes.max() == narrow.d.max, "some saturate"
    sequences.append(Sequence("saturating", layer.patches(sent.changes), layer.patches(sent.whole)))
    run = run_clips(contender, tuple(sequences), layer, seed=3, keep=tmp_path, say=lambda text: None)
    assert run.checked == 5 * FRAMES * 9 * 2
    assert {len(cycles) for cycles in run.cycles.values()} == {FRAMES}
    plain, _, changes, gathered = (run.mean(f"{clip.name} {mode.key}") for mode in modes(contender, 4))
    assert changes <= plain
    assert gathered <= changes


@pytest.mark.sim
def test_a_frame_that_is_wrong_is_found(tmp_path: Path) -> None:
    contender = small(contenders()[3])
    layer = Convolution.drawn(5, 3, 3, 2, 1)
    good = sequence_of(clips(12, 3, 1)[1], modes(contender, 4)[2], layer, contender.params)
    sent = good.sent.copy()
    sent[1, 4, 10] += 1  # what is lost once is wrong in the next frame, too
    with pytest.raises(CheckFailed, match="4 of 54 static-noise delta differ from NumPy's"):
        run_clips(contender, (replace(good, sent=sent),), layer, seed=3, keep=tmp_path, say=lambda text: None)


@pytest.mark.sim
def test_a_clip_enters_an_engine_behind_an_encoder(tmp_path: Path) -> None:
    clip, layer = clips(8, 6, 1)[1], Convolution.drawn(5, 3, 3, 3, 1)
    engine = small(contenders()[3])
    quantised, narrow = cases(engine, clip, layer, 4, None)
    assert (quantised.front.engine, narrow.front.engine.a) == (engine.params, NARROW)
    how = {"seed": 2, "keep": tmp_path, "say": lambda text: None}
    hardware, found = compared(quantised, clip, layer, **how)
    assert hardware.front == quantised.front
    assert found == {"changes": 6 * 2 * 4 * 75, "saturated": 0, "results": 6 * 4 * 3}, "two tiles across"
    assert compared(narrow, clip, layer, **how)[1]["saturated"] > 0


@pytest.mark.parametrize(
    ("front", "engine", "words"),
    [
        ({"words": 100}, {}, "delta.words: must hold the 150 beats of a frame, not 100"),
        ({"x": OperandFormat(7, signed=False)}, {}, "delta.x: must be u8, as pixels are, not u7"),
        ({}, {"accumulator": 20}, "engine.accumulator: must hold sums of 75 products"),
    ],
)
def test_an_encoder_that_takes_no_clip(front: dict, engine: dict, words: str) -> None:
    clip, layer = clips(8, 2, 1)[1], Convolution.drawn(5, 3, 3, 3, 1)
    contender = small(contenders()[3])
    contender = replace(contender, params=replace(contender.params, **engine))
    with pytest.raises(ConfigError, match=words):
        cases(contender, clip, layer, 4, DeltaFront(contender.params, **front))


@pytest.mark.sim
def test_plain_inference_on_the_rtl_is_compared_too(tmp_path: Path) -> None:
    params = EngineParams(rows=2, cols=2, a=contenders()[0].params.a, preload=True)
    layer = Convolution.drawn(3, 3, 1, 2, 1)
    pixels = np.arange(2 * 36).reshape(2, 6, 6, 1) % 256
    patches = layer.patches(pixels)
    work = Sequences((Sequence("plain", patches, patches, whole=True),), layer.weights, layer.bias)
    answer = run_workload(params, emit(params), workload=work)
    assert answer["passed"]
    assert answer["measured"]["preloaded"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"preload": False}, "engine.preload: must be true"),
        ({"a": "u8"}, "engine.a: must hold changes of up to 63 either way with theta 4, not u8"),
        ({"a": "s6"}, r"engine.a: .*not s6 \(write s7, or raise theta\)"),
        ({"a": "bf16", "b": "bf16", "scheme": "mac"}, "engine.a: must be integers, as changes are, not bf16"),
    ],
)
def test_engines_that_take_no_changes(values: dict, words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        of_user(EngineParams.from_dict({"preload": True, **values}), 4)


@pytest.mark.parametrize(
    ("frames", "words"),
    [
        (np.zeros((4, 16, 16), np.float64), r"must hold bytes \(uint8\), not float64"),
        (np.zeros((4, 16, 16), np.int64), r"must hold bytes \(uint8\), not int64"),
        (np.zeros((16, 16), np.uint8), "must be of shape"),
        (np.zeros((1, 16, 16), np.uint8), "at least 2 frames"),
        (np.zeros((4, 7, 16), np.uint8), "not \\(4, 7, 16, 1\\)"),
        (np.zeros((4, 16, 16, 5), np.uint8), "not \\(4, 16, 16, 5\\)"),
    ],
)
def test_clips_of_a_wrong_shape_or_type(frames: np.ndarray, words: str, tmp_path: Path) -> None:
    np.save(tmp_path / "clip.npy", frames)
    with pytest.raises(ConfigError, match=words) as error:
        read_clip(tmp_path / "clip.npy")
    assert "clip.npy" in str(error.value)


def test_a_clip_that_is_no_array(tmp_path: Path) -> None:
    (tmp_path / "clip.npy").write_text("frames")
    with pytest.raises(ConfigError, match="is no file of NumPy"):
        read_clip(tmp_path / "clip.npy")
    np.save(tmp_path / "clip.npy", np.zeros((3, 16, 20), np.uint8))
    assert read_clip(tmp_path / "clip.npy").frames.shape == (3, 16, 20, 1)
