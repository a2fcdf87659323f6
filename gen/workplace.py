"""Temporary folders in which tools run.

Yosys, ABC, OpenSTA, Verilator and make paste paths into scripts, makefiles and shell commands, each with other signs
that mean something. So they never see a path of the user's: they work in a folder whose own path is plain, and find
what they need there under plain relative names. Files are linked in before a tool runs, results are moved out after.
"""

from __future__ import annotations

import atexit
import errno
import json
import os
import re
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

from gen.process import end_children, run_logged, uninterrupted
from hdl.params.errors import ToolError

__all__ = ["Workplace", "bring", "free", "is_plain", "python", "temporary_base", "workplace"]

#: What shells, make and Tcl take as it is; and how long a path may be for the fixed buffers in old tools.
PLAIN, LONGEST = re.compile(r"/[A-Za-z0-9_./+-]*"), 150
#: Where a workplace may lie if the user's own choice of a temporary folder will not do.
USUAL = ("/tmp", "/var/tmp", "/dev/shm")
#: Bytes that must be free: tools that can't write a file say so badly, or not at all.
ROOM = 16 << 20

AnyPath = str | os.PathLike[str]


def is_plain(path: AnyPath) -> bool:
    """Whether every tool takes an absolute path without quotes."""
    return len(os.fspath(path)) <= LONGEST and PLAIN.fullmatch(os.fspath(path)) is not None


@contextmanager
def workplace(name: str = "work") -> Iterator[Workplace]:
    """A workplace, which is gone afterwards with all that is left in it.

    Raises
    ------
    ToolError
        Where there is no folder for it.
    """
    folder = None
    try:
        with uninterrupted():
            folder = tempfile.mkdtemp(prefix=f"bitloom-{name}-", dir=temporary_base())
            _open.add(folder)
        yield Workplace(Path(folder))
    finally:
        with uninterrupted():
            if folder is not None:
                shutil.rmtree(folder, ignore_errors=True)
                _open.discard(folder)


#: Workplaces that are in use.
_open: set[str] = set()


@atexit.register
def _leave_nothing() -> None:
    """Clean up for threads that nobody waited for: their tools go on after us otherwise, and their files stay."""
    end_children()
    for folder in tuple(_open):
        shutil.rmtree(folder, ignore_errors=True)


