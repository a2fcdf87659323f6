"""Programs are the same whatever was compiled before them, though they are made of pieces of those."""

from __future__ import annotations

import pytest

from gen.pim.compile import compile_decoder
from gen.pim.compile.code import Code
from tests.pim.compile import toys

POSITIONS = (3, 8, 9, 10, 0, 17, 16, 3)


def words(compiled, position):
    return [program.words for program in compiled.programs(position, token=1)]


@pytest.mark.parametrize("family", ["gpt2", "gpt_neo", "llama"])
@pytest.mark.parametrize("options", [{}, {"overlap": False}, {"batch": 2}])
def test_the_same_as_alone(family, options):
    """Positions after each other, and each alone: of one word of the caches, of others, and beyond a window."""
    decoder, params = getattr(toys, family)(), toys.system(accumulators=4, program_words=1024)
    compiled = compile_decoder(decoder, params, **options)
    for position in POSITIONS:
        assert words(compiled, position) == words(compile_decoder(decoder, params, **options), position)


def test_caches_of_8_bits():
    decoder, params = toys.llama(), toys.system(int8=True, accumulators=8, program_words=1024)
    compiled = compile_decoder(decoder, params, caches="int8")
    for position in POSITIONS:
        assert words(compiled, position) == words(compile_decoder(decoder, params, caches="int8"), position)


def test_own_operands_count(monkeypatch):
    """A piece that came with another token's lane would be seen."""
    right = Code.piece
    monkeypatch.setattr(Code, "piece", lambda self, key, emit, **own: right(self, key, emit))
    compiled = compile_decoder(toys.gpt2(), toys.system())
    before = words(compiled, 8)
    monkeypatch.undo()
    assert before == words(compile_decoder(toys.gpt2(), toys.system()), 8)
    monkeypatch.setattr(Code, "piece", lambda self, key, emit, **own: right(self, key, emit))
    assert words(compiled, 9) != words(compile_decoder(toys.gpt2(), toys.system()), 9)
