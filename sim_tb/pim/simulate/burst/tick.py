"""Clocks that move with the next refresh: sums and differences keep how they move, comparisons remember how far.

A simulation is run for one clock of the next refresh, and holds for all from which every comparison had the same
outcome: for these, all clocks and counts are linear in that clock. Any other use of such a number makes it hold for
that one clock alone.
"""

from __future__ import annotations

from typing import Any

__all__ = ["FAR", "Bounds", "Interval", "Moving", "exact", "slope"]

#: Further than anything moves.
FAR = 1 << 61


class Bounds:
    """How far the next refresh can move, earlier and later, without another outcome.

    Attributes
    ----------
    least, most : int
        Clocks.
    flows : bool
        Numbers that move have been computed.
    """

    __slots__ = ("flows", "least", "most")

    def __init__(self) -> None:
        self.least, self.most, self.flows = -FAR, FAR, False

    def keep(self, rest: int, by: int) -> None:
        """``rest``, not negative, must stay so though it grows by ``by`` with each clock."""
        if by > 0:
            self.least = max(self.least, -(rest // by))
        elif by < 0:
            self.most = min(self.most, rest // -by)


class Moving(int):
    """A number that grows by ``by`` with each clock that the next refresh is later."""

    by: int
    bounds: Bounds

    def _with(self, value: int, by: int) -> int:
        if not by:
            return value
        found = Moving(value)
        found.by, found.bounds = by, self.bounds
        self.bounds.flows = True
        return found

    def __add__(self, other: int) -> int:
        return self._with(int.__add__(self, other), self.by + slope(other))

    __radd__ = __add__

    def __sub__(self, other: int) -> int:
        return self._with(int.__sub__(self, other), self.by - slope(other))

    def __rsub__(self, other: int) -> int:
        return self._with(int.__rsub__(self, other), slope(other) - self.by)

    def __neg__(self) -> int:
        return self._with(int.__neg__(self), -self.by)

    def __lt__(self, other: int) -> bool:
        apart, by = int.__sub__(self, other), self.by - slope(other)
        if apart < 0:
            self.bounds.keep(-1 - apart, -by)
            return True
        self.bounds.keep(apart, by)
        return False

    def __gt__(self, other: int) -> bool:
        apart, by = int.__sub__(self, other), self.by - slope(other)
        if apart > 0:
            self.bounds.keep(apart - 1, by)
            return True
        self.bounds.keep(-apart, -by)
        return False

    def __le__(self, other: int) -> bool:
        return not self > other

    def __ge__(self, other: int) -> bool:
        return not self < other

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, int):
            return False
        apart, by = int.__sub__(self, other), self.by - slope(other)
        if not apart:
            self.bounds.keep(0, by)
            self.bounds.keep(0, -by)
        elif apart > 0:
            self.bounds.keep(apart - 1, by)
        else:
            self.bounds.keep(-1 - apart, -by)
        return not apart

    def __ne__(self, other: object) -> bool:
        return not self == other

    def __bool__(self) -> bool:
        return self != 0

    def __hash__(self) -> int:
        return hash(exact(self))


def _alone(name: str) -> Any:
    """An operation that holds for this number alone."""
    of = getattr(int, name)

    def operation(self: Moving, *others: int) -> Any:
        return of(exact(self), *(exact(other) for other in others))

    return operation


for _name in ("mul", "floordiv", "mod", "and", "or", "xor", "lshift", "rshift", "divmod", "pow", "truediv"):
    for _side in ("", "r"):
        setattr(Moving, f"__{_side}{_name}__", _alone(f"__{_side}{_name}__"))
for _name in ("abs", "invert", "index", "int", "float", "format", "str"):
    if hasattr(int, f"__{_name}__"):
        setattr(Moving, f"__{_name}__", _alone(f"__{_name}__"))


class Interval(int):
    """tREFI: its multiples are the clocks of refreshes."""

    bounds: Bounds

    @classmethod
    def of(cls, clocks: int, bounds: Bounds) -> Interval:
        """An interval whose multiples share bounds."""
        found = cls(clocks)
        found.bounds = bounds
        return found

    def __rmul__(self, other: int) -> int:
        found = Moving(int.__mul__(self, other))
        found.by, found.bounds = 1, self.bounds
        return found

    __mul__ = __rmul__


def slope(number: int) -> int:
    """How a number grows with each clock that the next refresh is later."""
    return number.by if type(number) is Moving else 0


def exact(number: int) -> int:
    """The number itself; from here on no other clock of the next refresh will do."""
    if type(number) is not Moving:
        return number
    number.bounds.keep(0, number.by)
    number.bounds.keep(0, -number.by)
    return int.__add__(number, 0)
