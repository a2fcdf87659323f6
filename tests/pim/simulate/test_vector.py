"""The vector unit in time: its model asks for the same words, and answers the same, in every clock as the hardware."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from functools import lru_cache

import pytest

from hdl.arith.float.passes import LaneShape
from hdl.params.pim import INSTRUCTIONS, PRESETS, PimParams
from hdl.pim.vector.context import context_count
from hdl.pim.vector.phases import PHASES, phases_of
from sim_tb.pim.bench.vectors import Clock, run_vector
from sim_tb.pim.simulate import lanes, operand, scan
from sim_tb.pim.simulate.operand import ADDRESSES
from sim_tb.pim.simulate.start import Start
from sim_tb.pim.simulate.vector import VectorUnit
from tests.pim.machines import ALL_AT_ONCE, MANY_BANKS, TINY

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

    def model(self) -> VectorUnit:
        return VectorUnit(self.params, self.shape, self.contexts)

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


def seen(unit: VectorUnit, clock: Clock) -> Clock:
    """What the model does in a clock, answered as the hardware is."""
    own = (unit.ready, unit.slot, unit.active, unit.any_gives, unit.done, unit.target if unit.done else 0)
    return Clock(clock.start, *own, tuple(unit.requests()), unit.write(), clock.granted, clock.written)


def difference(unit: VectorUnit, starts: list[Start], log: list[Clock]) -> str:
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


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("system", EVERY)
def test_streams(system, seed):
    """While it streams the hardware asks for word after word; the model that does so at once goes on as it would."""
    starts, log = mix(system, seed)
    params = SYSTEMS[system].params
    unit, coming, number, streamed = SYSTEMS[system].model(), iter(starts), 0, 0
    while number < len(log):
        clock = log[number]
        assert seen(unit, clock) == clock, number
        clocks = min(unit.stream(), len(log) - number)
        steady = 0
        while steady < clocks and not log[number + steady].start:
            found, further = log[number + steady], steady * params.vector_lanes // params.lanes
            reads = tuple((port, (word + further) % ADDRESSES) for port, word in clock.requests)
            word = None if clock.write is None else (clock.write + further) % ADDRESSES
            expected = replace(clock, requests=reads, write=word, granted=found.granted, written=found.written)
            assert found == expected
            if found.granted != sum(1 << port for port, _ in reads) or found.written != (word is not None):
                break
            steady += 1
        if steady:
            unit.flow(steady)
            number, streamed = number + steady, streamed + steady
        else:
            unit.clock(clock.granted, clock.written, next(coming) if clock.start else None)
            number += 1
    assert streamed > len(log) / 10


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
def test_jumps_leave_the_same_state(seed):
    """A rest or a stream that is passed at once, and clock by clock."""
    starts, log = mix("tiny", seed)
    unit, coming, rng, jumps = SYSTEMS["tiny"].model(), iter(starts), random.Random(seed), 0
    for clock in log:
        if rng.random() < 0.02:
            granted, written = sum(1 << port for port, _ in unit.requests()), unit.write() is not None
            for length, jump in ((unit.rest, "skip"), (unit.stream, "flow")):
                if clocks := min(length(), 200):
                    one, other = SYSTEMS["tiny"].model(), SYSTEMS["tiny"].model()
                    for copy in (one, other):
                        copy.restore(unit.state())
                    for _ in range(clocks):
                        one.clock(granted, written, None)
                    getattr(other, jump)(clocks)
                    assert one.state() == other.state(), (jump, clocks)
                    jumps += 1
        unit.clock(clock.granted, clock.written, next(coming) if clock.start else None)
    assert jumps > 30


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


def alone(unit: VectorUnit, instruction: Start) -> Iterator[tuple[int, ...]]:
    """States while it is at work, in an SRAM that serves all; and a few clocks more without looking."""
    begins: Start | None = instruction
    while begins or unit.active:
        granted = sum(1 << port for port, _ in unit.requests())
        unit.clock(granted, unit.write() is not None, begins)
        begins = None
        if unit.active:
            yield unit.state()
    for _ in range(40):
        unit.clock(0, False, None)


# --- mutations -------------------------------------------------------------------------------------------------------
def later(part: str, name: str, by: int = 1) -> Callable[[VectorUnit], None]:
    """Something takes longer."""

    def change(unit: VectorUnit) -> None:
        owner = getattr(unit, part)
        setattr(owner, name, getattr(owner, name) + by)

    return change


def scan_later(kind: str) -> Callable[[VectorUnit], None]:
    def change(unit: VectorUnit) -> None:
        unit._scan._latency = unit._scan._latency | {kind: unit._scan._latency[kind] + 1}

    return change


MUTATIONS: dict[str, Callable[[VectorUnit], None]] = {
    "pass": later("_lanes", "_full"),
    "short pass": later("_lanes", "_short"),
    "sum": later("_lanes", "_sum_latency"),
    "gap between sums": later("_lanes", "_gap"),
    "gap less": later("_lanes", "_gap", -1),
    "gap in the scan": later("_scan", "_gap"),
    "sum in the scan": scan_later("sum"),
    "greatest": scan_later("greatest"),
    "lowest number first": lambda unit: setattr(unit.turns, "pick", lambda wants: (wants & -wants).bit_length() - 1),
}
CONSTANTS = [(lanes, "AHEAD"), (operand, "TRANSFER"), (scan, "TRANSFER")]


@pytest.mark.parametrize("mutation", MUTATIONS)
def test_mutations(mutation):
    """A latency that is off by one is found."""
    found = []
    for seed in SEEDS:
        unit = SYSTEMS["tiny"].model()
        MUTATIONS[mutation](unit)
        found.append(difference(unit, *mix("tiny", seed)))
    assert any(found)


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize(("module", "name"), CONSTANTS)
def test_mutations_of_constants(module, name, by, monkeypatch):
    monkeypatch.setattr(module, name, getattr(module, name) + by)
    assert difference(SYSTEMS["tiny"].model(), *mix("tiny", 0))


@pytest.mark.parametrize("by", [-1, 1])
@pytest.mark.parametrize("moment", ["b", "c"])
def test_mutations_of_moments(moment, by):
    """An operand that is due a step earlier, or later."""
    unit = SYSTEMS["tiny"].model()
    for name, plan in unit.turns._plans.items():
        stages = tuple(
            replace(stage, **{moment: getattr(stage, moment) + by}) if getattr(stage, moment) > 0 else stage
            for stage in plan.stages
        )
        unit.turns._plans[name] = replace(plan, stages=stages)
    assert difference(unit, *mix("tiny", 0))
