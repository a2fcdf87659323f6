"""networks.md, from its first command to its last, in one folder."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.docs.console import commands

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "networks.md"


def told(text: str) -> str:
    """A text without the speed of the simulation."""
    return re.sub(r"[\d.]+ M MAC/s", "", text).strip()


@pytest.mark.sim
def test_every_command(tmp_path: Path) -> None:
    (tmp_path / "configs").symlink_to(ROOT / "configs")
    ran = 0
    for command in commands(PAGE):
        module = ["-m", "gen.cli", *command.arguments[1:]] if command.is_ours else command.arguments[1:]
        environment = os.environ | {"PYTHONPATH": str(ROOT), "NO_COLOR": "1"}
        done = subprocess.run(
            [sys.executable, *module], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
        )
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == command.status, f"{command.text}: {done.stderr}"
        printed = told(done.stderr if command.status else done.stdout)
        shown = told(command.output)
        assert printed.splitlines()[: len(shown.splitlines())] == shown.splitlines(), (
            f"{command.text} prints\n{printed}"
        )
        ran += 1
    assert ran == 7
