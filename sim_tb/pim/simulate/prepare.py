"""An instruction as the issuer works on it: what it waits for, and what it hands on."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hdl.params.pim import (
    FAULTS,
    FIELDS,
    ITEM_BITS,
    Access,
    AccumulatorUse,
    Instruction,
    PimParams,
    accesses,
    accumulator_use,
    chunks,
    expand_vmm,
    instruction,
    item_read,
    violations,
)
from sim_tb.pim.simulate.start import Start
from sim_tb.pim.simulate.work import Range, Work, work_of

__all__ = ["NOTHING", "Part", "Prepared", "prepare", "takes_scalars"]

#: Clocks of RD_ITEM: a bit of the item's number each, a bit of the columns before it each, and one after either, and
#: one to show what was found.
LOCATES = ITEM_BITS + (ITEM_BITS + FIELDS["n"].width) + 3

#: The ranges of an instruction, by field or memory, in the order in which the issuer looks at them.
ORDER = ("d", "a", "b", "imm", "dram", "buffer")
#: Instructions that stand for others.
MADE = ("VMM", "RD_ITEM")
#: Lengths that are products with an operand.
PRODUCTS = {"spread": "stride", "strided": "stride", "matrix": "slots"}

NO_ACCUMULATORS = AccumulatorUse()


@dataclass(frozen=True, slots=True)
class Part:
    """Something that the issuer checks and hands to a unit at once.

    Parameters
    ----------
    ranges : tuple of (first, past, write) or None
        One for each range, in their order; None where nothing has to be waited for.
    multiplies : int
        Clocks in which a length is computed.
    work : Work or None
        Of an instruction for channels.
    reads, writes : Range
        SRAM words of the feeder's and the collector's job, or the mover's.
    crosses : int
        Clocks in which a VMM's counters find this part.
    """

    ranges: tuple[tuple[int, int, bool] | None, ...]
    multiplies: int = 0
    work: Work | None = None
    reads: Range | None = None
    writes: Range | None = None
    crosses: int = 0


@dataclass(frozen=True, slots=True)
class Prepared:
    """An instruction with the addresses of this iteration.

    Parameters
    ----------
    one : Instruction
    fault : int
        The code of what is wrong with it on its own, or 0.
    part : Part
    start : Start or None
        Of a vector instruction.
    parts : tuple of Part
        What a VMM stands for.
    locates : int
        Clocks in which the place of an item is computed.
    use : AccumulatorUse
        Accumulators that it reads, clears and loads.
    """

    one: Instruction
    fault: int
    part: Part
    start: Start | None = None
    parts: tuple[Part, ...] = ()
    locates: int = 0
    use: AccumulatorUse = NO_ACCUMULATORS


#: A word that is no instruction.
NOTHING = Prepared(instruction("NOP"), FAULTS["OPCODE"].code, Part(()))


def takes_scalars(one: Instruction) -> bool:
    """It reads or writes scalar registers."""
    op = one.op
    named = any(operand.register for operand in op.operands)
    return named or ("reg" in one.flags and op.or_scalar is not None)


def prepare(params: PimParams, one: Instruction, scalar: int | None) -> Prepared:
    """Prepare an instruction; ``scalar`` is its integer operand that may come from a scalar register."""
    touched = accesses(params, one, scalar)
    wrong = violations(params, one, scalar, touched)
    fault = wrong[0].fault.code if wrong else 0
    part = _part(params, one, scalar, touched)
    locates = LOCATES if one.op.name == "RD_ITEM" else 0
    if fault:
        return Prepared(one, fault, part, locates=locates)
    if one.op.name == "VMM":
        assert scalar is not None
        return Prepared(one, 0, part, parts=_parts(params, one, scalar), use=accumulator_use(params, one))
    if locates:
        part = _part(params, item_read(params, one, scalar or 0), None)
    start = _start(one, scalar) if one.op.unit == "vector" else None
    return Prepared(one, 0, part, start, locates=locates, use=accumulator_use(params, one))


def _parts(params: PimParams, one: Instruction, slots: int) -> tuple[Part, ...]:
    """A VMM's instructions.

    After the MACs of a slot a counter goes to their last column, then to the first one of the next slot; a clock for
    each of the two, and one for every end of a row that it passes.
    """
    parts = []
    crosses = 0
    for each in expand_vmm(params, one, slots):
        parts.append(replace(_part(params, each, None), crosses=crosses))
        crosses = 0
        if each.op.name == "MAC_AB":
            rows, last = divmod(each["col"] + each["n"] - 1, params.row_cols)
            beyond = one["pitch"] - each["n"] if one["pitch"] else 0
            crosses = rows + (last + 1 + beyond) // params.row_cols + 2
    return tuple(parts)


def _part(params: PimParams, one: Instruction, scalar: int | None, touched: Sequence[Access] | None = None) -> Part:
    found: dict[str, list[Access]] = {}
    for access in accesses(params, one, scalar) if touched is None else touched:
        operand = one.op.operand(access.operand)
        assert operand is not None
        found.setdefault(operand.fields[0] if access.space == "sram" else access.space, []).append(access)
    ranges: list[tuple[int, int, bool] | None] = []
    spans: dict[str, Range] = {}
    for name in ORDER:
        if name not in found:
            continue
        first, past = found[name][0].start, max(each.start + each.length for each in found[name])
        sram = found[name][0].space == "sram"
        spans[name] = first, past
        # A VMM waits part by part.
        waits = sram and past <= params.sram_words and one.op.name != "VMM"
        ranges.append((first, past, found[name][0].write) if waits else None)
    work = work_of(params, one) if one.op.unit in ("dram", "pim") and one.op.name not in MADE else None
    kind = next((touch.length for touch in one.op.touches if touch.length in PRODUCTS), "")
    multiplies = 0
    if kind:
        factor = one["stride"] if kind == "spread" else scalar or 0
        multiplies = factor.bit_length() + 1 + (len(chunks(params, one["n"])) if one.values.get("pitch") else 0)
    return Part(tuple(ranges), multiplies, work, spans.get("a"), spans.get("d"))


def _start(one: Instruction, scalar: int | None) -> Start:
    values = one.values
    name = one.op.name
    gives = one.op.operand("r") is not None
    return Start(
        opcode=name,
        n=values.get("n", 0),
        a=values.get("a", 0),
        b=values.get("b", values.get("scale", 0)),
        c=values.get("beta", values.get("c", 0)),
        d=values.get("d", 0),
        stride=scalar or 0,
        target=values.get("r", 0),
        gives=gives,
    )
