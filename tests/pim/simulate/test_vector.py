"""The vector unit in time: its model asks for the same words, and answers the same, in every clock as the hardware."""

from __future__ import annotations

import random
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import INSTRUCTIONS, PRESETS, PimParams
from hdl.pim.vector.context import context_count
from hdl.pim.vector.phases import PHASES, phases_of
from sim_tb.pim.bench.vectors import Clock, run_vector
from sim_tb.pim.simulate.core import lanes
from sim_tb.pim.simulate.core import layout as at
from sim_tb.pim.simulate.core.native import Native
from sim_tb.pim.simulate.start import Start
from tests.pim.machines import ALL_AT_ONCE, MANY_BANKS, TINY
from tests.pim.simulate import model
from tests.pim.simulate.model import Model

pytestmark = pytest.mark.sim

#: More clocks than any of the instructions below takes alone.
LONGEST = 2000
SEEDS = range(5)


@dataclass(frozen=True)
class System:
    """A vector unit."""

    params: PimParams
    shape: LaneShape = LaneShape()  # noqa: RUF009 - frozen
    contexts: int = 0

    def model(self) -> Model:
        return Model(self.params, self.shape, self.contexts)

    def run(self, starts: list[tuple[Start, int]], **run: int) -> list[Clock]:
        return run_vector(self.params, starts, shape=self.shape, contexts=self.contexts, **run)


#: Words of one beat and of two, 2 instructions at work, 4 and 8.
SYSTEMS = {
    "tiny": System(TINY),
    "narrow": System(replace(TINY, lanes=1, vector_lanes=1, gb_words=8), LaneShape(2, 1, 2), contexts=2),
    "many banks": System(replace(MANY_BANKS, int8=True)),
    "pimgpt_paper": System(PRESETS["pimgpt_paper"]),
}
#: Two beats of one word each are packed; in "many banks" of two words.
INT8 = {"int8": System(ALL_AT_ONCE)}
EVERY = [pytest.param(name, marks=[pytest.mark.slow] if name == "pimgpt_paper" else []) for name in SYSTEMS]
SYSTEMS |= INT8


def start(rng: random.Random, params: PimParams, name: str, n: int) -> Start:
    """An instruction somewhere in SRAM."""
    a, b, c, d = (rng.randrange(params.sram_words) for _ in range(4))
    gives = INSTRUCTIONS[name].operand("r") is not None
    return Start(name, n, a, b, c, d, rng.choice([0, 1, 3, rng.randrange(1 << 12)]), rng.randrange(16), gives)


@lru_cache(maxsize=32)
def mix(system: str, seed: int, names: tuple[str, ...] = ()) -> tuple[list[Start], list[Clock]]:
    """Instructions of random kinds and lengths, close behind each other or not, and what the hardware does."""
    rng, params = random.Random(seed), SYSTEMS[system].params
    stall, found = (0, 0, 30, 128, 200)[seed % 5], []
    for _ in range(250):
        name = rng.choice(names or tuple(phases_of(params)))
        beats = rng.choice([1, 1, 2, 3, 4, 5, rng.randrange(6, 40), rng.randrange(40, 90)])
        n = params.vector_lanes * beats - rng.randrange(params.vector_lanes)
        found.append((start(rng, params, name, n), rng.choice([0, 0, 0, 0, 3, 50, 400])))
    print(f"seed {seed}, stall {stall}")
    return [each for each, _ in found], SYSTEMS[system].run(found, stall=stall, seed=seed)


def seen(unit: Model, clock: Clock) -> Clock:
    """What the model does in a clock, answered as the hardware is."""
    return Clock(clock.start, *unit.seen(), clock.granted, clock.written)


def difference(unit: Model, starts: list[Start], log: list[Clock]) -> str:
    """The first clock in which the model differs from the hardware."""
    coming = iter(starts)
    for number, clock in enumerate(log):
        if (own := seen(unit, clock)) != clock:
            return f"clock {number}: {own}, in hardware {clock}"
        unit.clock(clock.granted, clock.written, next(coming) if clock.start else None)
    return ""


