"""What is wrong with a program, told without running it.

Loops run a known number of times and nothing jumps, so that addresses are known in every iteration: an address that
advances is greatest or least in a first or last one. Which accumulators hold something is followed through two
iterations of each loop, after which nothing new can happen. What is left to the controller is in
:mod:`hdl.params.pim.legality`.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from itertools import product
from types import MappingProxyType

from gen.pim.program import Program
from hdl.params.pim import FIELDS, LEVELS, Access, Instruction, PimParams, accesses, accumulator_use, encode, violations
from hdl.params.pim.encoding import advance_bit
from hdl.params.pim.fields import ADVANCING
from hdl.params.pim.legality import overlap_message, overlap_pairs
from hdl.params.pim.loops import advanced, steps

__all__ = ["Finding", "check", "words_taken"]


@dataclass(frozen=True)
class Finding:
    """Something wrong with an instruction.

    Parameters
    ----------
    index : int
        Of the instruction, from 0; the number of instructions where the end of the program is at fault.
    message : str
    operand : str
        The operand at fault, or empty.
    """

    index: int
    message: str
    operand: str = ""


@dataclass(frozen=True)
class _Loop:
    """An open loop: where it is, how often it runs, how far it moves each address an iteration, with flag rows."""

    index: int
    count: int
    step: Mapping[str, int]
    all_rows: bool = False


def check(program: Program, doubts: Mapping[int, Collection[str] | None] = MappingProxyType({})) -> list[Finding]:
    """Everything wrong with a program, in its order.

    Parameters
    ----------
    program : Program
    doubts : mapping
        Instructions, by their index, of which some operands are stand-ins; None where the instruction itself is one.
        What depends on them is not reported.
    """
    code = program.instructions
    found = list(_words(program))
    balanced = True
    loops: list[_Loop] = []
    for index, one in enumerate(code):
        if one is None:
            continue
        name = one.op.name
        named = [loop for loop in loops if not loop.all_rows]
        found += _advancing(index, one, len(named))
        found += _everywhere(program.params, index, one, loops)
        if not doubts.get(index, ()):
            found += _overlaps(program.params, index, one, named)
        if name == "LOOP":
            if "rows" in one.flags and loops:
                found.append(Finding(index, "is inside another loop: with flag rows it is the outermost one"))
                balanced = False
            elif "rows" not in one.flags and len(named) == LEVELS:
                found.append(Finding(index, f"is inside {LEVELS} loops: a third can't be"))
                balanced = False
            loops.append(_Loop(index, max(1, one["n"]), steps(program.params, one), "rows" in one.flags))
        elif name == "ENDL" and loops:
            loops.pop()
        elif name == "ENDL":
            found.append(Finding(index, "ends no loop: there is no LOOP before it"))
            balanced = False
        elif name == "HALT" and (loops or index + 1 < len(code)):
            found.append(Finding(index, "ends the program here: it must be the last instruction, outside loops"))
    found += [Finding(loop.index, "has no ENDL") for loop in loops]
    if not code or code[-1] is None or code[-1].op.name != "HALT":
        found.append(Finding(len(code), "the program runs past its end: its last instruction must be HALT"))
    if balanced and not loops:
        found += _Accumulators(program, doubts).find()
    return sorted(set(_certain(found, len(code), doubts)), key=lambda each: (each.index, each.operand, each.message))


def words_taken(program: Program) -> int:
    """Words of the input stream that a legal program reads: those of IN, in loops as often as they run."""
    taken, times = 0, [1]
    for one in program.instructions:
        if one is not None and one.op.name == "LOOP":
            times.append(times[-1] * one["n"])
        elif one is not None and one.op.name == "ENDL":
            times.pop()
        elif one is not None and one.op.name == "IN":
            taken += times[-1] * one["n"]
    return taken


def _certain(found: list[Finding], end: int, doubts: Mapping[int, Collection[str] | None]) -> Iterator[Finding]:
    """The findings that don't depend on what is in doubt."""
    for each in found:
        doubt = doubts.get(min(each.index, end - 1), ())
        if doubt is not None and (each.index == end or each.operand not in doubt):
            yield each


def _words(program: Program) -> Iterator[Finding]:
    memory = program.params.program_words
    if len(program.words) > memory:
        message = f"is beyond the program memory, which holds {memory} instructions of the {len(program.words)}"
        yield Finding(memory, message)
    for index, (word, one) in enumerate(zip(program.words, program.instructions, strict=True)):
        if one is None:
            yield Finding(index, f"no instruction has opcode {word >> FIELDS['opcode'].low:#04x}")
        elif stray := word & ~encode(one):
            yield Finding(index, f"bits are set that {one.op.name.lower()} doesn't use ({stray:#x})")


