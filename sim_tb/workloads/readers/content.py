"""The bytes of a network's file."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

from hdl.params import ConfigError, Problem, near_name

__all__ = ["TOPOLOGIES", "Content", "shipped"]

#: Topologies that Bitloom brings along.
TOPOLOGIES = Path(__file__).parents[1] / "topologies"
#: Bytes that a file may have: Protocol Buffers, in which ONNX files are written, can't hold more in one message.
MAX_BYTES = (1 << 31) - 1


def shipped() -> list[str]:
    """Names of the topologies that Bitloom brings along."""
    return sorted(path.stem for path in TOPOLOGIES.glob("*.csv"))


@dataclass(frozen=True)
class Content:
    """A file, read once.

    Parameters
    ----------
    path : Path
    data : bytes
        Not empty.

    Attributes
    ----------
    name : str
        What to call the network.
    text : str or None
        Its text, if it is one.
    sha256 : str
    """

    path: Path
    data: bytes

    @classmethod
    def fetch(cls, path: str | Path) -> Content:
        """Read a file, or a topology that Bitloom brings along, by its name.

        Raises
        ------
        ConfigError
            Where there is none, or it can't be read, or is empty, or too large.
        """
        given, path = str(path), Path(path)
        if given in shipped() and not path.is_file():
            path = TOPOLOGIES / f"{given}.csv"
        try:
            if path.stat().st_size > MAX_BYTES:
                raise ConfigError([Problem("", "is larger than 2 GiB", "keep the weights in a file beside it")], given)
            data = path.read_bytes()
        except FileNotFoundError:
            near = [entry.name for entry in path.parent.glob("*")] if path.parent.is_dir() else []
            hint = near_name(given, shipped()) or near_name(path.name, near)
            raise ConfigError([Problem("", "no such file", hint)], given) from None
        except IsADirectoryError:
            raise ConfigError([Problem("", "is a folder, not the file of a network")], given) from None
        except (OSError, ValueError) as error:
            reason = error.strerror if isinstance(error, OSError) else error
            raise ConfigError([Problem("", f"can't be read: {reason}")], given) from None
        if not data.strip():
            raise ConfigError([Problem("", "is empty")], given)
        return cls(path, data)

    @property
    def name(self) -> str:
        return self.path.stem

    @property
    def label(self) -> str:
        """What errors call it: its path, or the name of a topology that Bitloom brings along."""
        return self.path.stem if self.path.parent == TOPOLOGIES else str(self.path)

    @property
    def sha256(self) -> str:
        return hashlib.sha256(self.data).hexdigest()

    @property
    def text(self) -> str | None:
        try:
            text = self.data.decode("utf-8-sig")
        except UnicodeDecodeError:
            return None
        return text if all(sign.isprintable() or sign in "\t\r\n" for sign in text) else None
