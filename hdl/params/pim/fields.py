"""The 128 bits of an instruction: fields, and the operands that are made of them.

Every instruction is one little-endian 128-bit word with the same fields at the same place::

    127    122 121  118 117     110 109  106 105  90 89  84 83 72 71 56 55 40 39 24 23  8 7  0
    [ opcode ] [ flags ] [ ch_mask ] [ bank ] [ row ] [ col ] [ n ] [ a ] [ b ] [ d ] [ imm ] [tag]

An operand is a field, or several fields joined, the first the least significant: element counts join ``n`` and ``col``
(vectors longer than 4,095 elements), the value of SETR joins ``imm`` and ``d`` (32 bits), and a channel mask joins
``ch_mask`` and ``imm`` (more than 8 channels). VMM takes part in all channels and banks, so that its pitch has
``ch_mask`` and ``bank``. Bits that no operand of an instruction uses are ignored by the
controller; programs leave them zero.

The tag of an instruction inside loops says which of its addresses advance with which loop (the tag of MARK is the
mark): bit i of the lower half for the outer loop, of the upper half for the inner one, where i counts row and column
(together), ``a``, ``b``, ``d``. Advancing is modulo the width of the field. A loop with flag ``rows`` around them moves
rows and columns of every instruction, and no tag names it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

__all__ = [
    "ADVANCING",
    "FIELDS",
    "ITEM_BITS",
    "LEVELS",
    "SCALARS",
    "WORD_BITS",
    "BitField",
    "Flag",
    "Operand",
    "operand_table",
]

WORD_BITS = 128
#: Scalar registers r0 to r15, 32 bits each: a single-precision number or an unsigned integer.
SCALARS = 16
#: Loops inside one another that tags name; a loop with flag ``rows`` may stand around them.
LEVELS = 2
#: Of the number of an item.
ITEM_BITS = 20
#: Addresses that can advance with a loop, in the order of their bits in the tag.
ADVANCING = ("row", "a", "b", "d")


@dataclass(frozen=True)
class BitField:
    """Bits ``low`` to ``low + width - 1`` of the word."""

    name: str
    low: int
    width: int


FIELDS = {
    each.name: each
    for each in (
        BitField("opcode", 122, 6),
        BitField("flags", 118, 4),
        BitField("ch_mask", 110, 8),
        BitField("bank", 106, 4),
        BitField("row", 90, 16),
        BitField("col", 84, 6),
        BitField("n", 72, 12),
        BitField("a", 56, 16),
        BitField("b", 40, 16),
        BitField("d", 24, 16),
        BitField("imm", 8, 16),
        BitField("tag", 0, 8),
    )
}


@dataclass(frozen=True)
class Flag:
    """A bit of the flags field."""

    name: str
    bit: int
    meaning: str


@dataclass(frozen=True)
class Operand:
    """An operand of some instructions.

    Parameters
    ----------
    name : str
        As the assembler has it; unique within an instruction.
    kind : str
        What it counts or names: ``channels``, ``bank``, ``row``, ``col``, ``lane``, ``byte`` (of a column), ``half``
        (of a word), ``columns``, ``words``, ``elements``, ``iterations``, ``slots``, ``pitch``, ``sram``, ``buffer``,
        ``stride``, ``accumulator`` (the first one), ``accumulators`` (how many), ``vectors``, ``scalar`` (a register),
        ``pair`` (a register and the next one), ``item`` (a register with the number of an item), ``bf16``, ``bits``,
        ``integer`` or ``tag``.
    fields : tuple of str
        The fields it occupies, the least significant first.
    meaning : str
    default : int or None
        Its value where the text leaves it out; None where it must be given.
    signed : bool
        Two's complement.
    or_scalar : bool
        With flag ``reg`` its low four bits name a scalar register that holds the value: 16 bits of an integer, or a
        single-precision number in place of bf16.
    zeroed : bool
        With flag ``zero`` nothing is read there, and it is left out.
    result : bool
        A scalar register that takes the result.
    steps : str
        The member of ``ADVANCING`` whose step moves it, where that is not the one of its field.
    """

    name: str
    kind: str
    fields: tuple[str, ...]
    meaning: str
    default: int | None = None
    signed: bool = False
    or_scalar: bool = False
    zeroed: bool = False
    result: bool = False
    steps: str = ""

    @cached_property
    def register(self) -> bool:
        """It names a scalar register, whatever the flags."""
        return self.kind in ("scalar", "pair", "item")

    @property
    def integer_bits(self) -> int:
        """Bits of the integer that is taken from a scalar register; 0 if none is."""
        if self.kind == "item":
            return 32
        return 16 if self.or_scalar and self.kind != "bf16" else 0

    @cached_property
    def width(self) -> int:
        """Bits."""
        return sum(FIELDS[name].width for name in self.fields)

    @cached_property
    def range(self) -> tuple[int, int]:
        """The least and the greatest value that it can have."""
        if self.register:
            return 0, SCALARS - 1
        return (-(1 << (self.width - 1)), (1 << (self.width - 1)) - 1) if self.signed else (0, (1 << self.width) - 1)

    @cached_property
    def advances(self) -> str:
        """The member of ``ADVANCING`` that moves it inside a loop; empty for those that stay."""
        field = "row" if self.name in ("row", "col") else self.steps or self.fields[0]
        return field if field in ADVANCING and self.kind in ("row", "col", "sram", "buffer") else ""

    def insert(self, value: int) -> int:
        """The bits of the word that hold a value."""
        word = 0
        value &= (1 << self.width) - 1
        for name in self.fields:
            field = FIELDS[name]
            word |= (value & ((1 << field.width) - 1)) << field.low
            value >>= field.width
        return word

    def extract(self, word: int) -> int:
        """The value that a word holds."""
        value = shift = 0
        for name in self.fields:
            field = FIELDS[name]
            value |= (word >> field.low & ((1 << field.width) - 1)) << shift
            shift += field.width
        return value - (1 << shift) if self.signed and value >> (shift - 1) else value


def operand_table() -> dict[str, Operand]:
    """Every operand by a name of its own; instructions pick theirs from it (:mod:`hdl.params.pim.instructions`)."""
    return dict(_OPERANDS)


_OPERANDS = {
    "mask": Operand("mask", "channels", ("ch_mask", "imm"), "channels that take part; bit c is channel c"),
    "bank": Operand("bank", "bank", ("bank",), "bank of each channel"),
    "row": Operand("row", "row", ("row",), "row"),
    "col": Operand("col", "col", ("col",), "column of the row", 0),
    "columns": Operand("n", "columns", ("n",), "columns; they may go on in the next rows"),
    "words": Operand("n", "words", ("n",), "words"),
    "many_words": Operand("n", "words", ("n", "col"), "words"),
    "elements": Operand("n", "elements", ("n", "col"), "elements of the vectors"),
    "iterations": Operand("n", "iterations", ("n",), "iterations"),
    "a": Operand("a", "sram", ("a",), "SRAM word where the first source begins"),
    "slot": Operand("a", "sram", ("a",), "SRAM word where the slot begins", steps="b"),
    "b": Operand("b", "sram", ("b",), "SRAM word where the second source begins"),
    "d": Operand("d", "sram", ("d",), "SRAM word where the result begins"),
    "scale_at": Operand("scale", "sram", ("b",), "SRAM word that takes the scale"),
    "preset": Operand("a", "sram", ("a",), "SRAM word where the slot of presets begins", zeroed=True),
    "bias": Operand("b", "sram", ("b",), "SRAM word where the slots of biases begin", zeroed=True),
    "gamma": Operand("b", "sram", ("b",), "SRAM word where the factors begin"),
    "beta": Operand("beta", "sram", ("imm",), "SRAM word where the summands begin"),
    "c": Operand("c", "sram", ("imm",), "SRAM word where the third source begins"),
    "gb": Operand("gb", "buffer", ("d",), "first word of the global buffer", 0),
    "mac_gb": Operand("gb", "buffer", ("a",), "first word of the global buffer", 0),
    "lane": Operand("lane", "lane", ("b",), "lane of the column"),
    "byte": Operand("byte", "byte", ("b",), "byte of the column"),
    "bytes": Operand("a", "sram", ("a",), "SRAM word where the slot of bytes begins", steps="b"),
    "half": Operand("half", "half", ("d",), "half of the word at `a` where the slot of bytes begins", 0),
    "acc": Operand("acc", "accumulator", ("bank",), "first accumulator", 0),
    "to": Operand("to", "accumulator", ("d",), "first accumulator that takes the results"),
    "accumulators": Operand("n", "accumulators", ("n",), "accumulators", 1),
    "vectors": Operand("vectors", "vectors", ("b",), "vectors, each with an accumulator and a global buffer", 1),
    "preset_stride": Operand("stride", "stride", ("b",), "words from an accumulator's slot to the next one's", 0),
    "result_stride": Operand(
        "stride", "stride", ("b",), "words from an accumulator's slot to the next one's; 0: SLOT_WORDS", 0
    ),
    "channel_stride": Operand("stride", "stride", ("b",), "words from one channel's source to the next channel's"),
    "gather_stride": Operand(
        "stride", "stride", ("imm",), "elements from one to the next of the source", or_scalar=True
    ),
    "slots": Operand("slots", "slots", ("imm",), "slots of results", or_scalar=True),
    "pitch": Operand(
        "pitch",
        "pitch",
        ("ch_mask", "bank"),
        "columns from a slot to the next one within a chunk; 0: the chunk's own",
        0,
    ),
    "imm": Operand("imm", "bf16", ("imm",), "factor: bf16, or single precision from a register", or_scalar=True),
    "scale": Operand("imm", "bf16", ("imm",), "factor, positive: as for VSCALE", 0x3F80, or_scalar=True),
    "r": Operand("r", "scalar", ("bank",), "scalar register that takes the result", result=True),
    "item": Operand("r", "item", ("bank",), "scalar register with the number of the item, below 2^20"),
    "kept": Operand("r", "pair", ("bank",), "scalar register with the greatest number; the next one has its place"),
    "found": Operand("s", "pair", ("imm",), "scalar register with a number; the next one has its place"),
    "origin": Operand("value", "integer", ("d", "b"), "integer that is added to a place", 0),
    "eps": Operand("eps", "scalar", ("bank",), "scalar register with n times the summand to the variance"),
    "share": Operand("share", "scalar", ("row",), "scalar register with 1 / n"),
    "s": Operand("s", "scalar", ("imm",), "scalar register with the argument"),
    "value": Operand("value", "bits", ("imm", "d"), "32 bits"),
    "tag": Operand("tag", "tag", ("tag",), "the mark"),
    "row_step": Operand("row", "stride", ("row",), "rows that addresses advance each iteration", 0, signed=True),
    "col_step": Operand("col", "stride", ("col",), "columns that addresses advance each iteration", 0),
    "a_step": Operand("a", "stride", ("a",), "words that `a` (`gb` of MAC_AB) advances each iteration", 0, signed=True),
    "b_step": Operand(
        "b", "stride", ("b",), "words that `b` (`a` of WR_ELEM and WR_BYTE) advances each iteration", 0, signed=True
    ),
    "d_step": Operand("d", "stride", ("d",), "words that `d` (`gb` of WR_GB) advances each iteration", 0, signed=True),
}
