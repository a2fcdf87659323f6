"""Files of words: what a program is given, and what it leaves behind.

``.npy``
    A NumPy array: bf16 as ``uint16``, or floating-point numbers, which are rounded.
``.hex``
    A word a line, its last element first, as ``$readmemh`` wants it; what follows ``//`` is a comment.
"""

from __future__ import annotations

import io
import os
import re
import warnings
from collections.abc import Iterable
from pathlib import Path

import numpy as np

from gen.pim.elements import Elements, bf16
from hdl.params import ConfigError, Problem

__all__ = [
    "FORMATS",
    "check_kind",
    "check_target",
    "read_array",
    "read_text",
    "read_words",
    "write_whole",
    "write_words",
]

FORMATS = (".npy", ".hex")
NPY_MARK = b"\x93NUMPY"
#: Bytes of a file that tell what it is.
HEAD = 4096
PLACED = "gen.pim.layout places matrices and vectors, see docs/pim-tutorial.md"


def read_text(path: Path) -> str:
    """The text of a file. Raises ConfigError."""
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError as error:
        message = f"is not UTF-8 text (byte {error.start})"
    except OSError as error:
        message = f"can't be read: {error.strerror}"
    raise _problem(path, message)


def read_words(path: Path, lanes: int) -> Elements:
    """Words of a file, shape (count, lanes).

    An array has that shape, or is a vector of whole words; any other shape would have to be guessed at.

    Raises
    ------
    ConfigError
        If the file can't be read, or holds something else.
    """
    _known(path)
    if path.suffix == ".npy":
        values = read_array(path)
        if values.ndim == 2 and values.shape[1] == lanes:
            return values
        if values.ndim == 1 and not values.size % lanes:
            return values.reshape(-1, lanes)
        message = f"must have the shape (words, {lanes}) or be a vector of a multiple of {lanes}, not {values.shape}"
        raise _problem(path, message, PLACED)
    digits, rows = 4 * lanes, []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        text = line.split("//", 1)[0].strip()
        if text and not re.fullmatch(f"[0-9a-fA-F]{{{digits}}}", text):
            raise _problem(f"{path}:{number}", f"must have {digits} hexadecimal digits, not {text[:40]!r}")
        if text:
            rows.append([int(text[i : i + 4], 16) for i in range(digits - 4, -1, -4)])
    return np.array(rows, np.uint16).reshape(-1, lanes)


def read_array(path: Path) -> Elements:
    """The array of a NumPy file, as bf16. Raises ConfigError."""
    try:
        with path.open("rb") as file, warnings.catch_warnings():
            warnings.simplefilter("ignore")  # about files of Python 2
            values = np.load(file, allow_pickle=False)
            more = isinstance(values, np.ndarray) and file.read(1)
    except OSError as error:
        raise _problem(path, f"can't be read: {error.strerror or error}") from None
    except MemoryError:
        raise _problem(path, "says that it holds more than fits into memory") from None
    except Exception:  # NumPy's reader passes on whatever a damaged header makes it stumble over
        raise _problem(path, "is not a NumPy file, or is damaged") from None
    if not isinstance(values, np.ndarray):
        raise _problem(path, "must hold a single array, as numpy.save writes it")
    if more:
        raise _problem(path, "goes on behind its array: it is damaged, or holds several")
    try:
        return bf16(values)
    except ConfigError as error:
        raise ConfigError(error.problems, str(path)) from None


def check_target(path: Path) -> None:
    """Whether words can be written there, in place of older words but of nothing else.

    Raises
    ------
    ConfigError
        If the format is unknown, there is no such folder, or the file exists and holds something else.
    """
    _known(path)
    try:
        if not path.parent.is_dir():
            raise _problem(path, f"can't be written: there is no folder {str(path.parent)!r}")
        if path.is_dir():
            raise _problem(path, "can't be written: it is a folder")
        if path.exists() and not _is_words(path):
            raise _problem(path, f"is no {path.suffix} file of words: it stays as it is")
    except OSError as error:
        raise _problem(path, f"can't be written: {error.strerror}") from None


def check_kind(path: Path, begins: str, what: str) -> None:
    """Whether a text of some kind can be written there, in place of an older one but of nothing else.

    Parameters
    ----------
    path : Path
    begins : str
        How texts of the kind begin.
    what : str
        What they are called: ``a command log``.

    Raises
    ------
    ConfigError
        If there is no such folder, or the file exists and holds something else.
    """
    try:
        if not path.parent.is_dir():
            raise _problem(path, f"can't be written: there is no folder {str(path.parent)!r}")
        if path.is_dir():
            raise _problem(path, "can't be written: it is a folder")
        if path.exists():
            with path.open("rb") as file:
                if file.read(len(begins)) != begins.encode():
                    raise _problem(path, f"is not {what}: it stays as it is")
    except OSError as error:
        raise _problem(path, f"can't be written: {error.strerror}") from None


def _is_words(path: Path) -> bool:
    with path.open("rb") as file:
        head = file.read(HEAD)
    if path.suffix == ".npy":
        return head.startswith(NPY_MARK)
    return bool(re.fullmatch(rb"[0-9a-fA-F\s]*", head))


def write_words(path: Path, words: Elements) -> None:
    """Write words, shape (..., lanes), in the format that the suffix asks for. Raises ConfigError."""
    check_target(path)
    if path.suffix == ".npy":
        file = io.BytesIO()
        np.save(file, np.ascontiguousarray(words))
        data = file.getvalue()
    else:
        lines = ["".join(f"{element:04x}" for element in word[::-1]) for word in words.reshape(-1, words.shape[-1])]
        data = "".join(f"{line}\n" for line in lines).encode("ascii")
    write_whole(path, data)


def write_whole(path: Path, data: bytes | Iterable[bytes]) -> None:
    """Write a file, given at once or in parts, as a whole or not at all. Raises ConfigError.

    What was there stays until all of it is written.
    """
    place = path.resolve()
    beside = place.with_name(f".{place.name[:100]}.{os.getpid()}.tmp")
    try:
        try:
            with beside.open("wb") as file:
                file.writelines([data] if isinstance(data, bytes) else data)
            beside.replace(place)
        finally:
            beside.unlink(missing_ok=True)
    except OSError as error:
        raise _problem(path, f"can't be written: {error.strerror}") from None


def _known(path: Path) -> None:
    if path.suffix not in FORMATS:
        found = repr(path.suffix) if path.suffix else "nothing"
        raise _problem(path, f"a file of words ends in {' or '.join(FORMATS)}, not in {found}")


def _problem(where: Path | str, message: str, hint: str = "") -> ConfigError:
    return ConfigError([Problem("", message, hint)], str(where))
