"""A program of the PIM controller with the system it is for, and the files that hold it.

``.bin``
    What the host loads: a header of whole words, then the instructions as 128-bit little-endian words. The header is
    the eight bytes ``PIMPROG1``, the length of the whole header in bytes (32 bits, little endian), the number of
    instructions (32 bits), and JSON, filled up with blanks to a multiple of 16 bytes: the parameters of the system and
    their hash.
``.hex``
    For ``$readmemh``: one instruction a line as 32 hexadecimal digits. The same JSON stands in a comment on top.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from gen.pim.files import write_whole
from hdl.params import ConfigError, Problem
from hdl.params.pim import WORD_BITS, IllegalWord, Instruction, PimParams, decode, encode

__all__ = ["FORMATS", "Program", "check_target", "load", "save"]

MAGIC = b"PIMPROG1"
WORD_BYTES = WORD_BITS // 8
HEX_MARK = "// pim program "
FORMATS = (".bin", ".hex")


@dataclass(frozen=True)
class Program:
    """Instructions for one system.

    Parameters
    ----------
    params : PimParams
    words : tuple of int
        128 bits each, legal or not.
    """

    params: PimParams
    words: tuple[int, ...]

    @classmethod
    def of(cls, params: PimParams, instructions: Iterable[Instruction]) -> Program:
        """The program of some instructions."""
        return cls(params, tuple(encode(one) for one in instructions))

    @property
    def instructions(self) -> tuple[Instruction | None, ...]:
        """The instructions; None where a word is none."""
        return tuple(_decoded(word) for word in self.words)

    def to_bytes(self) -> bytes:
        """The contents of a ``.bin`` file."""
        header = self._header().encode()
        length = len(MAGIC) + 8 + len(header)
        padding = -length % WORD_BYTES
        start = MAGIC + struct.pack("<II", length + padding, len(self.words)) + header + b" " * padding
        return start + b"".join(word.to_bytes(WORD_BYTES, "little") for word in self.words)

    def to_hex(self) -> str:
        """The contents of a ``.hex`` file."""
        lines = [f"{HEX_MARK}{self._header()}", *(f"{word:0{WORD_BYTES * 2}x}" for word in self.words)]
        return "\n".join(lines) + "\n"

    def _header(self) -> str:
        header = {"hash": self.params.hash, "instructions": len(self.words), "system": self.params.to_dict()}
        return json.dumps(header, separators=(",", ":"), sort_keys=True)

    @classmethod
    def from_bytes(cls, data: bytes) -> Program:
        """Read what :meth:`to_bytes` wrote. Raises ValueError."""
        if not data.startswith(MAGIC):
            raise ValueError("is no program of the PIM controller")
        if len(data) < len(MAGIC) + 8:
            raise ValueError("ends within its header")
        length, count = struct.unpack_from("<II", data, len(MAGIC))
        body = data[length:]
        if len(body) != count * WORD_BYTES:
            raise ValueError(f"should hold {count} instructions in {count * WORD_BYTES} bytes, not {len(body)} bytes")
        words = (body[i : i + WORD_BYTES] for i in range(0, len(body), WORD_BYTES))
        return cls._checked(data[len(MAGIC) + 8 : length], [int.from_bytes(word, "little") for word in words])

    @classmethod
    def from_hex(cls, text: str) -> Program:
        """Read what :meth:`to_hex` wrote. Raises ValueError."""
        first, *lines = text.splitlines() or [""]
        if not first.startswith(HEX_MARK):
            raise ValueError("is no program of the PIM controller")
        words = []
        for number, line in enumerate(lines, 2):
            digits = line.split("//", 1)[0].strip()
            if digits and (len(digits) != WORD_BYTES * 2 or set(digits) - set("0123456789abcdefABCDEF")):
                raise ValueError(f"line {number} must have {WORD_BYTES * 2} hexadecimal digits, not {digits[:40]!r}")
            if digits:
                words.append(int(digits, 16))
        return cls._checked(first[len(HEX_MARK) :].encode(), words)

    @classmethod
    def _checked(cls, header: bytes, words: list[int]) -> Program:
        try:
            content: Any = json.loads(header)
            system, digest, count = content["system"], content["hash"], content["instructions"]
            system = dict(system)
        except (ValueError, KeyError, TypeError, RecursionError):
            raise ValueError("has a header that is damaged") from None
        if count != len(words):
            raise ValueError(f"should hold {count} instructions, not {len(words)}")
        params = PimParams.from_dict(system)
        if params.hash != digest:
            raise ValueError("has a header whose hash doesn't fit its system")
        return cls(params, tuple(words))


def _decoded(word: int) -> Instruction | None:
    try:
        return decode(word)
    except IllegalWord:
        return None


def load(path: str | Path) -> Program:
    """Read a program file of either format. Raises ConfigError."""
    path = Path(path)
    try:
        data = path.read_bytes()
        return Program.from_bytes(data) if data.startswith(MAGIC) else Program.from_hex(data.decode("ascii"))
    except ConfigError as error:
        raise ConfigError(error.problems, str(path)) from None
    except UnicodeDecodeError:
        message = "is no program of the PIM controller"
    except OSError as error:
        message = f"can't be read: {error.strerror}"
    except ValueError as error:
        message = str(error)
    raise ConfigError([Problem("", message)], str(path)) from None


def check_target(path: Path) -> None:
    """Whether a program can be written there, in place of an older program but of nothing else.

    Raises
    ------
    ConfigError
        If the suffix is unknown, there is no such folder, or the file exists and is no program.
    """
    if path.suffix not in FORMATS:
        found = repr(path.suffix) if path.suffix else "nothing"
        raise ConfigError([Problem("", f"a program file ends in {' or '.join(FORMATS)}, not in {found}")], str(path))
    try:
        if path.exists() and not _is_program(path):
            raise ConfigError([Problem("", "is no program of the PIM controller: it stays as it is")], str(path))
    except OSError as error:
        raise ConfigError([Problem("", f"can't be written: {error.strerror}")], str(path)) from None


def save(program: Program, path: str | Path) -> None:
    """Write a program file in the format that its suffix asks for.

    Raises
    ------
    ConfigError
        As :func:`check_target`, and if the file can't be written.
    """
    path = Path(path)
    check_target(path)
    write_whole(path, program.to_bytes() if path.suffix == ".bin" else program.to_hex().encode("ascii"))


def _is_program(path: Path) -> bool:
    with path.open("rb") as file:
        start = file.read(len(HEX_MARK))
    return start.startswith(MAGIC) or start == HEX_MARK.encode()
