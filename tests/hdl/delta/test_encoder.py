"""The delta encoder against the golden model: all operands of a lane, and frames under stalls, resets and mutations."""

from __future__ import annotations

import random
from collections.abc import Callable
from pathlib import Path
from types import ModuleType
from typing import Any
from unittest.mock import patch

import numpy as np
import pytest
from amaranth.hdl import ResetInserter, Signal

from hdl.delta import encoder as encoder_module
from hdl.delta import lane as lane_module
from hdl.delta.encoder import DeltaEncoder
from hdl.delta.lane import DeltaLane
from hdl.params import ConfigError, OperandFormat
from hdl.params.delta import DeltaParams, DeltaSetting
from sim_tb.golden.delta import Sent, delta
from tests.hdl.simulate import run

U8, S9, S8, S4, U4 = (OperandFormat.parse(name) for name in ("u8", "s9", "s8", "s4", "u4"))
SETTINGS = {
    "plain": DeltaSetting(whole=True),
    "theta 1": DeltaSetting(),
    "theta 4": DeltaSetting.quantised(4),
    "send on delta": DeltaSetting(threshold=5),
    "both": DeltaSetting(shift=1, threshold=2),
}


@pytest.mark.parametrize(("x", "d"), [(U4, OperandFormat(5, True)), (U4, S4), (S4, OperandFormat(3, True)), (S4, S8)])
def test_a_lane_computes_every_case(x: OperandFormat, d: OperandFormat) -> None:
    dut = DeltaLane(x, d)
    values = range(x.min, x.max + 1)
    checked = 0

    async def process(ctx: Any) -> None:
        nonlocal checked
        for threshold in (1, 2, 5, 1 << x.width - 1, (1 << x.width) - 1):
            for whole in (0, 1):
                for reference in values:
                    for q in values:
                        for name, value in (("q", q), ("reference", reference)):
                            ctx.set(getattr(dut, name), value & ((1 << x.width) - 1))
                        ctx.set(dut.whole, whole)
                        ctx.set(dut.threshold, threshold)
                        await ctx.delay(1e-9)
                        due = q if whole else q - reference
                        due = due if whole or abs(due) >= threshold else 0
                        due = min(max(due, d.min), d.max)
                        assert ctx.get(dut.d) == due & ((1 << d.width) - 1), (q, reference, threshold, whole)
                        after = (0 if whole else reference) + due
                        assert x.min <= after <= x.max, "a reference stays in the range of activations"
                        assert ctx.get(dut.sent) == after & ((1 << x.width) - 1)
                        checked += 1

    run(dut, process, clocked=False)
    assert checked == 10 * len(values) ** 2


def frames_of(params: DeltaParams, count: int, seed: int) -> np.ndarray:
    """Frames that change here and there, with steps over the whole range."""
    rng = np.random.default_rng(seed)
    shape = (count, params.words, params.lanes)
    frames = rng.integers(params.x.min, params.x.max, shape, endpoint=True)
    slow = np.clip(frames[:1] + rng.integers(-3, 4, shape).cumsum(axis=0), params.x.min, params.x.max)
    frames = np.where(rng.random(shape) < 0.6, slow, frames)
    ends = np.array([params.x.min, params.x.max])
    return np.where(rng.random(shape) < 0.1, ends[rng.integers(2, size=shape)], frames)


def packed(values: Any, width: int) -> int:
    return sum((int(value) & ((1 << width) - 1)) << (width * i) for i, value in enumerate(values))


