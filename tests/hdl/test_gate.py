"""The gate, its store, its generator and the PE with a dummy, in Amaranth's simulator, under stalls."""

from __future__ import annotations

import random
from dataclasses import dataclass, field

import numpy as np
import pytest

from hdl.gate import lfsr, operand_gate
from hdl.gate.lfsr import Lfsr
from hdl.gate.operand_gate import OperandGate
from hdl.gate.store import TileStore
from hdl.params import EngineParams
from hdl.params.gate import MODES, GateMode, GateParams
from hdl.pe.decoy import DecoyPE
from sim_tb.golden.gate import draw, random_bits
from tests.hdl.simulate import run

ENGINE = EngineParams(scheme="mac", rows=2, cols=1)
PIXELS = 6


@dataclass
class Work:
    """Tiles for a gate, and what left it: beats (a, b, a_last, b_last), None where a stream had none."""

    mode: str
    important: list[bool]
    threshold: int
    state: int
    tiles: list[list[tuple[int, int]]]
    stall: float
    seed: int
    code: int = -1  # of the mode, unless that of another is sent
    a: list[tuple[int, int]] = field(default_factory=list)
    b: list[tuple[int, int]] = field(default_factory=list)


def expected(params: GateParams, work: Work) -> tuple[list[tuple[int, int]], list[tuple[int, int]]]:
    """What leaves the gate on either stream: data with flags, and last."""
    mode, a, b = MODES[work.mode], [], []
    width, size = params.engine.a.width, params.engine.rows * params.engine.a.width
    state = work.state
    for tile in work.tiles:
        drawn = draw(params, work.mode, np.array(work.important), work.threshold, 1, len(tile), state)
        # The next tile goes on where this one ended.
        bits = random_bits(state, len(tile) * params.random_bits + 64)[: len(tile) * params.random_bits]
        history = [*((state >> i & 1) for i in reversed(range(64))), *bits.tolist()][-64:]
        state = sum(bit << i for i, bit in enumerate(reversed(history)))
        for k, (x, w) in enumerate(tile):
            runs, last = bool(drawn.runs[0, k]), k == len(tile) - 1
            flags = dict.fromkeys(params.flags, 0)
            if not runs and mode.leaves_out and not last:
                if mode.flag == "":
                    continue
                flags[mode.flag] = 1
            elif not runs and mode.flag == "decoy":
                x = sum((int(v) % 2**width) << (width * i) for i, v in enumerate(drawn.decoys[0, k]))
                flags["decoy"] = 1
            elif not runs:
                x = 0
            word = x | sum(flag << (size + i) for i, flag in enumerate(flags.values()))
            a.append((word, int(last)))
            b.append((w, int(last)))
    return a, b


def drive(params: GateParams, work: Work) -> None:
    """Send the tiles through a gate, under stalls on all four streams."""
    gate, rng = OperandGate(params), random.Random(work.seed)
    beats = [(x, w, k == len(tile) - 1) for tile in work.tiles for k, (x, w) in enumerate(tile)]
    done, _ = expected(params, work)

    async def process(ctx) -> None:
        async def configure() -> None:
            ctx.set(gate.mode, MODES[work.mode].code if work.code < 0 else work.code)
            ctx.set(gate.threshold, work.threshold)
            for i, bit in enumerate(work.important):
                ctx.set(gate.map_we, 1)
                ctx.set(gate.map_addr, i)
                ctx.set(gate.map_data, bit)
                await ctx.tick()
            ctx.set(gate.map_we, 0)
            ctx.set(gate.seed_we, 1)
            ctx.set(gate.seed, work.state)
            await ctx.tick()
            ctx.set(gate.seed, 0)  # is not taken
            await ctx.tick()
            ctx.set(gate.seed_we, 0)

        await configure()
        at = {"a": 0, "b": 0}
        offered = {"a": False, "b": False}
        out = {"a": work.a, "b": work.b}
        for _ in range(200 + 40 * len(beats)):
            for column, name in enumerate("ab"):
                offered[name] = at[name] < len(beats) and (offered[name] or rng.random() >= work.stall)
                beat = beats[min(at[name], len(beats) - 1)]
                ctx.set(getattr(gate, f"i_{name}_valid"), offered[name])
                ctx.set(getattr(gate, f"i_{name}_data"), beat[column] if offered[name] else rng.getrandbits(8))
                ctx.set(getattr(gate, f"i_{name}_last"), beat[2] if offered[name] else rng.getrandbits(1))
                ctx.set(getattr(gate, f"o_{name}_ready"), rng.random() >= work.stall)
            took = {name: offered[name] and ctx.get(getattr(gate, f"i_{name}_ready")) for name in "ab"}
            for name in "ab":
                if ctx.get(getattr(gate, f"o_{name}_valid")) and ctx.get(getattr(gate, f"o_{name}_ready")):
                    data, last = (ctx.get(getattr(gate, f"o_{name}_{what}")) for what in ("data", "last"))
                    out[name].append((data, last))
            await ctx.tick()
            for name in "ab":
                at[name] += took[name]
                offered[name] = offered[name] and not took[name]
            if len(work.a) >= len(done) and len(work.b) >= len(done) and at["a"] == at["b"] == len(beats):
                break

    run(gate, process)


