"""How the places of a state come from those of the state before it and the segment between."""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass
from operator import itemgetter

from sim_tb.pim.simulate.burst.canonical import Places
from sim_tb.pim.simulate.burst.segment import Segment

__all__ = ["Moves"]

#: In place of a number of an older place: that of the segment, or of the first one of a group; others have those below.
#: Of the vector unit's instructions, those that begin in the segment are counted so.
OWN = -1
_row = itemgetter(0)


@dataclass(frozen=True, slots=True)
class Moves:
    """A rule that gives the next places for all places that look alike.

    Parameters
    ----------
    rows : tuple of (int, int)
        For each row the number of the row before, or ``OWN``, and how many rows further it is.
    feeds, collects : (int, int)
        Jobs that count no longer, and how many of the segment's join.
    moved : int
        0 if there is no job of the data mover, 1 if there is the same, ``OWN`` if it is the segment's.
    vectors : tuple of (int, int)
        Instructions of the vector unit by number; and the number before, or ``OWN`` and below.
    banks : tuple of tuples of int
        For each channel the order of its banks, as places in the order before; empty where there is none.
    orders : bool
        A channel has one.
    shifts : bool
        A row is further than one before.
    """

    rows: tuple[tuple[int, int], ...]
    feeds: tuple[int, int]
    collects: tuple[int, int]
    moved: int
    vectors: tuple[tuple[int, int], ...]
    banks: tuple[tuple[int, ...], ...]
    orders: bool
    shifts: bool

    @classmethod
    def of(cls, before: Places, segment: Segment, lifted: int, contexts: int, after: Places) -> Moves:
        """The rule for which an example is given: from places before, with a segment's rows so much further.

        ``contexts`` are the numbers of vector instructions.
        """
        rows = []
        for row in after.rows:
            own = bisect_right(segment.numbered, row - lifted, key=_row) - 1
            old = bisect_right(before.rows, row) - 1
            if own >= 0 and (old < 0 or segment.numbered[own][0] + lifted >= before.rows[old]):
                rows.append((OWN - segment.numbered[own][1], row - lifted - segment.numbered[own][0]))
            else:
                rows.append((old, row - before.rows[old]))
        read, written = segment.used
        feeds, collects = (
            (len(old) + len(words) - len(new), len(words))
            for old, new, words in (
                (before.feeds, after.feeds, read),
                (before.collects, after.collects, written),
            )
        )
        begun = len(segment.own)
        # They count from that of the next one on: those that begin have the last numbers, and all others so many less.
        vectors = tuple(
            (each, OWN - (each - contexts + begun) if each >= contexts - begun else each + begun)
            for each, _ in after.vectors
        )
        moves = segment.prepared.one.op.unit == "stream" and not segment.prepared.fault
        moved = 0 if after.moved is None else OWN if moves else 1
        orders = any(after.banks)
        banks = after.banks if not orders else cls._orders(before, segment, after)
        return cls(tuple(rows), feeds, collects, moved, vectors, banks, orders, any(by for _, by in rows))

    @staticmethod
    def _orders(before: Places, segment: Segment, after: Places) -> tuple[tuple[int, ...], ...]:
        """The order of each channel's banks, as places in the order before."""
        banks = []
        for channel, (old, new) in enumerate(zip(before.banks, after.banks, strict=True)):
            order = segment.order(channel, old, len(new))
            banks.append(tuple([order.index(bank) for bank in new]) if new else ())
        return tuple(banks)

    def apply(self, places: Places, segment: Segment) -> Places:
        """The next places."""
        rows, feeds, collects, members = places.rows, places.feeds, places.collects, segment.members
        if self.feeds != (0, 0) or self.collects != (0, 0):
            read, written = segment.used
            feeds, collects = (*feeds, *read)[self.feeds[0] :], (*collects, *written)[self.collects[0] :]
        moved = places.moved if self.moved == 1 else None
        if self.moved == OWN:
            moved = segment.part.reads or segment.part.writes
        vectors = places.vectors
        if vectors or self.vectors:
            own, known = segment.own, dict(vectors)
            vectors = tuple((slot, known[old] if old >= 0 else own[OWN - old]) for slot, old in self.vectors)
        return Places(
            tuple([(rows[source] if source >= 0 else members[OWN - source].row) + by for source, by in self.rows]),
            feeds,
            collects,
            moved,
            vectors,
            self._banks(places.banks, segment) if self.orders else self.banks,
        )

    def _banks(self, before: tuple[tuple[int, ...], ...], segment: Segment) -> tuple[tuple[int, ...], ...]:
        """The orders of banks."""
        found: list[tuple[int, ...]] = []
        for channel, (old, turn) in enumerate(zip(before, self.banks, strict=True)):
            if not turn:
                found.append(())
                continue
            order = segment.order(channel, old, len(turn))
            found.append(tuple([order[each] for each in turn]))
        return tuple(found)
