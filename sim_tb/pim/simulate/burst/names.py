"""Numbers of single banks: all banks are alike, so that they are numbered as they come, whichever they are."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from sim_tb.pim.simulate.burst.canonical import Places
from sim_tb.pim.simulate.burst.segment import Segment

__all__ = ["Names", "renamed"]


class Names:
    """The numbers that banks have in states, by those that they have in programs."""

    def __init__(self) -> None:
        self._numbers: dict[int, int] = {}

    def forget(self) -> None:
        """No bank is different from the others any more."""
        self._numbers = {}

    def of(self, banks: Iterable[int]) -> tuple[int, ...]:
        """The numbers of banks; one that has none gets the next one."""
        numbers = self._numbers
        return tuple([numbers.setdefault(bank, len(numbers)) for bank in banks])

    def real(self, places: Places) -> Places:
        """Places with banks numbered as in programs."""
        if not any(places.banks):
            return places
        count = max(map(len, places.banks))
        banks = [*self._numbers, *(bank for bank in range(count) if bank not in self._numbers)]
        return places._replace(banks=tuple([tuple([banks[each] for each in order]) for order in places.banks]))


def renamed(segment: Segment, numbers: Sequence[int] | Mapping[int, int]) -> Segment:
    """A segment whose banks have other numbers, by those that they had."""
    if segment.group:
        return replace(segment, group=tuple([renamed(each, numbers) for each in segment.group]))
    work = segment.part.work
    if not segment.mask or work is None:
        return segment
    bank = numbers[segment.bank]
    part = replace(segment.part, work=replace(work, operation=work.operation._replace(bank=bank)))
    return replace(segment, bank=bank, prepared=replace(segment.prepared, part=part))
