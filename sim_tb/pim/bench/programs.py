"""Random legal programs, for comparing models and hardware, and programs without their loops."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from gen.pim.check import check
from gen.pim.program import Program
from hdl.params.pim import INSTRUCTIONS, SCALARS, Instruction, PimParams, expanded, instruction, violations
from hdl.params.pim.encoding import advance_bit
from hdl.params.pim.fields import ADVANCING
from hdl.params.pim.loops import advanced, steps

__all__ = ["RandomProgram", "random_elements", "random_program", "unrolled"]

#: Instructions that are half as frequent as the others.
ONCE = ("NOP", "FENCE", "SETR", "MARK", "ACT_AB", "ACT", "PRE_AB", "PRE")
EXCLUDED = ("HALT", "LOOP", "ENDL", "RD_MAC", "SCALE_AB")


@dataclass(frozen=True)
class RandomProgram:
    """A program and what it needs.

    Parameters
    ----------
    program : Program
        Legal; ends with HALT.
    input_words : int
        Words that it takes from the input stream.
    """

    program: Program
    input_words: int


def random_program(
    params: PimParams,
    rng: np.random.Generator,
    length: int = 40,
    units: Sequence[str] = ("control", "stream", "dram", "pim", "vector"),
) -> RandomProgram:
    """A legal program of about so many instructions for these units, with loops up to two deep, or three where the
    outermost one moves all rows.

    It favours small sizes, low addresses and few rows, so that instructions meet each other's data.
    """
    maker = _Maker(params, rng, units)
    listing = maker.listing(length)
    listing.append(instruction("HALT", *maker.flags("HALT", 0.3)))
    program = Program.of(params, listing)
    findings = check(program)
    if findings:
        raise AssertionError(f"a random program is illegal: {findings[0]}: {program.instructions[findings[0].index]}")
    return RandomProgram(program, maker.input_words)


def unrolled(params: PimParams, code: Sequence[Instruction]) -> Iterator[Instruction]:
    """The instructions that are executed, one after the other: loops run, VMM and RD_ITEM expanded.

    Scalar registers are as SETR leaves them.
    """
    return _unrolled(params, code, (), 0, {})


def _unrolled(
    params: PimParams,
    code: Sequence[Instruction],
    moved: Sequence[Mapping[str, int]],
    rows: int,
    scalars: dict[int, int],
) -> Iterator[Instruction]:
    """Inside loops, which have moved addresses and rows so far."""
    index = 0
    while index < len(code):
        one = code[index]
        index += 1
        if one.op.name == "LOOP":
            depth, first = 1, index
            while depth:
                depth += (code[index].op.name == "LOOP") - (code[index].op.name == "ENDL")
                index += 1
            for turn in range(one["n"]):
                here = {key: turn * by for key, by in steps(params, one).items()}
                inside, all_rows = ((), here["row"]) if "rows" in one.flags else ((here,), 0)
                yield from _unrolled(params, code[first : index - 1], (*moved, *inside), rows + all_rows, scalars)
            continue
        one = replace(advanced(params, one, moved, rows=rows), advance=0)
        if one.op.name == "SETR":
            scalars[one["r"]] = one["value"]
        operand = one.op.integer
        if operand is not None and one.by_register:
            yield from expanded(params, one, scalars[one[operand.name]] & (1 << operand.integer_bits) - 1)
        else:
            yield from expanded(params, one)


def random_elements(rng: np.random.Generator, shape: tuple[int, ...]) -> npt.NDArray[np.uint16]:
    """Random bf16 numbers of both signs from 2^-12 to 2^12.

    Sums of numbers of one magnitude are mostly exact in single precision, because bf16 has so few bits: a wrong order
    of summation would not show.
    """
    exponents = rng.integers(127 - 12, 127 + 12, shape, np.uint16)
    rest = rng.integers(0, 256, shape, np.uint16)
    return ((rest >> 7 << 15) | (exponents << 7) | (rest & 0x7F)).astype(np.uint16)


class _Maker:
    """Makes instructions one by one; those that turn out illegal are made anew."""

    def __init__(self, params: PimParams, rng: np.random.Generator, units: Sequence[str]) -> None:
        self.params = params
        self.rng = rng
        self.input_words = 0
        names = [
            name
            for name, op in INSTRUCTIONS.items()
            if name not in EXCLUDED and op.unit in units and (not op.needs or getattr(params, op.needs))
        ]
        self.names = [name for name in names for _ in range(1 if name in ONCE else 2)]
        #: How often the innermost block runs, and the steps of the loops around it.
        self.repeats = 1

    def below(self, limit: int) -> int:
        """From 0 to ``limit - 1``, mostly small."""
        limit = max(1, limit)
        small = max(1, min(limit, int(limit ** self.rng.random()) + 1))
        return int(self.rng.integers(small))

    def flags(self, name: str, often: float = 0.15) -> list[str]:
        known = [flag.name for flag in INSTRUCTIONS[name].all_flags if flag.name != "reg"]
        return [flag for flag in known if self.rng.random() < often]

    def listing(self, length: int) -> list[Instruction]:
        """So many instructions, now and then all of them in a loop that moves all rows."""
        if length < 5 or self.rng.random() < 0.7:
            return self.block(length, 0)
        self.repeats = int(self.rng.integers(1, 4))
        body, end = self.block(length - 2, 0), instruction("ENDL")
        for most in (3, 2, 1):
            steps = {"row": int(self.rng.integers(most)), "col": self.below(self.params.row_cols) if most > 1 else 0}
            loop = instruction("LOOP", "rows", n=self.repeats, **steps)
            if self._legal([loop, *body, end], 0):
                break
        return [loop, *body, end]

    def block(self, length: int, depth: int) -> list[Instruction]:
        """So many instructions, some of them in loops."""
        listing: list[Instruction] = []
        while len(listing) < length:
            if depth < 2 and length - len(listing) > 4 and self.rng.random() < 0.12:
                listing += self._loop(min(int(self.rng.integers(2, 8)), length - len(listing) - 2), depth)
            elif self.rng.random() < 0.2:
                listing += self._dot_products()
            else:
                listing += self._single()
        return listing

    def _loop(self, length: int, depth: int) -> list[Instruction]:
        """A loop whose addresses advance where that stays legal in every iteration."""
        count = int(self.rng.integers(1, 4))
        steps = {key: int(self.rng.integers(-2, 4)) for key in ("a", "b", "d")}
        loop = instruction(
            "LOOP", n=count, row=int(self.rng.integers(0, 2)), col=self.below(self.params.row_cols), **steps
        )
        self.repeats *= count
        body = self.block(length, depth + 1)
        self.repeats //= count
        # An address advances if the program around it stays legal: tried one by one.
        end = instruction("ENDL", *self.flags("ENDL", 0.05))
        for index, one in enumerate(body):
            for address in ADVANCING:
                known = any(operand.advances == address for operand in one.op.operands)
                # The assembler can't tell how far a range goes whose length is in a register.
                if known and self.rng.random() < 0.4 and not one.by_register:
                    bit = 1 << advance_bit(address, depth)
                    trial = [*body[:index], _advancing(one, bit), *body[index + 1 :]]
                    if self._legal([loop, *trial, end], depth):
                        body, one = trial, trial[index]
        return [loop, *body, end]

    def _legal(self, listing: list[Instruction], depth: int) -> bool:
        """Whether instructions are, inside as many more loops."""
        around = [instruction("LOOP", n=1)] * depth
        ends = [instruction("ENDL")] * depth
        preset = instruction("WR_BIAS", "zero", mask=(1 << self.params.channels) - 1, n=self.params.accumulators)
        return not check(Program.of(self.params, [*around, preset, *listing, *ends, instruction("HALT")]))

    def _dot_products(self) -> list[Instruction]:
        """Presets, MACs, perhaps scales, and the read of what came out, which is what makes it legal."""
        mask = self._mask()
        everyone = (1 << self.params.channels) - 1
        listing = [self._legal_one("WR_BIAS" if self.rng.random() < 0.5 else "MAC_AB", mask=mask | self._mask())]
        covered, acc = listing[0]["mask"], listing[0]["acc"]
        many = listing[0].values.get("vectors", listing[0]["n"])
        listing += [self._legal_one("MAC_AB", mask=mask) for _ in range(int(self.rng.integers(0, 3)))]
        if self.rng.random() < 0.2:
            listing.append(self._read("accumulate", mask & covered or everyone & covered, acc, many))
        room = [n for n in range(1, many + 1) if acc >= n or acc + 2 * n <= self.params.accumulators]
        if self.params.int8 and room and self.rng.random() < 0.4:
            many = int(self.rng.choice(room))
            listing.append(self._legal_one("SCALE_AB", mask=mask & covered, acc=acc, n=many))
            acc = listing[-1]["to"]
        return [*listing, self._read("", mask & covered, acc, many)]

    def _read(self, flag: str, mask: int, acc: int, many: int) -> Instruction:
        """The read of some of these accumulators."""
        first = self.below(many)
        some = 1 + self.below(many - first)
        return self._legal_one("RD_MAC", *([flag] if flag else []), mask=mask, acc=acc + first, n=some, keep=False)

    def _mask(self) -> int:
        return int(self.rng.integers(1, 1 << self.params.channels))

    def _single(self) -> list[Instruction]:
        name = str(self.rng.choice(self.names))
        one = self._legal_one(name)
        if name == "IN":
            self.input_words += one["n"] * self.repeats
        operand = one.op.integer
        if operand is not None and operand.kind == "item":
            item = self.below(4 * self.params.units)
            if violations(self.params, one, item):
                item = 0
            return [instruction("SETR", r=one[operand.name], value=item), one]
        operand = one.op.or_scalar
        if operand is None or self.rng.random() < 0.7:
            return [one]
        # The same operand by way of a scalar register.
        register = int(self.rng.integers(SCALARS))
        value = one[operand.name] << 16 if operand.kind == "bf16" else one[operand.name]
        moved = Instruction(one.op, {**one.values, operand.name: register}, one.flags | {"reg"})
        return [instruction("SETR", r=register, value=value), moved]

    def _legal_one(self, name: str, *flags: str, keep: bool = True, **fixed: int) -> Instruction:
        """A random instruction with some operands fixed; ``keep`` lets it have flags of its own."""
        for _ in range(1000):
            own = set(self.flags(name)) if keep else set()
            own -= {"accumulate"}
            one = instruction(name, *{*flags, *own}, **(self._values(name) | fixed))
            if not violations(self.params, one, None if one.op.or_scalar else 0):
                return one
        raise AssertionError(f"no legal {name} found")

    def _values(self, name: str) -> dict[str, int]:
        most = min(3 * self.params.row_cols, self.params.gb_words)
        if name == "VMM":  # up to three chunks
            most = 3 * self.params.gb_words
        makers: dict[str, Callable[[], int]] = {
            "channels": self._one_channel if name == "RD_SB" else self._mask,
            "bank": lambda: int(self.rng.integers(self.params.banks)),
            "row": lambda: self.below(self.params.rows),
            "col": lambda: int(self.rng.integers(self.params.row_cols)),
            "lane": lambda: int(self.rng.integers(self.params.lanes)),
            "byte": lambda: int(self.rng.integers(2 * self.params.lanes)),
            "half": lambda: int(self.rng.integers(2)),
            "columns": lambda: 1 + self.below(most),
            "words": lambda: 1 + self.below(self.params.gb_words),
            "elements": lambda: 1 + self.below(12 * max(self.params.vector_lanes, self.params.lanes)),
            "slots": lambda: 1 + self.below(4),
            "sram": lambda: self.below(min(self.params.sram_words, 256)),
            "buffer": lambda: self.below(self.params.buffer_words),
            "stride": lambda: self.below(8),
            "accumulator": lambda: int(self.rng.integers(self.params.accumulators)),
            "accumulators": lambda: 1 + self.below(self.params.accumulators),
            "vectors": lambda: 1 + int(self.rng.integers(self.params.vectors)),
            "scalar": lambda: int(self.rng.integers(SCALARS)),
            "pair": lambda: int(self.rng.integers(SCALARS - 1)),
            "item": lambda: int(self.rng.integers(SCALARS)),
            "pitch": lambda: int(self.rng.integers(2)) * (self.params.gb_words + self.below(4)),
            "bf16": lambda: int(self.rng.integers(0x3C00, 0x4100)),
            "integer": lambda: int(self.rng.integers(1 << 20)),
            "bits": lambda: int(self.rng.integers(0x3C00_0000, 0x4100_0000)),
            "tag": lambda: int(self.rng.integers(256)),
        }
        return {operand.name: makers[operand.kind]() for operand in INSTRUCTIONS[name].operands}

    def _one_channel(self) -> int:
        return 1 << int(self.rng.integers(self.params.channels))


def _advancing(one: Instruction, bit: int) -> Instruction:
    return Instruction(one.op, one.values, one.flags, one.advance | bit)
