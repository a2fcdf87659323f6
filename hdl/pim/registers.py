"""The registers of the PIM controller, as data (:mod:`hdl.bus.registers`)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace

from hdl.bus.registers import REGISTER_BITS, Field, Register, RegisterMap
from hdl.params.pim import FAULTS, SCALARS, PimParams

__all__ = ["COUNTERS", "pim_registers"]

#: Reads "PIM1" in a dump of memory.
ID = int.from_bytes(b"PIM1", "little")
#: Of the registers and the instruction word: the first grows when old software stops working, the second otherwise.
VERSION = (3, 0)
COUNTERS_AT, SCALARS_AT, SIZES_AT, TIMES_AT = 0x100, 0x200, 0x300, 0x380

#: Counters of 64 bits; commands are summed over the channels.
COUNTERS = {
    "CYCLES": "clocks in which a program ran",
    "INSTRUCTIONS": "instructions that have ended, those of loops as often as they ran",
    "ACTIVATES": "activate commands, of one bank or all",
    "PRECHARGES": "precharge commands, of one bank or all",
    "REFRESHES": "refresh commands",
    "READS": "columns read",
    "WRITES": "columns written, to one bank or all",
    "MACS": "columns multiplied by all banks of a channel",
    "BUFFER_WRITES": "words written to global buffers",
    "ACCUMULATOR_READS": "words read from accumulators",
    "ACCUMULATOR_WRITES": "words of presets of accumulators",
    "PIM_BUSY": "clocks in which a sequencer worked on an instruction",
    "VECTOR_BUSY": "clocks in which the vector unit worked",
    "STREAM_BUSY": "clocks in which the data mover worked",
    "STREAM_WAIT": "clocks in which the data mover waited for the host",
    "ISSUE_WAIT": "clocks in which an instruction waited for another to end",
}
SIZES = (
    "channels",
    "banks",
    "lanes",
    "row_cols",
    "rows",
    "gb_words",
    "sram_words",
    "program_words",
    "vector_lanes",
    "mark_depth",
)


def pim_registers(params: PimParams) -> RegisterMap:
    """The registers of a PIM controller."""
    registers = [*_identity(params), *_control(params), *_errors(params), *_marks(params)]
    for index, (name, meaning) in enumerate(COUNTERS.items()):
        at = COUNTERS_AT + 8 * index
        low = _outside(f"{name}_LO", at, f"{meaning}: low half; reading it holds the high half")
        registers.append(replace(low, holds=f"{name}_HI"))
        meaning = f"{meaning}: high half, as it was when a counter's low half was last read"
        registers.append(_outside(f"{name}_HI", at + 4, meaning))
    for index in range(SCALARS):
        meaning = f"scalar register r{index}; written only while no program runs"
        scalar = _outside(f"SCALAR{index}", SCALARS_AT + 4 * index, meaning, "rw")
        registers.append(replace(scalar, guarded=True))
    for index, key in enumerate(SIZES):
        meaning = f"parameter {key} of the system"
        registers.append(_whole(key.upper(), SIZES_AT + 4 * index, meaning, "ro", getattr(params, key)))
    times = {"CLOCK_PS": params.timing.clock_ps} | {
        key.upper(): getattr(params.timing, key) for key in params.timing.rules()
    }
    for index, (name, clocks) in enumerate(times.items()):
        unit = "period of the clock in picoseconds" if name == "CLOCK_PS" else f"timing rule {name.lower()} in clocks"
        registers.append(_whole(name, TIMES_AT + 4 * index, unit, "ro", clocks))
    return RegisterMap("pim", "Controller of DRAM that computes.", tuple(registers))


def _whole(name: str, offset: int, meaning: str, access: str, reset: int = 0) -> Register:
    return Register(name, offset, meaning, (Field("VALUE", 0, REGISTER_BITS, access, meaning, reset),))


def _outside(name: str, offset: int, meaning: str, access: str = "ro") -> Register:
    return Register(name, offset, meaning, (Field("VALUE", 0, REGISTER_BITS, access, meaning, outside=True),))


def _identity(params: PimParams) -> Iterator[Register]:
    yield _whole("ID", 0x000, "says that this is a PIM controller: PIM1 in ASCII", "ro", ID)
    yield Register(
        "VERSION",
        0x004,
        "version of registers and instructions",
        (
            Field("MINOR", 0, 16, "ro", "grows with every addition", VERSION[1]),
            Field("MAJOR", 16, 16, "ro", "grows where older software stops working", VERSION[0]),
        ),
    )
    digits = int(params.hash[:8], 16)
    yield _whole("CONFIG", 0x008, "first 32 bits of the system's hash; programs carry the same", "ro", digits)


def _control(params: PimParams) -> Iterator[Register]:
    yield Register(
        "CONTROL",
        0x010,
        "what to do",
        (
            Field("START", 0, 1, "pulse", "run the program from START_PC; ignored while one runs or after an error"),
            Field("STOP", 1, 1, "pulse", "stop before the next instruction"),
            Field(
                "RESET",
                2,
                1,
                "pulse",
                "end the program, close all banks and clear errors, interrupts and the log of marks; memories, scalar "
                "registers and counters stay",
            ),
            Field("CLEAR_COUNTERS", 3, 1, "pulse", "set all counters to zero"),
            Field("CLEAR_PROGRAM", 4, 1, "pulse", "empty the program memory: the program stream begins at its start"),
            Field("POP_MARK", 5, 1, "pulse", "drop the oldest entry of the log of marks"),
        ),
    )
    yield Register(
        "STATUS",
        0x014,
        "what is going on",
        (
            Field("BUSY", 0, 1, "ro", "a program runs", outside=True),
            Field("HALTED", 1, 1, "ro", "the last program ended with HALT", outside=True),
            Field("STOPPED", 2, 1, "ro", "the last program was stopped", outside=True),
            Field("ERROR", 3, 1, "ro", "the last program ended with an error; see ERROR", outside=True),
            Field("PIM_BUSY", 8, 1, "ro", "a sequencer works on an instruction", outside=True),
            Field("VECTOR_BUSY", 9, 1, "ro", "the vector unit works", outside=True),
            Field("STREAM_BUSY", 10, 1, "ro", "the data mover works", outside=True),
        ),
    )
    interrupts = (
        ("HALT", "a program ended with HALT or was stopped"),
        ("ERROR", "a program ended with an error"),
        ("FLAG", "an instruction with flag irq has ended"),
    )
    yield Register(
        "IRQ_STATUS",
        0x018,
        "interrupts that wait",
        tuple(Field(name, bit, 1, "w1c", meaning) for bit, (name, meaning) in enumerate(interrupts)),
    )
    yield Register(
        "IRQ_ENABLE",
        0x01C,
        "interrupts that raise the line",
        tuple(Field(name, bit, 1, "rw", meaning) for bit, (name, meaning) in enumerate(interrupts)),
    )
    yield Register(
        "START_PC",
        0x020,
        "where a program begins",
        (Field("PC", 0, 16, "rw", "its first instruction's place in the program memory"),),
    )
    yield _outside("PROGRAM_LENGTH", 0x024, "instructions in the program memory")
    yield _outside("PC", 0x028, "next instruction; after an error the one at fault")


def _errors(params: PimParams) -> Iterator[Register]:
    codes = {"NONE": 0} | {fault.name: fault.code for fault in FAULTS.values()}
    yield Register(
        "ERROR",
        0x030,
        "the error that ended the program; RESET clears it",
        (Field("CODE", 0, 8, "ro", "what is wrong with the instruction at PC", 0, codes, outside=True),),
    )
    for part in range(4):
        meaning = f"bits {32 * part + 31} to {32 * part} of the instruction at fault"
        yield _outside(f"ERROR_WORD{part}", 0x034 + 4 * part, meaning)


def _marks(params: PimParams) -> Iterator[Register]:
    yield Register(
        "MARKS",
        0x050,
        "log of marks",
        (
            Field("COUNT", 0, 16, "ro", "entries", outside=True),
            Field("TAG", 16, 8, "ro", "tag of the oldest entry", outside=True),
            Field("LOST", 24, 1, "ro", "a mark came while the log was full", outside=True),
        ),
    )
    yield _outside("MARK_LO", 0x054, "CYCLES at the oldest mark: low half")
    yield _outside("MARK_HI", 0x058, "CYCLES at the oldest mark: high half")
