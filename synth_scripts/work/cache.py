"""What synthesis keeps in the cache (:mod:`gen.cache`): results by the hash of everything that went into them."""

from __future__ import annotations

import hashlib
import json
from functools import lru_cache
from pathlib import Path
from typing import Any

from gen.cache import cache
from gen.sources import sources

__all__ = ["digest", "folder", "intact", "key", "read", "write", "write_text"]

PACKAGE = Path(__file__).resolve().parents[1]


def key(module: str, *parts: object) -> str:
    """A key for what a module makes of some parts: a hash of both, so that other steps of the flow find nothing old.

    Parameters
    ----------
    module : str
        Its ``__name__``. What it imports of this package counts; what comes from elsewhere is among the parts.
    parts
        As of :func:`digest`.
    """
    return digest(_steps(module), *parts)


@lru_cache
def _steps(module: str) -> str:
    """A hash of the sources of this package on which a module rests."""
    return digest(*(path.read_bytes() for path in sources(module) if path.is_relative_to(PACKAGE)))


def digest(*parts: object) -> str:
    """Return a hash of the parts; bytes and text as they are, anything else as JSON."""
    state = hashlib.sha256()
    for part in parts:
        if isinstance(part, str):
            part = part.encode("utf-8", errors="surrogateescape")
        elif not isinstance(part, bytes):
            part = json.dumps(part, sort_keys=True, default=str).encode()
        state.update(len(part).to_bytes(8, "little") + part)
    return state.hexdigest()[:32]


def folder(kind: str) -> Path:
    """The folder into which results of a kind are written."""
    return cache().folder(kind)


def read(kind: str, key: str) -> Any | None:
    """The stored JSON value, or None; a damaged entry counts as missing."""
    return cache().read(kind, key)


def write(kind: str, key: str, value: Any) -> None:
    """Store a JSON value, if it can be stored."""
    cache().write(kind, key, value)


def intact(path: Path) -> bool:
    """Whether a file is there, and as it was written if that was by :func:`write_text`."""
    return cache().intact(path) if cache().holds(path) else path.exists()


def write_text(path: Path, text: str) -> Path:
    """Write a file into the folder of a kind; return where it is, which is elsewhere if the folder can't be written."""
    return cache().write_file(path.parent.name, path.name, text)
