"""Programs on the hardware and in the simulator: the same commands in the same clocks."""

from __future__ import annotations

import copy
from collections.abc import Sequence

import numpy as np

from gen.pim.assemble import assemble
from hdl.params.pim import PimParams
from sim_tb.golden.pim import Machine
from sim_tb.pim import Entry
from sim_tb.pim.bench.programs import random_program
from sim_tb.pim.bench.system import Result, run_system
from sim_tb.pim.simulate import Simulated, simulate
from tests.pim.rtl.test_system import loaded

UNITS = ("control", "stream", "dram", "pim", "vector")
#: The host's streams start with the whole SRAM.
MANY = 10_000_000


def ordered(log: Sequence[Entry]) -> list[Entry]:
    """Of the same clock, the channels in their order."""
    return sorted(log, key=lambda entry: entry[:2])


def both(
    params: PimParams, words: Sequence[int], starts: Sequence[int] = (0,), machine: Machine | None = None
) -> tuple[Result, Simulated]:
    """What the hardware does, and what the simulator says."""
    machine = machine or Machine(params)
    golden = copy.deepcopy(machine)
    for start in starts:
        golden.run(words, start)
    hardware = run_system(params, words, starts, machine=machine, limit=MANY)
    return hardware, simulated(params, words, starts, machine, golden)


def simulated(
    params: PimParams, words: Sequence[int], starts: Sequence[int], machine: Machine, golden: Machine
) -> Simulated:
    """The simulator's word, with lengths from scalar registers as the golden machine has given them."""
    scalars = [int(value) for value in machine.scalars]
    settings = {"scalars": scalars, "results": golden.given, "inputs": len(machine.inputs)}
    return simulate(params, words, starts, limit=MANY, **settings)


def same(hardware: Result, found: Simulated) -> int:
    """Everything that has to do with time is the same; returns how many commands there were."""
    for right, own in zip(ordered(hardware.log), found.log, strict=False):
        assert own == right
    assert len(found.log) == len(hardware.log)
    assert found.marks == hardware.marks
    names = ("cycle", "error", "pc", "halted", "instructions", "interrupts", "vector_clocks")
    for right, own in zip(hardware.runs, found.runs, strict=True):
        assert [getattr(own, name) for name in names] == [getattr(right, name) for name in names]
    assert found.cycles == hardware.cycles
    counts = found.statistics.commands
    assert sum(counts.values()) == len(found.log)
    assert sum(found.statistics.clocks.values()) == found.cycles - 4
    return len(found.log)


def batches(params: PimParams, seed: int, count: int, length: int = 60) -> list[tuple[list[int], list[int], Machine]]:
    """So many random programs, as many of them in a program memory as fit; words, starts and a machine of each."""
    rng, found = np.random.default_rng(seed), []
    load = assemble(f"in d=0, n={params.sram_words}\nhalt", system=params).words
    while count:
        words, starts, inputs = list(load), [0], 0
        while count:
            made = random_program(params, rng, length, UNITS)
            if len(words) + len(made.program.words) > params.program_words:
                break
            starts.append(len(words))
            words += made.program.words
            inputs += made.input_words
            count -= 1
        found.append((words, starts, loaded(params, rng, inputs)))
    return found
