"""Memories: macros in every lane of a simulation, the model of their energy, and the area that counts all alike."""

from __future__ import annotations

import random
from itertools import pairwise

import pytest

from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.power.macro import Macro, MacroEnergy

pytestmark = pytest.mark.synth


def memory(words: int, width: int, reads: int = 1) -> Memory:
    address = (words - 1).bit_length()
    ports = {"clk": ("input", 1), "w_en": ("input", 1), "w_addr": ("input", address), "w_data": ("input", width)}
    for i in range(reads):
        ports |= {f"r{i}_addr": ("input", address), f"r{i}_data": ("output", width)}
    return Memory(f"x_ram_{words}x{width}", words, width, reads, ports)


@pytest.mark.parametrize("lanes", [1, 7, 64])
def test_every_lane_has_a_memory_of_its_own(lanes: int) -> None:
    """Against lists of words; what is written in a clock is read as it was."""
    source, part = random.Random(3), memory(8, 5, 2)
    pins: dict[str, list[int | str]] = {}
    for port, (_, width) in part.ports.items():
        first = 1 + sum(map(len, pins.values()))
        pins[port] = list(range(first, first + width))
    pins["w_data"][2] = "1"
    macro, values = Macro("m", part, pins, lanes), [0] * 64
    words = [[0] * 8 for _ in range(lanes)]
    written = 0

    def drive(port: str, by_lane: list[int]) -> None:
        for i, net in enumerate(pins[port]):
            if isinstance(net, int):
                values[net] = sum((value >> i & 1) << lane for lane, value in enumerate(by_lane))

    for clock in range(60):
        enable, at, data, *reads = ([source.randrange(limit) for _ in range(lanes)] for limit in (2, 8, 32, 8, 8))
        for port, numbers in zip(
            ("w_en", "w_addr", "w_data", "r0_addr", "r1_addr"), (enable, at, data, *reads), strict=True
        ):
            drive(port, numbers)
        expected = [[words[lane][number] for lane, number in enumerate(numbers)] for numbers in reads]
        if clock >= 10:
            macro.count(values)
            written += sum(enable)
        shown = dict(macro.clock(values))
        for i, numbers in enumerate(expected):
            got = [
                sum(
                    (shown[net] >> lane & 1) << bit
                    for bit, net in enumerate(pins[f"r{i}_data"])
                    if isinstance(net, int)
                )
                for lane in range(lanes)
            ]
            assert got == numbers
        for lane in range(lanes):
            if enable[lane]:
                words[lane][at[lane]] = data[lane] | 4
    assert macro.writes == pytest.approx(written / 50 / lanes)
    assert len(macro.inputs) == 1 + 3 + 4 + 3 + 3


SHAPES = [(4, 2), (8, 4), (16, 8), (32, 16), (128, 32), (1024, 32)]


def test_energy_grows_with_bits_and_with_use(osu018: Library) -> None:
    models = [MacroEnergy(memory(*shape), osu018) for shape in SHAPES]
    for small, large in pairwise(models):
        assert small.access_fj < large.access_fj
        assert small.clock_fj <= large.clock_fj
        assert small.leakage_nw < large.leakage_nw
    for model in models:
        assert model.of_clock(writes=0.0, reads=0.0) == 0  # only clock and leakage are left
        assert model.clock_fj > 0
        assert model.of_clock(writes=0.0) == model.access_fj
        assert model.of_clock(writes=1.0) == 2 * model.access_fj
        assert model.of_clock(writes=1.0, transitions=3.0) > model.of_clock(writes=1.0)
    assert MacroEnergy(memory(32, 16, 2), osu018).of_clock(writes=0.0) == 2 * models[3].access_fj


def test_the_area_that_counts_all_grows_with_the_shape_alone(unit: Library) -> None:
    """No step where memories become macros, and never more than as flip-flops."""
    flop = min(unit.areas[name] for name in unit.flops)
    before = 0.0
    for words in range(2, 80):  # 8 bits each: a macro from 64 words on
        area = memory(words, 8).counted(unit)
        assert before < area < before * 1.6 or not before
        assert area <= words * 8 * (flop + 3 * unit.nand2_area)
        before = area
    assert memory(63, 8).macro is False
    assert memory(64, 8).macro is True
