"""What happens from one boundary to the next: an instruction, or a part of a VMM, as far as its time depends on it."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from hdl.params.pim import FAULTS, AccumulatorUse, PimParams
from sim_tb.pim.simulate.burst.canonical import BANKED, Canon, Places
from sim_tb.pim.simulate.core.arrays import ROWED
from sim_tb.pim.simulate.prepare import NO_ACCUMULATORS, Part, Prepared
from sim_tb.pim.simulate.work import Range, Work

__all__ = ["BEGINS", "CLOSES", "Segment", "Segments"]

#: Instructions of the issuer itself that wait for something, hand parts on, or leave something behind.
APART = ("HALT", "FENCE", "VMM", "MARK")
#: What happens between programs: the host begins one; figures are closed, and begin anew.
BEGINS, CLOSES = "begins", "closes"
#: Instructions of a group: from so many on it ends with one that reads results, and it never has more than so many.
LEAST, MOST = 16, 32
#: Instructions that are over as soon as the issuer has looked at them.
BRIEF = ("NOP", "LOOP", "ENDL")


@dataclass(frozen=True, eq=False)
class Segment:
    """An instruction, or a part of a VMM.

    Parameters
    ----------
    key : int
        Equal where time is, but for what rows and ranges it meets.
    prepared : Prepared
        As the issuer works on it; of a part the VMM, with nothing but this part.
    inner : bool
        It is a part of a VMM.
    goes_on : bool
        More parts follow.
    fenced : bool
    wraps : int
        Clocks in which columns beyond a row are taken off.
    row : int
        The row that it works on, or -1.
    ranges : tuple of (first, past, write)
        SRAM words that it waits for.
    mask, bank : int
        Channels of whose banks it works on a single one; and which.
    scalar : bool
        It has to do with scalar registers.
    absent : bool
        There is no such instruction: the program has ended without HALT.
    event : str
        In place of an instruction, what happens between programs: ``BEGINS`` or ``CLOSES``.
    before : tuple of Segment
        Instructions that only take their time in the issuer, and go first.
    group : tuple of Segment
        Those that it stands for, one after the other; then its own fields are the last one's, and it has no row.
    """

    key: int
    prepared: Prepared
    inner: bool
    goes_on: bool
    fenced: bool
    wraps: int
    row: int
    ranges: tuple[tuple[int, int, bool], ...]
    mask: int = 0
    bank: int = 0
    scalar: bool = False
    absent: bool = False
    event: str = ""
    before: tuple[Segment, ...] = ()
    group: tuple[Segment, ...] = ()

    @cached_property
    def members(self) -> tuple[Segment, ...]:
        """Those that it stands for, or itself."""
        return self.group or (self,)

    @cached_property
    def part(self) -> Part:
        """What is checked and handed on."""
        return self.prepared.parts[0] if self.inner else self.prepared.part

    @cached_property
    def brief(self) -> bool:
        """It takes its time in the issuer, waits for nobody, and is seen by nobody."""
        one, fault = self.prepared.one, self.prepared.fault
        return one.op.name in BRIEF and not (fault or self.fenced or self.wraps or "irq" in one.flags)

    @cached_property
    def begins(self) -> bool:
        """It begins an instruction of the vector unit."""
        return self.prepared.start is not None and not self.prepared.fault

    @cached_property
    def joins(self) -> bool:
        """It hands work to channels or to the vector unit, and does no more: it may be one of a group."""
        one, fault, work = self.prepared.one, self.prepared.fault, self.part.work
        return (work is not None or self.begins) and not (
            fault or self.fenced or "irq" in one.flags or self.prepared.locates
        )

    @cached_property
    def used(self) -> tuple[list[Range], list[Range]]:
        """The ranges that its jobs of feeder and collector keep, of each its own."""
        feeds, collects = [], []
        for each in self.members:
            part, work = each.part, each.part.work
            if work is None or each.prepared.fault:
                continue
            if work.feed and not work.feed.zero and part.reads:
                feeds.append(part.reads)
            if work.collect and part.writes:
                collects.append(part.writes)
        return feeds, collects

    def order(self, channel: int, before: tuple[int, ...], banks: int) -> Sequence[int]:
        """The order of a channel's banks before it; of equal ones its own is the first."""
        if before:
            return before
        first = list(dict.fromkeys([bank for mask, bank in self._banks if mask >> channel & 1]))
        return [*first, *[bank for bank in range(banks) if bank not in first]] if first else range(banks)

    @cached_property
    def own(self) -> tuple[tuple[Range, ...], ...]:
        """The ranges of each instruction of the vector unit that begins in it."""
        return tuple([tuple([words[:2] for words in each.ranges]) for each in self.members if each.begins])

    @cached_property
    def uses(self) -> tuple[tuple[int, AccumulatorUse], ...]:
        """What its instructions do with accumulators, and the place of each among all of them."""
        found, place = [], -1
        for each in self.members if not self.event else ():
            place += len(each.before) + 1
            use = each.prepared.use
            if not each.prepared.fault and (use.reads or (each.part.work is not None and use != NO_ACCUMULATORS)):
                found.append((place, use))
        return tuple(found)

    @cached_property
    def numbered(self) -> tuple[tuple[int, int], ...]:
        """The rows of its instructions that have one, in their order, and the place of each."""
        return tuple(sorted([(each.row, place) for place, each in enumerate(self.members) if each.row >= 0]))

    @cached_property
    def _rows(self) -> tuple[int, ...]:
        return tuple([each.row for each in self.members if each.row >= 0])

    @cached_property
    def _banks(self) -> tuple[tuple[int, int], ...]:
        return tuple([(each.mask, each.bank) for each in self.members if each.mask])

    def meets(self, places: Places, apart: int) -> tuple[int, ...]:
        """How its rows and its ranges lie to those of a state."""
        found: list[int] = []
        for row in self._rows:
            index, below, above = 0, -apart, apart
            for each in places.rows:
                if each <= row:
                    index, below = index + 1, each - row
                else:
                    above = each - row
                    break
            if below <= -apart and above >= apart:
                found.append(-1)
            else:
                found += (index, max(below, -apart), min(above, apart))
        if self._banks:
            orders = places.banks
            for mask, bank in self._banks:
                found += [o.index(bank) if o else -1 for channel, o in enumerate(orders) if mask >> channel & 1]
        held = [*places.collects]
        if places.moved:
            held.append(places.moved)
        for _, ranges in places.vectors:
            held += ranges
        if held or places.feeds:
            self._overlaps(held, places.feeds, found)
        return tuple(found)

    def _overlaps(self, held: Sequence[Range], read: Sequence[Range], found: list[int]) -> None:
        """Which ranges of a state each of its ranges meets, as masks; those that are read only if it writes."""
        both = [*held, *read]
        least = min([begin for begin, _ in both])
        most = max([end for _, end in both])
        for first, past, write in self.ranges:
            busy = 0
            if first < most and least < past:
                for begin, end in both if write else held:
                    busy = busy << 1 | (first < end and begin < past)
            found.append(busy)


