"""TOML files as they are, not checked."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

from hdl.params import ConfigError, Problem, near_name

__all__ = ["parse_file"]


def parse_file(path: Path) -> dict[str, Any]:
    """The file's tables, not checked.

    Raises
    ------
    ConfigError
        Where there is no such file, or it isn't TOML: nothing else can be said about it then.
    """
    try:
        return tomllib.loads(path.read_bytes().decode("utf-8-sig"))
    except FileNotFoundError:
        names = [entry.name for entry in path.parent.glob("*.toml")] if path.parent.is_dir() else []
        problem = Problem("", "no such file", near_name(path.name, names))
    except IsADirectoryError:
        problem = Problem("", "is a folder, not a configuration file")
    except UnicodeDecodeError as error:
        problem = Problem("", f"is not UTF-8 text (byte {error.start})")
    except (ValueError, RecursionError) as error:  # TOMLDecodeError, or numbers and nesting beyond what Python reads
        problem = Problem("", f"is not valid TOML: {error}")
    except OSError as error:
        problem = Problem("", f"can't be read: {error.strerror}")
    raise ConfigError([problem], str(path)) from None
