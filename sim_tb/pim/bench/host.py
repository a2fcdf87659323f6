"""The controller with its host interface and device models under Verilator, driven by a script of bus accesses."""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
from amaranth.hdl import Shape
from amaranth.lib.wiring import In, Out

from gen.pim.hardware import pim_verilog
from gen.workplace import workplace
from hdl.bus.registers import RegisterMap
from hdl.params.pim import COMMANDS, PimParams
from hdl.pim.registers import pim_registers
from hdl.pim.sram import bank_count
from hdl.pim.top import Pim
from sim_tb.alone import run_alone
from sim_tb.build import Model, build_model
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.devices import channel_ports, device_text, timing_arguments
from sim_tb.pim.bench.system import SHARED
from sim_tb.pim.check.rules import RULES
from sim_tb.pim.log import Entry

__all__ = ["OKAY", "RESET_CLOCKS", "SLVERR", "Answer", "HostResult", "Script", "run_host", "traced_ports"]

Elements = npt.NDArray[np.uint16]
NAMES = {command.code: name for name, command in COMMANDS.items()}
OKAY, SLVERR = 0, 2
ALL_BYTES = 15
#: Clocks in reset.
RESET_CLOCKS = 4


@dataclass(frozen=True)
class Answer:
    """What an access was answered with: the response, and data; of an interrupt 1 if it did not come, and clocks."""

    response: int
    data: int


@dataclass
class Script:
    """Accesses of a host, in order; each answers with its place among the answers.

    Parameters
    ----------
    registers : RegisterMap
    lines : list of str
        As ``host.cpp`` reads them.
    answers : int
        How many are expected.
    """

    registers: RegisterMap
    lines: list[str] = field(default_factory=list)
    answers: int = 0

    def write(self, register: str | int, data: int, strobes: int = ALL_BYTES) -> int:
        """Write a register, named or by its offset."""
        return self._answered(f"w {self._at(register)} {data} {strobes}")

    def read(self, register: str | int) -> int:
        """Read a register."""
        return self._answered(f"r {self._at(register)}")

    def both(self, register: str | int, data: int, other: str | int) -> tuple[int, int]:
        """Write a register and read another at the same time."""
        first = self._answered(f"x {self._at(register)} {data} {ALL_BYTES} {self._at(other)}")
        self.answers += 1
        return first, first + 1

    def pulse(self, *fields: str) -> int:
        """Write ones to fields of CONTROL."""
        shifts = {each.name: each.low for each in self.registers["CONTROL"].fields}
        return self.write("CONTROL", sum(1 << shifts[name] for name in fields))

    def send(self, instructions: int) -> None:
        """Send the next N instructions."""
        self.lines.append(f"p {instructions}")

    def interrupt(self, clocks: int = 1 << 30) -> int:
        """Wait for the interrupt line, for N clocks at most."""
        return self._answered(f"i {clocks}")

    def wait(self, clocks: int) -> None:
        """Wait for N clocks."""
        self.lines.append(f"n {clocks}")

    def _at(self, register: str | int) -> int:
        return register if isinstance(register, int) else self.registers[register].offset

    def _answered(self, line: str) -> int:
        self.lines.append(line)
        self.answers += 1
        return self.answers - 1


@dataclass(frozen=True)
class HostResult:
    """What a script left behind.

    Parameters
    ----------
    answers : list of Answer
    outputs : uint16 array of shape (words, lanes)
    last : list of bool
        ``tlast`` of each output word.
    sram : uint16 array of shape (sram_words, lanes)
    banks : uint16 array of shape (channels, rows, row_cols, banks, lanes)
        Of the rows that the simulation keeps.
    buffers : uint16 array of shape (channels, buffer_words, lanes)
    accumulators : uint32 array of shape (channels, accumulators, banks)
    log : list of Entry
    violations : list of tuple
        Cycle, channel, command, rule: what the devices report.
    cycles : int
    seconds : float
        Processor time of the simulation.
    waited, waiting : int, float
        Clocks in which the host waited for interrupts, and processor seconds of these.
    ended : int
        The cycle in which the last such wait ended.
    hung : bool
        It was given up.
    trace : list of (int, int)
        All inputs and all outputs of the controller in each clock (:func:`traced_ports`), if that was asked for.
    """

    answers: list[Answer]
    outputs: Elements
    last: list[bool]
    sram: Elements
    banks: Elements
    buffers: Elements
    accumulators: npt.NDArray[np.uint32]
    log: list[Entry]
    violations: list[tuple[int, int, str, str]]
    cycles: int
    seconds: float
    waited: int
    waiting: float
    ended: int
    hung: bool
    trace: list[tuple[int, int]]


