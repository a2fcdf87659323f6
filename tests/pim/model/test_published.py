"""Decoders by name: sizes, and numbers of parameters as published."""

from __future__ import annotations

import pytest

from gen.pim.model.published import PUBLISHED, published
from hdl.params import ConfigError

#: Millions of parameters: of GPT-2 those of its checkpoints, of GPT-3 as its paper rounds them. Its paper's "small" has
#: 125 million with the table of 2,048 positions.
MILLIONS = {
    "gpt2-small": (124.4, 0.1),
    "gpt2-medium": (354.8, 0.1),
    "gpt2-large": (774.0, 0.1),
    "gpt2-xl": (1557.6, 0.1),
    "gpt3-small": (125, 1),
    "gpt3-medium": (350, 7),
    "gpt3-large": (760, 2),
    "gpt3-xl": (1300, 20),
}


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_as_published(name):
    millions, tolerance = MILLIONS[name]
    assert published(name).parameters / 1e6 == pytest.approx(millions, abs=tolerance)


@pytest.mark.parametrize("name", PUBLISHED)
def test_heads_make_up_the_width(name):
    decoder = published(name)
    assert decoder.attention.heads * decoder.attention.head_width == decoder.width


def test_an_unknown_name_is_refused_with_the_nearest_one():
    with pytest.raises(ConfigError) as caught:
        published("gpt3-xxl")
    assert "gpt3-xl" in caught.value.problems[0].hint
