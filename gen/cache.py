"""The cache: results of slow steps, by the hash of everything that went into them. It may be deleted at any time.

It lies in ``$BITLOOM_CACHE``, else in ``$XDG_CACHE_HOME/bitloom`` or ``~/.cache/bitloom``. Everything in it has its
sum beside it: what is broken counts as missing, and is made anew. Where the cache can't be written, what would go into
it goes to a temporary folder instead, until the process ends. Either is said once.
"""

from __future__ import annotations

import atexit
import hashlib
import json
import os
import re
import shutil
import tempfile
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import Any

from gen.stderr import warn
from gen.workplace import temporary_base
from hdl.params.errors import ToolError

__all__ = ["Cache", "cache"]

#: Beside a file that tools read: its SHA-256.
SUM = ".sha256"
#: The place of a cache for which there is none.
NOWHERE = ""
_HEAD, _MIDDLE, _TAIL = b'{"sha256": "', b'", "value": ', b"}\n"


def cache() -> Cache:
    """The cache that the environment names."""
    root = _root()
    if root not in _caches:
        _caches[root] = Cache(root)
    return _caches[root]


def _root() -> str:
    named = os.environ.get("BITLOOM_CACHE")
    if named:
        return os.path.abspath(named)
    base = os.environ.get("XDG_CACHE_HOME")
    if not base:
        home = os.path.expanduser("~")
        if not os.path.isabs(home):  # of a user that nobody knows
            return NOWHERE
        base = os.path.join(home, ".cache")
    return os.path.abspath(os.path.join(base, "bitloom"))


