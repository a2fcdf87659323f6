"""Which program times netlists, and netlists given as text to the timing of the unit library."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any, Protocol

from synth_scripts.library.library import Library
from synth_scripts.netlist.flat import flatten, mapped_modules
from synth_scripts.timing import sta
from synth_scripts.timing import unit as unit_timing

__all__ = ["Part", "timer", "walk"]


class Part(Protocol):
    """A module of a netlist: the text of its inside, or of a black box and its times."""

    @property
    def name(self) -> str:
        """The module."""

    @property
    def netlist(self) -> str:
        """Verilog."""

    @property
    def times(self) -> tuple[float, float] | None:
        """Of a macro: from the clock to an output, and setup time, ns."""


def timer(library: Library) -> str:
    """What times netlists, in words."""
    if sta.available():
        return "OpenSTA"
    return unit_timing.NAME if library.is_unit else "ABC"


def walk(
    library: Library, netlist: str, top: str, parts: Sequence[Part], folder: Path, core: Collection[str] | None = None
) -> unit_timing.Walk:
    """Time a netlist of the unit library.

    Parameters
    ----------
    library : Library
    netlist : str
        Verilog of library cells and of ``parts``.
    top : str
    parts : sequence of Part
    folder : Path
        For script and log.
    core : collection of str, optional
        Modules: only paths among their instances count.
    """
    text = netlist + "".join(part.netlist for part in parts)
    modules = mapped_modules(library, text, top, folder, "walk")
    macros = {part.name: part.times for part in parts if part.times is not None}
    inside = None if core is None else list(_places(modules, top, core))
    flat = flatten(modules, top, {*library.areas, *macros})
    return unit_timing.Walk(library, flat, macros, inside=inside)


def _places(modules: Mapping[str, Any], name: str, core: Collection[str], path: str = "") -> Iterator[str]:
    """What names of cells in the core's modules begin with."""
    if name in core:
        yield path
        return
    for cell_name, cell in modules[name]["cells"].items():
        if cell["type"] in modules:
            yield from _places(modules, cell["type"], core, f"{path}{cell_name}.")
