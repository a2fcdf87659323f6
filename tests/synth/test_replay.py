"""A recorded program on a netlist: it is followed to the bit, through memories too, and what differs is found."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import pytest

from gen.pim.trace import Trace
from hdl.params import CheckFailed
from synth_scripts.library.library import Library
from synth_scripts.module.memory import Memory
from synth_scripts.power.macro import MacroEnergy
from synth_scripts.power.replay import Stretch, measure_replay

pytestmark = pytest.mark.synth

#: A register before a memory of two granules, an inverter behind it.
TEXT = """module top(clk, rst, en, at, d, q);
  input clk, rst;
  input [1:0] en;
  input [2:0] at;
  input [1:0] d;
  output [1:0] q;
  wire [1:0] held, shown;
  DFFPOSX1 f0 (.CLK(clk), .D(d[0]), .Q(held[0]));
  DFFPOSX1 f1 (.CLK(clk), .D(d[1]), .Q(held[1]));
  part sram (.clk(clk), .en(en), .at(at), .d(held), .q(shown));
  INVX1 i0 (.A(shown[0]), .Y(q[0]));
  INVX1 i1 (.A(shown[1]), .Y(q[1]));
endmodule
module part(clk, en, at, d, q);
  input clk;
  input [1:0] en;
  input [2:0] at;
  input [1:0] d;
  output [1:0] q;
  x_sram_bank_8x2 bank0 (.clk(clk), .w_en(en), .w_addr(at), .w_data(d), .r_addr(at), .r_data(q));
endmodule
"""
PORTS = {"clk": 1, "w_en": 2, "w_addr": 3, "w_data": 2, "r_addr": 3}
BANK = Memory(
    "x_sram_bank_8x2", 8, 2, 1, {name: ("input", bits) for name, bits in PORTS.items()} | {"r_data": ("output", 2)}
)
RESET, LENGTH = 2, 60


def recorded() -> Trace:
    """What the netlist should do, by another model of it."""
    source = random.Random(5)
    words, sram = [0] * 8, [source.randrange(4) for _ in range(8)]
    held = shown = 0
    clocks = []
    for number in range(LENGTH):
        if number == RESET:
            words = list(sram)
        enable, at, data = source.randrange(4), source.randrange(8), source.randrange(4)
        clocks.append((int(number < RESET) | enable << 1 | at << 3 | data << 6, shown ^ 3))
        shown = words[at]
        words[at] = (words[at] & ~enable) | (held & enable)
        held = data
    inputs, outputs = {"rst": 1, "en": 2, "at": 3, "d": 2}, {"q": 2}
    return Trace(inputs, outputs, clocks, sram, RESET, range(10, 40), range(40, LENGTH), "noise")


def measured(library: Library, folder: Path, trace: Trace) -> dict[str, Stretch]:
    return measure_replay(library, TEXT, "top", [BANK], {"top": "registers", "part": "memory"}, trace, folder)


def test_the_same_in_every_clock(osu018: Library, tmp_path: Path) -> None:
    stretches = measured(osu018, tmp_path, recorded())
    assert set(stretches) == {"busy", "idle"}
    found, macros = stretches["busy"].gates, stretches["busy"].macros
    assert set(found) == {"registers", "memory"}
    assert found["registers"].data_fj > 0
    assert found["registers"].area == pytest.approx(2 * (osu018.areas["DFFPOSX1"] + osu018.areas["INVX1"]))
    assert found["memory"].area == 0
    assert set(macros) == {BANK.module}
    assert min(macros[BANK.module].data_fj, macros[BANK.module].clock_fj, macros[BANK.module].leakage_nw) > 0


@pytest.mark.parametrize("number", [RESET, 30, LENGTH - 1])
def test_a_difference_is_found(osu018: Library, tmp_path: Path, number: int) -> None:
    trace = recorded()
    clocks = list(trace.clocks)
    clocks[number] = (clocks[number][0], clocks[number][1] ^ 2)
    with pytest.raises(CheckFailed, match=rf"q in clock {number}$"):
        measured(osu018, tmp_path, replace(trace, clocks=clocks))


def test_other_words_are_found(osu018: Library, tmp_path: Path) -> None:
    """Reads and writes are in the recording, whatever the SRAM held."""
    trace = recorded()
    with pytest.raises(CheckFailed, match="q in clock"):
        measured(osu018, tmp_path, replace(trace, sram=[word ^ 1 for word in trace.sram]))


def test_other_ports_are_found(osu018: Library, tmp_path: Path) -> None:
    with pytest.raises(CheckFailed, match="2 bits of port q, not 3"):
        measured(osu018, tmp_path, replace(recorded(), outputs={"q": 3}))


def test_activity_is_that_of_the_stretchs_clocks(osu018: Library, tmp_path: Path) -> None:
    """Other clocks have no part in it, neither those of the other stretch nor those in none."""
    still = [(0, 3)] * 40
    trace = replace(recorded(), clocks=[*still, *((0b11 << 6 | i % 8 << 3, 3) for i in range(9))], sram=[0] * 8)
    stretches = measured(osu018, tmp_path, replace(trace, reset=0, busy=range(40, 48), idle=range(5, 40)))
    found, macros = stretches["idle"].gates, stretches["idle"].macros
    assert found["registers"].data_fj == 0
    assert found["registers"].clock_fj == stretches["busy"].gates["registers"].clock_fj > 0
    assert stretches["busy"].gates["registers"].data_fj > 0
    assert stretches["busy"].macros[BANK.module].data_fj > macros[BANK.module].data_fj
    assert macros[BANK.module].data_fj == pytest.approx(MacroEnergy(BANK, osu018).of_clock(writes=0.0))  # it is read
