"""Protocol tests with Python on every transaction, independent of the harness: random traffic and directed cases."""

from __future__ import annotations

import random
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from itertools import pairwise, product
from pathlib import Path
from typing import Any

import cocotb
import numpy as np

from gen.cycles.job import job_cycles
from hdl.engine.bodies import body_of
from hdl.engine.jobs import COUNTERS
from hdl.params import Dataflow, EngineParams
from sim_tb import messages
from sim_tb.activity import active_cycles
from sim_tb.directed import LONGEST, applies, paces
from sim_tb.golden import Matrix, tile_gemm
from sim_tb.scoreboard import Scoreboard
from sim_tb.stalls import Profile
from sim_tb.tb.bench import Bench
from sim_tb.tiles import Tiles, corner_tiles, normal_tiles, random_tiles

_request: dict[str, Any] = messages.read(Path(messages.REQUEST)) if Path(messages.REQUEST).exists() else {}
_board = Scoreboard()
_ran: list[str] = []
#: A tile of more beats takes too long from Python.
MOST_BEATS = 2000
#: Of a job whose cycles are compared with the model's.
PACE_TILES = 4


@asynccontextmanager
async def _bench(dut: Any, name: str) -> AsyncIterator[tuple[Bench, np.random.Generator]]:
    """A bench in reset state; what it finds, and how often a test ran to its end, goes into the answer."""
    bench = Bench(dut, EngineParams.from_dict(_request["engine"]))
    await bench.reset()
    known = len(_board.problems)
    try:
        yield bench, np.random.default_rng([_request["seed"], *name.encode()])
        _board.problems += [f"{name}: {problem}" for problem in bench.finish()]
        _ran.append(name)
    except (TimeoutError, AssertionError) as error:
        _board.problems.append(f"{name}: {error}")
    messages.write(Path(messages.ANSWER), {**_board.summary(), "tests": _ran, "seed": _request["seed"]})
    assert len(_board.problems) == known, "\n".join(_board.problems[known:])


def _expect(name: str, expected: object, got: object) -> None:
    if expected != got:
        _board.problems.append(f"{name}: expected {expected}, got {got}")


async def _compute(bench: Bench, work: list[Tiles], *, sent: bool = False) -> list[int]:
    """One job, compared with the golden model; gives the cycle of each row of results."""
    if not sent:
        bench.send(work)
    count = sum(tiles.count for tiles in work)
    await bench.job(count)
    rows = [beat.cycle for beat in bench.results.beats]
    expected = np.concatenate([tiles.golden(bench.params) for tiles in work])
    _board.compare(expected, bench.collect(count))
    return rows


@cocotb.test()
async def traffic(dut: Any) -> None:
    """Random tiles of random K in jobs of random size, under random stalls on all streams."""
    async with _bench(dut, "traffic") as (bench, rng):
        longest = min(20, bench.params.k_limit)
        random_source = random.Random(_request["seed"])
        left = _request["tiles"]
        while left > 0:
            await bench.reset(bench.draw(random_source), seed=int(rng.integers(1 << 20)))
            for _ in range(3):
                size = int(rng.integers(1, 8))
                work = [
                    random_tiles(bench.params, 1, int(k), rng) for k in rng.integers(1, longest, size, endpoint=True)
                ]
                await _compute(bench, work)
                left -= size
            _board.problems += [f"traffic: {problem}" for problem in bench.finish()]


@cocotb.test()
async def corners(dut: Any) -> None:
    """Operands at the ends of their formats, K = 1 and K at the limit."""
    async with _bench(dut, "corners") as (bench, rng):
        flow = Dataflow(bench.params)
        k = next(k for k in range(min(bench.params.k_limit, LONGEST), 0, -1) if flow.tile_interval(k) <= MOST_BEATS)
        await _compute(bench, corner_tiles(bench.params, k, rng))


def _single_terms(params: EngineParams, count: int, k: int, rng: np.random.Generator) -> Tiles:
    """Random tiles of zeros and ones, which have one term at most, so that a beat of ``laconic`` is one step."""
    tiles = random_tiles(params, count, k, rng)
    return Tiles(tiles.a & 1, tiles.b & 1, tiles.initial)


