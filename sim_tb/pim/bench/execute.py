"""Execute a program on the controller's hardware and on the golden machine, and compare what they leave behind."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np

from hdl.params.pim import FAULTS, SCALARS, Fault, PimParams
from hdl.pim.registers import COUNTERS, pim_registers
from sim_tb.golden.float import bits
from sim_tb.golden.pim import Machine, Outcome
from sim_tb.pim.bench.host import HostResult, Script, run_host
from sim_tb.pim.energy import Energy, energy_of

__all__ = ["Execution", "execute"]

#: Banks of up to this many bytes are kept whole; of larger ones the first ROWS rows.
WHOLE_BYTES, ROWS = 1 << 24, 64
#: Names of what is compared.
COMPARED = ("end", "scalar registers", "SRAM", "banks", "global buffers", "accumulators", "output stream", "marks")


@dataclass(frozen=True)
class Execution:
    """How a program went.

    Parameters
    ----------
    ended : bool
        The program ended in time; the figures below are those at its end, or when it was given up.
    fault : Fault or None
        Why it ended, if not by HALT.
    pc : int
        The next instruction; that at fault.
    counters : dict of int
        The event counters, by name.
    marks : list of (int, int)
        Tag, and count of clocks, of those that the log held.
    differences : list of str
        What hardware and golden machine do not agree on; None where the golden machine can't follow.
    compared : int
        Values that were compared.
    energy : Energy or None
        Where the energy of its clocks went; None if it did not end in time.
    between : list of Energy
        The same up to each mark, from the mark before it or from the start.
    result : HostResult
    """

    ended: bool
    fault: Fault | None
    pc: int
    counters: dict[str, int]
    marks: list[tuple[int, int]]
    differences: list[str] | None
    compared: int
    energy: Energy | None
    between: list[Energy]
    result: HostResult

    @property
    def commands(self) -> dict[str, int]:
        """How many commands of each kind the channels saw, refreshes after the program's end among them."""
        return dict(sorted(Counter(entry.command for entry in self.result.log).items()))

    @property
    def passed(self) -> bool:
        """It ended, both agree, and no timing rule was broken."""
        return self.ended and self.differences == [] and not self.result.violations


def kept_rows(params: PimParams) -> int:
    """Rows of the banks that a simulation keeps if nothing else is asked for."""
    whole = params.units * params.rows * params.row_cols * params.word_bits // 8
    return params.rows if whole <= WHOLE_BYTES else min(ROWS, params.rows)


def execute(
    params: PimParams,
    program: Sequence[int],
    machine: Machine,
    *,
    rows: int = 0,
    stall: int = 0,
    limit: int = 1_000_000,
    seed: int = 0,
) -> Execution:
    """Execute a program; the machine becomes what the golden model makes of it.

    Parameters
    ----------
    params : PimParams
    program : sequence of int
        128-bit words, as many as the program memory holds at most.
    machine : Machine
        What there is at first: SRAM, banks, scalar registers, the input stream.
    rows : int
        Rows of the banks that the simulation keeps; 0 for :func:`kept_rows`.
    stall, seed : int
        Pauses of the host (:func:`sim_tb.pim.bench.host.run_host`).
    limit : int
        Clocks of the program after which it is given up.

    Raises
    ------
    ToolError
        If the simulation fails.
    """
    rows = rows or kept_rows(params)
    script = Script(pim_registers(params))
    for index, value in enumerate(machine.scalars):
        script.write(f"SCALAR{index}", int(value))
    script.send(len(program))
    script.write("IRQ_ENABLE", 3)
    script.pulse("START")
    end = script.interrupt(limit)
    names = ["ERROR", "PC", "MARKS", *(f"{name}_{half}" for name in COUNTERS for half in ("LO", "HI"))]
    names += [f"SCALAR{index}" for index in range(SCALARS)]
    places = {name: script.read(name) for name in names}
    log = []
    for _ in range(params.mark_depth):
        log.append([script.read(name) for name in ("MARKS", "MARK_LO", "MARK_HI")])
        script.pulse("POP_MARK")
    most = limit + 100 * (len(script.lines) + len(program)) * 256 // (256 - stall)
    result = run_host(params, script, program, machine=machine, rows=rows, stall=stall, limit=most, seed=seed)
    data = [answer.data for answer in result.answers]
    read = {name: data[place] for name, place in places.items()}
    marks = [
        (data[entry] >> 16 & 255, data[low] | data[high] << 32) for entry, low, high in log[: read["MARKS"] & 0xFFFF]
    ]
    ended = result.answers[end].response == 0
    scalars = np.array([read[f"SCALAR{index}"] for index in range(SCALARS)], np.uint32)
    differences, compared = None, 0
    if ended:
        outcome = machine.run(program)
        differences, compared = _compare(params, machine, outcome, result, read, scalars, [tag for tag, _ in marks])
    counters = {name: read[f"{name}_LO"] | read[f"{name}_HI"] << 32 for name in COUNTERS}
    start, entries = result.ended - counters["CYCLES"], result.log
    clocks = [0, *(clock for _, clock in marks)] if ended else []
    return Execution(
        ended=ended,
        fault=next((fault for fault in FAULTS.values() if fault.code == read["ERROR"]), None),
        pc=read["PC"],
        counters=counters,
        marks=marks,
        differences=differences,
        compared=compared,
        energy=energy_of(params, entries, start, result.ended) if ended else None,
        between=[energy_of(params, entries, start + before, start + after) for before, after in pairwise(clocks)],
        result=result,
    )


def _compare(
    params: PimParams,
    machine: Machine,
    outcome: Outcome,
    result: HostResult,
    read: dict[str, int],
    scalars: np.ndarray,
    tags: list[int],
) -> tuple[list[str], int]:
    """What differs, in words; and how many values were compared."""
    banks = np.zeros_like(result.banks)
    beyond = 0
    for (channel, row), content in machine.device.rows().items():
        if row < banks.shape[1]:
            banks[channel, row] = content.transpose(1, 0, 2)
        else:
            beyond = max(beyond, row)
    code = outcome.fault.code if outcome.fault else 0
    ends = (read["ERROR"], read["PC"], read["INSTRUCTIONS_LO"]), (code, outcome.pc, outcome.instructions)
    outputs = np.array(machine.outputs, np.uint16).reshape(-1, params.lanes)
    pairs = [
        tuple(np.array(each) for each in ends),
        (scalars, machine.scalars),
        (result.sram, machine.sram),
        (result.banks, banks),
        (result.buffers, machine.device.buffers),
        (result.accumulators, bits(machine.device.accumulators)),
        (result.outputs, outputs),
        (np.array(tags), np.array(machine.marks[: params.mark_depth])),
    ]
    found = []
    for name, (left, right) in zip(COMPARED, pairs, strict=True):
        if left.shape != right.shape:
            found.append(f"{name}: {len(left)} in hardware, {len(right)} in the golden model")
        elif (wrong := np.argwhere(left != right)).size:
            place = tuple(int(each) for each in wrong[0])
            shown = f"{int(left[place]):#x} in hardware, {int(right[place]):#x} in the golden model"
            found.append(f"{name}: {len(wrong)} of {left.size} values differ, the first at {list(place)}: {shown}")
    if beyond:
        found.append(f"banks: the program writes row {beyond}, and the simulation keeps {banks.shape[1]} rows")
    return found, sum(right.size for _, right in pairs)
