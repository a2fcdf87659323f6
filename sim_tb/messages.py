"""What the process that starts a simulation and the tests inside it tell each other: two JSON files in the test's
working folder.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

__all__ = ["ANSWER", "PROGRESS", "REQUEST", "WORKLOAD"]

REQUEST = "request.json"
ANSWER = "answer.json"
#: The workload, as it stored itself.
WORKLOAD = "workload"
#: Lines that say how far a simulation has come.
PROGRESS = "progress.txt"


def read(path: Path) -> dict[str, Any]:
    """Read a message."""
    content: dict[str, Any] = json.loads(path.read_text(encoding="utf-8"))
    return content


def write(path: Path, content: dict[str, Any]) -> None:
    """Write a message."""
    path.write_text(json.dumps(content, indent=2), encoding="utf-8")
