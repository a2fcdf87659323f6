"""What the distance between a matrix's slots costs and saves: an estimate from the timing rules alone.

Nothing but a choice depends on it: whether each slot begins a row (:func:`gains`). A row is changed where nobody waits
if the next slot begins in another row than this one ends in, as the accumulators are read meanwhile; a change within
a slot is waited for.
"""

from __future__ import annotations

from gen.pim.layout import Matrix
from hdl.params.pim import PimParams, chunks

__all__ = ["clocks", "gains", "pitch_of"]


def pitch_of(params: PimParams, words: int) -> int:
    """The pitch at which every slot of a matrix with inputs of so many words begins a row."""
    return -(-min(words, params.gb_words) // params.row_cols) * params.row_cols


def clocks(matrix: Matrix) -> int:
    """Clocks of a product, less what is the same wherever its slots lie; rows hidden as VMM hides them."""
    params, timing = matrix.params, matrix.params.timing
    change = timing.trtp + timing.trp + timing.trcd_mac
    reading = 2 * timing.tmod + timing.tmac + timing.cl_reg + params.parts * timing.tbl
    at, found = matrix.at, 0
    for length in chunks(params, matrix.words):
        pitch = matrix.pitch or length
        for _ in range(matrix.slots):
            last = at + length - 1
            within = last // params.row_cols - at // params.row_cols
            opens = (at + pitch) // params.row_cols != last // params.row_cols
            found += within * change + opens * max(0, change - reading)
            at += pitch
    return found


def gains(dense: Matrix, apart: Matrix) -> bool:
    """Slots that begin rows take less time."""
    return clocks(apart) < clocks(dense)
