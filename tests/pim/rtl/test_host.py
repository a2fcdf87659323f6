"""The controller behind its registers: bus protocol, what registers read, errors, interrupts, counters, marks."""

from __future__ import annotations

import os
import re
import subprocess
from collections import Counter
from dataclasses import dataclass, field

import numpy as np
import pytest

import tests.pim.test_golden_programs as golden
from gen.pim.assemble import assemble
from gen.pim.hardware import pim_verilog
from gen.pim.registers import c_header, markdown
from hdl.bus.registers import Register
from hdl.params.pim import FAULTS, SCALARS
from hdl.pim.counters import COUNTED, EVENTS
from hdl.pim.registers import pim_registers
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.host import OKAY, SLVERR, HostResult, Script, run_host
from sim_tb.tools import find_verilator
from tests.pim.machines import TINY

pytestmark = pytest.mark.sim

MAP = pim_registers(TINY)
#: Refreshes go on without a program: what counts them changes with time.
TICKING = {MAP[f"{name}_{half}"].offset for name in ("PRECHARGES", "REFRESHES") for half in ("LO", "HI")}
SPACE = [offset for offset in range(0, 1 << MAP.address_bits, 4) if offset not in TICKING]
BY_OFFSET = {register.offset: register for register in MAP.registers}
STATUS = {each.name: 1 << each.low for each in MAP["STATUS"].fields}
IRQ = {each.name: 1 << each.low for each in MAP["IRQ_STATUS"].fields}


def run(script: Script, program: tuple[int, ...] = (), machine: Machine | None = None, stall: int = 60) -> HostResult:
    result = run_host(TINY, script, program, machine=machine or Machine(TINY), stall=stall, seed=len(script.lines))
    assert not result.hung
    assert len(result.answers) == script.answers
    return result


def words(text: str, *, checked: bool = True) -> tuple[int, ...]:
    return assemble(text, system=TINY, checked=checked).words


def load(script: Script, program: tuple[int, ...]) -> None:
    script.pulse("CLEAR_PROGRAM")
    script.send(len(program))


# --- the bus ---------------------------------------------------------------------------------------------------------
@pytest.mark.parametrize("stall", [0, 200])
def test_registers_read_what_header_and_page_say(stall):
    """After reset, every offset: what the C header and the Markdown table say, and SLVERR for those that they don't."""
    header = dict(re.findall(r"#define BITLOOM_PIM_(\w+) +(?:UINT32_C\()?(0x\w+?)u?\)?$", c_header(MAP), re.MULTILINE))
    resets = {
        int(header[f"{name.removesuffix('_RESET')}_OFFSET"], 16): int(value, 16)
        for name, value in header.items()
        if name.endswith("_RESET")
    }
    table = re.findall(r"^\| `(0x\w+)` \| `\w+` \| [\w, ]+ \| `(0x\w+)` \|", markdown(MAP), re.MULTILINE)
    assert resets == {int(at, 16): int(value, 16) for at, value in table}
    script = Script(MAP)
    for offset in SPACE:
        script.read(offset)
    found = {
        offset: (each.response, each.data) for offset, each in zip(SPACE, run(script, stall=stall).answers, strict=True)
    }
    assert found == {offset: (OKAY, resets[offset]) if offset in resets else (SLVERR, 0) for offset in SPACE}
    assert all(resets[offset] == 0 for offset in TICKING)
    assert len(resets) > 80


@dataclass
class Idle:
    """The registers of a controller that runs nothing, as software thinks of them; ``wrong`` names a mistake."""

    values: dict[str, int] = field(default_factory=dict)
    wrong: str = ""

    def write(self, offset: int, data: int, strobes: int) -> int:
        """The response."""
        register = BY_OFFSET.get(offset if self.wrong == "low bits count" else offset & ~3)
        if register is None or not any(each.access != "ro" for each in register.fields):
            return OKAY if self.wrong == "holes take writes" else SLVERR
        if all(each.access == "rw" for each in register.fields):
            mask = sum(255 << 8 * i for i in range(4) if strobes >> i & 1)
            mask = 0xFFFFFFFF if self.wrong == "strobes do nothing" else mask
            legal = sum((1 << each.width) - 1 << each.low for each in register.fields)
            self.values[register.name] = (data & mask | self.value(register) & ~mask) & legal
        return OKAY

    def read(self, offset: int) -> tuple[int, int]:
        """Response and data."""
        register = BY_OFFSET.get(offset & ~3)
        if register is None:
            return (OKAY if self.wrong == "holes can be read" else SLVERR), 0
        return OKAY, self.value(register)

    def value(self, register: Register) -> int:
        if self.wrong == "a reset value" and register.name == "ID":
            return 0
        return self.values.get(register.name, register.reset)


