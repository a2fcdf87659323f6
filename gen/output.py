"""The output folder: guarded, atomic, and never at the cost of someone else's file.

A folder is Bitloom's once it holds the stamp ``.bitloom``, which lists every file that Bitloom wrote with its SHA-256.
A file that is not on the list, or that no longer has its sum, is somebody's work and is not overwritten. Files appear
whole or not at all: they are written beside their place and renamed into it, and the stamp is told before that, so a
run that is killed at any point leaves a folder that the next run understands.
"""

from __future__ import annotations

import contextlib
import errno
import fcntl
import hashlib
import json
import os
import weakref
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any, NoReturn

from hdl.params import ConfigError, Problem

__all__ = ["Output", "open_output", "to_json"]

STAMP = ".bitloom"
#: The one temporary file; a killed run may leave it behind, the next one reuses it.
TEMPORARY = ".bitloom.tmp"
#: What a stamp says about itself.
GENERATOR = "bitloom"


def to_json(value: Any) -> str:
    """JSON as Bitloom writes it: sorted keys, two spaces, a final newline, and no NaN."""
    return json.dumps(value, indent=2, sort_keys=True, ensure_ascii=False, allow_nan=False) + "\n"


def open_output(path: str | Path, *, force: bool = False) -> Output:
    """Make a folder Bitloom's, or open one that is.

    Parameters
    ----------
    path : path
        The folder. It is made if it does not exist, and taken over if it is empty.
    force : bool
        Overwrite generated files that were changed by hand since, and lose results of another configuration. Files of
        others stay protected.

    Raises
    ------
    ConfigError
        If it holds files but no stamp, is no folder, can't be written, or another process is writing to it.
    """
    folder = Path(path)
    with _explained(folder):
        if folder.exists() and not folder.is_dir():
            _refuse(folder, "is not a folder")
        folder.mkdir(parents=True, exist_ok=True)
        lock = _lock(folder)
        stamp = folder / STAMP
        if not stamp.exists():
            if any(entry.name != TEMPORARY for entry in folder.iterdir()):
                _refuse(folder, "holds files that Bitloom did not write", "choose another folder with -o")
            _replace(folder, STAMP, _stamp_text({}, []))
        output = Output(folder, lock, force=force)
        output._read_stamp()
        return output


class Output:
    """An output folder, open for writing. Made by :func:`open_output`; a context manager that gives up the lock.

    Parameters
    ----------
    path : Path
    lock : _Lock
        Shared by all outputs of this process on the same folder.
    force : bool
        Overwrite generated files that were changed by hand, and lose results of another configuration.
    """

    def __init__(self, path: Path, lock: _Lock, *, force: bool = False) -> None:
        self.path = path
        self.force = force
        self._lock: _Lock | None = lock

    def __enter__(self) -> Output:
        return self

    def __exit__(self, *_: object) -> None:
        self._lock = None

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    # --- writing -----------------------------------------------------------------------------------------------------
    def write(self, name: str, content: str | bytes) -> Path:
        """Write a file whole or not at all; one that has this content already is left alone.

        Raises
        ------
        ConfigError
            If the file is not Bitloom's, or was changed since (and ``force`` is off).
        """
        self.claim([name])
        data = content if isinstance(content, bytes) else content.replace("\r\n", "\n").encode()
        target, digest = self.path / name, _sha256(data)
        with _explained(target):
            if _digest(target) == digest:
                self._note(name, [digest])
                return target
            # Told first, so that a run killed between the two leaves no file that looks like somebody else's.
            self._note(name, [*self._read_stamp()[0].get(name, []), digest])
            _replace(self.path, name, data)
            self._note(name, [digest])
        return target

    def write_json(self, name: str, value: Any) -> Path:
        """Write a JSON file with sorted keys."""
        return self.write(name, to_json(value))

    def remove(self, *names: str) -> None:
        """Remove files that Bitloom wrote; those that are not there need no removing."""
        files, folders = self._read_stamp()
        names = tuple(name for name in names if name in files)
        self.claim(names)
        with _explained(self.path):
            for name in names:
                (self.path / name).unlink(missing_ok=True)
                del files[name]
            if names:
                _replace(self.path, STAMP, _stamp_text(files, folders))

    def workdir(self, name: str) -> Path:
        """A subfolder in which a tool may write what it likes (``sim``, ``synth``).

        Raises
        ------
        ConfigError
            If there is such a folder, or file, that Bitloom did not make.
        """
        assert _is_plain(name), name
        folder = self.path / name
        files, folders = self._read_stamp()
        with _explained(folder):
            if name not in folders:
                if os.path.lexists(folder) and not (_is_real_folder(folder) and not any(folder.iterdir())):
                    _refuse(folder, "was not made by Bitloom", "move it away, or choose another folder with -o")
                _replace(self.path, STAMP, _stamp_text(files, [*folders, name]))
            elif os.path.lexists(folder) and not folder.is_dir():
                _refuse(folder, "is not a folder")
            folder.mkdir(exist_ok=True)
        return folder

    # --- asking ------------------------------------------------------------------------------------------------------
    def claim(self, names: Iterable[str]) -> None:
        """Check that files may be written, before the work that makes them starts.

        Raises
        ------
        ConfigError
            With every file that is not Bitloom's, or was changed since (and ``force`` is off).
        """
        files, _ = self._read_stamp()
        problems = []
        for name in names:
            assert _is_plain(name), name
            target = self.path / name
            if not os.path.lexists(target):
                continue
            if name not in files or not _is_real_file(target):
                hint = "move it away, or choose another folder with -o"
                problems.append(Problem(str(target), "was not written by Bitloom", hint))
            elif not self.force and _digest(target) not in files[name]:
                hint = "choose another folder with -o, or lose the changes with --force"
                problems.append(Problem(str(target), "was changed since Bitloom wrote it", hint))
        if problems:
            raise ConfigError(problems)

    def protect(self, names: Iterable[str]) -> None:
        """Refuse to lose results: those of another configuration, which what comes now would replace.

        Raises
        ------
        ConfigError
            Where any of these files is there (and ``force`` is off).
        """
        if not self.force and (lost := self.present(names)):
            message = f"holds results of another configuration: {', '.join(lost)}"
            _refuse(self.path, message, "choose another folder with -o, or lose them with --force")

    def present(self, names: Iterable[str]) -> list[str]:
        """Those of these files that are there, and that Bitloom wrote."""
        files, _ = self._read_stamp()
        return [name for name in names if name in files and os.path.lexists(self.path / name)]

    def intact(self, name: str) -> bool:
        """Whether a file is there exactly as Bitloom wrote it."""
        target = self.path / name
        return _is_real_file(target) and _digest(target) in self._read_stamp()[0].get(name, [])

    def read_json(self, name: str) -> dict[str, Any] | None:
        """The content of a JSON file that Bitloom wrote; None where it is missing or was changed."""
        if not self.intact(name):
            return None
        content: dict[str, Any] = json.loads((self.path / name).read_text(encoding="utf-8"))
        return content

    # --- the stamp ---------------------------------------------------------------------------------------------------
    def _read_stamp(self) -> tuple[dict[str, list[str]], list[str]]:
        """Files with the sums they may have, and working folders."""
        stamp = self.path / STAMP
        try:
            content = json.loads(stamp.read_text(encoding="utf-8"))
            if content["generator"] != GENERATOR:
                raise ValueError
            return dict(content["files"]), list(content["folders"])
        except (ValueError, KeyError, TypeError):
            _refuse(stamp, "is not a stamp that Bitloom wrote", "choose another folder with -o")

    def _note(self, name: str, digests: list[str]) -> None:
        files, folders = self._read_stamp()
        if files.get(name) != digests:
            files[name] = digests
            _replace(self.path, STAMP, _stamp_text(files, folders))


