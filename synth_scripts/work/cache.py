"""What synthesis keeps in the cache (:mod:`gen.cache`): results by the hash of everything that went into them."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path
from typing import Any

from gen.cache import cache

__all__ = ["digest", "folder", "intact", "read", "write", "write_text"]

#: Counted up whenever the flow changes what it would store.
VERSION = 4


def digest(*parts: object) -> str:
    """Return a hash of the parts; bytes and text as they are, anything else as JSON."""
    state = hashlib.sha256(f"bitloom synth {VERSION}".encode())
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
