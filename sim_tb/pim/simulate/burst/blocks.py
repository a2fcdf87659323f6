"""Programs in blocks that come again: instructions, and loops with all that is in them."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import pairwise

from hdl.params.pim import FIELDS, LEVELS, Instruction, PimParams
from sim_tb.pim.simulate.burst.names import renamed
from sim_tb.pim.simulate.burst.segment import Segment, Segments
from sim_tb.pim.simulate.burst.words import Words
from sim_tb.pim.simulate.listing import Listing
from sim_tb.pim.simulate.prepare import takes_scalars

__all__ = ["Block", "Blocks", "Layers", "Stretch"]

#: Instructions of the issuer that set scalar registers.
SETS = ("SETR", "SKEEP")


@dataclass(frozen=True, eq=False)
class Block:
    """Segments that always follow each other.

    Parameters
    ----------
    segments : tuple of Segment
    instructions : int
        That end in it.
    rows : int
        The first row past those that it goes to.
    banks : int
        Single banks that it works on, which have the numbers from 0 on.
    sets : bool
        It is an instruction of the issuer that sets scalar registers, to what the block does not know.
    """

    segments: tuple[Segment, ...]
    instructions: int
    rows: int
    banks: int = 0
    sets: bool = False


@dataclass(frozen=True, eq=False)
class Stretch:
    """Blocks one after the other in a program.

    Parameters
    ----------
    body : tuple of Block
    past : int
        The place in the program behind it.
    places : tuple of int
        That of each block.
    banked : tuple of int
        The places of instructions on single banks, one for each bank that a block has, in their order.
    number : int
        Equal for stretches of the same blocks.
    """

    body: tuple[Block, ...]
    past: int
    places: tuple[int, ...]
    banked: tuple[int, ...]
    number: int

    @cached_property
    def instructions(self) -> int:
        """Those that end in it."""
        return sum(block.instructions for block in self.body)

    @cached_property
    def sets(self) -> tuple[int, ...]:
        """The places of instructions that set scalar registers."""
        return tuple([place for block, place in zip(self.body, self.places, strict=True) if block.sets])


@dataclass(frozen=True)
class Layers:
    """A loop that moves all rows.

    Parameters
    ----------
    turns : int
    step : int
        Rows.
    head : Block
        LOOP.
    turn : Stretch
        All that follows, with ENDL.
    """

    turns: int
    step: int
    head: Block
    turn: Stretch


class Blocks:
    """Finds the blocks of programs; equal ones are the same object.

    Parameters
    ----------
    params : PimParams
    segments : Segments
    """

    def __init__(self, params: PimParams, segments: Segments) -> None:
        self.params = params
        self.segments = segments
        self._look = Words(params).look
        self._known: dict[tuple[int, ...], Block | None] = {}
        self._same: dict[tuple[object, ...], Block] = {}
        self._named: dict[tuple[Block, tuple[int, ...]], Block] = {}
        self._stretches: dict[tuple[Block, ...], int] = {}
        self._leaps: dict[tuple[tuple[int, ...], tuple[int, ...]], dict[int, Layers | Stretch | None]] = {}

    def instruction(self, word: int) -> Instruction | None:
        """An instruction that takes the same time as that of a word; None if it is none."""
        return self._look(word).one

    def bank(self, word: int) -> int:
        """The single bank that an instruction works on, or -1."""
        return self._look(word).bank

    def leaps(self, program: Sequence[int]) -> dict[int, Layers | Stretch | None]:
        """What is known of a program and of all others that take the same time: by place what begins there."""
        looked = [self._look(word) for word in program]
        banks = [word.bank for word in looked if word.bank >= 0]
        key = tuple([word.normal for word in looked]), _pattern(banks)
        return self._leaps.setdefault(key, {})

    def leap(self, program: Sequence[int], pc: int) -> Layers | Stretch | None:
        """The loop over rows, or the blocks, that begin there; None if there is neither."""
        return self.layers(program, pc) or self.stretch(program, pc)

    def layers(self, program: Sequence[int], pc: int) -> Layers | None:
        """The loop over rows that begins there, if all of it moves by whole rows."""
        one = self.instruction(program[pc])
        if one is None or one.op.name != "LOOP" or "rows" not in one.flags or one["col"] or one["n"] == 0:
            return None
        past = self._end(program, pc)
        if not past or one.flags != {"rows"} or one["a"] or one["b"] or one["d"]:
            return None
        body: list[tuple[Block, int]] = []
        pc, begin = pc + 1, pc
        while pc < past - 1:
            found = self.block(program, pc, past - 1)
            if found is None:
                return None
            body.append((found[0], pc))
            pc = found[1]
        turns, step = one["n"], one["row"]
        last = (turns - 1) * step
        if any(each.rows + max(last, 0) > self.params.rows or last < 0 for each, _ in body):
            return None
        body.append((self._alone(program[past - 1]), past - 1))
        return Layers(turns, step, self._alone(program[begin]), self._stretch(program, body, past))

    def stretch(self, program: Sequence[int], pc: int) -> Stretch | None:
        """The blocks that begin there, up to what isn't one, or is a loop over rows; None if there are none."""
        body = []
        while pc < len(program):
            one = self.instruction(program[pc])
            if one is None or (one.op.name == "LOOP" and "rows" in one.flags):
                break
            found = self.block(program, pc, len(program))
            if found is None:
                break
            body.append((found[0], pc))
            pc = found[1]
        return self._stretch(program, body, pc) if body else None

    def _stretch(self, program: Sequence[int], body: list[tuple[Block, int]], past: int) -> Stretch:
        """A stretch of blocks."""
        blocks, places = (tuple(each) for each in zip(*body, strict=True))
        banked: list[int] = []
        for begin, end in pairwise((*places, past)):
            first: dict[int, int] = {}
            for place in range(begin, end):
                first.setdefault(self.bank(program[place]), place)
            banked += [place for bank, place in first.items() if bank >= 0]
        return Stretch(blocks, past, places, tuple(banked), self._stretches.setdefault(blocks, len(self._stretches)))

    def block(self, program: Sequence[int], pc: int, past: int) -> tuple[Block, int] | None:
        """The block that begins there, and where the next one does; None if there is none that always goes the same."""
        one = self.instruction(program[pc])
        if one is None:
            return None
        end = self._end(program, pc) if one.op.name == "LOOP" else self._run(program, pc, past)
        if not end or end > past:
            return None
        words = self._numbered(program[pc:end])
        if words not in self._known:
            self._known[words] = self._make(words)
        found = self._known[words]
        return (found, end) if found else None

    def named(self, block: Block, numbers: tuple[int, ...]) -> Block:
        """A block whose banks have these numbers."""
        if numbers == tuple(range(block.banks)):
            return block
        found = self._named.get((block, numbers))
        if found is None:
            segments = tuple([renamed(each, numbers) for each in block.segments])
            found = self._named[block, numbers] = replace(block, segments=segments)
        return found

    def _numbered(self, program: Sequence[int]) -> tuple[int, ...]:
        """Words that take the same time, with banks numbered as they come."""
        looked = [self._look(word) for word in program]
        numbers = iter(_pattern([word.bank for word in looked if word.bank >= 0]))
        return tuple(
            [word.normal | next(numbers) << FIELDS["bank"].low if word.bank >= 0 else word.normal for word in looked]
        )

    def _run(self, program: Sequence[int], pc: int, past: int) -> int:
        """The place behind the instructions from one on that follow each other and do no more than hand on work."""
        end = pc
        while end < past and self._look(program[end]).plain:
            end += 1
        return max(end, pc + 1)

    def _end(self, program: Sequence[int], pc: int) -> int:
        """The place behind a loop's end; 0 if it has none."""
        depth = 0
        for place in range(pc, len(program)):
            depth += self._look(program[place]).opens
            if not depth:
                return place + 1
        return 0

    def _alone(self, word: int) -> Block:
        """LOOP or ENDL of layers."""
        one = self.instruction(word)
        assert one is not None
        listing = Listing(self.params, (word,))
        prepared = listing.prepared(one, None)
        found = self.segments.of(prepared, fenced=listing.fenced(0), wraps=0, scalar=False)
        return self._block(list(found), 1)

    # --- blocks ------------------------------------------------------------------------------------------------------
    def _make(self, words: tuple[int, ...]) -> Block | None:
        segments: list[Segment] = []
        count = 0
        for each in self._walk(words):
            if each is None:
                return None
            segments += each
            count += 1
        sets = self.instruction(words[0])
        banks = len({self.bank(word) for word in words} - {-1})
        return self._block(segments, count, banks, sets=sets is not None and sets.op.name in SETS)

    def _block(self, segments: list[Segment], count: int, banks: int = 0, *, sets: bool = False) -> Block:
        segments = self.segments.joined(segments)
        members = [member for each in segments for member in each.members]
        rows = max((_last_row(self.params, each) for each in members), default=0)
        key = (count, sets, *((each.key, each.row, each.bank, each.ranges) for each in members))
        return self._same.setdefault(key, Block(tuple(segments), count, rows, banks, sets))

    def _walk(self, words: tuple[int, ...]) -> Iterator[list[Segment] | None]:
        """The segments of each instruction in turn; None where more than the words decides."""
        listing = Listing(self.params, words)
        loops: list[list[int]] = []
        pc = 0
        while pc < len(words):
            one = listing.advanced(pc, loops)
            name = one.op.name if one else ""
            if one is None or name in ("HALT", "MARK") or one.by_register or "irq" in one.flags:
                yield None
                return
            if name in SETS and len(words) > 1:  # registers are set in every iteration
                yield None
                return
            nested = one.op.name == "LOOP" and ("rows" in one.flags or len(loops) == LEVELS)
            operand = one.op.integer
            prepared = listing.prepared(one, one[operand.name] if operand else None)
            if nested or prepared.fault or (one.op.name == "ENDL" and not loops):
                yield None
                return
            yield list(
                self.segments.of(
                    prepared,
                    fenced=listing.fenced(pc),
                    wraps=listing.wraps(pc, loops),
                    scalar=takes_scalars(one),
                )
            )
            pc += 1
            if one.op.name == "LOOP":
                loops.append([pc - 1, 0])
            elif one.op.name == "ENDL":
                place, turn = loops[-1]
                if turn + 1 < listing.turns(place):
                    loops[-1][1] += 1
                    pc = place + 1
                else:
                    loops.pop()


def _pattern(banks: Sequence[int]) -> tuple[int, ...]:
    """Banks numbered as they come."""
    names: dict[int, int] = {}
    return tuple([names.setdefault(bank, len(names)) for bank in banks])


def _last_row(params: PimParams, segment: Segment) -> int:
    """The first row past those of a segment."""
    work = segment.part.work
    if segment.row < 0 or work is None:
        return 0
    operation = work.operation
    return operation.row + (operation.col + max(operation.times, 1) - 1) // params.row_cols + 1