def work_of(mode: str, seed: int, *, tiles: int = 8, stall: float = 0.3) -> Work:
    rng = random.Random(seed)
    # Tiles that are shorter than the map, as long, and longer than the store of 8 steps.
    sizes = [rng.choice((1, 2, PIXELS, PIXELS + 1, 20)) for _ in range(tiles)]
    drawn = [[(rng.getrandbits(16), rng.getrandbits(8)) for _ in range(size)] for size in sizes]
    important = [rng.random() < 0.3 for _ in range(PIXELS)]
    return Work(mode, important, rng.choice((0, 100, 255)), rng.getrandbits(64) | 1, drawn, stall, seed)


def differs(params: GateParams, work: Work) -> bool:
    """Whether what left the gate is not what should."""
    drive(params, work)
    a, b = expected(params, work)
    return (a, b) != (work.a, work.b)


@pytest.mark.parametrize("stall", [0.0, 0.5])
@pytest.mark.parametrize("mode", MODES)
def test_beats_that_leave(mode: str, stall: float) -> None:
    for seed in range(3):
        assert not differs(GateParams(ENGINE, pixels=PIXELS), work_of(mode, seed, stall=stall)), f"seed {seed}"


@pytest.mark.parametrize("mode", MODES)
def test_a_gate_of_one_mode(mode: str) -> None:
    """Without a store, without decoys: what is not built in draws no bits."""
    assert not differs(GateParams(ENGINE, pixels=PIXELS, modes=(mode,)), work_of(mode, 11))


def test_a_mode_that_is_not_built_in_acts_as_off() -> None:
    params = GateParams(ENGINE, pixels=PIXELS, modes=("zero",))
    for code in (MODES["compact"].code, 7):
        work = work_of("off", 3)
        work.code = code
        assert not differs(params, work)


@pytest.mark.parametrize("change", ["taps", "last", "threshold"])
def test_a_broken_gate_is_found(change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """The proof that these tests look: another polynomial, a last step that is left out, a map that is shifted."""
    mode = "zero"
    if change == "taps":
        monkeypatch.setattr(lfsr, "TAPS", (64, 63, 61, 59))
    elif change == "last":
        mode = "hold"
        careless = {**MODES, "hold": GateMode("hold", 2, "", leaves_out=False, flag="hold")}
        monkeypatch.setattr(operand_gate, "MODES", careless)
    else:
        monkeypatch.setattr(operand_gate, "PROBABILITY_BITS", 7)
    found = [differs(GateParams(ENGINE, pixels=PIXELS), work_of(mode, seed)) for seed in range(3)]
    assert any(found)


def test_the_generator_draws_in_order_and_is_seeded() -> None:
    part, got = Lfsr(72, 5), []

    async def process(ctx) -> None:
        ctx.set(part.step, 1)
        for _ in range(4):
            got.append(ctx.get(part.word))
            await ctx.tick()
        ctx.set(part.seed_we, 1)
        ctx.set(part.seed, 77)
        await ctx.tick()
        ctx.set(part.seed_we, 0)
        got.append(ctx.get(part.word))

    run(part, process)

    def words(state: int, count: int) -> list[int]:
        return [int("".join(map(str, reversed(word))), 2) for word in random_bits(state, 72 * count).reshape(count, 72)]

    assert got == [*words(5, 4), *words(77, 1)]


def test_the_store_keeps_the_order_and_gives_tiles_whole() -> None:
    part, rng = TileStore(4, 8), random.Random(1)
    sent: list[tuple[int, int]] = []
    got: list[int] = []
    early: list[int] = []

    async def process(ctx) -> None:
        ctx.set(part.whole, 1)
        complete = 0
        for _ in range(600):
            push = bool(ctx.get(part.room)) and rng.random() < 0.6
            last = rng.random() < 0.4
            ctx.set(part.push, push)
            ctx.set(part.i_data, len(sent) % 256)
            ctx.set(part.i_last, last)
            valid = bool(ctx.get(part.o_valid))
            pop = valid and rng.random() < 0.7
            ctx.set(part.pop, pop)
            if pop:
                if len(got) >= complete and len(sent) - len(got) < part.depth - 1:
                    early.append(len(got))
                got.append(ctx.get(part.o_data))
            await ctx.tick()
            if push:
                sent.append((len(sent) % 256, last))
                complete = len(sent) if last else complete

    run(part, process)
    assert len(got) > 200
    assert got == [value for value, _ in sent[: len(got)]]
    # A tile that does not fit leaves when the store is full, and goes on then: no other one begins early.
    starts = [0, *(i + 1 for i, (_, last) in enumerate(sent) if last)]
    assert not set(early) & set(starts)


def test_the_pe_adds_decoys_to_its_dummy() -> None:
    params = EngineParams(scheme="mac", rows=1, cols=1)
    pe, rng = DecoyPE(params), random.Random(4)
    wrong: list[int] = []

    async def process(ctx) -> None:
        total, decoys, begun = 0, 0, False
        for step in range(400):
            clear, decoy = step == 0 or rng.random() < 0.2, rng.random() < 0.5
            a, b = (rng.choice((-128, 127, rng.randint(-128, 127))) for _ in range(2))
            ctx.set(pe.clear_in, clear)
            ctx.set(pe.a_in, a % 256 | decoy << 8)
            ctx.set(pe.b_in, b % 256)
            ctx.set(pe.en, 1)
            await ctx.tick()
            if ctx.get(pe.clear_out) and begun and ctx.get(pe.acc) != total % 2**32:
                wrong.append(step)
            begun, decoys = True, decoys + decoy
            total = (0 if clear else total) + (0 if decoy else a * b)
            ctx.set(pe.en, 0)
            ctx.set(pe.a_in, rng.getrandbits(9))
            await ctx.tick()
        assert decoys > 100

    run(pe, process)
    assert wrong == []