@pytest.mark.parametrize("system", [*EVERY, *INT8])
def test_every_instruction_alone(system):
    """1 to 5 beats, the last one whole and of a single element, and many beats."""
    params, rng = SYSTEMS[system].params, random.Random(1)
    size = params.vector_lanes
    lengths = sorted({beats * size + n for beats in (0, 1, 2, 3, 4, 60) for n in (1, size)})
    starts = [start(rng, params, name, n) for name in phases_of(params) for n in lengths]
    log = SYSTEMS[system].run([(each, LONGEST) for each in starts])
    assert all(not clock.active for clock in log if clock.start)
    assert difference(SYSTEMS[system].model(), starts, log) == ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("system", EVERY)
def test_many_at_work(system, seed):
    starts, log = mix(system, seed)
    assert any(clock.active.bit_count() == len(f"{max(each.active for each in log):b}") for clock in log)
    assert difference(SYSTEMS[system].model(), starts, log) == ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("system", EVERY)
def test_gathers(system, seed):
    """Among others that use the lanes, with operands that move apart."""
    starts, log = mix(system, seed, ("VGATHER", "VGATHER", "VADD", "VGELU", "RSSQ"))
    assert difference(SYSTEMS[system].model(), starts, log) == ""


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("system", ["int8", "many banks"])
def test_quantises(system, seed):
    """Among others that use scan and lanes: results of several passes come between two beats that are packed."""
    starts, log = mix(system, seed, ("VQUANT", "VQUANT", "VQUANT", "VADD", "VGELU", "RMAX"))
    assert difference(SYSTEMS[system].model(), starts, log) == ""


# --- rests and states ------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("system", EVERY)
def test_rests(system, seed):
    """While it rests the hardware asks for nothing and changes nothing; the model goes on as if it had not rested."""
    starts, log = mix(system, seed)
    unit, coming, rng, number, skipped = SYSTEMS[system].model(), iter(starts), random.Random(seed), 0, 0
    while number < len(log):
        clock = log[number]
        assert seen(unit, clock) == clock, number
        rest = min(unit.rest(), len(log) - number)
        quiet = 0
        while quiet < rest and not log[number + quiet].start:
            assert replace(log[number + quiet], granted=0, written=False) == replace(clock, granted=0, written=False)
            assert not clock.requests
            assert clock.write is None
            quiet += 1
        if quiet:
            quiet = rng.choice([quiet, rng.randrange(quiet) + 1])
            unit.skip(quiet)
            number, skipped = number + quiet, skipped + quiet
        else:
            unit.clock(clock.granted, clock.written, next(coming) if clock.start else None)
            number += 1
    assert skipped > len(log) / 10


def test_rests_for_ever_when_idle():
    unit = SYSTEMS["tiny"].model()
    assert unit.rest() > 1 << 50
    unit.clock(0, False, start(random.Random(1), TINY, "VADD", 5))
    assert unit.rest() == 0


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("system", EVERY)
def test_states_are_complete(system, seed):
    """From its state a new model goes on in the same way, with numbers that count from the next one's on."""
    starts, log = mix(system, seed)
    unit, coming, rng = SYSTEMS[system].model(), iter(starts), random.Random(seed)
    count, turned = SYSTEMS[system].contexts or context_count(SYSTEMS[system].params), 0
    for number, clock in enumerate(log):
        if rng.random() < 0.05:
            state, turned = unit.state(), clock.slot
            unit = SYSTEMS[system].model()
            unit.restore(state)
            assert unit.state() == state
        active = (clock.active >> turned | clock.active << count - turned) & (1 << count) - 1
        assert seen(unit, clock) == replace(clock, slot=(clock.slot - turned) % count, active=active), number
        unit.clock(clock.granted, clock.written, next(coming) if clock.start else None)