def run_host(
    params: PimParams,
    script: Script,
    program: Sequence[int] = (),
    *,
    machine: Machine,
    rows: int = 0,
    stall: int = 0,
    limit: int = 1_000_000,
    seed: int = 0,
    effort: str = "quick",
    bare: bool = False,
    traced: bool = False,
) -> HostResult:
    """Run a script.

    Parameters
    ----------
    params : PimParams
    script : Script
    program : sequence of int
        The instructions that the script sends.
    machine : Machine
        SRAM, banks, global buffers and the input stream are as here at first; it stays as it is.
    rows : int
        Rows of the banks that the simulation keeps; 0 for all.
    stall : int
        Of 256 clocks, the number in which each channel of the bus and each stream pauses.
    limit : int
        Clocks after which it is given up.
    seed : int
        Of the pauses.
    effort : str
        ``quick`` (quick to build) or ``speed`` (quick to run).
    bare : bool
        While it waits for an interrupt, the host makes nothing but the clock.
    traced : bool
        Record the controller's ports. Registers without a reset then begin as zeros, not as anything.

    Raises
    ------
    ToolError
        If the simulation fails.
    """
    rows = min(params.rows, 1 << (rows - 1).bit_length()) if rows else params.rows
    model = host_model(params, rows, effort)
    built = build_model(model)
    with workplace("pim") as place:
        folder = place.path
        (folder / "bus.txt").write_text("\n".join([*script.lines, ""]))
        (folder / "program.bin").write_bytes(b"".join(word.to_bytes(16, "little") for word in program))
        (folder / "input.bin").write_bytes(np.array(machine.inputs, "<u2").tobytes())
        _write_memories(params, folder, machine, rows)
        arguments = [str(stall), str(limit), str(seed), str(int(bare))]
        arguments += ["+trace"] if traced else ["+verilator+rand+reset+2", f"+verilator+seed+{seed + 1}"]
        arguments += [f"+{key}={value}" for key, value in timing_arguments(params.timing).items()]
        said = run_alone(model, built, place, arguments)
        return _result(params, folder, rows, json.loads(said.splitlines()[-1]))


# --- files -----------------------------------------------------------------------------------------------------------
def _write_memories(params: PimParams, folder: Path, machine: Machine, rows: int) -> None:
    for bank in range(banks := bank_count(params)):
        _write(folder / f"sram{bank}.hex", machine.sram[bank::banks])
    kept = np.zeros((params.channels, rows, params.row_cols, params.banks, params.lanes), np.uint16)
    for (channel, row), content in machine.device.rows().items():
        kept[channel, row] = content.transpose(1, 0, 2)
    for channel in range(params.channels):
        _write(folder / f"bank{channel}.hex", kept[channel])
        _write(folder / f"buffer{channel}.hex", machine.device.buffers[channel])


def _write(path: Path, words: Elements) -> None:
    """Words for $readmemh: the last element first."""
    lanes = words.shape[-1]
    digits = np.ascontiguousarray(words.reshape(-1, lanes)[:, ::-1]).astype(">u2").tobytes().hex()
    size = 4 * lanes
    path.write_text("\n".join([*(digits[i : i + size] for i in range(0, len(digits), size)), ""]))


def _read(path: Path, lanes: int) -> Elements:
    lines = [line for line in path.read_text().split("\n") if line and line[0] not in "/@"]
    return np.frombuffer(bytes.fromhex("".join(lines)), ">u2").astype(np.uint16).reshape(-1, lanes)[:, ::-1]


def _rows(path: Path) -> list[list[int]]:
    return [[int(field) for field in line.split(",")] for line in path.read_text().splitlines()]