def mismatches(
    dut: DeltaEncoder,
    setting: DeltaSetting,
    frames: np.ndarray,
    expected: Sent,
    *,
    fill: float = 1.0,
    drain: float = 1.0,
    addresses: list[int] | None = None,
    firsts: tuple[int, ...] = (0,),
    cycles: list[int] | None = None,
) -> int:
    """Beats that are not as expected; ``addresses`` instead of one after the other, the same in every frame.

    Sequences begin with the frames ``firsts``.
    """
    params, rng = dut.params, random.Random(1)
    order = list(range(params.words)) if addresses is None else addresses
    sent = [(f, a) for f in range(len(frames)) for a in order]
    wrong = 0

    async def process(ctx: Any) -> None:
        nonlocal wrong
        ctx.set(dut.shift, setting.shift)
        ctx.set(dut.threshold, setting.threshold)
        given = taken = clock = 0
        offered = False
        while taken < len(sent):
            offered = given < len(sent) and (offered or rng.random() < fill)
            if offered:
                frame, addr = sent[given]
                ctx.set(dut.i_data, packed(frames[frame, addr], params.x.width))
                ctx.set(dut.i_addr, addr)
                ctx.set(dut.i_whole, setting.whole or frame in firsts)
                ctx.set(dut.i_last, given % len(order) == len(order) - 1)
            else:
                ctx.set(dut.i_data, rng.getrandbits(params.lanes * params.x.width))
                ctx.set(dut.i_addr, rng.randrange(params.words))
            ctx.set(dut.i_valid, offered)
            ready = rng.random() < drain
            ctx.set(dut.o_ready, ready)
            if ready and ctx.get(dut.o_valid):
                frame, addr = sent[taken]
                changes = expected.changes[frame, addr]
                got = (ctx.get(dut.o_data), ctx.get(dut.o_addr), ctx.get(dut.o_last), ctx.get(dut.o_some))
                last = taken % len(order) == len(order) - 1
                wrong += got != (packed(changes, params.d.width), addr, last, bool(changes.any()))
                taken += 1
            if offered and ctx.get(dut.i_ready):
                given += 1
                offered = False
            clock += 1
            assert clock < 50 * len(sent) + 100, "it hangs"
            await ctx.tick()
        if cycles is not None:
            cycles.append(clock)

    run(dut, process)
    return wrong


@pytest.mark.parametrize("setting", SETTINGS.values(), ids=SETTINGS)
@pytest.mark.parametrize(("x", "d"), [(U8, S9), (U8, S8), (S8, S8), (S8, S4)], ids=str)
def test_frames_under_stalls(setting: DeltaSetting, x: OperandFormat, d: OperandFormat) -> None:
    params = DeltaParams(lanes=3, words=7, x=x, d=d)
    frames = frames_of(params, 12, 2)
    assert mismatches(DeltaEncoder(params), setting, frames, delta(params, setting, frames), fill=0.7, drain=0.6) == 0


def test_a_beat_in_every_cycle() -> None:
    params, cycles = DeltaParams(lanes=2, words=16), []
    frames = frames_of(params, 4, 3)
    assert (
        mismatches(DeltaEncoder(params), DeltaSetting(), frames, delta(params, DeltaSetting(), frames), cycles=cycles)
        == 0
    )
    assert cycles == [4 * 16 + 2]


@pytest.mark.parametrize("fill", [1.0, 0.5])
def test_the_same_address_again_at_once(fill: float) -> None:
    params, setting = DeltaParams(lanes=2, words=2), DeltaSetting(threshold=3)
    frames = frames_of(params, 40, 4)
    same = frames[:, [0, 0]]  # one word, whose beats follow each other, and what it would be with nothing else
    expected = delta(params, setting, same)
    got = mismatches(DeltaEncoder(params), setting, same, expected, addresses=[0], fill=fill, drain=fill)
    assert got == 0


@pytest.mark.parametrize(
    ("d", "shift", "changes"),
    [
        (S9, 0, [0, 255, 0, -255]),
        (S8, 1, [0, 127, 0, -127]),  # 255 / 2 would round to 128, which no s8 holds
        (S8, 0, [0, 127, 127, -127]),  # and then -1 is left, below
    ],
    ids=["wide", "theta 2", "saturating"],
)
def test_a_step_over_the_whole_range(d: OperandFormat, shift: int, changes: list[int]) -> None:
    params, setting = DeltaParams(words=2, d=d), DeltaSetting(shift=shift)
    levels = [0, 255, 255, 0] if d.width == 9 or shift else [0, 255, 255, 127]
    frames = np.array(levels)[:, None, None].repeat(2, axis=1)
    expected = delta(params, setting, frames)
    assert expected.changes[:, 0, 0].tolist() == changes
    assert mismatches(DeltaEncoder(params), setting, frames, expected) == 0


def test_reset_drops_what_is_inside() -> None:
    reset, dut = Signal(), DeltaEncoder(DeltaParams(words=4))
    found = []

    async def process(ctx: Any) -> None:
        ctx.set(dut.i_valid, 1)
        for _ in range(5):
            await ctx.tick()
        found.append((ctx.get(dut.o_valid), ctx.get(dut.i_ready)))
        ctx.set(reset, 1)
        ctx.set(dut.i_valid, 0)
        await ctx.tick()
        ctx.set(reset, 0)
        found.append((ctx.get(dut.o_valid), ctx.get(dut.i_ready)))

    run(ResetInserter(reset)(dut), process)
    assert found == [(1, 0), (0, 1)], "full, and then empty"