@cocotb.test()
async def streak(dut: Any) -> None:
    """Without stalls, tiles enter every ``Dataflow.tile_interval`` cycles, and results follow after the latency."""
    if not applies("streak", EngineParams.from_dict(_request["engine"])):
        return
    async with _bench(dut, "streak") as (bench, rng):
        flow, body, step = Dataflow(bench.params), body_of(bench.params), bench.params.k_step
        draw = _single_terms if bench.params.data_dependent else random_tiles
        interval = flow.drain_cycles
        for beats in sorted({1, 2, interval - 1, interval, interval + 1, 2 * interval}):
            k = beats * step - step // 2
            if not 1 <= k <= bench.params.k_limit:
                continue
            for monitor in bench.entries.values():
                monitor.beats.clear()
            rows = await _compute(bench, [draw(bench.params, 6 + body.ahead, k, rng)])
            ends = [beat.cycle for beat in bench.entries["a"].beats if beat.last]
            # The first beats pass into the input register while the engine waits for the first job or tile.
            inside = 2 + body.ahead
            steps = [after - before for before, after in pairwise(ends[inside:])]
            _expect(f"streak: cycles from tile to tile at K = {k}", [flow.tile_interval(k)] * len(steps), steps)
            if flow.a.beats(k) == flow.tile_interval(k):  # no beat waits
                size = bench.params.rows
                back = size - 1 if bench.params.weight_stationary else 0  # where the last block's rows begin
                entered = [beat.cycle for beat in bench.entries["a"].beats]
                needed = [entered[(tile + 1) * flow.a.beats(k) - 1 - back] for tile in range(inside, inside + 4)]
                took = [row - begin for row, begin in zip(rows[inside * size :: size], needed, strict=True)]
                _expect(f"streak: latency at K = {k}", [body.latency] * len(took), took)


def _thinned(params: EngineParams, tiles: Tiles, rng: np.random.Generator) -> Tiles:
    """Tiles of which some have recoded operands without digits in the lowest plane, and some in one plane at most.

    There is less to work off than to fill the store with.
    """
    shift = rng.choice((0, 2, params.recoded.width), (tiles.count, 1, 1))
    values = tiles.b if params.recodes_b else tiles.a
    values = np.maximum(values.astype(np.int64) >> shift << shift, params.recoded.min).astype(values.dtype)
    return replace(tiles, b=values) if params.recodes_b else replace(tiles, a=values)


@cocotb.test()
async def pace(dut: Any) -> None:
    """Without stalls, a job takes the cycles that the model of mapping and reports gives it, whatever its operands."""
    params = EngineParams.from_dict(_request["engine"])
    if not applies("pace", params):
        return
    async with _bench(dut, "pace") as (bench, rng):
        for k, share in paces(params).items():
            work = random_tiles(params, PACE_TILES, k, rng)
            if params.axes.stores_operands and k >= params.segment:
                work = _thinned(params, work, rng)
            await bench.cycles(Dataflow(params).drain_cycles if not params.weight_stationary else 1)
            before = bench.counter("cycles")
            await _compute(bench, [work])
            took, model = bench.counter("cycles") - before, job_cycles(params, [(work.a, work.b)])
            # Bubbles come as many at a time as there are partial sums: the first operands may find a run of them begun.
            begun = range(params.interleave)
            if min(abs(took - model - bubbles) for bubbles in begun) > share * model:
                _expect(f"pace: cycles of {PACE_TILES} tiles at K = {k}", model, took)