class Workplace:
    """A folder with a plain path.

    Parameters
    ----------
    path : Path
    """

    def __init__(self, path: Path) -> None:
        self.path = path

    def __truediv__(self, name: str) -> Path:
        return self.path / name

    def link(self, name: str, target: AnyPath) -> Path:
        """Let a file or folder be found here under a name."""
        link = self.path / name
        link.symlink_to(os.path.abspath(target))
        return link

    def link_all(self, folder: Path, but: str = "") -> None:
        """Let the files of a folder be found here under their names, all but one."""
        for path in folder.iterdir():
            if path.name != but and path.is_file():
                self.link(path.name, path)

    def reach(self, name: str, target: AnyPath) -> Path:
        """A plain path to a file or folder: its own, or one through a link with this name."""
        path = os.path.abspath(target)
        if is_plain(path):
            return Path(path)
        link = self.path / name
        return link if link.is_symlink() else self.link(name, path)

    def python(self, code: str, *arguments: str) -> list[str]:
        """The command for some Python, with this folder before the modules of this process."""
        return python(code, *arguments, first=[str(self.path)])

    def python_path(self) -> str:
        """``PYTHONPATH`` with the modules of this process, for programs that hold a Python of their own."""
        entries = []
        for number, entry in enumerate(sys.path):
            path = os.path.abspath(entry)
            entries.append(path if os.pathsep not in path else str(self.reach(f"modules{number}", path)))
        return os.pathsep.join(entries)

    def run(
        self,
        command: list[str],
        *,
        log: str,
        errors: str = "",
        env: Mapping[str, str] | None = None,
        timeout: float | None = None,
        cwd: Path | None = None,
    ) -> int:
        """Run a command here and return its status; what it prints is appended to the file ``log``.

        Standard error goes to the file ``errors``, if it is to be kept apart.

        Raises
        ------
        ToolError
            Where it can't be started, or there was no room for what it wrote: few tools notice that.
        subprocess.TimeoutExpired
        """
        where = {"TMPDIR": str(self.path), "TMP": str(self.path), "TEMP": str(self.path)}
        environment = {**os.environ, **(env or {}), **where}
        try:
            status = run_logged(
                command,
                cwd=cwd or self.path,
                env=environment,
                log=self.path / log,
                errors=self.path / errors if errors else None,
                timeout=timeout,
            )
        except OSError as error:
            self.check_room()
            raise ToolError(f"{command[0]} can't be run: {error.strerror or error}") from None
        self.check_room()
        return status

    def check_room(self) -> None:
        """Raise ToolError where the disk is full."""
        if free(self.path) == 0:
            raise ToolError(f"the disk is full: no room is left in {self.path.parent} (set TMPDIR to another folder)")

    def log_tail(self, log: str, lines: int = 25) -> str:
        """The last lines of a log; empty where there is none."""
        with suppress(OSError):
            return "\n".join((self / log).read_text(encoding="utf-8", errors="replace").splitlines()[-lines:])
        return ""

    def bring_out(self, folder: Path) -> None:
        """Move the files that were made here to a folder, in place of older ones of their names."""
        for path in list(self.path.iterdir()):
            if path.is_file() and not path.is_symlink():
                bring(path, folder / path.name)


def python(code: str, *arguments: str, first: Sequence[str] = ()) -> list[str]:
    """The command for some Python, with folders of modules before those of this process.

    They are an argument, since ``PYTHONPATH`` has no way to name a folder with a colon.
    """
    start = "import json, sys; sys.path[:] = json.loads(sys.argv.pop(1)); "
    return [sys.executable, "-c", start + code, json.dumps([*first, *sys.path]), *arguments]


def bring(source: Path, target: Path) -> None:
    """Move a file to its place, where it appears whole or not at all."""
    try:
        os.replace(source, target)
        return
    except OSError as error:
        if error.errno != errno.EXDEV:
            raise
    partial = target.with_name(f".{target.name}.{os.getpid()}")
    try:
        shutil.copy2(source, partial)
        os.replace(partial, target)
    except BaseException:
        with suppress(OSError):
            partial.unlink(missing_ok=True)
        raise
    source.unlink()


def free(path: AnyPath) -> int | None:
    """Bytes that may still be written below a folder; 0 without a free inode, None where the file system won't say."""
    try:
        found = os.statvfs(path)
    except OSError:
        return None
    if not found.f_blocks:
        return None
    return 0 if found.f_files and not found.f_favail else found.f_bavail * found.f_frsize


def temporary_base() -> str:
    """The folder for workplaces. Raises ToolError where none will do."""
    chosen = [os.environ[name] for name in ("TMPDIR", "TEMP", "TMP") if os.environ.get(name)]
    refused = []
    for name in dict.fromkeys((*chosen, *USUAL)):
        path = os.path.realpath(name)
        room = free(path)
        if not os.path.isdir(path):
            refused.append(f"{name} is no folder")
        elif not is_plain(path):
            refused.append(f"{name} has signs in its path that tools take for their own, or is too long")
        elif not os.access(path, os.W_OK | os.X_OK):
            refused.append(f"{name} can't be written")
        elif room is not None and room < ROOM:
            refused.append(f"{name} has only {room // 1024} kB free")
        else:
            return path
    hint = "set TMPDIR to a folder with a path of letters, digits, and _ . / + -, and 16 MB free"
    raise ToolError(f"there is no temporary folder for tools ({'; '.join(refused)}): {hint}")
