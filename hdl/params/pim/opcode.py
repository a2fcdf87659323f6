"""What an instruction is: its operands, its flags, the ranges of memory that it touches."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from functools import cached_property

from hdl.params.pim.fields import Flag, Operand

__all__ = ["ACCUMULATE", "FENCE", "FLAGS", "INT8", "IRQ", "LENGTHS", "REG", "ROWS", "UNITS", "ZERO", "Opcode", "Touch"]

FENCE = Flag("fence", 0, "wait until every unit is idle before this instruction begins")
ACCUMULATE = Flag("accumulate", 1, "leave the accumulators as they are")
ZERO = Flag("zero", 1, "preset zeros; no source is read")
IRQ = Flag("irq", 2, "raise the interrupt when this instruction has ended")
INT8 = Flag("int8", 1, "columns hold int8, two in place of a bf16 number")
ROWS = Flag("rows", 1, "the outermost loop; rows and columns of all instructions inside advance, and nothing else")
REG = Flag("reg", 3, "the operand that may be a scalar register is one")
FLAGS = (FENCE, ACCUMULATE, ZERO, INT8, ROWS, IRQ, REG)
#: Which part of the controller executes an instruction, and what that part does.
UNITS = {
    "control": "the issuer itself",
    "stream": "the data mover: SRAM and the host's streams",
    "dram": "the channels' sequencers: banks",
    "pim": "the channels' sequencers: global buffer and MAC units",
    "vector": "the vector unit",
}
#: How long a range is, in words; :func:`hdl.params.pim.legality.accesses` computes it.
LENGTHS = {
    "count": "n",
    "slot": "SLOT_WORDS",
    "bytes": "(SLOT_WORDS + half) / 2, rounded up,",
    "vector": "n elements",
    "packed": "n bytes",
    "one": "1",
    "open": "none: the row is only opened",
    "slots": "slots * SLOT_WORDS",
    "strided": "elements 0 to (n - 1) * stride",
    "spread": "n from each a + c * stride",
    "spaced": "SLOT_WORDS from each accumulator's place, stride apart,",
    "vectors": "n, or 2 n with int8, from each vector's place, GB_WORDS apart,",
    "matrix": "slots * n, or slots * pitch for each chunk,",
    "item": "n, r // UNITS items behind,",
}


@dataclass(frozen=True)
class Touch:
    """A range that an instruction reads or writes.

    Parameters
    ----------
    space : str
        ``sram``, ``buffer`` (global buffer) or ``dram`` (columns of a bank).
    operand : str
        The operand that says where it begins.
    length : str
        A key of ``LENGTHS``.
    write : bool
    in_place : bool
        A source where a result may begin as well: each word is read before it is written.
    late : bool
        A result that is written when all sources have been read: it may be anywhere in them, but not in another result.
    """

    space: str
    operand: str
    length: str
    write: bool = False
    in_place: bool = False
    late: bool = False


@dataclass(frozen=True)
class Opcode:
    """One instruction of the set.

    Parameters
    ----------
    name : str
    code : int
        Value of the opcode field.
    unit : str
        A key of ``UNITS``.
    operands : tuple of Operand
    flags : tuple of Flag
        Its own, beside fence and irq.
    meaning : str
        What it does, exactly.
    touches : tuple of Touch
        Every range of memory that it reads or writes, but those within a product (VMM: the global buffers).
    needs : str
        The switch of a system without which there is no such instruction; an empty text if there always is.
    """

    name: str
    code: int
    unit: str
    operands: tuple[Operand, ...]
    flags: tuple[Flag, ...]
    meaning: str
    touches: tuple[Touch, ...] = ()
    needs: str = ""

    def takes(self, space: str) -> bool:
        """It reads words of a memory."""
        return any(touch.space == space and not touch.write and touch.length != "open" for touch in self.touches)

    def gives(self, space: str) -> bool:
        """It writes words of a memory."""
        return any(touch.space == space and touch.write for touch in self.touches)

    @property
    def single(self) -> bool:
        """One channel at a time can do it: words of banks go to one place in SRAM."""
        return self.unit == "dram" and self.gives("sram")

    @property
    def moves_rows(self) -> bool:
        """It addresses rows of the banks, which move with a loop with flag rows."""
        return any(operand.kind == "row" for operand in self.operands)

    def unused(self, flags: Collection[str]) -> str:
        """The operand that is left out with these flags; an empty text if none is."""
        return next((each.name for each in self.operands if each.zeroed and "zero" in flags), "")

    def operand(self, name: str) -> Operand | None:
        """The operand of that name."""
        return next((each for each in self.operands if each.name == name), None)

    @cached_property
    def or_scalar(self) -> Operand | None:
        """The operand that flag ``reg`` turns into a scalar register."""
        return next((each for each in self.operands if each.or_scalar), None)

    @cached_property
    def integer(self) -> Operand | None:
        """The operand whose value may be an integer in a scalar register."""
        return next((each for each in self.operands if each.integer_bits), None)

    @cached_property
    def all_flags(self) -> tuple[Flag, ...]:
        """Every flag it knows, in the order of their bits."""
        own = (*self.flags, REG) if self.or_scalar else self.flags
        return tuple(sorted((FENCE, IRQ, *own), key=lambda flag: flag.bit))