class Segments:
    """Makes segments; equal ones have equal keys.

    Parameters
    ----------
    params : PimParams
    canon : Canon
    """

    def __init__(self, params: PimParams, canon: Canon) -> None:
        self.params = params
        self.canon, self.low = canon, canon.low
        self._keys: dict[tuple[Any, ...], int] = {}

    def of(self, prepared: Prepared, *, fenced: bool, wraps: int, scalar: bool) -> Iterator[Segment]:
        """The segments of an instruction; more than one for a VMM.

        Parameters
        ----------
        prepared : Prepared
        fenced : bool
        wraps : int
            Clocks in which columns beyond a row are taken off.
        scalar : bool
            It has to do with scalar registers.
        """
        one, parts = prepared.one, prepared.parts
        irq = "irq" in one.flags
        name = one.op.name if one.op.name in APART else ""
        head = (name, prepared.fault, fenced, irq, wraps, scalar, prepared.use, prepared.locates)
        yield self._segment(
            head, prepared, prepared.part, goes_on=bool(parts), fenced=fenced, wraps=wraps, scalar=scalar
        )
        for number, part in enumerate(parts):
            goes_on = number < len(parts) - 1
            alone = replace(prepared, parts=(part,))
            yield self._segment((goes_on, irq), alone, part, inner=True, goes_on=goes_on)

    def absent(self, nothing: Prepared) -> Segment:
        """There is no instruction."""
        return Segment(self._key(("absent",)), nothing, False, False, False, 0, -1, (), absent=True)

    def between(self, nothing: Prepared, event: str) -> Segment:
        """What happens between programs."""
        return Segment(self._key((event,)), nothing, False, False, False, 0, -1, (), event=event)

    def joined(self, segments: Sequence[Segment]) -> list[Segment]:
        """Segments one after the other, with those that are brief in front of the next one, in groups."""
        found: list[Segment] = []
        before: list[Segment] = []
        group: list[Segment] = []
        for segment in segments:
            if segment.brief:
                before.append(segment)
                continue
            if before:
                key = self._key(("before", *(each.key for each in before), segment.key))
                segment, before = replace(segment, key=key, before=tuple(before)), []
            if not segment.joins:
                found += [self._group(group), segment] if group else [segment]
                group = []
                continue
            group.append(segment)
            work = segment.part.work
            if len(group) >= (LEAST if work and work.collect else MOST):
                found.append(self._group(group))
                group = []
        if before and not group and found and found[-1].joins:
            group = list(found.pop().members)
        group += before
        return [*found, self._group(group)] if group else found

    def _group(self, group: Sequence[Segment]) -> Segment:
        """Segments as one."""
        if len(group) == 1:
            return group[0]
        key: list[Any] = ["group"]
        rows: list[int] = []
        collects: list[Range] = []
        feeds: list[Range] = []
        vectors: list[Range] = []
        for each in group:
            busy = [
                [first < end and begin < past for begin, end in [*collects, *(feeds if write else ()), *vectors]]
                for first, past, write in each.ranges
            ]
            apart = self.canon.apart
            key.append((each.key, tuple([max(-apart, min(apart, each.row - row)) for row in rows if each.row >= 0])))
            key.append(tuple(map(tuple, busy)))
            if each.mask:
                key.append(tuple([one.bank == each.bank if one.mask & each.mask else None for one in group]))
            if each.row >= 0:
                rows.append(each.row)
            read, written = each.used
            feeds, collects = feeds + read, collects + written
            if each.begins:
                vectors += [words[:2] for words in each.ranges]
        ranges = tuple([each for one in group for each in one.ranges])
        group_key = self._key(tuple(key))
        last = replace(group[-1], key=group_key, row=-1, ranges=ranges, mask=0, bank=0)
        return replace(last, before=(), group=tuple(group))

    def _segment(
        self,
        head: tuple[Any, ...],
        prepared: Prepared,
        part: Part,
        *,
        inner: bool = False,
        goes_on: bool,
        fenced: bool = False,
        wraps: int = 0,
        scalar: bool = False,
    ) -> Segment:
        work = part.work
        shows = tuple(-1 if each is None else each[2] for each in part.ranges)
        key: list[Any] = [head, part.multiplies, part.crosses, shows, part.reads is None, part.writes is None]
        key.append(self._work(work) if work else ())
        if start := prepared.start:
            start = replace(start, n=(start.n - 1) // self.params.vector_lanes * self.params.vector_lanes + 1)
            start = replace(start, **{name: getattr(start, name) & self.low for name in "abcd"})
            prepared = replace(prepared, start=start)
            key.append(start)
        if prepared.one.op.unit == "stream" and not prepared.fault:
            words = part.reads or part.writes
            assert words is not None
            key.append((prepared.one.op.name, words[0] & self.low, words[1] - words[0]))
        if prepared.fault == FAULTS["ACCUMULATOR"].code:
            key.append(None)
        row = work.operation.row if work and work.operation.code in ROWED else -1
        ranges = tuple(each for each in part.ranges if each is not None)
        single = work is not None and work.operation.code in BANKED
        mask, bank = (work.mask, work.operation.bank) if work and single else (0, 0)
        return Segment(self._key(tuple(key)), prepared, inner, goes_on, fenced, wraps, row, ranges, mask, bank, scalar)

    def _work(self, work: Work) -> tuple[Any, ...]:
        operation = self.canon.operation(work.operation)._replace(row=0, bank=0)
        feed, collect = work.feed, work.collect
        if feed:
            feed = feed._replace(address=feed.address & self.low, stride=feed.stride & self.low)
        if collect:
            collect = collect._replace(address=collect.address & self.low)
        return work.mask, operation, feed, collect

    def _key(self, key: tuple[Any, ...]) -> int:
        return self._keys.setdefault(key, len(self._keys))
