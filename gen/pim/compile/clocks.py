"""What the distance between a matrix's slots costs and saves: an estimate from the timing rules alone.

Nothing but a choice depends on it: whether each slot begins a row (:func:`gains`). A change of rows within a slot is
waited for. Where the next slot begins in another row than this one ends in, the row opens while accumulators are read
(a slot or a block of several at a time):
they wait for the precharge, and the next slot for what is left of tRCD. Of 100 clocks of a change with ``aim_measured``
that leaves 44; the hardware takes 50.
"""

from __future__ import annotations

from gen.pim.compile.int8 import Int8Matrix
from gen.pim.layout import Matrix

__all__ = ["clocks", "gains", "pitch_of", "searches"]

#: Clocks from the beginning of a search of the greatest element to its result, beside those of the elements, about.
SEARCH = 80


def pitch_of(matrix: Matrix) -> int:
    """The pitch at which every slot of a matrix begins a row."""
    size = matrix.params.row_cols
    return -(-matrix.lengths[0] // size) * size


def clocks(matrix: Matrix, block: int) -> int:
    """Clocks of a product, less what is the same wherever its slots lie; accumulators are read a block at a time."""
    params, timing = matrix.params, matrix.params.timing
    closing = timing.trtp + timing.trp
    change = closing + timing.trcd_mac
    reading = 2 * timing.tmod + timing.tmac + timing.cl_reg + params.parts * timing.tbl
    hidden = max(change, closing + reading) - reading
    at, found = matrix.at, 0
    for length, pitch in zip(matrix.lengths, matrix.pitches, strict=True):
        for slot in range(matrix.slots):
            last = at + length - 1
            within = last // params.row_cols - at // params.row_cols
            opens = (at + pitch) // params.row_cols != last // params.row_cols
            found += within * change + opens * (change if (slot + 1) % block else hidden)
            at += pitch
    return found


def searches(matrix: Matrix | Int8Matrix) -> int:
    """Slots in each of two last pieces of a product whose greatest result is wanted.

    0 if pieces cost more than they hide. It takes two searches, one for the place and one for the number. Those in the
    results before hide behind a piece each, at a slot's multiplications and their read-out; those in the two last
    pieces follow the product.
    """
    params, timing = matrix.params, matrix.params.timing
    search = params.units // params.vector_lanes or 1
    words, reading = matrix.lengths[-1], 2 * timing.tmod + timing.tmac + timing.cl_reg
    slot = matrix.last_columns * timing.tccd + reading // (matrix.group or 1) + params.parts * timing.tbl
    found = -(-matrix.slots * search // (slot + 2 * search))
    again = words * max(timing.tbl, timing.tccd) + timing.trtp + timing.trp + timing.trcd_mac
    before, after = matrix.slots * search, 4 * found * search + SEARCH + 2 * again
    return found if after < before else 0


def gains(dense: Matrix, apart: Matrix, block: int) -> bool:
    """Slots that begin rows take less time."""
    return clocks(apart, block) < clocks(dense, block)