# --- helpers ---------------------------------------------------------------------------------------------------------
class _Lock:
    """An advisory lock on a folder, held until nobody refers to it."""

    def __init__(self, folder: Path) -> None:
        descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
        weakref.finalize(self, os.close, descriptor)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as error:
            # Some network file systems have no locks: then there is nothing to hold.
            if error.errno in (errno.EWOULDBLOCK, errno.EACCES):
                _refuse(folder, "another bitloom is writing to this folder", "wait for it, or choose another with -o")


#: The locks this process holds, so that one process may open a folder twice.
_locks: weakref.WeakValueDictionary[Path, _Lock] = weakref.WeakValueDictionary()


def _lock(folder: Path) -> _Lock:
    key = folder.resolve()
    lock = _locks.get(key)
    if lock is None:
        lock = _locks[key] = _Lock(folder)
    return lock


def _refuse(path: Path, message: str, hint: str = "") -> NoReturn:
    raise ConfigError([Problem(str(path), message, hint)])


@contextlib.contextmanager
def _explained(path: Path) -> Iterator[None]:
    """Turn what the operating system refuses into an error that names the file."""
    try:
        yield
    except OSError as error:
        where = error.filename if error.filename and not str(error.filename).endswith(TEMPORARY) else path
        _refuse(Path(where), f"can't be written: {error.strerror or error}")


def _is_plain(name: str) -> bool:
    """A file name without a folder in it, and not one of Bitloom's own."""
    return name == os.path.basename(name) and name not in ("", ".", "..", STAMP, TEMPORARY)


def _is_real_file(path: Path) -> bool:
    return path.is_file() and not path.is_symlink()


def _is_real_folder(path: Path) -> bool:
    return path.is_dir() and not path.is_symlink()


def _sha256(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


def _digest(path: Path) -> str:
    """The SHA-256 of a file; empty where there is none."""
    return _sha256(path.read_bytes()) if _is_real_file(path) else ""


def _stamp_text(files: dict[str, list[str]], folders: list[str]) -> bytes:
    about = "Bitloom's list of the files it wrote here, with their SHA-256. Without it the folder is not overwritten."
    content = {"about": about, "files": files, "folders": sorted(folders), "generator": GENERATOR}
    return to_json(content).encode()


def _replace(folder: Path, name: str, data: bytes) -> None:
    """Write beside the target and rename: a reader sees the old file or the new one, never a part."""
    temporary = folder / TEMPORARY
    try:
        # O_NOFOLLOW: the temporary file is ours by its name, what a link of that name points to is not.
        flags = os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_NOFOLLOW
        with os.fdopen(os.open(temporary, flags, 0o666), "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        os.replace(temporary, folder / name)
    except BaseException:
        with contextlib.suppress(OSError):
            temporary.unlink()
        raise
