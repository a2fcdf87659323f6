"""Areas of cells as a LEF file gives them: what they take of a row, where a Liberty file says what it likes."""

from __future__ import annotations

import math
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median

from hdl.params.errors import ToolError

__all__ = ["Areas", "read_areas", "sections", "text_of"]

#: How far areas of LEF and Liberty may be apart in the middle where a cell is missing in the one: they are of one unit.
_APART = 2.0
#: From which difference on it is told, and of how many cells.
_DIFFERS, _LISTED = 0.01, 8


@dataclass(frozen=True)
class Areas:
    """Areas of a library's cells out of LEF files.

    Parameters
    ----------
    files : tuple of str
        The files' names.
    cells : mapping
        By the cells' names in them, um2.
    required : bool
        The user named the file: then it is to have cells of the library.
    """

    files: tuple[str, ...] = ()
    cells: Mapping[str, float] = field(default_factory=dict)
    required: bool = False

    @classmethod
    def of(cls, paths: Sequence[Path], *, required: bool) -> Areas:
        """Of all cells in some files.

        Raises
        ------
        ToolError
            Where a file can't be read or has no cells, or a cell stands in two with different sizes. Of files that
            nobody named those without cells are passed over.
        """
        found: dict[str, float] = {}
        files = []
        for path in paths:
            if not required and not any(sections(text_of(path), "MACRO")):
                continue  # a technology
            for name, area in read_areas(path).items():
                if found.setdefault(name, area) != area:
                    raise ToolError(f"synth.lef: cell {name} has {found[name]:g} um2 and, in {path}, {area:g} um2")
            files.append(str(path))
        return cls(tuple(files), found, required)

    def notes(self, listed: Mapping[str, float | None]) -> list[str]:
        """What a reader of the figures should know.

        Parameters
        ----------
        listed : mapping
            The library's cells by the names in its files, with their area in the Liberty files, None where there is
            none.

        Raises
        ------
        ToolError
            Where the files that the user named have no cell of the library, or have only some and are of another unit.
        """
        if not self.files:
            return []
        names = " and ".join(Path(file).name for file in self.files)
        missing = [name for name in listed if name not in self.cells]
        if len(missing) == len(listed):
            if self.required:
                raise ToolError(f"synth.lef: {names} has none of the library's cells, such as {missing[0]}")
            return []
        ratios = [self.cells[name] / area for name, area in listed.items() if area and name in self.cells]
        if missing and ratios and not 1 / _APART <= median(ratios) <= _APART:
            raise ToolError(
                f"synth.lef: areas in {names} are {median(ratios):.3g} times those of the Liberty files, so that they "
                f"can't be mixed, and it lacks {_few(missing)} (with synth.lef = 'none', the Liberty files' are taken)"
            )
        differing = [
            f"{name} ({'none' if area is None else f'{area:g}'} there, {self.cells[name]:g} here)"
            for name, area in listed.items()
            if name in self.cells and (area is None or abs(self.cells[name] / area - 1) > _DIFFERS)
        ]
        text = f"areas of cells are those of {names}"
        if differing:
            text += f", which differ from the Liberty files' for {_few(differing)}"
        if missing:
            text += f"; cells that are not in it have the Liberty files': {_few(missing)}"
        return [text]


def _few(names: Sequence[str]) -> str:
    more = f" and {len(names) - _LISTED} more" if len(names) > _LISTED else ""
    return ", ".join(names[:_LISTED]) + more


def text_of(path: Path) -> str:
    """A LEF file without comments. Raises ToolError where it can't be read."""
    try:
        return re.sub(r"#.*", "", path.read_text(encoding="utf-8", errors="replace"))
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ToolError(f"synth.lef: {path}: the LEF file can't be read ({why})") from None


def sections(text: str, kind: str) -> Iterator[tuple[str, str]]:
    """Names and contents of the sections of a kind at the outermost level."""
    for match in re.finditer(rf"^{kind}\s+(\S+)\s*$(.*?)^END\s+\1\s*$", text, re.MULTILINE | re.DOTALL):
        yield match[1], match[2]


def read_areas(path: Path) -> dict[str, float]:
    """Area of every cell (``MACRO``) that has a size, um2.

    Raises
    ------
    ToolError
        Where the file can't be read, has no cell, or a size is no positive number; it names the cell.
    """
    areas = {}
    for name, body in sections(text_of(path), "MACRO"):
        size = re.search(r"\bSIZE\s+(\S+)\s+BY\s+(\S+)", body)
        if size is None:
            continue
        try:
            area = float(size[1]) * float(size[2].rstrip(";"))
        except ValueError:
            area = math.nan
        if not (math.isfinite(area) and area > 0):
            raise ToolError(
                f"synth.lef: {path}: cell {name} has the size {size[1]} by {size[2].rstrip(';')}, which can't be"
            )
        areas[name] = float(f"{area:.9g}")
    if not areas:
        raise ToolError(f"synth.lef: {path}: the LEF file has no cell (MACRO) with a size")
    return areas
