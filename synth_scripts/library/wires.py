"""Wire loads: what a library adds to a net for its wire, by its fan-out.

Where a library names one as its default, ABC and OpenSTA count it, so that it belongs to what they get.
"""

from __future__ import annotations

import math
import re
from collections.abc import Iterator
from dataclasses import dataclass

from synth_scripts.library.liberty import Group, LibertyError, words

__all__ = ["WireLoads"]

_NUMBERS = ("capacitance", "resistance", "area", "slope")


@dataclass(frozen=True)
class WireLoads:
    """The wire loads of a file, of which it uses one: that with the name ``default``, or ``selection`` by area."""

    default: str
    selection: str
    mode: str
    groups: tuple[Group, ...]

    @classmethod
    def read(cls, root: Group) -> WireLoads | None:
        """Read them; None where none is the default. Raises LibertyError where they are no numbers."""
        default, selection = root.get("default_wire_load"), root.get("default_wire_load_selection")
        groups = tuple(root.all("wire_load", "wire_load_selection"))
        default, selection = _plain(default), _plain(selection)
        used = {group.kind: {_plain(each.name) for each in groups if each.kind == group.kind} for group in groups}
        default = default if default in used.get("wire_load", ()) else ""
        selection = selection if selection in used.get("wire_load_selection", ()) else ""
        if not default and not selection:
            return None
        found = cls(default, selection, _plain(root.get("default_wire_load_mode")), groups)
        list(found.lines(1.0))
        return found

    def same(self, other: WireLoads) -> bool:
        """Both are alike."""
        mine, theirs = (self.default, self.selection, self.mode), (other.default, other.selection, other.mode)
        return (
            mine == theirs and len(self.groups) == len(other.groups) and all(map(Group.same, self.groups, other.groups))
        )

    def lines(self, cap: float) -> Iterator[str]:
        """Their Liberty text; ``cap`` multiplies capacitances."""
        for group in self.groups:
            try:
                yield from _group(group, cap)
            except LibertyError as error:
                raise error.within(group) from None
        for name, value in (("", self.default), ("_selection", self.selection), ("_mode", self.mode)):
            if value:
                yield f'default_wire_load{name} : "{value}";'


def _plain(name: str) -> str:
    """A name that needs no quotes."""
    return re.sub(r"[^\w.+-]", "_", name, flags=re.ASCII)


def _group(group: Group, cap: float) -> Iterator[str]:
    yield f'{group.kind} ("{_plain(group.name)}") {{'
    for name in _NUMBERS:
        value = group.number(name)
        if value is not None:
            if value < 0:
                raise LibertyError(f"{name} is negative: {value:g}")
            yield f"{name} : {value * (cap if name == 'capacitance' else 1.0)!r};"
    for name, numbers in (("fanout_length", 2), ("wire_load_from_area", 2)):
        for raw in group.every(name):
            parts = words(raw)
            try:
                fine = all(math.isfinite(float(part)) for part in parts[:numbers])
            except ValueError:
                fine = False
            if not fine:
                raise LibertyError(f"{name} ({raw}) holds what is no number")
            text = ", ".join(part if i < numbers else f'"{_plain(part)}"' for i, part in enumerate(parts))
            yield f"{name} ({text});"
    yield "}"