MISTAKES = ("low bits count", "holes take writes", "strobes do nothing", "holes can be read", "a reset value")


def traffic(seed: int) -> tuple[Script, list[tuple[int, int]], list[list[tuple[int, int]]]]:
    """A script, the answers that are right, and for each mistake those that would be."""
    rng, script = np.random.default_rng(seed), Script(MAP)
    models = [Idle(), *(Idle(wrong=wrong) for wrong in MISTAKES)]
    answers: list[list[tuple[int, int]]] = [[] for _ in models]
    favourites = [MAP[name].offset for name in ("START_PC", "IRQ_ENABLE", "SCALAR0", "SCALAR15", "IRQ_STATUS", "ID")]
    for _ in range(600):
        kind = int(rng.integers(5))
        at, other = (int(rng.choice(favourites) if rng.integers(3) else rng.choice(SPACE)) for _ in range(2))
        data, strobes = int(rng.integers(1 << 32)), int(rng.integers(16))
        if at == MAP["CONTROL"].offset or at == other:
            continue
        if kind < 2:
            at += int(rng.integers(4))  # the lowest bits mean nothing
            script.write(at, data, strobes)
            for found, model in zip(answers, models, strict=True):
                found.append((model.write(at, data, strobes), 0))
        elif kind < 4:
            script.read(at)
            for found, model in zip(answers, models, strict=True):
                found.append(model.read(at))
        else:
            script.both(at, data, other)
            for found, model in zip(answers, models, strict=True):
                found += [(model.write(at, data, 15), 0), model.read(other)]
    return script, answers[0], answers[1:]


@pytest.mark.parametrize("stall", [0, 60, 200])
def test_random_traffic(stall):
    """Writes of some bytes and reads, several on their way, some of both at once, to registers and to holes."""
    script, right, wrong = traffic(stall)
    found = [(each.response, each.data) for each in run(script, stall=stall).answers]
    assert found == right
    assert len(found) > 500
    assert {response for response, _ in found} == {OKAY, SLVERR}
    assert sum(data not in (0, 0xFFFFFFFF) for _, data in found) > 100
    for mistake, answers in zip(MISTAKES, wrong, strict=True):
        assert found != answers, mistake


def test_strict_lint(tmp_path):
    """Verilator has nothing to say, but what is waived in the Verilog with its reason."""
    source, tool = tmp_path / "pim.v", find_verilator()
    source.write_text(pim_verilog(TINY))
    command = [tool.executable, "--lint-only", "-Wall", "--top-module", "bitloom_pim", source]
    lint = subprocess.run(command, env={**os.environ, **tool.environment}, capture_output=True, text=True)
    assert (lint.returncode, lint.stderr) == (0, "")
    lines = source.read_text().splitlines()
    waived = [i for i, line in enumerate(lines) if "lint_off" in line]
    assert len(waived) == 2
    assert [line for line in lines if "\\" in line] == []  # no name is a keyword, or there twice
    assert all(lines[i - 1].startswith("// ") for i in waived)


