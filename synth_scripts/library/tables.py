"""Liberty tables: values over slew and load."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

from synth_scripts.library.liberty import Group, LibertyError, words

__all__ = ["LOAD", "SLEW", "Scale", "Table", "Unread"]

#: What an axis of a table is: the slew of an input edge or the load of an output; of constraints the slew of the clock
#: and that of the data.
SLEW, LOAD, RELATED, CONSTRAINED = "slew", "load", "related", "constrained"
_VARIABLES = {
    "input_net_transition": SLEW,
    "input_transition_time": SLEW,
    "total_output_net_capacitance": LOAD,
    "output_net_pin_cap": LOAD,
    "related_pin_transition": RELATED,
    "constrained_pin_transition": CONSTRAINED,
}
#: The axis that a table is given where it has none: any will do.
_FLAT = (0.0, 1.0, 2.0)


class Unread(LibertyError):
    """Liberty, but of a kind that is not read: the cell can't be used, the rest of the file can."""


@dataclass(frozen=True)
class Scale:
    """What a file's times, capacitances and slews are multiplied with."""

    time: float = 1.0
    cap: float = 1.0
    slew: float = 1.0


@dataclass(frozen=True, slots=True)
class Table:
    """A table of up to two axes, read by linear interpolation (and extrapolation).

    Parameters
    ----------
    axes : tuple of tuple of float
        Increasing.
    variables : tuple of str
        What each axis is: ``slew`` or ``load``, or of constraints ``related`` or ``constrained``.
    values : tuple of float
        Row by row.
    """

    axes: tuple[tuple[float, ...], ...]
    variables: tuple[str, ...]
    values: tuple[float, ...]

    @classmethod
    def read(
        cls, group: Group, templates: Mapping[str, Group], scale: Scale | None = None, value: float = 1.0
    ) -> Table:
        """Read a table; what it leaves out stands in its template.

        Parameters
        ----------
        group : Group
        templates : mapping of str to Group
        scale : Scale, optional
            Scale of the axes.
        value : float
            What values are multiplied with.

        Raises
        ------
        LibertyError
            Where it contradicts its indices, or holds what is no number.
        Unread
            Where it has axes of another kind, or no template tells what they are.
        """
        try:
            return cls._read(group, templates, scale or Scale(), value)
        except LibertyError as error:
            raise error.within(group) from None

    @classmethod
    def _read(cls, group: Group, templates: Mapping[str, Group], scale: Scale, value: float) -> Table:
        name = group.name
        template = templates.get(f"power {name}" if group.kind.endswith("power") else name)
        if "values" not in group.raw:
            raise Unread("there are no values")
        if group.doubled:
            for each in group.doubled:
                group.get(each)  # which says so
        values = _numbers(group.raw["values"])
        if template is None and name not in ("", "scalar"):
            raise Unread("the file has no template of this name")
        axes, variables = [], []
        for i in (1, 2, 3):
            kind = template.get(f"variable_{i}") if template else ""
            text = group.raw.get(f"index_{i}") or (template.raw.get(f"index_{i}") if template and kind else None)
            if not kind and (text is None or len(values) == 1):
                continue
            if kind not in _VARIABLES:
                raise Unread(f"index_{i} is of {kind or 'something that is not named'}")
            if text is None:
                raise Unread(f"there is no index_{i}")
            axis = _axis(text)
            factor = scale.cap if _VARIABLES[kind] == LOAD else scale.time * scale.slew
            axes.append(axis if factor == 1 else tuple(x * factor for x in axis))
            variables.append(_VARIABLES[kind])
        if len(axes) > 2 or len(set(variables)) < len(variables):
            raise Unread(f"a table over {', '.join(variables)} is not read")
        if len(values) != math.prod(map(len, axes)):
            sizes = " x ".join(str(len(axis)) for axis in axes) or "1"
            raise LibertyError(f"{len(values)} values, where the indices ask for {sizes}")
        return cls(tuple(axes), tuple(variables), values if value == 1 else tuple(each * value for each in values))

    @property
    def greatest(self) -> float:
        """The largest absolute value."""
        return max(max(self.values), -min(self.values))

    def at(self, **where: float) -> float:
        """The value at ``slew`` and ``load``; a constraint is read at that slew of both edges."""
        points = [where[LOAD] if name == LOAD else where[SLEW] for name in self.variables]
        return self._interpolate(points, 0, 0)

    def _interpolate(self, points: list[float], axis: int, offset: int) -> float:
        if axis == len(self.axes):
            return self.values[offset]
        stride = 1
        for later in self.axes[axis + 1 :]:
            stride *= len(later)
        grid, x = self.axes[axis], points[axis]
        if len(grid) == 1:
            return self._interpolate(points, axis + 1, offset)
        i = max(0, min(len(grid) - 2, sum(point <= x for point in grid) - 1))
        low = self._interpolate(points, axis + 1, offset + i * stride)
        high = self._interpolate(points, axis + 1, offset + (i + 1) * stride)
        if x == grid[i + 1]:
            return high
        return low + (high - low) * (x - grid[i]) / (grid[i + 1] - grid[i])

    def grid(self) -> Table:
        """The same over slew and load, in this order, with three points or more on each axis: what all tools read."""
        if self.variables == (SLEW, LOAD) and min(map(len, self.axes)) > 2:
            return self
        by_kind = dict(zip(self.variables, self.axes, strict=True))
        slews, loads = (_points(by_kind.get(kind, ())) for kind in (SLEW, LOAD))
        return Table((slews, loads), (SLEW, LOAD), tuple(self.at(slew=s, load=c) for s in slews for c in loads))


def _points(axis: tuple[float, ...]) -> tuple[float, ...]:
    """The axis with points added, in the middle of two or beside a single one: nothing between them changes."""
    if len(axis) > 2:
        return axis
    if len(axis) == 2:
        return axis[0], (axis[0] + axis[1]) / 2, axis[1]
    step = max(axis[0], 1.0) if axis else 1.0
    return tuple(axis[0] + step * x for x in _FLAT) if axis else _FLAT


@lru_cache(maxsize=4096)
def _axis(text: str) -> tuple[float, ...]:
    axis = _numbers(text)
    if not axis:
        raise LibertyError("an index is empty")
    if any(low >= high for low, high in pairwise(axis)):
        raise LibertyError(f"an index does not increase: {', '.join(f'{x:g}' for x in axis)}")
    return axis


def _numbers(text: str) -> tuple[float, ...]:
    parts = " ".join(words(text)).replace(",", " ").split() if "/" in text else _split(text)
    try:
        if "_" in text:  # which Python allows in numbers
            raise ValueError
        numbers = tuple(map(float, parts))
    except ValueError:
        wrong = next(part for part in parts if "_" in part or not _is_number(part))
        raise LibertyError(f"{wrong[:20]!r} is not a number") from None
    if not numbers:
        raise LibertyError("there are no values")
    if not math.isfinite(sum(numbers)):
        raise LibertyError("a value is not finite")
    return numbers


def _split(text: str) -> list[str]:
    return text.replace('"', " ").replace("\\", " ").replace(",", " ").split()


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True
