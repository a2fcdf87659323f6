"""Instructions that stand for simpler ones; hardware, golden model, compiler and simulator all mean this by them."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.params.pim.encoding import Instruction, instruction
from hdl.params.pim.system import PimParams

__all__ = ["chunks", "expand_vmm", "expanded", "item_read"]


def chunks(params: PimParams, columns: int) -> list[int]:
    """The lengths of the chunks of an input of ``columns`` columns: whole global buffers, and what is left."""
    whole, rest = divmod(columns, params.gb_words)
    return [params.gb_words] * whole + [rest] * bool(rest)


def expanded(params: PimParams, one: Instruction, scalar: int | None = None) -> Iterator[Instruction]:
    """What an instruction stands for: itself, unless it is VMM or RD_ITEM.

    Parameters
    ----------
    params : PimParams
    one : Instruction
        Legal, with the addresses of this iteration.
    scalar : int, optional
        The integer from the scalar register that stands for an operand.
    """
    if one.op.name == "VMM":
        yield from expand_vmm(params, one, one["slots"] if scalar is None else scalar)
    elif one.op.name == "RD_ITEM":
        yield item_read(params, one, scalar or 0)
    else:
        yield one


def expand_vmm(params: PimParams, one: Instruction, slots: int) -> Iterator[Instruction]:
    """The instructions that a VMM stands for.

    A chunk of the input is loaded once and meets its columns of every slot, which lie one slot after another, ``pitch``
    columns apart. The first chunk begins from the biases (or zeros), the others from what the chunk before left in the
    result. Zeros are preset once, as RD_MAC leaves zeros behind. Rows are opened where something else takes the time
    anyway: the first one while the first chunk is loaded, each further one while accumulators are read. Chunks take the
    global buffers in turn: where there are several, a chunk is loaded while the last slot of the one before it works.

    Parameters
    ----------
    params : PimParams
    one : Instruction
        VMM, legal.
    slots : int
        Slots of results, at least 1.
    """
    everyone = (1 << params.channels) - 1
    lengths = chunks(params, one["n"])
    # Every slot of every chunk: its columns, and where they begin.
    begin, places = one["row"] * params.row_cols + one["col"], []
    for columns in lengths:
        for _ in range(slots):
            places.append(begin)
            begin += one["pitch"] or columns
    rows = [at // params.row_cols for at in places]
    yield instruction("ACT_AB", mask=everyone, row=rows[0])
    source = one["a"]
    for index, columns in enumerate(lengths):
        buffer = index % params.buffers * params.gb_words
        yield instruction("WR_GB", mask=everyone, a=source, n=columns, gb=buffer)
        source += columns
        for slot in range(slots):
            place = index * slots + slot
            result = one["d"] + slot * params.slot_words
            if index or "zero" not in one.flags:
                bias = result if index else one["b"] + slot * params.slot_words
                yield instruction("WR_BIAS", mask=everyone, a=bias)
            elif slot == 0:
                yield instruction("WR_BIAS", "zero", mask=everyone)
            row, col = divmod(places[place], params.row_cols)
            yield instruction("MAC_AB", mask=everyone, row=row, col=col, n=columns, gb=buffer)
            last = (places[place] + columns - 1) // params.row_cols
            if place + 1 < len(places) and rows[place + 1] != last:
                yield instruction("ACT_AB", mask=everyone, row=rows[place + 1])
            yield instruction("RD_MAC", mask=everyone, d=result)


def item_read(params: PimParams, one: Instruction, item: int) -> Instruction:
    """The RD_SB that a RD_ITEM stands for.

    Parameters
    ----------
    params : PimParams
    one : Instruction
        RD_ITEM, legal.
    item : int
        The number of the item.
    """
    turn, unit = divmod(item, params.units)
    channel, bank = divmod(unit, params.banks)
    row, col = divmod(one["row"] * params.row_cols + one["col"] + turn * one["n"], params.row_cols)
    return instruction("RD_SB", mask=1 << channel, bank=bank, row=row, col=col, n=one["n"], d=one["d"])
