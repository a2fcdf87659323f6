"""What makes an instruction illegal on a given system: the rules of assembler, golden model and controller.

Nearly all can be told from the program alone, because loops run a known number of times and there are no jumps: the
assembler tells it. Only the controller can tell what depends on a scalar register (the slots of VMM, the stride of
VGATHER, the item of RD_ITEM), and whatever didn't pass the assembler. It stops at the first illegal instruction with
the first of its faults in the order of ``FAULTS``; of that instruction nothing is executed, and all before it is
finished.

That accumulators are read too early has two sides. While MACs are in flight the sequencer waits (tMAC), and the timing
checker watches that it does. That nothing was added or preset since they were cleared is a fault; loops included, the
assembler finds all of these.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import product

from hdl.params.pim.encoding import Instruction
from hdl.params.pim.expansion import chunks
from hdl.params.pim.fields import ITEM_BITS, SCALARS
from hdl.params.pim.opcode import Opcode, Touch
from hdl.params.pim.system import PimParams

__all__ = [
    "FAULTS",
    "Access",
    "Fault",
    "Violation",
    "accesses",
    "faults_of",
    "overlap_message",
    "overlap_pairs",
    "violations",
    "words_of",
]


@dataclass(frozen=True)
class Fault:
    """A kind of illegality: its name, its code in the ERROR register, and what it means."""

    name: str
    code: int
    meaning: str


FAULTS = {
    fault.name: fault
    for fault in (
        Fault("OPCODE", 1, "no instruction of the system has this opcode"),
        Fault(
            "LOOP",
            2,
            "a third LOOP inside two, ENDL outside any, a step of columns beyond a row, or a LOOP with flag rows that "
            "is inside another or has a step of a, b or d",
        ),
        Fault("MASK", 3, "no channel takes part, or one that doesn't exist, or several where one must"),
        Fault(
            "OPERAND",
            4,
            "a count of zero, a bank, column, lane, byte, half, accumulator, item or pair of registers beyond the "
            "last, more vectors than there are at once, int8 in a system without it, accumulators scaled onto "
            "themselves, or a pitch below a chunk",
        ),
        Fault("SRAM", 5, "an SRAM address beyond the last word"),
        Fault("ROW", 6, "an address beyond the last row of a bank"),
        Fault("BUFFER", 7, "an address beyond the last word of the global buffer"),
        Fault("OVERLAP", 8, "a result overlaps a source without beginning where it begins"),
        Fault("ACCUMULATOR", 9, "accumulators read though nothing was added or preset since they were cleared"),
        Fault("PROGRAM", 10, "the program ran past its end without HALT"),
    )
}


@dataclass(frozen=True)
class Access:
    """A range that an instruction reads or writes.

    Parameters
    ----------
    space : str
        ``sram``, ``buffer`` (global buffer) or ``dram`` (columns of a bank, row * row_cols + col).
    operand : str
        The operand that says where.
    start, length : int
        In words.
    write : bool
    in_place : bool
        A source where a result may begin as well: each word is read before it is written.
    kind : str
        What its length is, a key of ``LENGTHS``.
    late : bool
        A result that is written when all sources have been read.
    """

    space: str
    operand: str
    start: int
    length: int
    write: bool = False
    in_place: bool = False
    kind: str = "count"
    late: bool = False


@dataclass(frozen=True)
class Violation:
    """A rule that an instruction breaks: its fault, the operand to blame, and how."""

    fault: Fault
    operand: str
    message: str


def faults_of(op: Opcode) -> list[str]:
    """The faults that an instruction can have, by name, in the order of ``FAULTS``; from what it takes and touches."""
    kinds = {operand.kind for operand in op.operands}
    spaces = {touch.space for touch in op.touches}
    found = {
        "OPCODE": bool(op.needs),
        "LOOP": op.name in ("LOOP", "ENDL"),
        "MASK": "channels" in kinds,
        "OPERAND": bool(
            kinds
            & {
                "bank",
                "col",
                "lane",
                "byte",
                "accumulator",
                "pair",
                "columns",
                "words",
                "elements",
                "iterations",
                "slots",
                "item",
            }
        ),
        "SRAM": "sram" in spaces,
        "ROW": "dram" in spaces,
        "BUFFER": "buffer" in spaces,
        "OVERLAP": op.takes("sram") and op.gives("sram"),
        "ACCUMULATOR": op.name in ("RD_MAC", "SCALE_AB"),
    }
    return [name for name in FAULTS if found.get(name)]


def words_of(params: PimParams, elements: int) -> int:
    """Words that hold ``elements`` elements."""
    return -(-elements // params.lanes)


def accesses(params: PimParams, one: Instruction, scalar: int | None = None) -> tuple[Access, ...]:
    """What an instruction touches in SRAM, global buffers and banks.

    Parameters
    ----------
    params : PimParams
    one : Instruction
        With the addresses of this iteration, if it is inside loops.
    scalar : int, optional
        The integer from the scalar register that stands for an operand (``Operand.integer_bits``). Without it, ranges
        that depend on it are left out.
    """
    found = []
    for touch in one.op.touches:
        if touch.operand == one.op.unused(one.flags):
            continue
        for start, length in _extents(params, one, touch, scalar):
            place = touch.space, touch.operand, start, length
            found.append(Access(*place, touch.write, touch.in_place, touch.length, touch.late))
    return tuple(found)


def _extents(params: PimParams, one: Instruction, touch: Touch, scalar: int | None) -> Iterator[tuple[int, int]]:
    """Where a range begins and how long it is; several with gaps between them, and none where a register decides."""
    values, n = one.values, one.values.get("n", 0)
    start = values[touch.operand]
    if touch.space == "dram":
        start = start * params.row_cols + values.get("col", 0)
    if touch.length == "spread":
        # The words of the channels up to the highest one of the mask, whether the others take part or not.
        step = values["stride"]
        for channel in range(min(values["mask"].bit_length(), params.channels)) if step else [0]:
            yield start + channel * step, n
        return
    if touch.length in ("spaced", "vectors"):
        yield from _repeated(params, one, touch, start)
        return
    many = scalar if one.by_register else values.get("slots", values.get("stride"))
    if many is None and touch.length in ("slots", "matrix", "strided", "item"):
        return
    many = many or 0
    if touch.length == "item":
        yield start + many // params.units * n, n
        return
    yield start, _length(params, one, touch.length, many)


def _length(params: PimParams, one: Instruction, kind: str, many: int) -> int:
    """The length of a range in one piece; ``many`` is the instruction's integer operand, or 0."""
    values, n = one.values, one.values.get("n", 0)
    if kind == "count":
        return n
    if kind == "vector":
        return words_of(params, n)
    if kind in ("one", "open"):
        return 1
    if kind == "packed":
        return words_of(params, -(-n // 2))
    if kind == "strided":
        return words_of(params, max(0, n - 1) * many + 1)
    if kind == "matrix":
        return many * (values.get("pitch", 0) * len(chunks(params, n)) or n)
    if kind == "bytes":
        return (values.get("half", 0) + params.slot_words + 1) // 2
    return params.slot_words * (many if kind == "slots" else 1)


def _repeated(params: PimParams, one: Instruction, touch: Touch, start: int) -> Iterator[tuple[int, int]]:
    """The ranges of several accumulators in SRAM, of several vectors in global buffers."""
    values = one.values
    if touch.length == "vectors":
        words = values["n"] << ("int8" in one.flags)
        for vector in range(max(1, min(values["vectors"], params.vectors))):
            yield start + vector * params.gb_words, words
        return
    step = values["stride"] or params.slot_words * touch.write
    for index in range(max(1, min(values["n"], params.accumulators))) if step else [0]:
        yield start + index * step, params.slot_words


def violations(
    params: PimParams, one: Instruction, scalar: int | None = None, touched: tuple[Access, ...] | None = None
) -> list[Violation]:
    """Every rule that an instruction breaks on its own, in the order of ``FAULTS``.

    Loops and accumulators depend on what came before, and are checked where that is known. For the parameters see
    :func:`accesses`; ``touched`` is what that gives, where it is known.
    """
    if touched is None:
        touched = accesses(params, one, scalar)
    if one.op.needs and not getattr(params, one.op.needs):
        return [Violation(FAULTS["OPCODE"], "", f"there is no such instruction in a system without {one.op.needs}")]
    found = [
        *_mask(params, one),
        *_accumulators(params, one),
        *_operands(params, one, scalar),
        *_ranges(params, touched),
        *_overlaps(touched),
    ]
    return sorted(found, key=lambda each: each.fault.code)


def _mask(params: PimParams, one: Instruction) -> Iterator[Violation]:
    mask = one.values.get("mask")
    if mask is None:
        return
    if not mask:
        message = "no channel takes part"
    elif mask >> params.channels:
        message = f"channel {mask.bit_length() - 1} takes part, but there are channels 0 to {params.channels - 1}"
    elif one.op.single and mask & (mask - 1):
        message = f"one channel can be read at a time, not {mask.bit_count()}"
    else:
        return
    yield Violation(FAULTS["MASK"], "mask", message)


def _operands(params: PimParams, one: Instruction, scalar: int | None) -> Iterator[Violation]:
    values = one.values
    if one.op.name == "LOOP" and values["col"] >= params.row_cols:
        message = f"a step of columns is 0 to {params.row_cols - 1}, not {values['col']}: the rest is rows"
        yield Violation(FAULTS["LOOP"], "col", message)
    for name in ("a", "b", "d") if "rows" in one.flags else ():
        if values[name]:
            message = f"a loop with flag rows moves rows and columns only: there is no step of {name!r}"
            yield Violation(FAULTS["LOOP"], name, message)
    last = {"bank": params.banks - 1, "col": params.row_cols - 1, "lane": params.lanes - 1, "pair": SCALARS - 2}
    last |= {"byte": 2 * params.lanes - 1, "half": 1}
    for operand in one.op.operands:
        top = last.get(operand.kind)
        if top is not None and values[operand.name] > top:
            message = f"the last {operand.name} is {top}, not {values[operand.name]}"
            yield Violation(FAULTS["OPERAND"], operand.name, message)
    counts = {"n": values.get("n")}
    if "slots" in values:
        counts["slots"] = scalar if one.by_register else values["slots"]
    for name, count in counts.items():
        if count == 0:
            yield Violation(FAULTS["OPERAND"], name, "a count must be at least 1, not 0")
    longest = min(values.get("n", 0), params.gb_words)
    if 0 < values.get("pitch", 0) < longest:
        message = f"slots must be at least as far apart as the longest chunk, {longest} columns, not {values['pitch']}"
        yield Violation(FAULTS["OPERAND"], "pitch", message)
    item = one.op.integer
    if item is not None and item.kind == "item" and scalar is not None and scalar >> ITEM_BITS:
        message = f"the last item is {(1 << ITEM_BITS) - 1}, not {scalar}"
        yield Violation(FAULTS["OPERAND"], item.name, message)


def _accumulators(params: PimParams, one: Instruction) -> Iterator[Violation]:
    """Accumulators that there are not, vectors that are not multiplied at once."""
    values, fault = one.values, FAULTS["OPERAND"]
    if "int8" in one.flags and not params.int8:
        yield Violation(fault, "", "there are no columns of int8 in a system without int8")
    vectors = values.get("vectors", 1)
    if not 1 <= vectors <= params.vectors:
        yield Violation(fault, "vectors", f"there are 1 to {params.vectors} vectors at once, not {vectors}")
    many, last = values.get("vectors", values.get("n", 1)), params.accumulators - 1
    for name in ("acc", "to"):
        if name in values and values[name] + many - 1 > last:
            which = f"{values[name]} to {values[name] + many - 1}" if many > 1 else f"{values[name]}"
            yield Violation(fault, name, f"the last accumulator is {last}, not {which}")
    if "to" in values and abs(values["to"] - values["acc"]) < many:
        yield Violation(fault, "to", f"must not overlap the {many} accumulators from {values['acc']} on")


def _ranges(params: PimParams, touched: tuple[Access, ...]) -> Iterator[Violation]:
    limits = {
        "sram": ("SRAM", "words", params.sram_words, f"the SRAM, which has {params.sram_words}"),
        "dram": ("ROW", "columns", params.bank_cols, f"a bank, which has {params.rows} rows of {params.row_cols}"),
        "buffer": ("BUFFER", "words", params.buffer_words, f"the global buffer, which has {params.buffer_words}"),
    }
    for access in touched:
        fault, unit, limit, what = limits[access.space]
        end = access.start + access.length
        if access.start < 0 or end > limit:
            message = f"{unit} {access.start} to {end - 1} go beyond {what}"
            yield Violation(FAULTS[fault], access.operand, message)


def _overlaps(touched: tuple[Access, ...]) -> Iterator[Violation]:
    for result, other in overlap_pairs(touched):
        apart = result.start - other.start
        if -result.length < apart < other.length and not (other.in_place and apart == 0):
            yield Violation(FAULTS["OVERLAP"], result.operand, overlap_message(other))


def overlap_pairs(touched: Iterable[Access]) -> Iterator[tuple[Access, Access]]:
    """A result in SRAM and what it must not overlap: sources, or of a late result the other one."""
    ranges = [access for access in touched if access.space == "sram"]
    for result, other in product(ranges, ranges):
        if result.write and other.write == result.late and not other.late:
            yield result, other


def overlap_message(other: Access) -> str:
    """What a result must not do."""
    where = f"must begin where {other.operand!r} begins, or not overlap it"
    return where if other.in_place else f"must not overlap {other.operand!r}"
