"""The tutorial, from its first block to its last, in one folder."""

from __future__ import annotations

import contextlib
import io
import json
import re
from pathlib import Path
from typing import Any

import pytest

from tests.docs.console import commands

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "pim-tutorial.md"
BLOCK = re.compile(r"^```(\w+)\n(.*?)^```$", re.DOTALL | re.MULTILINE)


@pytest.mark.sim
def test_every_block(tmp_path, monkeypatch):
    """Programs print what follows them, commands what stands below them."""
    monkeypatch.chdir(tmp_path)
    names: dict[str, Any] = {}
    waiting = list(commands(PAGE))
    printed, reports = "", []
    for kind, body in BLOCK.findall(PAGE.read_text(encoding="utf-8")):
        if kind == "python":
            with contextlib.redirect_stdout(io.StringIO()) as out:
                exec(compile(body, PAGE.name, "exec"), names)
            printed = out.getvalue()
        elif kind == "text":
            assert printed == body
        else:
            for _ in range(body.count("$ ") if body.startswith("$ ") else 0):
                command = waiting.pop(0)
                done = command.run(tmp_path, ROOT)
                assert "Traceback" not in done.stderr
                assert done.returncode == command.status, done.stderr
                if command.output:
                    assert done.stdout == command.output
                reports.append(done)
    assert not waiting
    refused = [each.stderr for each in reports if each.returncode == 2]
    assert len(refused) == 3
    assert "weights.npy: must have the shape (channels, banks, columns, lanes)" in refused[0]
    assert "weights.npy: must have the shape (words, 4)" in refused[1]
    assert "there is no --input: the program reads 32 words" in refused[2]
    warnings = json.loads(reports[-1].stdout)["warnings"]
    assert warnings[0] == "long.npy: 32 of 64 words were not read: the program reads 32"
    assert "reads 2,048 columns of the banks that nobody has written, the first at 0" in warnings[1]
