"""Which of our sources a module rests on: itself and everything that it imports."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["digest", "sources"]

ROOT = Path(__file__).resolve().parents[1]
#: A line that imports, with the module and what is taken out of it, or with the modules; names that are given there to
#: what is imported are no modules of ours.
IMPORT = re.compile(r"^[ \t]*(?:from ([\w.]+) import (\([^)]*\)|.*)|import (.*))$", re.MULTILINE)
NAME = re.compile(r"[\w.]+")


@lru_cache
def digest(*modules: str) -> str:
    """SHA-256 over :func:`sources`, as they are when it is first asked for: they don't change under a process."""
    return hashlib.sha256(b"\0".join(path.read_bytes() for path in sources(*modules))).hexdigest()


def sources(*modules: str) -> list[Path]:
    """Every file of ours that modules import, wherever the import stands, in the order of the files' modules.

    Parameters
    ----------
    modules : str
        Names with dots, such as ``gen.emit.verilog``.
    """
    found: dict[str, Path] = {}
    waiting = list(modules)
    while waiting:
        name = waiting.pop()
        path = _file(name)
        if path is None or name in found:
            continue
        found[name] = path
        waiting += _imports(path)
        parent = name.rpartition(".")[0]
        waiting += [parent] if parent else []
    return [found[name] for name in sorted(found)]


def _file(name: str) -> Path | None:
    """The file of a module or package of ours; None for other packages, and for names that are no modules."""
    base = ROOT.joinpath(*name.split("."))
    return next((path for path in (base.with_suffix(".py"), base / "__init__.py") if path.is_file()), None)


def _imports(path: Path) -> Iterator[str]:
    """The modules that a file may import; names taken out of a module are among them.

    It is read as text: every generation asks for its sources, and parsing them would take longer than most else.
    """
    for module, names, modules in IMPORT.findall(path.read_text(encoding="utf-8")):
        yield from [module] if module else []
        for name in NAME.findall(names or modules):
            yield f"{module}.{name}" if module else name
