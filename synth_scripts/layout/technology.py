"""What it takes to lay cells out, beside a library's Liberty files: a LEF file, and a technology for Magic."""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError
from synth_scripts.layout.lef import Lef, read_lef
from synth_scripts.library.library import Library

__all__ = ["Technology", "technology"]


@dataclass(frozen=True)
class Technology:
    """Of one library.

    Parameters
    ----------
    lef : Lef
        Layers and cells.
    magic : Path
        Magic's technology file.
    """

    lef: Lef
    magic: Path

    @property
    def texts(self) -> tuple[bytes, ...]:
        """What a layout depends on."""
        return self.lef.path.read_bytes(), self.magic.read_bytes()


def technology(library: Library) -> Technology:
    """What lies beside the Liberty file of a library.

    Raises
    ------
    ToolError
        Where it isn't there: the message says what was looked for.
    """
    folder = Path(library.files[0]).parent
    lefs = [path for path in sorted(folder.glob("*.lef")) if _complete(path)]
    techs = sorted(folder.glob("*.tech"))
    lacking = [] if lefs else ["LEF file (.lef) with routing layers and cells"]
    lacking += [] if techs else ["technology for Magic (.tech)"]
    if library.is_unit or lacking:
        where = (
            "is embedded, and no process has its cells"
            if library.is_unit
            else f"has no {' and no '.join(lacking)} in {folder}"
        )
        raise ToolError(f"layout: library {library.name} {where}; osu018 (Debian: qflow-tech-osu018) has both")
    return Technology(read_lef(lefs[0]), techs[0])


def _complete(path: Path) -> bool:
    text = path.read_text(encoding="utf-8", errors="replace")
    return all(re.search(rf"^{word}\b", text, re.MULTILINE) for word in ("LAYER", "MACRO", "SITE"))
