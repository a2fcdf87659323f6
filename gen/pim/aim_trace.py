"""Programs as the trace that aim_simulator reads, so that others can check the times of a program.

aim_simulator (github.com/arkhadem/aim_simulator) simulates GDDR6-AiM from a text with a request a line:

===========================  ===============================================================
``W CFR 0 1``                MACs take their second factor from the global buffer; the first line
``AiM WR_GB n gpr mask``     n words to the global buffers
``AiM WR_BIAS gpr mask``     accumulators are preset
``AiM MAC_ABK n mask row``   n columns of a row, in all banks
``AiM RD_MAC gpr mask``      accumulators are read
``AiM WR_SBK gpr mask b row``  one column of bank b is written; ``RD_SBK`` reads it
``AiM WR_ABK gpr mask row``  a column of every bank of one channel is written
``AiM EOC``                  the end; the last line
===========================  ===============================================================

A ``gpr`` is a register of 32 bytes in that simulator, and a word of SRAM here. Masks are hexadecimal; bit i of one is
channel 31 - i.

A trace has less to say than a program:

* There is no column. Every MAC_ABK begins at column 0 of its row, and every single access is to some column of its
  row; a MAC over the end of a row becomes a request for each row. Nor is there a place in the global buffer.
* Explicit activates and precharges have no counterpart: rows are opened when they are needed, and the time that VMM
  hides behind other work is not hidden.
* The vector unit, the host's streams, and what waits for what in SRAM have none either. Requests follow each other as
  fast as the memory takes them: the trace tells the memory's time, not the program's.
* RD_MAC clears the accumulators, with flag accumulate too.

AiM has one accumulator a bank, one vector at a time, and bf16. What goes beyond that is refused.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path

from gen.pim.files import check_kind, write_whole
from gen.pim.program import Program
from gen.pim.unroll import unrolled
from hdl.params import ConfigError, Problem
from hdl.params.pim import Instruction, PimParams

__all__ = ["FIRST", "LAST", "aim_requests", "aim_trace", "check_system", "check_target", "write_aim_trace"]

FIRST, LAST = "W CFR 0 1", "AiM EOC"
#: What the simulated device has, by key; it cannot be set there.
SIZES = {"banks": 16, "lanes": 16, "row_cols": 64}
#: Channels of the simulated system; channel 0 is the highest bit of a mask.
CHANNELS = 32


def aim_trace(programs: Iterable[Program], scalars: Iterable[int] = ()) -> Iterator[str]:
    """The lines of a trace, the first and the last included.

    Parameters
    ----------
    programs : iterable of Program
        Legal ones, one after the other.
    scalars : iterable of int
        The scalar registers before each of them.

    Raises
    ------
    ConfigError
        If the simulated device has other sizes than the system, or not what an instruction needs, and for the reasons
        of :func:`gen.pim.unroll.unrolled`.
    """
    registers = tuple(scalars)
    yield FIRST
    for program in programs:
        check_system(program.params)
        for index, one in unrolled(program, registers):
            _check(index, one)
            yield from aim_requests(program.params, one)
    yield LAST


def aim_requests(params: PimParams, one: Instruction) -> Iterator[str]:
    """The requests of an instruction that stands for no others; none of one that has no counterpart."""
    make = _REQUESTS.get(one.op.name)
    if make is not None:
        for each in make(params, one):
            yield f"AiM {each}"


def check_system(params: PimParams) -> None:
    """Whether the simulated device is like the system's. Raises ConfigError with every size that isn't."""
    problems = [
        Problem(f"pim.{key}", f"must be {size} for a trace of AiM requests, not {getattr(params, key)}")
        for key, size in SIZES.items()
        if getattr(params, key) != size
    ]
    if problems:
        raise ConfigError(problems)


def _check(index: int, one: Instruction) -> None:
    """Whether AiM has what an instruction needs. Raises ConfigError."""
    values, name = one.values, one.op.name
    beyond = {
        "an accumulator other than the first one": values.get("acc", 0) > 0 or name == "SCALE_AB",
        "several accumulators": name in ("WR_BIAS", "RD_MAC") and values["n"] > 1,
        "several vectors": values.get("vectors", 1) > 1,
        "columns of int8": "int8" in one.flags or name == "WR_BYTE",
    }
    problems = [
        Problem(f"instruction {index}", f"{name.lower()} needs {what}, which a trace of AiM requests can't say")
        for what, needed in beyond.items()
        if needed
    ]
    if problems:
        raise ConfigError(problems)


def check_target(path: Path) -> None:
    """Whether a trace can be written there, in place of an older trace but of nothing else. Raises ConfigError."""
    check_kind(path, FIRST, "a trace of AiM requests")


def write_aim_trace(path: Path, programs: Iterable[Program], scalars: Iterable[int] = ()) -> int:
    """Write a trace, whole or not at all; the number of its lines. Raises ConfigError."""
    check_target(path)
    lines = list(aim_trace(programs, scalars))
    write_whole(path, ("\n".join(lines) + "\n").encode("ascii"))
    return len(lines)


# --- requests --------------------------------------------------------------------------------------------------------
def _mask(mask: int) -> str:
    """A mask of channels as the trace has it."""
    return f"0x{sum(1 << CHANNELS - 1 - channel for channel in _channels(mask)):08x}"


def _channels(mask: int) -> list[int]:
    return [channel for channel in range(CHANNELS) if mask >> channel & 1]


def _columns(params: PimParams, one: Instruction) -> Iterator[tuple[int, int]]:
    """The rows that an instruction's columns are in, and how many are in each."""
    row, col, left = one["row"], one["col"], one["n"]
    while left:
        many = min(left, params.row_cols - col)
        yield row, many
        row, col, left = row + 1, 0, left - many