@cocotb.test()
async def counters(dut: Any) -> None:
    """The counters count what they say, only while busy, and clear."""
    async with _bench(dut, "counters") as (bench, rng):
        _expect("counters after reset", [0] * len(COUNTERS), [bench.counter(name) for name in COUNTERS])
        k = min(10, bench.params.k_limit)
        work = random_tiles(bench.params, 5, k, rng)
        active = active_cycles(bench.params, work)
        await _compute(bench, [work])
        await bench.cycles(2)  # counters follow by two cycles
        cycles = bench.counter("cycles")
        _expect("counter_active", active, bench.counter("active"))
        _expect("counter_blocked without back-pressure", 0, bench.counter("blocked"))
        await bench.cycles(20)
        _expect("counter_cycles while idle", cycles, bench.counter("cycles"))
        await _clear_counters(bench)

        # Operands that come late starve the engine; results that nobody takes block it.
        await bench.reset({"a": Profile.STARVED})
        await _compute(bench, [work])
        await bench.cycles(2)
        slow, starved = bench.counter("cycles"), bench.counter("starved")
        # Nothing else made the job longer; but a wait is filled up with bubbles where partial sums take turns, and is
        # followed by one where an operand takes several steps. And no step is taken while one is waited for.
        in_steps = bench.params.data_dependent or bench.params.axes.digits.order is not None
        longer = 2 if in_steps else bench.params.interleave
        least, most = max(1, -(-(slow - cycles) // longer)), slow - active
        if not least <= starved <= most:
            _expect("counter_starved with a slow operand", f"{least} to {most}", starved)
        await _clear_counters(bench)
        await bench.reset({"m": Profile.STARVED})
        await _compute(bench, [random_tiles(bench.params, 12, 1, rng)])
        await bench.cycles(2)
        _expect("counter_blocked with slow results", True, bench.counter("blocked") > 12)
        await _clear_counters(bench)


async def _clear_counters(bench: Bench) -> None:
    """Each is zero afterwards, whatever it was."""
    bench.dut.counters_clear.value = 1
    await bench.cycles(2)
    bench.dut.counters_clear.value = 0
    await bench.cycles(1)
    found = [bench.counter(name) for name in COUNTERS]
    _expect("counters after counters_clear", [0] * len(COUNTERS), found)


def _send_short(bench: Bench, short: str, length: int, k: int, rng: np.random.Generator) -> Matrix:
    """Queue the operands of a tile of which one stream ends after so many beats; gives its results."""
    # What stands for a missing beat may be discarded or be a zero: the same but to an infinity.
    finite = bench.params.floating
    tile = normal_tiles(bench.params, 1, k, 1.0, rng) if finite else random_tiles(bench.params, 1, k, rng)
    operands = {"a": tile.a[0], "b": tile.b[0]}
    for name, packer in bench.packers.items():
        if name in operands:
            beats = length if name == short else packer.map.beats(k)
            words, operands[name] = packer.cut(operands[name], k, beats)
            bench.sources[name].send(bench.split(words))
    if tile.initial is not None:
        bench.sources["c"].send(bench.beats("c", tile.initial, k))
    return tile_gemm(bench.params, operands["a"][None], operands["b"][None], tile.initial)


@cocotb.test()
async def wrong_tlast(dut: Any) -> None:
    """Whichever stream ends first, and however early: its rest counts as zeros, the next tile is right.

    ``error_tlast`` is sticky.
    """
    async with _bench(dut, "wrong_tlast") as (bench, rng):
        params = bench.params
        k = min(3 * params.k_step, params.k_limit)
        await _compute(bench, [random_tiles(params, 2, k, rng)])
        _expect("error_tlast with equal tlast", 0, int(dut.error_tlast.value))
        _expect("error_k with legal K", 0, int(dut.error_k.value))
        random_source = random.Random(_request["seed"])
        for short, how in product("ab", ("one", "least", "any", "any")):
            if how != "one":
                await bench.reset(
                    bench.draw(random_source) if how == "any" else {}, seed=random_source.randrange(1 << 20)
                )
                k = min(random_source.randint(2, 8) * params.k_step, params.k_limit)
            whole = bench.packers[short].map.beats(k)
            lengths = {
                "one": [whole - 1],
                "least": [1, 1, 1],  # each in a job of its own, before which all operands wait
                "any": [whole - random_source.randrange(1, max(2, whole)) for _ in range(3)],
            }[how]
            expected = [_send_short(bench, short, max(1, length), k, rng) for length in lengths]
            good = random_tiles(params, 1, k, rng)
            bench.send([good])
            for size in [1] * (len(lengths) + 1) if how == "least" else [len(lengths) + 1]:
                await bench.job(size)
            _board.compare(np.concatenate([*expected, good.golden(params)]), bench.collect(len(lengths) + 1))
            await bench.cycles(10)
            _expect(f"error_tlast with a short {short}", whole > 1, bool(dut.error_tlast.value))
            if how == "least":
                await bench.reset()  # sees that no error is left
                continue
            dut.counters_clear.value = 1
            await bench.cycles(2)
            dut.counters_clear.value = 0
            await bench.cycles(1)
            _expect("error_tlast after counters_clear", 0, int(dut.error_tlast.value))


@cocotb.test()
async def long_tile(dut: Any) -> None:
    """``error_k`` rises with the first beat beyond the limit, not before; and falls with a reset."""
    if not applies("long_tile", EngineParams.from_dict(_request["engine"])):
        return
    async with _bench(dut, "long_tile") as (bench, rng):
        limit = bench.params.k_limit
        await _compute(bench, [random_tiles(bench.params, 2, limit, rng)])
        _expect(f"error_k at K = {limit}", 0, int(dut.error_k.value))
        await _compute(bench, [random_tiles(bench.params, 1, limit + 1, rng)])
        _expect(f"error_k at K = {limit + 1}", 1, int(dut.error_k.value))
        await bench.reset()
        _expect("error_k after a reset", 0, int(dut.error_k.value))


@cocotb.test()
async def reset_midway(dut: Any) -> None:
    """A reset of one cycle in the middle of a job, under stalls, leaves nothing behind: no job, sum, counter or error.

    Of the first ones the last comes when all operands are worked off, and the engine starves. Then, in each of eight
    cycles, one comes as all tiles end wrongly, without stalls: it may meet an error that is about to be told.
    """
    async with _bench(dut, "reset_midway") as (bench, rng):
        k = min(12, bench.params.k_limit)
        zeros = random_tiles(bench.params, 2, k, rng)
        zeros = Tiles(zeros.a & 0, zeros.b, zeros.initial)
        random_source = random.Random(_request["seed"])
        least = min(2 * bench.params.k_step, bench.params.k_limit)
        right = (3, k, 2 * k + 5, *(random_source.randrange(60) for _ in range(5)), 500)
        for index, wait in enumerate((*right, *range(40, 48))):
            if index < len(right):
                bench.send([random_tiles(bench.params, 4, k, rng)])
            else:
                for _ in range(40):
                    _send_short(bench, "b", 1, least, rng)
            dut.job_tiles.value = 40
            dut.job_valid.value = 1
            await bench.cycles(wait)
            await bench.reset(bench.draw(random_source) if index < len(right) - 1 else {}, seed=wait + 1)
            work = [zeros, random_tiles(bench.params, 3, k, rng)]
            bench.send(work)
            await bench.idle(2 + wait % 60)
            names = ("cycles", "active", "starved", "blocked")
            _expect("counters after a reset", [0] * 4, [bench.counter(name) for name in names])
            await _compute(bench, work, sent=True)
            _board.problems += [f"reset_midway: {problem}" for problem in bench.finish()]


@cocotb.test()
async def jobs(dut: Any) -> None:
    """A job of no tiles ends at once, without results; one of very many doesn't end, whichever bit says that."""
    async with _bench(dut, "jobs") as (bench, rng):
        await bench.job(0, timeout=10)
        await _compute(bench, [random_tiles(bench.params, 1, 1, rng)])
        for bit in range(2, len(dut.job_tiles)):
            work = random_tiles(bench.params, 3, 1, rng)
            bench.send([work])
            await bench.offer((1 << bit) + 2)  # without the bit, the third tile is too many
            await bench.unfinished(work.count)
            _board.compare(work.golden(bench.params), bench.collect(work.count))
            await bench.reset()
