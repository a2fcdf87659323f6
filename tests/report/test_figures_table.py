from __future__ import annotations

import pytest

from gen.report.figures_table import _ratio


@pytest.mark.parametrize(
    ("ours", "theirs", "word"), [(16.991, 17.0, ""), (16.8, 17.0, "worse"), (17.2, 17.0, "better"), (0, 17.0, "")]
)
def test_what_rounds_to_one_is_neither_better_nor_worse(ours, theirs, word):
    said = str(_ratio(ours, theirs, max))
    assert [each for each in ("better", "worse") if each in said] == ([word] if word else [])