def _write_buffer(params: PimParams, one: Instruction) -> Iterator[str]:
    yield f"WR_GB {one['n']} {one['a']} {_mask(one['mask'])}"


def _write_buffers(params: PimParams, one: Instruction) -> Iterator[str]:
    for channel in _channels(one["mask"]):
        yield f"WR_GB {one['n']} {one['a'] + channel * one['stride']} {_mask(1 << channel)}"


def _preset(params: PimParams, one: Instruction) -> Iterator[str]:
    yield f"WR_BIAS {one.values.get('a', 0)} {_mask(one['mask'])}"


def _multiply(params: PimParams, one: Instruction) -> Iterator[str]:
    for row, many in _columns(params, one):
        yield f"MAC_ABK {many} {_mask(one['mask'])} {row}"


def _read_accumulators(params: PimParams, one: Instruction) -> Iterator[str]:
    yield f"RD_MAC {one['d']} {_mask(one['mask'])}"


def _write_bank(params: PimParams, one: Instruction) -> Iterator[str]:
    yield from _single(params, one, "WR_SBK", one["a"])


def _read_bank(params: PimParams, one: Instruction) -> Iterator[str]:
    yield from _single(params, one, "RD_SBK", one["d"])


def _single(params: PimParams, one: Instruction, name: str, register: int) -> Iterator[str]:
    """A request for each column of one bank."""
    for row, many in _columns(params, one):
        for _ in range(many):
            yield f"{name} {register} {_mask(one['mask'])} {one['bank']} {row}"
            register += 1


def _write_elements(params: PimParams, one: Instruction) -> Iterator[str]:
    """A request for each channel: no more can take part in one."""
    for channel in _channels(one["mask"]):
        yield f"WR_ABK {one['a'] + channel * params.parts} {_mask(1 << channel)} {one['row']}"


#: Instructions with a counterpart.
_REQUESTS = {
    "WR_GB": _write_buffer,
    "WR_GBX": _write_buffers,
    "WR_BIAS": _preset,
    "MAC_AB": _multiply,
    "RD_MAC": _read_accumulators,
    "WR_SB": _write_bank,
    "RD_SB": _read_bank,
    "WR_ELEM": _write_elements,
}
