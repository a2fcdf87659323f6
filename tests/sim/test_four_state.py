"""Every engine in a four-state simulator: unknown values, streams that disagree, limits, counters, resets."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import cache
from itertools import pairwise
from typing import Any

import numpy as np
import pytest

from gen.emit.verilog import Emission, emit
from hdl.params import BUILDS, MULTIPLIERS, EngineParams
from sim_tb.beats import Beats
from sim_tb.golden import Matrix, gemm
from sim_tb.tiles import Tiles, random_tiles
from tests.sim.icarus import Beat, Run, Script, simulate

pytestmark = pytest.mark.sim

#: An accumulator that a few products overflow; several rows, columns, and steps of K a beat.
SMALL = {"rows": 3, "cols": 2, "depth": 3, "a": "s4", "b": "s4", "accumulator": 10, "segment": 32, "queue": 3}


def _engines() -> dict[str, dict[str, Any]]:
    """Every engine that can be built, with each way to multiply, with and without initial values."""
    found = {}
    for array, schemes in BUILDS.items():
        for scheme in schemes:
            for multiplier in MULTIPLIERS if scheme == "mac" else MULTIPLIERS[:1]:
                for preload in (False, True):
                    values = {"array": array, "scheme": scheme, "multiplier": multiplier, "preload": preload}
                    name = f"{array}-{scheme}{'-inferred' if multiplier == 'inferred' else ''}"
                    found[f"{name}-preload" if preload else name] = {**SMALL, **values}
    return found


ENGINES = _engines()
#: Those with each kind of control, for what depends on that alone.
PLAIN = [name for name, values in ENGINES.items() if not values["preload"] and values["multiplier"] == MULTIPLIERS[0]]
FORMATS = {
    "systolic_os-opt1-recoded": {"array": "systolic_os", "encoder": "ent", "a": "u4", "b": "u3", "preload": True},
    "matrix_2d-opt2-one": {"array": "matrix_2d", "scheme": "opt2", "rows": 1, "cols": 1, "accumulator": 9},
    "matrix_2d-opt2-serial": {"array": "matrix_2d", "scheme": "opt2", "encoder": "bit_serial", "a": "u5", "b": "s3"},
    "adder_tree-opt2-naf": {"array": "adder_tree", "scheme": "opt2", "encoder": "naf", "depth": 5},
    "cube-inferred-unsigned": {"array": "cube", "scheme": "mac", "multiplier": "inferred", "a": "u4", "b": "u4"},
    "matrix_2d-opt4e-naf": {"array": "matrix_2d", "scheme": "opt4e", "encoder": "naf", "a": "u4", "b": "s5"},
    "matrix_2d-laconic-below": {"array": "matrix_2d", "scheme": "laconic", "depth": 9},  # k_limit is less than a beat
    "systolic_ws-opt1-one": {"array": "systolic_ws", "rows": 1, "cols": 1, "depth": 1},
    "systolic_ws-mac-deep": {"array": "systolic_ws", "scheme": "mac", "rows": 2, "depth": 6},
    "row-adders": {"point": {"adders": "row", "recoded": "b"}},
    "one-adder": {"point": {"adders": "one", "sum": {"per_weight": True}, "k": {"form": "tree", "steps": 2}}},
    "own-adders": {"point": {"a": "broadcast", "adders": "own", "encode": "pe", "k": {"form": "chain", "steps": 2}}},
    "both-broadcast": {"point": {"a": "broadcast", "b": "broadcast", "adders": "row", "recoded": "b", "encode": "pe"}},
}
VARIED = {**ENGINES, **{name: {**SMALL, **values} for name, values in FORMATS.items()}}
#: Sums of floating-point numbers leave nothing, and have no greatest K.
FLOATS: dict[str, dict[str, Any]] = {
    "systolic_os-bf16": {"a": "bf16", "b": "bf16"},
    "matrix_2d-fp16": {"array": "matrix_2d", "a": "fp16", "b": "fp16", "multiplier": "inferred", "preload": True},
    "adder_tree-fp16": {"array": "adder_tree", "a": "fp16", "b": "fp16"},
}
FLOATS = {name: {**SMALL, "scheme": "mac", "accumulator": 32, **values} for name, values in FLOATS.items()}


def engine(name: str) -> EngineParams:
    return EngineParams.from_dict((VARIED | FLOATS)[name])


@cache
def hardware(name: str) -> Emission:
    return emit(engine(name))


def simulated(name: str, script: Script) -> Run:
    """Run a script; nothing unknown may show, no rule of the ports be broken."""
    run = simulate(script, hardware(name).top, hardware(name).text)
    assert not run.faults, "\n".join(run.faults[:10])
    assert all(state.cycles == state.busy_cycles for state in run.states)
    return run


def rng_of(name: str) -> np.random.Generator:
    return np.random.default_rng([7, *name.encode()])


def some_tiles(params: EngineParams, rng: np.random.Generator, longest: int = 8) -> list[Tiles]:
    return [random_tiles(params, 1, int(k), rng) for k in rng.integers(1, longest, 4, endpoint=True)]


def expect(script: Script, run: Run, work: Sequence[Tiles], beats: Sequence[Beat] | None = None) -> None:
    expected = np.concatenate([tiles.golden(script.params) for tiles in work])
    assert np.array_equal(script.results(run.results if beats is None else beats), expected)


@pytest.mark.parametrize("name", [*VARIED, *FLOATS])
def test_nothing_unknown_gets_through(name: str) -> None:
    """One cycle of reset, whatever registers, idle data and padding hold; stalls; resets in the middle of jobs."""
    params, rng = engine(name), rng_of(name)
    script = Script(params)
    kept: list[list[Tiles]] = []

    def compute() -> None:
        work = some_tiles(params, rng)
        script.send(work)
        script.job(len(work))
        kept.append(work)

    script.reset()
    script.send([random_tiles(params, 1, 9, rng)])
    script.quiet(8)  # operands are offered, and there is no job
    script.reset()
    compute()
    for share in (0, 5, 9, 13):
        script.stalls(*(int(each) for each in rng.integers(0, share, 4, endpoint=True)))
        compute()
        script.send(some_tiles(params, rng))
        script.offer(4)
        script.wait(int(rng.integers(1, 40)))
        script.reset()
        script.quiet(3)
        compute()
        script.state()
    run = simulated(name, script)
    # Results that came between a job and a reset belong to no job that was waited for.
    assert len(run.jobs) == len(kept)
    for work, end in zip(kept, run.jobs, strict=True):
        expect(script, run, work, run.results[end - 4 * params.rows : end])
    assert not any(state.error_tlast for state in run.states)


@pytest.mark.parametrize("name", VARIED)
def test_results_are_right_modulo_the_accumulator_at_every_k(name: str) -> None:
    """Far beyond ``k_limit``, with operands at the ends of their formats."""
    params, rng = engine(name), rng_of(name)
    ends_a, ends_b = (params.a.min, params.a.max), (params.b.min, params.b.max)
    start = np.zeros((1, params.rows, params.cols), dtype=np.int64) if params.preload else None
    work = []
    for k in (8, 41):
        shape_a, shape_b = (1, params.rows, k), (1, k, params.cols)
        work += [Tiles(np.full(shape_a, x), np.full(shape_b, y), start) for x in ends_a for y in ends_b]
        work.append(Tiles(np.full(shape_a, 2), np.full(shape_b, params.b.min), start))
        work += [random_tiles(params, 1, k, rng)] * 2
    script = Script(params)
    script.reset()
    script.send(work)
    script.job(len(work), timeout=20_000)
    script.state()
    run = simulated(name, script)
    expect(script, run, work)
    assert [state.error_k for state in run.states] == [True]


@pytest.mark.parametrize("name", VARIED)
def test_error_k_rises_exactly_beyond_the_limit(name: str) -> None:
    params, rng = engine(name), rng_of(name)
    limit = params.k_limit if params.k_limit >= params.k_step else params.k_step
    script = Script(params)
    script.reset()
    work = []
    for k in (1, limit, limit + 1, limit):
        work.append(random_tiles(params, 1, k, rng))
        script.send(work[-1:])
        script.job(1)
        script.state()
    run = simulated(name, script)
    expect(script, run, work)
    assert [state.error_k for state in run.states] == [False, False, True, True]


@pytest.mark.parametrize("stalled", [False, True], ids=["", "stalled"])
@pytest.mark.parametrize("name", [*PLAIN, "systolic_os-bf16", "adder_tree-fp16"])
def test_streams_that_disagree_on_the_end_of_a_tile(name: str, stalled: bool) -> None:
    """Either stream short by one beat, by many, by all but one; a right tile follows, in the same job or the next."""
    params, rng = engine(name), rng_of(name)
    script = Script(params)
    script.reset()
    if stalled:
        script.stalls(*(int(each) for each in rng.integers(1, 11, 4)))
    k = 4 * params.k_step
    expected: list[Matrix] = []
    mismatches = []
    for short in "ab":
        whole = script.maps[short].beats(k)
        for length in sorted({1, 2, whole // 2, max(1, whole - params.k_step), whole - 1, whole}):
            for joined in (True, False):
                bad, good = random_tiles(params, 2, k, rng)[:1], random_tiles(params, 1, int(rng.integers(1, 9)), rng)
                operands = {"a": bad.a[0], "b": bad.b[0]}
                for each in "ab":
                    kept = length if each == short else script.maps[each].beats(k)
                    words, operands[each] = Beats(script.maps[each]).cut(operands[each], k, kept)
                    script.stream(each, script.split(words))
                script.send([good])
                for tiles in (2,) if joined else (1, 1):
                    script.job(tiles)
                script.state()
                script.clear()
                expected += [gemm(params, operands["a"][None], operands["b"][None]), good.golden(params)]
                mismatches.append(length < whole)
    run = simulated(name, script)
    assert np.array_equal(script.results(run.results), np.concatenate(expected))
    assert [state.error_tlast for state in run.states] == mismatches
    assert all(state.left == (0, 0, 0) for state in run.states)


@pytest.mark.parametrize("name", [name for name in ENGINES if "opt1-preload" in name])
@pytest.mark.parametrize("lasts", ["never", "always", "first row"])
def test_tlast_of_initial_values_is_not_looked_at(name: str, lasts: str) -> None:
    params, rng = engine(name), rng_of(name)
    work = some_tiles(params, rng)
    script = Script(params)
    script.reset()
    rows = range(params.rows)
    pattern = [lasts == "always" or (lasts == "first row" and row == 0) for row in rows]
    script.send([Tiles(tiles.a, tiles.b) for tiles in work])
    for tiles in work:
        assert tiles.initial is not None
        words = [data for data, _ in script.beats("c", tiles.initial, 1)]
        script.stream("c", zip(words, pattern, strict=True))
    script.job(len(work))
    script.state()
    run = simulated(name, script)
    expect(script, run, work)
    assert not run.states[0].error_tlast


#: Beats that are sent at most to exceed the greatest K. That of floating-point sums is a million, and takes too long.
SENT = 10_000


def resets(name: str, times: int) -> tuple[Script, list[list[Tiles]]]:
    """Resets of one cycle at random moments under stalls, both errors raised before; what is computed after each."""
    params, rng = engine(name), rng_of(name)
    script = Script(params)
    script.reset()
    kept = []
    for turn in range(times):
        *operands, result = (int(each) for each in rng.integers(0, 12, 4))
        script.stalls(*operands, 15 if turn % 2 else result)  # often results find no room
        size = max(params.k_limit, params.k_step) + 1 if params.k_limit <= SENT else 3 * params.k_step
        long = random_tiles(params, 1, size, rng)
        beats = {"a": script.beats("a", long.a, long.k), "b": script.beats("b", long.b, long.k)}
        short = "ab"[int(rng.integers(2))]
        beats[short] = [(data, False) for data, _ in beats[short]]
        beats[short] += [(0, True)]
        for each in "ab":
            script.stream(each, beats[each])
        script.send(some_tiles(params, rng))
        script.offer(5)
        script.wait(int(rng.integers(0, 90)))
        script.state()
        script.reset()
        script.stalls(*operands, result)
        script.quiet(2)
        script.state()
        work = some_tiles(params, rng, longest=min(4, params.k_limit))
        script.send(work)
        script.job(4)
        script.state()
        kept.append(work)
    return script, kept


def check_resets(script: Script, kept: list[list[Tiles]], run: Run) -> None:
    assert len(run.jobs) == len(kept)
    for work, end in zip(kept, run.jobs, strict=True):
        expect(script, run, work, run.results[end - 4 * script.params.rows : end])
    before, after, last = run.states[::3], run.states[1::3], run.states[2::3]
    assert any(state.error_tlast and (state.error_k or script.params.k_limit > SENT) for state in before)
    for state in (*after, *last):
        assert not state.error_tlast
        assert not state.error_k
    assert all((state.cycles, state.active, state.starved, state.blocked) == (0, 0, 0, 0) for state in after)


@pytest.mark.parametrize("name", [*PLAIN, "systolic_os-bf16"])
def test_a_reset_of_one_cycle_at_any_moment(name: str) -> None:
    """Under stalls, again and again; both errors are raised before, and none is left."""
    script, kept = resets(name, times=12)
    check_resets(script, kept, simulated(name, script))


#: Registers of an output-stationary engine that would be right without a reset: they are written before they count, or
#: clock what waits for results, which nothing reads too early.
FREE = {"en", "row_last", "phase", "slot", "single", "tiles_in", "tiles_out", "entered", "ended", "of_b"}
FREE |= {"results_begin", "results_there", "results_left", "valid_later"}
#: Counters: those of jobs are set before they count, and upper parts of the others are never reached here.
COUNTER = re.compile(r"\nmodule \w*_count_(up|down)_")


def test_a_lost_reset_is_found() -> None:
    """The proof that these resets are looked at: each register that has one and needs it is tried without."""
    name = "systolic_os-opt1"
    script, kept = resets(name, times=6)
    emission = hardware(name)
    survived = set()
    places = list(re.finditer(r"(?<=    )(\S+) +<= rst \? \S+ : (.*);", emission.text))
    for place in places:
        register, value = place.groups()
        text = f"{emission.text[: place.start()]}{register} <= {value};{emission.text[place.end() :]}"
        module = emission.text[emission.text.rindex("\nmodule", 0, place.start()) :]
        if COUNTER.match(module):
            continue
        if register in FREE:
            continue
        try:
            run = simulate(script, emission.top, text)
            assert not run.faults
            check_resets(script, kept, run)
        except AssertionError:
            continue
        survived.add(register)
    assert len(places) > 30
    assert not survived


@pytest.mark.parametrize("name", PLAIN)
def test_cycles_and_starved_count_every_clock(name: str) -> None:
    """Operands that come a clock later cost a clock each, and a clock of ``counter_starved`` each."""
    params, rng = engine(name), rng_of(name)
    tiles = random_tiles(params, 2, 8, rng)
    script = Script(params)
    delays = (0, 1, 2, 9, 30)
    beats = {"a": script.beats("a", tiles.a, 8), "b": script.beats("b", tiles.b, 8)}
    for early, late in ("ba", "ab"):
        script.reset()
        for delay in delays:
            script.offer(2)
            script.stream(early, beats[early])
            script.wait(24 + delay)
            script.stream(late, beats[late])
            script.wait(400)
            script.state()
            script.clear()
    run = simulated(name, script)
    for states in (run.states[: len(delays)], run.states[len(delays) :]):
        for (one, two), (first, second) in zip(pairwise(states), pairwise(delays), strict=True):
            assert two.starved - one.starved == second - first
            assert two.cycles - one.cycles == second - first
        assert all(state.active == script.maps["a"].beats(8) * 2 for state in states)
        assert all(state.blocked == 0 for state in states)
        assert states[0].starved >= 24
