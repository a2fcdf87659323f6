"""Results of points: a file each, which appears whole or not at all, so that a sweep may be killed at any moment."""

from __future__ import annotations

import json
import os
import tempfile
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from gen.output import to_json
from gen.sweep.point import Outcome, Point
from hdl.params import ConfigError, Problem

__all__ = ["Store"]

#: How names of files begin that are not whole yet.
PARTIAL = ".new-"


class Store:
    """The results in a folder.

    Parameters
    ----------
    folder : Path
        Nobody else writes to it meanwhile.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for path in folder.glob(f"{PARTIAL}*"):  # of one that was killed
            with suppress(OSError):
                path.unlink()

    def path(self, point: Point, suffix: str = ".json") -> Path:
        """The file of a point's result, or that of its configuration."""
        return self.folder / f"{point.key}{suffix}"

    def config(self, point: Point) -> str:
        """The path of its configuration file, as a shell in the current folder has it; it is written where it lacks."""
        path = self.path(point, ".toml")
        if point.task.config and not path.exists():
            self._write(path, point.task.config)
        return str(path)

    def read(self, point: Point) -> Outcome | None:
        """What became of a point earlier; None where that is not known, or its file is damaged."""
        try:
            kept = json.loads(self.path(point).read_bytes())
            if kept["key"] != point.key or not isinstance(kept["result"], Mapping):
                return None
            return Outcome(point, str(kept["status"]), str(kept["problem"]), kept["result"], float(kept["seconds"]))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def write(self, outcome: Outcome) -> None:
        """Keep what became of a point. Raises ConfigError where it can't be written."""
        point = outcome.point
        content: dict[str, Any] = {
            "key": point.key,
            "title": point.title,
            "settings": dict(point.settings),
            "command": point.task.command(f"{point.key}.toml"),
            "basis": dict(point.basis),
            "status": outcome.status,
            "problem": outcome.problem,
            "seconds": round(outcome.seconds, 3),
            "result": outcome.result,
        }
        self._write(self.path(point), to_json(content))

    def _write(self, path: Path, text: str) -> None:
        try:
            handle, name = tempfile.mkstemp(dir=self.folder, prefix=PARTIAL)
            try:
                with os.fdopen(handle, "w", encoding="utf-8", errors="surrogateescape") as file:
                    file.write(text)
                    file.flush()
                    os.fsync(file.fileno())
                os.replace(name, path)
            except BaseException:
                with suppress(OSError):
                    os.unlink(name)
                raise
        except OSError as error:
            message, hint = f"can't be written: {error.strerror or error}", "what is finished stays; try the same again"
            raise ConfigError([Problem(str(path), message, hint)]) from None