def mutate(module: ModuleType, old: str, new: str) -> ModuleType:
    """A module with one piece of its source changed."""
    source = Path(str(module.__file__)).read_text(encoding="utf-8")
    assert source.count(old) == 1, old
    changed = ModuleType(module.__name__)
    exec(compile(source.replace(old, new), f"{old} now {new}", "exec", dont_inherit=True), changed.__dict__)
    return changed


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("around.eq(leaves & (self.i_addr == addr))", "around.eq(0)"),
        ("around.eq(leaves & (self.i_addr == addr))", "around.eq(leaves)"),
        ("r0_addr=Mux(enters, self.i_addr, addr)", "r0_addr=self.i_addr"),
        ("w_addr=addr", "w_addr=self.i_addr"),
        ("(self.shift == i + 1 for", "(0 for"),
        ("Mux(rounded > top, top, rounded)", "rounded"),
        ("i_valid=held", "i_valid=self.i_valid"),
    ],
)
def test_a_mutation_of_the_encoder_is_caught(old: str, new: str) -> None:
    changed = mutate(encoder_module, old, new)
    params, setting = DeltaParams(lanes=2, words=2, d=S8), DeltaSetting.quantised(4)
    frames = frames_of(params, 12, 5)
    expected = delta(params, setting, frames)

    def wrong(make: type[DeltaEncoder], **how: Any) -> int:
        return mismatches(make(params), setting, frames, expected, fill=0.8, drain=0.7, **how)

    assert not wrong(DeltaEncoder)
    assert not wrong(DeltaEncoder, addresses=[1])
    assert wrong(changed.DeltaEncoder) or wrong(changed.DeltaEncoder, addresses=[1])


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("fitting_sent.eq(base + self.form.max)", "fitting_sent.eq(self.q)"),  # what saturated is lost
        ("fitting_sent.eq(base + self.form.min)", "fitting_sent.eq(self.q)"),
        ("Mux(sends, fitting_sent, base)", "fitting_sent"),
        ("sends = self.whole | ", "sends = "),
        ('self._reaches(m, "rise", q, reference) | ', ""),
        (' | self._reaches(m, "fall", reference, q)', ""),
        ("sums >= ~carries", "sums > ~carries"),  # the threshold is one more
        ("carries = Cat(C(1, 1), ", "carries = Cat(C(0, 1), "),
        ("base.eq(Mux(self.whole, 0, self.reference))", "base.eq(self.reference)"),
        ("fitting.eq(self.form.min)", "fitting.eq(-self.form.max)"),
    ],
)
def test_a_mutation_of_a_lane_is_caught(old: str, new: str) -> None:
    changed = mutate(lane_module, old, new)
    params = DeltaParams(lanes=2, words=4, d=OperandFormat(6, True))
    frames = frames_of(params, 16, 6)
    frames[0, 0] = 2  # below the threshold, and sent all the same

    setting = DeltaSetting(threshold=5)
    halves = [delta(params, setting, part) for part in (frames[:8], frames[8:])]
    expected = Sent(*(np.concatenate(each) for each in zip(*halves, strict=True)))

    def wrong() -> int:
        return mismatches(DeltaEncoder(params), setting, frames, expected, firsts=(0, 8))

    assert not wrong()
    with patch.object(encoder_module, "DeltaLane", changed.DeltaLane):
        assert wrong()


@pytest.mark.parametrize(
    ("make", "words"),
    [
        (lambda: DeltaSetting.quantised(3), "delta.theta: must be a power of two"),
        (lambda: DeltaSetting(threshold=0), "delta.threshold: must be an integer, 1 to"),
        (lambda: DeltaParams(lanes=0), "delta.lanes: must be an integer, 1 to 1024, not 0"),
        (lambda: DeltaParams(d=U8), r"delta.d: must have a sign, as changes have, not u8 \(write s8\)"),
        (lambda: DeltaParams(x=OperandFormat.parse("bf16")), "delta.x: must be a format of integers"),
        (lambda: DeltaParams().fits(DeltaSetting(shift=8)), "delta.shift: must be an integer, 0 to 7, not 8"),
        (lambda: delta(DeltaParams(), DeltaSetting(), np.zeros((2, 3))), "frames: must be integers of shape"),
        (lambda: delta(DeltaParams(), DeltaSetting(), np.full((2, 3), 256)), "frames: must be activations of u8"),
    ],
)
def test_what_is_wrong_is_said(make: Callable[[], object], words: str) -> None:
    with pytest.raises(ConfigError, match=words):
        make()
