"""What the benchmarks share: cell libraries, and the engines that there are."""

from __future__ import annotations

import argparse
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hdl.params import EngineParams
from hdl.params.presets import presets
from synth_scripts.library.sources import OSU018

__all__ = ["Settings", "add_library_options", "engines", "libraries", "library_settings"]

#: Name -> file or folder below the PDK folder.
OPEN_LIBRARIES = {"sky130": "sky130hd_tt.lib.gz", "sg13g2": "sg13g2_typ.lib.gz", "asap7": "asap7_rvt_tt"}


#: Where they are if nothing else is said.
PDK = Path(os.environ.get("BITLOOM_PDK") or Path(__file__).resolve().parents[2] / "shared" / "pdk")


@dataclass(frozen=True)
class Settings:
    """How an engine is synthesised: keys of ``[synth]``."""

    library: str
    effort: str
    clock_ns: str = "auto"


def library_settings(pdk: Path = PDK) -> dict[str, str]:
    """Values of the key ``library`` for the libraries that are here, by name."""
    found = {"osu018": "osu018"} if OSU018.exists() else {}
    return found | {name: str(pdk / entry) for name, entry in OPEN_LIBRARIES.items() if (pdk / entry).exists()}


def add_library_options(parser: argparse.ArgumentParser) -> None:
    """``--pdk`` and ``--libraries``."""
    parser.add_argument("--pdk", type=Path, default=PDK, help="open cell libraries")
    parser.add_argument("--libraries", nargs="+", metavar="NAME", help="only these")


def libraries(options: argparse.Namespace) -> dict[str, str]:
    """Settings of the libraries that are here, by name; the unit library where there is only one other."""
    found = library_settings(options.pdk)
    if len(found) < 2:
        found["unit"] = "unit"
    chosen = options.libraries or list(found)
    return {name: setting for name, setting in found.items() if name in chosen}


def engines(size: int, depth: int) -> Iterator[EngineParams]:
    """Every pair of array and scheme that is built, with ``size`` rows and columns."""
    for array, schemes in presets().items():
        for scheme in schemes:
            yield EngineParams(array=array, scheme=scheme, rows=size, cols=size, depth=depth)
