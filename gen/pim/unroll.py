"""What a program executes, one instruction after the other: loops unrolled, macros as what they stand for."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from gen.pim.program import Program
from hdl.params import ConfigError, Problem
from hdl.params.pim import SCALARS, Instruction, expanded
from hdl.params.pim.loops import advanced, steps

__all__ = ["unrolled"]


def unrolled(program: Program, scalars: Sequence[int] = ()) -> Iterator[tuple[int, Instruction]]:
    """The instructions that a legal program executes, with the addresses of their iteration.

    Parameters
    ----------
    program : Program
    scalars : sequence of int
        The scalar registers at first; 0 where there are fewer.

    Yields
    ------
    (int, Instruction)
        Its place in the program, and the instruction; those that VMM and RD_ITEM stand for in their place. LOOP and
        ENDL are left out.

    Raises
    ------
    ConfigError
        If a word is no instruction, a loop has no end, or an instruction uses what another one has put into a register
        while it ran.
    """
    registers: list[int | None] = [*scalars, *[0] * (SCALARS - len(scalars))]
    code = program.instructions
    params = program.params
    loops: list[tuple[int, int]] = []  # the place of the LOOP, and the iteration
    place = 0
    while place < len(code):
        one = code[place]
        if one is None:
            raise _problem(place, "is no instruction")
        if one.op.name == "ENDL":
            place = _turn(code, place, loops)
            continue
        opened = [(code[at], turn) for at, turn in loops]
        moved = [
            ("rows" in loop.flags, {name: turn * by for name, by in steps(params, loop).items()})
            for loop, turn in opened
            if loop is not None
        ]
        named = [each for all_rows, each in moved if not all_rows]
        one = advanced(params, one, named, rows=sum(each["row"] for all_rows, each in moved if all_rows))
        if one.op.name == "LOOP":
            loops.append((place, 0))
        else:
            for each in expanded(params, one, _scalar(place, one, registers)):
                yield place, each
            _write(one, registers)
        if one.op.name == "HALT":
            break
        place += 1
    if loops:
        raise _problem(loops[-1][0], "has no ENDL")


def _turn(code: Sequence[Instruction | None], place: int, loops: list[tuple[int, int]]) -> int:
    """The place behind an ENDL: the loop's first instruction, or the one that follows."""
    if not loops:
        raise _problem(place, "ends no loop")
    start, turn = loops.pop()
    loop = code[start]
    if loop is not None and turn + 1 < loop["n"]:
        loops.append((start, turn + 1))
        return start + 1
    return place + 1


def _scalar(place: int, one: Instruction, registers: Sequence[int | None]) -> int | None:
    """The integer operand that may come from a register."""
    operand = one.op.integer
    if operand is None:
        return None
    value: int | None = one[operand.name]
    if not one.by_register or value is None:
        return value
    value = registers[value]
    if value is None:
        raise _problem(place, f"uses r{one[operand.name]}, which an instruction before it has computed")
    return value & (1 << operand.integer_bits) - 1


def _write(one: Instruction, registers: list[int | None]) -> None:
    """What an instruction leaves in the registers; None is a number that nobody knows before it runs."""
    if one.op.name == "SETR":
        registers[one["r"]] = one["value"]
    elif one.op.name == "SKEEP":
        registers[one["r"]] = registers[(one["r"] + 1) % SCALARS] = None
    elif one.op.unit == "vector" and "d" not in one.values:
        registers[one["r"]] = None


def _problem(place: int, message: str) -> ConfigError:
    return ConfigError([Problem(f"instruction {place}", message)])