def _advancing(index: int, one: Instruction, depth: int) -> Iterator[Finding]:
    for address, level in product(ADVANCING, range(depth, LEVELS)):
        if one.advance >> advance_bit(address, level) & 1:
            operand = next(each.name for each in one.op.operands if each.advances == address)
            loops = "a loop" if level == 0 else "a second loop"
            yield Finding(index, f"advances with {loops}, but is inside {'none' if depth == 0 else 'one'}", operand)


def _everywhere(params: PimParams, index: int, one: Instruction, loops: list[_Loop]) -> Iterator[Finding]:
    """Rules that the instruction breaks in any iteration of its loops."""
    seen = set()
    for turns in product(*({0, loop.count - 1} for loop in loops)):
        moved = [(loop, _times(loop.step, turn)) for loop, turn in zip(loops, turns, strict=True)]
        rows = sum(by["row"] for loop, by in moved if loop.all_rows)
        here = advanced(params, one, [by for loop, by in moved if not loop.all_rows], rows=rows, wrap=False)
        for each in violations(params, here):
            if each.fault.name != "OVERLAP" and (each.fault, each.operand) not in seen:
                seen.add((each.fault, each.operand))
                turn = f", in iteration {', '.join(str(turn + 1) for turn in turns)}" if any(turns) else ""
                yield Finding(index, each.message + turn, each.operand)


def _times(step: Mapping[str, int], turn: int) -> dict[str, int]:
    return {address: turn * by for address, by in step.items()}


def _overlaps(params: PimParams, index: int, one: Instruction, loops: list[_Loop]) -> Iterator[Finding]:
    """A result that overlaps a source in some iteration: the distance between them can move each time."""
    for result, source in overlap_pairs(accesses(params, one)):
        if len(loops) > LEVELS:
            continue
        travel = []
        for level, loop in enumerate(loops):
            by = _step(one, loop, level, result.operand) - _step(one, loop, level, source.operand)
            travel.append(range(0, loop.count * by, by) if by else range(1))
        if _meet(result, source, travel):
            yield Finding(index, overlap_message(source), result.operand)


def _step(one: Instruction, loop: _Loop, level: int, operand: str) -> int:
    """How far an operand moves with each iteration of a loop."""
    found = one.op.operand(operand)
    return loop.step[found.advances] if found and one.advances(operand, level) else 0


def _meet(result: Access, source: Access, travel: list[range]) -> bool:
    """Whether the ranges overlap at any of the distances, but not in place."""
    *outer, inner = travel or [range(1)]
    inner = inner if inner.step > 0 else inner[::-1]
    for far in product(*outer):
        apart = result.start - source.start + sum(far)
        low, high = -result.length + 1 - apart, source.length - 1 - apart
        hits = bisect_right(inner, high) - bisect_left(inner, low)
        if hits > (source.in_place and low <= -apart <= high and -apart in inner):
            return True
    return False


class _Accumulators:
    """Follows which channels' accumulators hold something, and finds reads of those that don't."""

    def __init__(self, program: Program, doubts: Collection[int]) -> None:
        self.params = program.params
        self.code = program.instructions
        self.doubts = doubts
        self.found: dict[int, Finding] = {}
        self.ends: dict[int, int] = {}
        begun: list[int] = []
        for index, one in enumerate(self.code):
            if one is not None and one.op.name == "LOOP":
                begun.append(index)
            elif one is not None and one.op.name == "ENDL":
                self.ends[begun.pop()] = index

    def find(self) -> list[Finding]:
        """Every read of accumulators that may hold nothing; at reset they hold nothing."""
        self._run(0, len(self.code), 0)
        return list(self.found.values())

    def _run(self, start: int, end: int, loaded: int) -> int:
        """The accumulators loaded after some instructions, from those loaded before."""
        index = start
        while index < end:
            one = self.code[index]
            name = one.op.name if one is not None else ""
            if one is not None and name == "LOOP":
                close = self.ends[index]
                for _ in range(min(one["n"], 2)):
                    loaded = self._run(index + 1, close, loaded)
                index = close
            elif one is not None:
                use = accumulator_use(self.params, one)
                self._read(index, use.reads & ~loaded)
                loaded = use.after(loaded)
            if index in self.doubts:  # it may have loaded any
                loaded = -1
            index += 1
        return loaded

    def _read(self, index: int, empty: int) -> None:
        if empty and index not in self.found:
            places = [divmod(bit, self.params.channels) for bit in range(empty.bit_length()) if empty >> bit & 1]
            channels = ", ".join(str(channel) for channel in sorted({channel for _, channel in places}))
            numbers = ", ".join(str(number) for number in sorted({number for number, _ in places}))
            which = f"accumulators {numbers}" if self.params.accumulators > 1 else "the accumulators"
            message = f"reads {which} of channel {channels} too early: no MAC_AB or WR_BIAS has written them"
            self.found[index] = Finding(index, f"{message} since they were cleared", "mask")
