"""Every ``bitloom`` command in the documentation and the README runs, and prints what the page shows."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.docs.console import WHOLE, Command, blocks, commands

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", *(page for page in sorted((ROOT / "docs").glob("*.md")) if page.name not in WHOLE)]
BLOCKS = [[command for command in block if command.is_ours] for page in PAGES for block in blocks(page)]
COMMANDS = [command for page in PAGES for command in commands(page)]


def case(block: list[Command]) -> object:
    names = {name for command in block for name in command.marks}
    marks = [getattr(pytest.mark, name) for name in sorted({*names, "slow"} if names else names)]
    return pytest.param(block, id=f"{block[0].page}: {block[0].text}", marks=marks)


@pytest.mark.parametrize("block", [case(block) for block in BLOCKS if block])
def test_commands(block, tmp_path):
    for command in block:
        done = command.run(tmp_path, ROOT)
        assert "Traceback" not in done.stderr, done.stderr
        assert done.returncode == command.status, f"{command.text}: {done.stderr}"
        if command.shown:
            assert command.shows(done.stdout), f"{command.text} prints\n{done.stdout}"


@pytest.mark.parametrize(("page", "test"), WHOLE.items())
def test_other_pages_have_a_test_of_their_own(page, test):
    assert (ROOT / "docs" / page).exists()
    assert page in (ROOT / test).read_text(encoding="utf-8")


def test_pages_show_commands():
    assert len({command.arguments[1] for command in COMMANDS if command.is_ours and command.arguments[1:]}) >= 8


def test_other_commands_are_few_and_known():
    """What is not ours is not run here: `make` and the set-up of an environment."""
    known = {"make", "python", ".venv/bin/pip", "."}
    assert {command.arguments[0] for command in COMMANDS if not command.is_ours} <= known


def test_reading_of_blocks(tmp_path):
    page = tmp_path / "page.md"
    page.write_text(
        "<!-- exit status 2 -->\n```console\n$ bitloom x 'a b'\n$ bitloom y\none\ntwo\n```\n```sh\n$ no\n```\n"
    )
    first, second = commands(page)
    assert (first.arguments, first.output, first.status) == (["bitloom", "x", "a b"], "", 2)
    assert second.output == "one\ntwo\n"
    assert second.shows("one\ntwo\n\n")
    assert not second.shows("one\ntwo\nthree\n")
    begun = Command("page.md", "bitloom z", "one\ntwo\n...\n", 0)
    assert begun.shows("one\ntwo\nthree\n")
    assert not begun.shows("one\ntwice\n")
