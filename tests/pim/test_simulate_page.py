"""The page about simulations (pim-simulate.md), from its first command to its last, in one folder."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from gen.report.pim import BEGINS
from hdl.params.pim import PRESETS
from sim_tb.pim import check_log, read_log
from tests.docs.console import commands
from tests.pim.model.configs import LLAMA

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "pim-simulate.md"


@pytest.mark.slow
def test_every_command(tmp_path):
    """Commands print what the page shows; files are what it says they are."""
    folder = tmp_path / "SmolLM2-135M"
    folder.mkdir()
    (folder / "config.json").write_text(json.dumps(LLAMA))
    done = []
    for command in commands(PAGE):
        result = command.run(tmp_path, ROOT)
        assert "Traceback" not in result.stderr
        assert result.returncode == command.status, f"{command.text}: {result.stderr}"
        if command.output:
            assert command.shows(result.stdout), f"{command.text} prints\n{result.stdout}"
        done.append(result)
    refused = [each.stderr for each in done if each.returncode == 2]
    assert len(refused) == 5
    assert "--tokens: must be 1 to 2, what is left of the context of 8192, not 4" in refused[0]
    assert "pim.rows: must be at least " in refused[1]
    assert "pim.int8: must be true for weights of 8 bits, not false (--set int8=true, for example)" in refused[2]
    assert "pim.int8: must be true for caches of 8 bits, not false (--set int8=true, for example)" in refused[3]
    assert "(did you mean 'gpt2-small'?)" in refused[4]
    assert (tmp_path / "smollm2.html").read_text(encoding="utf-8").startswith(BEGINS)
    params = PRESETS["aim_measured"]
    assert check_log(params, read_log(tmp_path / "commands.csv")) == []
    assert (tmp_path / "gpt2.trace").read_text().splitlines()[-1] == "AiM EOC"