def _result(params: PimParams, folder: Path, rows: int, said: dict[str, float]) -> HostResult:
    rules, channels, lanes = list(RULES), range(params.channels), params.lanes
    shape = (rows, params.row_cols, params.banks, lanes)
    sram = np.zeros((params.sram_words, lanes), np.uint16)
    for bank in range(banks := bank_count(params)):
        words = sram[bank::banks]
        words[:] = _read(folder / f"sram{bank}.out", lanes)[: len(words)]
    sent = np.frombuffer((folder / "output.bin").read_bytes(), np.uint8).reshape(-1, 2 * lanes + 1)
    accumulators = [
        [int(line, 16) for line in (folder / f"accumulators{c}.out").read_text().split() if "/" not in line]
        for c in channels
    ]
    answers = [line.split() for line in (folder / "answers.txt").read_text().splitlines()]
    trace = (folder / "trace.txt").read_text().splitlines() if (folder / "trace.txt").exists() else []
    return HostResult(
        answers=[Answer(int(response), int(data)) for response, data in answers],
        outputs=np.ascontiguousarray(sent[:, :-1]).view("<u2").astype(np.uint16).reshape(-1, lanes),
        last=[bool(each) for each in sent[:, -1]],
        sram=sram,
        banks=np.stack([_read(folder / f"bank{c}.out", lanes).reshape(shape) for c in channels]),
        buffers=np.stack([_read(folder / f"buffer{c}.out", lanes) for c in channels]),
        accumulators=np.array(accumulators, np.uint32).reshape(params.channels, -1, params.banks),
        log=[Entry(a, b, NAMES[c], d, e, f) for a, b, c, d, e, f in _rows(folder / "log.csv")],
        violations=[(a, b, NAMES.get(c, "END"), rules[d]) for a, b, c, d in _rows(folder / "violations.csv")],
        cycles=int(said["cycles"]),
        seconds=said["seconds"],
        waited=int(said["waited"]),
        waiting=said["waiting"],
        ended=int(said["ended"]),
        hung=bool(said["hung"]),
        trace=[(int(inputs, 16), int(outputs, 16)) for inputs, outputs in map(str.split, trace)],
    )


# --- the model -------------------------------------------------------------------------------------------------------
def traced_ports(params: PimParams) -> tuple[dict[str, int], dict[str, int]]:
    """Widths of a controller's inputs and outputs but ``clk``, in the order of a trace's bits, the lowest first."""
    members = Pim(params).signature.members
    found: dict[Any, dict[str, int]] = {In: {"rst": 1}, Out: {}}
    for name, member in members.items():
        found[member.flow][name] = Shape.cast(member.shape).width
    return found[In], found[Out]


def _traced(params: PimParams) -> str:
    """What the harness writes with every edge, if it is asked for."""
    inputs, outputs = ("{" + ", ".join(reversed(ports)) + "}" for ports in traced_ports(params))
    return f'  always @(posedge clk) if (traces) $fwrite(trace_file, "%h %h\\n", {inputs}, {outputs});'


@lru_cache(maxsize=4)
def host_model(params: PimParams, rows: int, effort: str = "quick", main: str = "host.cpp") -> Model:
    """The simulation, built around a main program in the folder of the devices."""
    folder = files("sim_tb.pim.device")
    text = {name: (folder / name).read_text(encoding="utf-8") for name in ("host.sv", "device.sv", "mac.cpp", main)}
    sram = []
    for bank in range(bank_count(params)):
        words = f"dut.controller.sram.bank{bank}.words"
        sram += [
            f'  always @(posedge load) $readmemh("sram{bank}.hex", {words});',
            f'  final $writememh("sram{bank}.out", {words});',
        ]
    harness = text["host.sv"]
    for mark, value in {
        "`CONTROLLER dut": "bitloom_pim dut",
        "\n      `CHANNELS": f"\n      {channel_ports(params)}",
        "\n`DEVICES": f"\n{device_text(params, rows)}",
        "\n`SRAM": "\n" + "\n".join(sram),
        "\n`TRACE": f"\n{_traced(params)}",
    }.items():
        harness = harness.replace(mark, value)
    harness = harness.replace("// `CONTROLLER", "// CONTROLLER").replace("`CHANNELS", "CHANNELS")
    harness = harness.replace("`DEVICES", "DEVICES").replace("`SRAM", "SRAM").replace("`TRACE", "TRACE")
    sources = {"pim.v": pim_verilog(params), "device.sv": text["device.sv"], "host.sv": harness}
    names_copies = effort != "speed"  # which can afford to compile each copy of a part on its own
    if names_copies:
        sources["share.vlt"] = SHARED
    return Model(
        name="pim-host",
        top="host",
        sources=sources | {"mac.cpp": text["mac.cpp"]},
        parameters={"WORD": str(params.word_bits), "ADDRESS": str(pim_registers(params).address_bits)},
        effort=effort,
        main=f"#define WORD_BYTES {params.word_bits // 8}\n#define RESET_CLOCKS {RESET_CLOCKS}\n{text[main]}",
        python=False,
        names_copies=names_copies,
    )
