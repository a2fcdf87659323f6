"""Run programs on the controller's hardware with its device models, and read what they leave behind."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from importlib.resources import files
from pathlib import Path

import numpy as np
import numpy.typing as npt

from gen.emit.verilog import verilog_of
from gen.workplace import workplace
from hdl.params import ToolError
from hdl.params.pim import COMMANDS, PimParams, TimingTable
from hdl.pim.controller import Controller
from sim_tb.alone import run_alone
from sim_tb.build import Model, build_model
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.devices import channel_ports, device_text, timing_arguments
from sim_tb.pim.check.rules import RULES
from sim_tb.pim.log import Entry

__all__ = ["SHARED", "Result", "Run", "run_system"]

Elements = npt.NDArray[np.uint16]
#: Words of the input stream that a simulation holds at most.
INPUTS = 1 << 16
NAMES = {command.code: name for name, command in COMMANDS.items()}
#: Parts of which there are many, and the file that tells Verilator to generate and compile their code once.
MANY = ("lane_*", "add_*", "multiply_*", "vector_context", "vector_reader")
SHARED = "\n".join(["`verilator_config", *(f'no_inline -module "bitloom_{name}"' for name in MANY), ""])


@dataclass(frozen=True)
class Run:
    """How a program ended: the cycle, the code in ERROR, PC, instructions that ended, interrupts.

    And clocks in which the vector unit was at work, and beats that its lanes took in to multiply them.
    """

    cycle: int
    error: int
    pc: int
    halted: bool
    instructions: int
    interrupts: int
    vector_clocks: int
    vector_beats: int


@dataclass(frozen=True)
class Result:
    """What programs left behind.

    Parameters
    ----------
    runs : list of Run
    marks : list of tuple
        Cycle and tag.
    outputs : uint16 array of shape (words, lanes)
    last : list of bool
        ``tlast`` of each output word.
    scalars : uint32 array of shape (16,)
    banks : uint16 array of shape (channels, rows, row_cols, banks, lanes)
    buffers : uint16 array of shape (channels, buffer_words, lanes)
    accumulators : uint32 array of shape (channels, accumulators, banks)
    log : list of Entry
    violations : list of tuple
        Cycle, channel, command, rule: what the devices report.
    cycles : int
    """

    runs: list[Run]
    marks: list[tuple[int, int]]
    outputs: Elements
    last: list[bool]
    scalars: npt.NDArray[np.uint32]
    banks: Elements
    buffers: Elements
    accumulators: npt.NDArray[np.uint32]
    log: list[Entry]
    violations: list[tuple[int, int, str, str]]
    cycles: int


def run_system(
    params: PimParams,
    program: Sequence[int],
    starts: Sequence[int] = (0,),
    *,
    machine: Machine,
    stall: int = 0,
    seed: int = 1,
    limit: int = 1_000_000,
    rest: int = 0,
    stop_at: int = 0,
    clear_at: int = 0,
    timing: TimingTable | None = None,
) -> Result:
    """Run programs from a program memory, one after the other.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words.
    starts : sequence of int
        Where each run starts.
    machine : Machine
        Banks, global buffers, scalar registers and the input stream are loaded from it; it stays as it is. SRAM holds
        nothing at first: programs load it.
    stall : int
        Of 256 clocks, the number in which the host's streams pause.
    seed : int
        Of what registers and memories hold before reset.
    limit : int
        Clocks after which the simulation is given up.
    rest : int
        Clocks that it goes on after the last run.
    stop_at, clear_at : int
        Cycles in which the host stops, clears, if not 0.
    timing : TimingTable, optional
        Of the controller; the devices keep that of ``params``.

    Raises
    ------
    ToolError
        If the simulation fails or does not end.
    """
    model = _model(replace(params, timing=timing or params.timing))
    built = build_model(model)
    with workplace("pim") as place:
        folder = place.path
        inputs = np.array(machine.inputs, np.uint16).reshape(-1, params.lanes)
        _hex(folder / "program.hex", [f"{word:032x}" for word in program])
        _hex(folder / "runs.hex", [f"{start:x}" for start in starts])
        _hex(folder / "scalars.hex", [f"{int(value):08x}" for value in machine.scalars])
        _hex(folder / "input.hex", _words(inputs))
        for channel in range(params.channels):
            rows = [_bank_rows(params, machine, channel, row) for row in range(params.rows)]
            _hex(folder / f"bank{channel}.hex", _words(np.concatenate(rows)))
            _hex(folder / f"buffer{channel}.hex", _words(machine.device.buffers[channel]))
        settings = {"program": len(program), "runs": len(starts), "inputs": len(inputs), "stall": stall, "limit": limit}
        settings |= {"rest": rest, "stop_at": stop_at, "clear_at": clear_at}
        settings |= timing_arguments(params.timing)
        arguments = [f"+{key}={value}" for key, value in settings.items()]
        arguments += ["+verilator+rand+reset+2", f"+verilator+seed+{seed}"]
        said = run_alone(model, built, place, arguments)
        if "hung" in said:
            raise ToolError(f"The simulation of {model.name} failed:\n{said}")
        return _result(params, folder, said)


def _bank_rows(params: PimParams, machine: Machine, channel: int, row: int) -> Elements:
    """The words of a row, as the device holds them: columns, of each all banks."""
    words = [machine.device.read(channel, bank, row * params.row_cols, params.row_cols) for bank in range(params.banks)]
    return np.stack(words, axis=1).reshape(-1, params.lanes)


def _hex(path: Path, lines: Sequence[str]) -> None:
    path.write_text("\n".join([*lines, ""]) if lines else "0\n")


def _words(words: Elements) -> list[str]:
    return ["".join(f"{element:04x}" for element in word[::-1]) for word in words.tolist()]


def _elements(path: Path, lanes: int) -> Elements:
    lines = [line.split()[0] for line in path.read_text().splitlines() if line and not line.startswith("//")]
    values = [[int(line[i : i + 4], 16) for i in range(len(line) - 4, -1, -4)] for line in lines]
    return np.array(values, np.uint16).reshape(-1, lanes)


def _rows(path: Path) -> list[list[int]]:
    return [[int(field) for field in line.split(",")] for line in path.read_text().splitlines()]


def _result(params: PimParams, folder: Path, said: str) -> Result:
    rules, channels = list(RULES), range(params.channels)
    shape = (params.rows, params.row_cols, params.banks, params.lanes)
    output = (folder / "output.hex").read_text().splitlines()
    accumulators = [
        [int(line, 16) for line in (folder / f"accumulators{c}.out").read_text().split() if "/" not in line]
        for c in channels
    ]
    return Result(
        runs=[Run(a, b, c, bool(d), *rest) for a, b, c, d, *rest in _rows(folder / "runs.csv")],
        marks=[(cycle, tag) for cycle, tag in _rows(folder / "marks.csv")],
        outputs=_elements(folder / "output.hex", params.lanes),
        last=[line.split()[1] == "1" for line in output],
        scalars=np.array([int(line, 16) for line in (folder / "scalars_out.hex").read_text().split()], np.uint32),
        banks=np.stack([_elements(folder / f"bank{c}.out", params.lanes).reshape(shape) for c in channels]),
        buffers=np.stack([_elements(folder / f"buffer{c}.out", params.lanes) for c in channels]),
        accumulators=np.array(accumulators, np.uint32).reshape(params.channels, -1, params.banks),
        log=[Entry(a, b, NAMES[c], d, e, f) for a, b, c, d, e, f in _rows(folder / "log.csv")],
        violations=[(a, b, NAMES.get(c, "END"), rules[d]) for a, b, c, d in _rows(folder / "violations.csv")],
        cycles=int(said.split("cycles")[1].split()[0]),
    )


@lru_cache(maxsize=4)
def _model(params: PimParams) -> Model:
    folder = files("sim_tb.pim.device")
    text = {name: (folder / name).read_text(encoding="utf-8") for name in ("system.sv", "device.sv", "mac.cpp")}
    harness = text["system.sv"].replace("`CONTROLLER", "bitloom_controller")
    harness = harness.replace("`PORTS connects", "PORTS connects").replace("`DEVICES places", "DEVICES places")
    harness = harness.replace("`PORTS", channel_ports(params)).replace("`DEVICES", device_text(params))
    verilog = verilog_of(Controller(params), "bitloom")
    sources = {"controller.v": verilog, "device.sv": text["device.sv"], "system.sv": harness}
    own = {"CHANNELS": params.channels, "BANKS": params.banks, "LANES": params.lanes, "ROW_COLS": params.row_cols}
    own |= {"ROWS": params.rows, "GB_WORDS": params.gb_words, "PROGRAM": params.program_words, "INPUTS": INPUTS}
    own |= {"BEAT": 16 * params.vector_lanes, "PROGRAM_BITS": max(1, (params.program_words - 1).bit_length())}
    return Model(
        name="pim-system",
        top="system",
        sources=sources | {"mac.cpp": text["mac.cpp"], "share.vlt": SHARED},
        parameters={key: str(value) for key, value in own.items()},
        main=(folder / "main.cpp").read_text(encoding="utf-8"),
        python=False,
        names_copies=True,
    )
