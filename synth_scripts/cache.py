"""The cache: results of slow steps, by the hash of everything that went into them.

It lies in ``$BITLOOM_CACHE``, else in ``$XDG_CACHE_HOME/bitloom`` or ``~/.cache/bitloom``, and may be deleted at any
time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from pathlib import Path
from typing import Any

__all__ = ["digest", "folder", "read", "write", "write_text"]

#: Counted up whenever the flow changes what it would store.
VERSION = 3


def digest(*parts: object) -> str:
    """Return a hash of the parts; bytes and text as they are, anything else as JSON."""
    state = hashlib.sha256(f"bitloom synth {VERSION}".encode())
    for part in parts:
        if isinstance(part, str):
            part = part.encode()
        elif not isinstance(part, bytes):
            part = json.dumps(part, sort_keys=True, default=str).encode()
        state.update(len(part).to_bytes(8, "little") + part)
    return state.hexdigest()[:32]


def folder(kind: str) -> Path:
    """Return the cache folder for one kind of result, made where it is missing."""
    root = os.environ.get("BITLOOM_CACHE")
    base = Path(root) if root else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "bitloom"
    path = base / kind
    path.mkdir(parents=True, exist_ok=True)
    return path


def read(kind: str, key: str) -> Any | None:
    """Return the stored JSON value, or None; a damaged entry counts as missing."""
    try:
        return json.loads((folder(kind) / f"{key}.json").read_text())
    except (OSError, ValueError):
        return None


def write(kind: str, key: str, value: Any) -> None:
    """Store a JSON value."""
    write_text(folder(kind) / f"{key}.json", json.dumps(value, sort_keys=True))


def write_text(path: Path, text: str) -> Path:
    """Write a file so that another process sees it whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name)
    with os.fdopen(handle, "w") as stream:
        stream.write(text)
    os.replace(name, path)
    return path
