"""A busy program on the hardware, recorded at the controller's ports."""

from __future__ import annotations

import numpy as np

from gen.pim.program import Program
from gen.pim.trace import Trace
from hdl.params import ToolError
from hdl.params.pim import Instruction, PimParams, instruction
from hdl.pim.registers import pim_registers
from sim_tb.golden.float import narrow
from sim_tb.golden.pim import Machine
from sim_tb.pim.bench.execute import kept_rows
from sim_tb.pim.bench.host import RESET_CLOCKS, Script, run_host, traced_ports

__all__ = ["busy_program", "record"]

#: Beats of each vector, and how often the instructions follow each other.
BEATS, TURNS = 16, 4
#: Slots of the matrix, where a bank has room for them.
SLOTS = 2
SEED = 7
#: Clocks that are recorded behind the program.
IDLE = 256
ONE_OVER_MILLION = int(np.float32(1e-6).view(np.uint32))


def busy_program(params: PimParams, beats: int) -> tuple[list[Instruction], int]:
    """Vector instructions that take turns, and a matrix times a vector beside them; words of the SRAM that are used."""
    size = beats * params.vector_lanes
    words = size // params.lanes
    factors, source = 3 * TURNS * words, (3 * TURNS + 2) * words
    columns, slots = _matrix(params)
    result = source + columns
    code = [
        instruction("SETR", r=1, value=ONE_OVER_MILLION),
        instruction("SETR", r=2, value=int(np.float32(1 / size).view(np.uint32))),
    ]
    for turn in range(TURNS):
        a, b, c = ((3 * turn + i) * words for i in range(3))
        matrix = {"row": 0, "n": columns, "slots": slots, "a": source, "b": 0, "d": result}
        code += [
            instruction("SOFTMAX", imm=0x3F80, a=a, d=a, n=size),
            instruction("LAYERNORM", a=b, b=factors, beta=factors + words, d=b, n=size, eps=1, share=2),
            instruction("VGELU", a=c, d=c, n=size),
            instruction("VMM", "zero", **matrix),
        ]
    return [*code, instruction("HALT")], result + slots * params.slot_words


def _matrix(params: PimParams) -> tuple[int, int]:
    """Columns of a slot of the matrix, and its slots."""
    columns = min(params.gb_words, params.bank_cols)
    return columns, min(SLOTS, params.bank_cols // columns)


def record(params: PimParams) -> Trace | None:
    """Run softmax, layernorm and GELU beside a matrix product, on normal numbers, and record it from reset on.

    The program has ended, and the host has its status, when the clocks begin in which nothing runs.

    Returns None where SRAM or program memory are too small for it.

    Raises
    ------
    ToolError
        If the simulation fails.
    """
    sizes = [BEATS >> i for i in range(BEATS.bit_length())]
    beats = next((beats for beats in sizes if busy_program(params, beats)[1] <= params.sram_words), 0)
    if not beats:
        return None
    code, _ = busy_program(params, beats)
    if len(code) > params.program_words:
        return None
    rng = np.random.default_rng(SEED)
    machine = Machine(params)
    machine.sram[:] = _normal(rng, *machine.sram.shape)
    columns, slots = _matrix(params)
    for channel in range(params.channels):
        for bank in range(params.banks):
            machine.device.write(channel, bank, 0, _normal(rng, slots * columns, params.lanes))
    script = Script(pim_registers(params))
    words = Program.of(params, code).words
    script.send(len(words))
    script.write("IRQ_ENABLE", 3)
    script.pulse("START")
    script.interrupt()
    status = script.read("STATUS")
    script.wait(IDLE)
    result = run_host(params, script, words, machine=machine, rows=kept_rows(params), traced=True)
    if result.hung or result.answers[status].data != 2 or result.violations:
        raise ToolError("the program whose power is measured did not end well")
    inputs, outputs = traced_ports(params)
    sends, ends = 1 << _place(inputs, "s_axis_program_tvalid"), 1 << _place(outputs, "irq")
    begin = 1 + max(number for number, (driven, _) in enumerate(result.trace) if driven & sends)
    end = min(number for number, (_, shown) in enumerate(result.trace) if number > begin and shown & ends)
    size = beats * params.vector_lanes
    return Trace(
        inputs=inputs,
        outputs=outputs,
        clocks=result.trace,
        sram=[int.from_bytes(word.astype("<u2").tobytes(), "little") for word in machine.sram],
        reset=RESET_CLOCKS,
        busy=range(begin, end),
        idle=range(len(result.trace) - IDLE, len(result.trace)),
        about=f"a program of {end - begin:,} clocks ({TURNS} times softmax, layernorm and GELU of {size:,} elements, "
        f"and beside them {TURNS} products of a vector of {columns * params.lanes:,} and a matrix of "
        f"{slots * params.units:,} columns; normal numbers, seed {SEED}) and {IDLE} clocks of rest",
    )


def _normal(rng: np.random.Generator, *shape: int) -> np.ndarray:
    return narrow(rng.standard_normal(shape).astype(np.float32))


def _place(ports: dict[str, int], name: str) -> int:
    """The first bit of a port."""
    names = list(ports)
    return sum(ports[each] for each in names[: names.index(name)])