# --- programs --------------------------------------------------------------------------------------------------------
def test_every_fault():
    """Error register with code, place and instruction; nothing starts until it is cleared; then the next one runs."""
    cases = [(text, fault, pc) for text, fault, pc in golden.test_every_fault.pytestmark[0].args[1] if text != "nop"]
    cases.append(("nop", "PROGRAM", 2))
    script, programs, places = Script(MAP), [], []
    script.write("IRQ_ENABLE", IRQ["ERROR"] | IRQ["HALT"])
    for text, *_ in cases:
        program = words(f"mark tag=5\n{text}", checked=False)
        programs.append(program)
        load(script, program)
        script.pulse("START")
        script.interrupt()
        first = [script.read(name) for name in ("STATUS", "ERROR", "PC", *(f"ERROR_WORD{i}" for i in range(4)))]
        script.read("IRQ_STATUS")
        script.pulse("START")  # ignored
        script.wait(50)
        script.read("STATUS")
        script.write("IRQ_STATUS", 7)
        script.pulse("RESET")
        script.wait(200)
        last = script.read("STATUS")
        script.read("ERROR")
        places.append((first, last))
    good = words("mark tag=6\nmac_ab row=1, n=8\nhalt")
    load(script, good)
    script.pulse("START")
    script.interrupt()
    end = [script.read("STATUS"), script.read("MARKS"), script.read("IRQ_STATUS")]
    result = run(script, tuple(word for program in (*programs, good) for word in program))
    data = [each.data for each in result.answers]
    for (text, fault, pc), program, (first, last) in zip(cases, programs, places, strict=True):
        status, error, place, *parts = (data[i] for i in first)
        word = sum(part << 32 * i for i, part in enumerate(parts))
        assert (error, place) == (FAULTS[fault].code, pc), text
        assert status == STATUS["ERROR"], text
        assert word == (0 if fault == "PROGRAM" else program[pc]), text
        assert data[first[-1] + 1] == IRQ["ERROR"]
        assert data[first[-1] + 3] == STATUS["ERROR"]
        assert (data[last], data[last + 1]) == (0, 0), text
    assert [data[i] for i in end] == [STATUS["HALTED"], 1 | 6 << 16, IRQ["HALT"]]
    assert {fault for _, fault, _ in cases} == set(FAULTS)
    assert result.violations == []


PROGRAM = """
mark tag=1
in d=0, n=16
loop n=20
wr_sb bank=1, row=1, n=2, a=0
rd_sb mask=CH0, bank=1, row=1, n=3, d=70
wr_gb a=0, n=4
wr_bias a=8
mac_ab row=2, n=8
rd_mac accumulate, d=80
wr_elem row=5, col=1, lane=2, a=4
mark tag=2
endl
setr r=r4, value=77
rd_mac irq, d=80
vadd a=0, b=4, d=90, n=16
out a=70, n=30
halt
"""


