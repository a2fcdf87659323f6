"""Texts for the assembler, and what it says to them."""

from __future__ import annotations

import textwrap

import pytest

from gen.pim.assemble import assemble
from gen.pim.program import Program
from hdl.params import ConfigError
from hdl.params.pim import PRESETS

TINY = PRESETS["tiny"]


def program(text: str, *, checked: bool = True) -> Program:
    return assemble(f".system tiny\n{textwrap.dedent(text)}", "test.asm", checked=checked)


def code(text: str) -> list[str]:
    return [str(one) for one in program(text, checked=False).instructions]


def problems(text: str) -> list[str]:
    with pytest.raises(ConfigError) as caught:
        program(text)
    return [line.removeprefix("test.asm:") for line in str(caught.value).splitlines()]
