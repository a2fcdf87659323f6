"""VMM in simpler instructions; hardware, golden model, compiler and simulator all mean this by it."""

from __future__ import annotations

from collections.abc import Iterator

from hdl.params.pim.encoding import Instruction, instruction
from hdl.params.pim.system import PimParams

__all__ = ["chunks", "expand_vmm"]


def chunks(params: PimParams, columns: int) -> list[int]:
    """The lengths of the chunks of an input of so many columns: whole global buffers, and what is left."""
    whole, rest = divmod(columns, params.gb_words)
    return [params.gb_words] * whole + [rest] * bool(rest)


def expand_vmm(params: PimParams, one: Instruction, slots: int) -> Iterator[Instruction]:
    """The instructions that a VMM stands for.

    A chunk of the input is loaded once and meets its columns of every slot, which lie one slot after another. The first
    chunk begins from the biases (or zeros), the others from what the chunk before left in the result.

    Parameters
    ----------
    params : PimParams
    one : Instruction
        VMM, legal.
    slots : int
        Slots of results, at least 1.
    """
    everyone = (1 << params.channels) - 1
    source, at = one["a"], one["row"] * params.row_cols + one["col"]
    for index, columns in enumerate(chunks(params, one["n"])):
        yield instruction("WR_GB", mask=everyone, a=source, n=columns)
        source += columns
        for slot in range(slots):
            result = one["d"] + slot * params.slot_words
            if index == 0 and "zero" in one.flags:
                yield instruction("WR_BIAS", "zero", mask=everyone)
            else:
                bias = result if index else one["b"] + slot * params.slot_words
                yield instruction("WR_BIAS", mask=everyone, a=bias)
            row, col = divmod(at, params.row_cols)
            yield instruction("MAC_AB", mask=everyone, row=row, col=col, n=columns)
            yield instruction("RD_MAC", mask=everyone, d=result)
            at += columns
