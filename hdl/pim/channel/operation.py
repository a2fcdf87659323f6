"""What the issuer asks of a channel: one operation, which its sequencer turns into commands."""

from __future__ import annotations

from amaranth.lib.data import StructLayout

from hdl.params.pim import PimParams

__all__ = ["COUNT_BITS", "KINDS", "kinds", "operation"]

#: Kinds of operations: bit positions of the sequencer's one-hot register. WR_GBX differs from WR_GB in its source only.
KINDS = (
    *("ACT_AB", "ACT", "PRE_AB", "PRE", "WR_SB", "RD_SB", "WR_ELEM"),
    *("WR_GB", "WR_BIAS", "MAC_AB", "RD_MAC", "RD_MAC_KEEP", "SCALE_AB"),
)
#: Of an instruction's count of columns or words.
COUNT_BITS = 12


def kinds(params: PimParams) -> tuple[str, ...]:
    """The kinds that a system has."""
    return KINDS if params.int8 else tuple(name for name in KINDS if name != "SCALE_AB")


def operation(params: PimParams) -> StructLayout:
    """An operation as bits: its kind, where it begins, and how many words it moves.

    ``kind`` is an index into ``KINDS``. ``count`` is ignored by operations that have none of their own; of presets and
    reads of accumulators it counts these. ``word`` is the first word of the global buffers. ``acc`` is the first
    accumulator, ``to`` that which takes what is scaled; ``more`` are the vectors of MAC_AB and the accumulators of
    SCALE_AB beyond the first. Where there are several global buffers, ``buffers`` are those that WR_GB writes or MAC_AB
    reads, a bit for each. With int8 ``strobes`` are the bytes of the lane that WR_ELEM writes. What a system has one of
    has no bits.
    """
    bits = params.number_bits
    return StructLayout(
        {
            "kind": (len(KINDS) - 1).bit_length(),
            "bank": params.bank_bits,
            "row": max(1, (params.rows - 1).bit_length()),
            "col": params.col_bits,
            "count": COUNT_BITS,
            "word": bits["word"],
            "lane": bits["lane"],
            "acc": bits["acc"],
            "more": bits["count"] if params.int8 else bits["vectors"],
            "to": bits["to"] if params.int8 else 0,
            "int8": bits["int8"],
            "strobes": 2 if params.int8 else 0,
            "buffers": params.buffers if params.buffers > 1 else 0,
        }
    )
