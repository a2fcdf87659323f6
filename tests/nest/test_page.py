"""docs/notation.md is what the code writes."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from gen.nest.pages import rewritten
from gen.nest.parse import parse, read
from hdl.params import ConfigError
from hdl.params.nest import INDICES, KINDS, PRIMITIVES

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "notation.md").read_text(encoding="utf-8")
WRITTEN = [path for path in sorted(DOCS.glob("*.md")) if "<!-- written: " in path.read_text(encoding="utf-8")]


@pytest.mark.parametrize("path", WRITTEN, ids=lambda path: path.name)
def test_blocks_are_what_the_code_writes(path):
    """After a change: ``python -m gen.nest.pages docs/*.md``."""
    page = path.read_text(encoding="utf-8")
    assert rewritten(page) == page


def test_there_is_something_written():
    assert PAGE.count("<!-- written: ") >= 10
    assert len(WRITTEN) >= 2


def test_every_nest_on_the_page_reads():
    nests = [
        text for text in re.findall(r"```text\n(.*?)```", PAGE, re.DOTALL) if re.search(r"^(space|time) ", text, re.M)
    ]
    assert len(nests) > 8
    for text in nests:
        start = re.search(r"^(space|time) ", text, re.MULTILINE)
        assert start is not None
        parse(re.split(r"\n\n", text[start.start() :])[0])


def test_every_word_is_explained():
    for word in (*KINDS, *PRIMITIVES, *INDICES):
        assert f'"{word}"' in PAGE, word  # in the grammar
        assert re.search(rf"\| `[^`]*\b{word}\b", PAGE), word  # in a table


def test_the_messages_are_real():
    with pytest.raises(ConfigError) as error:
        read("space m 4, q 3\n  time k\n    d = encode A[m,k], both\n")
    assert f"```text\n{error.value}\n```" in PAGE