@pytest.mark.parametrize("seed", SEEDS)
def test_rests_leave_the_same_state(seed):
    """A rest that is passed at once, and clock by clock."""
    starts, log = mix("tiny", seed)
    unit, coming, rng, rests = SYSTEMS["tiny"].model(), iter(starts), random.Random(seed), 0
    for clock in log:
        if rng.random() < 0.02 and (clocks := min(unit.rest(), 200)):
            one, other = SYSTEMS["tiny"].model(), SYSTEMS["tiny"].model()
            for copy in (one, other):
                copy.restore(unit.state())
            for _ in range(clocks):
                one.clock(0, False, None)
            other.skip(clocks)
            assert one.state() == other.state(), clocks
            rests += 1
        unit.clock(clock.granted, clock.written, next(coming) if clock.start else None)
    assert rests > 15


@pytest.mark.parametrize("name", PHASES)
def test_states_do_not_depend_on_the_past(name):
    """After other instructions, and at another time, an instruction takes the model through the same states."""
    rng = random.Random(1)
    unit, others = SYSTEMS["tiny"].model(), [each for each in PHASES if each != name][:3]
    found = []
    for before in ([], others):
        for other in before:
            list(alone(unit, start(rng, TINY, other, 30)))
        found.append(list(alone(unit, start(random.Random(2), TINY, name, 23))))
        for other in others[:2]:
            list(alone(unit, start(rng, TINY, other, 9)))
    assert found[0] == found[1]
    assert len(set(found[0])) == len(found[0])


def alone(unit: Model, instruction: Start) -> Iterator[tuple[int, ...]]:
    """States while it is at work, in an SRAM that serves all; and a few clocks more without looking."""
    begins: Start | None = instruction
    while begins or unit.active:
        unit.clock(unit.granted, unit.writes, begins)
        begins = None
        if unit.active:
            yield unit.state()
    for _ in range(40):
        unit.clock(0, False, None)


# --- mutations -------------------------------------------------------------------------------------------------------
#: Numbers of the system that are off.
MUTATIONS = {
    "pass": {at.FULL_CHAIN: 1},
    "short pass": {at.SHORT_CHAIN: 1},
    "sum": {at.SUM_LATENCY: 1},
    "gap between sums": {at.GAP: 1},
    "gap less": {at.GAP: -1},
    "gap in the scan": {at.SCAN_GAP: 1},
    "sum in the scan": {at.SCAN_SUM: 1},
    "greatest": {at.SCAN_GREATEST: 1},
    "all of the scan": {at.SCAN_SUM: -1, at.SCAN_GREATEST: -1},
}


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_mutations(mutation):
    """A latency that is off by one is found."""
    found = []
    for seed in SEEDS:
        unit = SYSTEMS["tiny"].model()
        for place, by in MUTATIONS[mutation].items():
            unit.system[place] += by
        found.append(difference(unit, *mix("tiny", seed)))
    assert any(found)


def lowest(S, P, wants):
    which = 0
    while not wants >> which & 1:
        which += 1
    return which


@pytest.mark.parametrize(
    ("name", "mutant"),
    [
        ("oldest_of", lowest),
        *((name, getattr(lanes, name) + by) for name in ("AHEAD", "TRANSFER") for by in (-1, 1)),
    ],
)
def test_mutations_of_the_core(name, mutant, monkeypatch):
    """Of those that want the same the one with the lowest number goes first; constants that are off by one."""
    monkeypatch.setattr(lanes, name, mutant)
    monkeypatch.setattr(model, "native", Native(*model.ENTRIES))
    assert any(difference(SYSTEMS["tiny"].model(), *mix("tiny", seed)) for seed in SEEDS)


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("moment", [at.G_B, at.G_C])
def test_mutations_of_moments(moment, by):
    """An operand that is due a step earlier, or later."""
    unit = SYSTEMS["tiny"].model()
    stages = unit.system[at.PLANS : at.CLOSES_ALL].reshape(-1, at.STAGE_SIZE)
    stages[stages[:, moment] > 0, moment] += by
    assert difference(unit, *mix("tiny", 0))