class Cache:
    """A cache folder, with a folder for each kind of result.

    Parameters
    ----------
    root : str
        Need not exist.
    """

    def __init__(self, root: str) -> None:
        self.root = Path(root)
        self._roots = [Path(root)] if root != NOWHERE else []
        self._spare: Path | None = None
        self._writable = root != NOWHERE
        self._warned = False

    # --- values ------------------------------------------------------------------------------------------------------
    def read(self, kind: str, key: str) -> Any | None:
        """A stored JSON value, or None."""
        for path in self.places(kind, f"{key}.json"):
            try:
                data = path.read_bytes()
            except (FileNotFoundError, NotADirectoryError):
                continue
            except OSError as error:
                self.damaged(path, error.strerror or str(error))
                continue
            value = data[len(_HEAD) + 64 + len(_MIDDLE) : -len(_TAIL)]
            if data == _entry(value):
                return json.loads(value)
            self.damaged(path, "broken file")
        return None

    def write(self, kind: str, key: str, value: Any) -> None:
        """Store a JSON value, if it can be stored anywhere."""
        with suppress(OSError, ToolError):
            self._put(kind, f"{key}.json", [("", _entry(json.dumps(value, sort_keys=True).encode()))])

    # --- files -------------------------------------------------------------------------------------------------------
    def file(self, kind: str, name: str) -> Path | None:
        """A stored file, or None."""
        return next((path for path in self.places(kind, name) if self.intact(path)), None)

    def write_file(self, kind: str, name: str, text: str) -> Path:
        """Store a text file, and return where it is.

        Raises
        ------
        OSError
            Where there is no place for it, not even a temporary one.
        """
        data = text.encode("utf-8", errors="surrogateescape")
        return self._put(kind, name, [(SUM, _sum(data).encode()), ("", data)])

    def holds(self, path: Path) -> bool:
        """Whether a path is that of a stored file."""
        return path.parent.parent in self._roots

    def intact(self, path: Path) -> bool:
        """Whether a stored file is as it was written."""
        try:
            data = path.read_bytes()
            good = _sum(data) == path.with_name(path.name + SUM).read_text(encoding="ascii")
        except (FileNotFoundError, NotADirectoryError):
            if not os.path.lexists(path):
                return False
            good = False
        except (OSError, ValueError):
            good = False
        if not good:
            self.damaged(path, "broken file")
        return good

    def write_folder(self, kind: str, name: str, source: Path) -> Path:
        """Store a copy of a folder, whole or not at all, in place of what is there. Raises OSError as above."""

        def put(folder: Path) -> Path:
            target, partial = folder / name, folder / f"{name}.{os.getpid()}.partial"
            try:
                shutil.rmtree(partial, ignore_errors=True)
                shutil.copytree(source, partial)
                _clear(target)
                partial.rename(target)
            finally:
                shutil.rmtree(partial, ignore_errors=True)
            return target

        return self._somewhere(kind, put)

    def find_folder(self, kind: str, name: str, whole: Callable[[Path], bool], lacks: str) -> Path | None:
        """A stored folder that is whole, or None; of any other it is said what it lacks.

        ``whole`` may raise OSError or ValueError, too.
        """
        for folder in self.places(kind, name):
            if not os.path.lexists(folder):
                continue
            with suppress(OSError, ValueError):
                if whole(folder):
                    return folder
            self.damaged(folder, lacks)
        return None

    # --- places ------------------------------------------------------------------------------------------------------
    def places(self, kind: str, name: str) -> Iterable[Path]:
        """Where something may be stored, the likelier first."""
        return [root / kind / name for root in self._roots]

    def folder(self, kind: str) -> Path:
        """The folder into which results of a kind are written, made where it is missing."""
        return self._somewhere(kind, lambda folder: folder)

    def damaged(self, path: Path, why: str) -> None:
        """Say that something stored is of no use."""
        self._warn(f"the cache {self.root} holds what can't be used ({path.name}: {why}); it is made anew")

    def unwritable(self, error: OSError) -> None:
        """Use a temporary folder from now on."""
        self._writable = False
        why = error.strerror or error
        if isinstance(error, shutil.Error):  # of several files: source, target, reason
            why = re.sub(r"^\[Errno \d+\] |: '.*", "", str(error.args[0][0][2]))
        self._warn(f"the cache {self.root} can't be written ({why}); set BITLOOM_CACHE to another")

    def _warn(self, text: str) -> None:
        if not self._warned:
            self._warned = True
            warn(text)

    def _put(self, kind: str, name: str, files: list[tuple[str, bytes]]) -> Path:
        """Write files whose names begin with the same name; the last one counts."""

        def put(folder: Path) -> Path:
            for suffix, data in files:
                _write(folder / f"{name}{suffix}", data)
            return folder / name

        return self._somewhere(kind, put)

    def _somewhere(self, kind: str, put: Any) -> Path:
        """Do something in the folder of a kind, or in that of the temporary cache."""
        if self._writable:
            try:
                return Path(put(_made(self.root / kind)))
            except OSError as error:
                self.unwritable(error)
        if not self._roots:
            self._warn("there is no home folder to keep a cache in; set BITLOOM_CACHE")
        if self._spare is None:
            self._spare = Path(tempfile.mkdtemp(prefix="bitloom-cache-", dir=temporary_base()))
            self._roots.insert(0, self._spare)
            atexit.register(shutil.rmtree, self._spare, ignore_errors=True)
        return Path(put(_made(self._spare / kind)))


#: By folder: what was found out about one holds for it alone.
_caches: dict[str, Cache] = {}


def _made(folder: Path) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    if not os.access(folder, os.W_OK | os.X_OK):
        raise PermissionError(13, os.strerror(13), str(folder))
    return folder


def _entry(value: bytes) -> bytes:
    return _HEAD + _sum(value).encode() + _MIDDLE + value + _TAIL


def _sum(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _clear(path: Path) -> None:
    """Remove what stands in the place of something new, whatever it is: all of the cache may be deleted."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)


def _write(path: Path, data: bytes) -> None:
    """Write a file so that another process sees it whole or not at all."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=".new-")
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(data)
        if path.is_dir():
            _clear(path)
        os.replace(name, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(name)
        raise
