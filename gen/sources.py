"""Which of our sources a module rests on: itself and everything that it imports."""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

__all__ = ["digest", "sources"]

ROOT = Path(__file__).resolve().parents[1]


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
    """The modules that a file may import; names taken out of a module are among them."""
    for node in ast.walk(ast.parse(path.read_bytes())):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
