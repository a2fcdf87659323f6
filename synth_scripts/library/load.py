"""From a setting to a cell library: found, read, and kept."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from synth_scripts.library.cells import make
from synth_scripts.library.header import Thresholds
from synth_scripts.library.lef_areas import Areas
from synth_scripts.library.library import Adder, ClockGate, Library
from synth_scripts.library.sources import find, find_lef
from synth_scripts.library.wires import Wires
from synth_scripts.work import cache

__all__ = ["load"]

#: What of a library is an object of its own.
_OBJECTS: dict[str, Any] = {
    "clock_gate": ClockGate,
    "full_adder": Adder,
    "half_adder": Adder,
    "thresholds": Thresholds,
    "wires": Wires,
}


def load(setting: str | Sequence[str] = "auto", *, lef: str = "auto", wires: str | float = "auto") -> Library:
    """Resolve a library setting and read the library.

    Parameters
    ----------
    setting : str or sequence of str
        ``auto``, ``osu018``, ``unit``, the name of a PDK installed with ciel, a Liberty file (``.lib``, ``.lib.gz``), a
        folder of them, or a list of files that make one library.
    lef : str
        The LEF file whose areas of cells count, ``auto``: what lies beside the Liberty files, or ``none``.
    wires : str or float
        Which wire load is counted, see :func:`synth_scripts.library.wires.choose`.

    Raises
    ------
    ToolError
        Where a file is missing, empty, not Liberty, contradicts itself or another one, or lacks cells that are needed.
    """
    sources, notes = find(setting)
    areas = Areas.of(find_lef(lef, sources), required=lef != "auto")
    contents = sorted((source.name, cache.digest(source.data)) for source in sources)
    key = cache.key(__name__, contents, vars(areas), wires)
    stored = cache.read("libraries", key)
    if stored is None or not all(cache.intact(Path(path)) for path in _files(stored)):
        stored = _values(make(sources, areas, wires, key))
        cache.write("libraries", key, stored)
    return _restore({**stored, "notes": (*notes, *stored["notes"])})


def _files(stored: dict[str, Any]) -> list[str]:
    """What has to be there."""
    bare = stored["bare"]
    return [*stored["files"], stored["mapping"], *(_files(bare) if bare else ())]


def _values(library: Library) -> dict[str, Any]:
    values = {name: getattr(library, name) for name in Library.__dataclass_fields__}
    values |= {name: vars(values[name]) for name in _OBJECTS if values[name]}
    return {**values, "bare": _values(library.bare) if library.bare else None}


def _restore(values: dict[str, Any]) -> Library:
    def frozen(value: Any) -> Any:
        return tuple(frozen(item) for item in value) if isinstance(value, list | tuple) else value

    bare = _restore(values["bare"]) if values["bare"] else None
    values = {name: frozen(value) for name, value in values.items()} | {"bare": bare}
    for name, kind in _OBJECTS.items():
        if values[name] is not None:
            values[name] = kind(**{key: frozen(value) for key, value in values[name].items()})
    return Library(**values)