@pytest.mark.parametrize("stall", [0, 150])
def test_counters_marks_and_interrupts(stall):
    """Counters against the command log and the golden model, marks against counters, and state against golden."""
    program = words(PROGRAM)
    machine = golden.start(TINY, np.random.default_rng(4), 16)
    script = Script(MAP)
    for index in range(SCALARS):
        script.write(f"SCALAR{index}", int(machine.scalars[index]))
    load(script, program)
    script.write("IRQ_ENABLE", IRQ["HALT"])
    script.pulse("START")
    refused, busy = script.write("SCALAR3", 1), script.read("STATUS")
    script.interrupt()
    names = ["STATUS", "IRQ_STATUS", "PC", "MARKS", "MARK_LO", "MARK_HI", *(f"SCALAR{i}" for i in range(SCALARS))]
    names += [f"{name}_{half}" for name in (*COUNTED, *EVENTS) for half in ("LO", "HI")]
    after = {name: script.read(name) for name in names}
    script.write("IRQ_STATUS", IRQ["HALT"])
    left = script.read("IRQ_STATUS")
    log = []
    for _ in range(TINY.mark_depth):
        log.append((script.read("MARKS"), script.read("MARK_LO")))
        script.pulse("POP_MARK")
    empty = [script.read("MARKS"), script.read("MARK_LO")]
    script.pulse("CLEAR_COUNTERS")
    cleared = [script.read(name) for name in names if name.endswith(("_LO", "_HI"))]
    result = run(script, program, machine, stall)
    data = [each.data for each in result.answers]
    found = {name: data[index] for name, index in after.items()}
    outcome = machine.run(program)
    assert result.answers[refused].response == SLVERR
    assert data[busy] & STATUS["BUSY"]
    assert found["STATUS"] == STATUS["HALTED"]
    assert found["IRQ_STATUS"] == IRQ["HALT"] | IRQ["FLAG"]
    assert data[left] == IRQ["FLAG"]
    assert found["PC"] == outcome.pc
    # Counters.
    commands = Counter(entry.command for entry in result.log)
    for name, kinds in COUNTED.items():
        if name not in ("REFRESHES", "PRECHARGES", "ACTIVATES"):  # refreshes go on after the program
            assert found[f"{name}_LO"] == sum(commands[kind] for kind in kinds) > 0, name
    assert 0 < found["ACTIVATES_LO"] <= commands["ACT"] + commands["ACT_AB"]
    assert found["INSTRUCTIONS_LO"] == outcome.instructions
    assert not any(found[name] for name in found if name.endswith("_HI"))
    clocks = {name: found[f"{name}_LO"] for name in EVENTS}
    cycles = clocks.pop("CYCLES")
    assert bool(clocks.pop("STREAM_WAIT")) == bool(stall)
    assert 0 < min(clocks.values()) <= max(clocks.values()) < cycles < result.cycles, clocks
    assert not any(data[index] for index in cleared)
    # Marks: the first ones, while there was room.
    entries = [(data[marks], data[at]) for marks, at in log]
    tags, times = [marks >> 16 & 255 for marks, _ in entries], [at for _, at in entries]
    assert len(machine.marks) > TINY.mark_depth
    assert tags == machine.marks[: TINY.mark_depth]
    assert [marks & 0xFFFF for marks, _ in entries] == list(range(TINY.mark_depth, 0, -1))
    assert all(marks >> 24 == 1 for marks, _ in entries)
    assert times == sorted(set(times))
    assert times[-1] < found["CYCLES_LO"]
    assert [data[i] for i in empty] == [1 << 24, 0]
    # State.
    assert [found[f"SCALAR{i}"] for i in range(SCALARS)] == machine.scalars.tolist()
    assert (result.sram == machine.sram).all()
    assert (result.outputs == np.array(machine.outputs)).all()
    assert result.last == [False] * 29 + [True]
    assert result.violations == []


def test_stop_reset_and_program_memory():
    """Stopped, reset while it waits for the host, and a program as long as the memory, of which it takes no more."""
    program = (*words("loop n=4000\nmac_ab row=2, n=8\nendl\nhalt"), *words("act_ab row=3\nin d=0, n=4\nhalt"))
    full = words("nop\n" * 255 + "halt")
    script = Script(MAP)
    load(script, program)
    script.write("IRQ_ENABLE", IRQ["HALT"])
    script.pulse("START")
    script.wait(500)
    script.pulse("STOP")
    script.interrupt()
    stopped = [script.read(name) for name in ("STATUS", "IRQ_STATUS")]
    script.write("IRQ_STATUS", 7)
    script.write("START_PC", 4)
    script.pulse("START")
    script.wait(300)
    waits = [script.read("STATUS"), script.read("PC")]
    script.pulse("RESET")
    script.wait(100)
    gone = [script.read("STATUS"), script.read("IRQ_STATUS"), script.read("MARKS")]
    load(script, full)
    length = script.read("PROGRAM_LENGTH")
    script.write("START_PC", 0)
    script.pulse("START")
    script.interrupt()
    ended = [script.read("PC"), script.read("STATUS")]
    result = run(script, (*program, *full))
    data = [each.data for each in result.answers]
    assert [data[i] for i in stopped] == [STATUS["STOPPED"], IRQ["HALT"]]
    assert data[waits[0]] == STATUS["BUSY"] | STATUS["STREAM_BUSY"]
    assert data[waits[1]] in (5, 6)
    assert [data[i] for i in gone] == [0, 0, 0]
    assert data[length] == TINY.program_words == len(full)
    assert [data[i] for i in ended] == [len(full), STATUS["HALTED"]]
    assert result.violations == []
