"""Where libraries are found: the files that a library setting stands for."""

from __future__ import annotations

import gzip
import os
import shutil
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from hdl.params.errors import ToolError, near_name
from synth_scripts.library import unit

__all__ = ["OSU018", "Source", "find", "find_lef", "read"]

#: From Debian's package qflow-tech-osu018.
OSU018 = Path("/usr/share/qflow/tech/osu018/osu018_stdcells.lib")

#: The typical corner of the standard cells of PDKs that ciel installs, below ``<root>/<pdk>``.
_CIEL = {
    "sky130": "sky130A/libs.ref/sky130_fd_sc_hd/lib/sky130_fd_sc_hd__tt_025C_1v80.lib",
    "gf180mcu": "gf180mcuD/libs.ref/gf180mcu_fd_sc_mcu7t5v0/lib/gf180mcu_fd_sc_mcu7t5v0__tt_025C_3v30.lib",
    "sg13g2": "ihp-sg13g2/libs.ref/sg13g2_stdcell/lib/sg13g2_stdcell_typ_1p20V_25C.lib",
}
#: Where such a PDK has its LEF files, from the folder of the Liberty file.
_CIEL_LEF = "../lef"

#: How files of other compressions begin.
_NOT_GZIP = {b"PK\x03\x04": "zip", b"BZh": "bzip2", b"\xfd7zXZ": "xz", b"\x28\xb5\x2f\xfd": "zstd"}


@dataclass(frozen=True)
class Source:
    """One Liberty file: its name for messages, its contents, and its path (None where it is embedded)."""

    name: str
    data: bytes
    path: Path | None


def find(setting: str | Sequence[str]) -> tuple[list[Source], list[str]]:
    """Return the files of a library, and notes on how they were chosen.

    Raises
    ------
    ToolError
        Where the setting names nothing that exists.
    """
    if not isinstance(setting, str):
        if not setting:
            raise ToolError("synth.library: the list of library files is empty")
        return [read(Path(os.path.expanduser(entry))) for entry in setting], []
    if setting == "unit":
        return [_unit()], []
    if setting == "auto":
        return _automatic()
    if setting == "osu018":
        if not OSU018.exists():
            raise ToolError(f"library osu018: {OSU018} is missing (install the Debian package qflow-tech-osu018)")
        return [read(OSU018)], []
    if setting in _CIEL:
        path = _installed(setting)
        if path is None:
            raise ToolError(
                f"library {setting}: no {_CIEL[setting]} below {', '.join(str(root) for root in _roots())} "
                f"(install the PDK with ciel, or set PDK_ROOT)"
            )
        return [read(path)], []
    path = Path(os.path.expanduser(setting))  # as it is, where nobody has that name
    if path.is_dir():
        files = sorted(entry for entry in path.iterdir() if entry.name.endswith((".lib", ".lib.gz")))
        if not files:
            raise ToolError(f"{path}: the folder holds no Liberty file (.lib or .lib.gz)")
        return [read(entry) for entry in files], []
    if not path.exists() and os.sep not in setting and not setting.endswith((".lib", ".gz")):
        names = ("auto", "osu018", "unit", *_CIEL)
        hint = near_name(setting, names)
        raise ToolError(
            f"library {setting!r} is neither a file nor one of {', '.join(names)}" + (f" ({hint})" if hint else "")
        )
    return [read(path)], []


def find_lef(setting: str, sources: list[Source]) -> list[Path]:
    """The LEF files from which areas of cells are taken.

    Parameters
    ----------
    setting : str
        ``auto``: those beside the Liberty files, or where a PDK has them; ``none``; or a file.
    sources : list of Source
        The Liberty files.

    Raises
    ------
    ToolError
        Where the setting names no file.
    """
    if setting == "none":
        return []
    if setting == "auto":
        folders = dict.fromkeys(source.path.parent for source in sources if source.path)
        own = [path for folder in folders for path in sorted(folder.glob("*.lef"))]
        ciel = [source.path.parent / _CIEL_LEF for source in sources if source.path and _of_ciel(source.path)]
        return own + [path for folder in ciel for path in sorted(folder.glob("*.lef"))]
    path = Path(os.path.expanduser(setting))
    if not path.is_file():
        names = ("auto", "none")
        hint = "" if os.sep in setting else near_name(setting, names)
        raise ToolError(
            f"synth.lef: {setting!r} is neither a file nor one of {', '.join(names)}" + (f" ({hint})" if hint else "")
        )
    return [path]


def _of_ciel(path: Path) -> bool:
    return any(path.match(own) for own in _CIEL.values())


def _automatic() -> tuple[list[Source], list[str]]:
    """The first real library there is, if OpenSTA can time it; else the unit library, and why."""
    installed = [OSU018] if OSU018.exists() else []
    installed += [path for path in map(_installed, _CIEL) if path is not None]
    missing = [] if installed else ["a cell library (Debian: qflow-tech-osu018)"]
    missing += [] if shutil.which("sta") else ["OpenSTA (Debian: opensta)"]
    if missing:
        return [_unit()], [f"figures are of the embedded unit library; for real ones install {' and '.join(missing)}"]
    return [read(installed[0])], []


def _unit() -> Source:
    return Source("unit", unit.liberty_text().encode(), None)


def _roots() -> list[Path]:
    roots = [Path(os.environ["PDK_ROOT"])] if os.environ.get("PDK_ROOT") else []
    return [*roots, *(Path(os.path.expanduser("~"), name) for name in (".ciel", ".volare"))]


def _installed(name: str) -> Path | None:
    return next((root / _CIEL[name] for root in _roots() if (root / _CIEL[name]).exists()), None)


def read(path: Path) -> Source:
    """One file, decompressed where it is compressed. Raises ToolError where it can't be read."""
    try:
        data = path.read_bytes()
    except (OSError, ValueError) as error:
        why = getattr(error, "strerror", None) or error
        raise ToolError(f"{path}: the library file can't be read ({why})") from None
    for begin, kind in _NOT_GZIP.items():
        if data.startswith(begin):
            raise ToolError(f"{path}: the library is compressed with {kind}: only gzip is read, or plain text")
    if data[:2] == b"\x1f\x8b":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as error:
            raise ToolError(f"{path}: the compressed library is damaged ({error})") from None
    return Source(str(path), data, path)
