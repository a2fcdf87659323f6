"""Vector work beside the work of banks: the same values, in fewer clocks, where there is room for it."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gen.pim.compile import compile_decoder
from gen.pim.compile.clocks import searches
from gen.pim.compile.token import token_pieces
from gen.pim.layout import Matrix
from hdl.params.pim import PRESETS
from sim_tb.pim.tokens import tokens_in_time
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY, compare, system

PAPER = PRESETS["pimgpt_paper"]
#: Decoders and systems; heads in two stages, and heads that share keys.
CASES = {
    "gpt2": (toys.gpt2(), TINY),
    "gpt2, stages": (toys.gpt2(n_embd=192, n_head=12, vocab_size=300), PAPER),
    "gpt2, passes": (toys.gpt2(n_embd=32, n_head=8), system(sram_words=120)),
    "mistral": (toys.mistral(), TINY),
    "phi": (toys.phi(), TINY),
    "llama, activation in pieces": (toys.llama(intermediate_size=72), TINY),
}


@pytest.mark.parametrize("name", CASES)
def test_the_plain_order_gives_the_same_values(name):
    """Bit for bit those of the reference, as test_families shows of programs with overlap."""
    decoder, params = CASES[name]
    found = compare(compile_decoder(decoder, params, overlap=False), len(name), 12)
    assert found.different == 0
    assert compare(compile_decoder(decoder, params), len(name), 12).different == 0


@pytest.mark.parametrize("name", ["gpt2, stages", "mistral", "llama, activation in pieces"])
def test_it_takes_fewer_clocks(name):
    decoder, params = CASES[name]
    plain, overlapped = (
        next(tokens_in_time(compile_decoder(decoder, params, overlap=overlap), [20])).totals
        for overlap in (False, True)
    )
    print(name, plain.clocks, overlapped.clocks)
    assert overlapped.clocks < plain.clocks
    columns = ("MAC_AB", "RD_MAC", "WR_ELEM")
    assert [overlapped.commands[each] for each in columns] == [plain.commands[each] for each in columns]


def test_order_of_a_layer():
    """Instructions stand where the vector unit, or the channels, would wait."""
    compiled = compile_decoder(toys.gpt2(n_embd=768, n_head=12), PAPER)
    (program,) = compiled.programs(5)
    names = [one.op.name for one in program.instructions]
    plain = [one.op.name for one in replace(compiled, overlap=False).programs(5)[0].instructions]
    softmax = [i for i, name in enumerate(names) if name == "SOFTMAX"]
    # Two loops: eight heads, and the four whose probabilities are computed while values of the first ones are mixed.
    heads = [program.instructions[i - 1]["n"] for i in softmax]
    assert heads == [8, 4]
    assert plain.count("SOFTMAX") == 1
    assert softmax[0] < names.index("WR_ELEM") < softmax[1]
    # A slot of the token's value goes to the row that is open, between its probabilities and its product.
    for order in (names, plain):
        kept = [i for i, name in enumerate(order) if name == "WR_ELEM"]
        assert len(kept) == 6
        assert all(order[i - 1 : i + 2] == ["WR_GB", "WR_ELEM", "MAC_AB"] for i in kept)
    mixes = [i for i, name in enumerate(names[: softmax[1]]) if name == "RD_MAC" and i > softmax[0]]
    assert mixes, "values of the first heads are mixed before the last ones' probabilities"


def test_small_memories():
    """Where the program memory is too small, programs are the plain ones; where the SRAM is, gains share a place."""
    decoder = toys.gpt2(n_embd=32, n_head=8)
    compiled = compile_decoder(decoder, TINY)
    plain, longer = (max(map(len, _pieces(compiled, overlap=overlap))) for overlap in (False, True))
    assert plain < longer
    small = replace(TINY, program_words=plain + 1)
    cramped = compile_decoder(decoder, small)
    assert cramped.programs(30) == replace(cramped, overlap=False).programs(30)
    assert compiled.sram.gain_2 > compiled.sram.gain
    least = compile_decoder(decoder, TINY, overlap=False).sram.end
    tight = compile_decoder(decoder, replace(TINY, sram_words=least))
    assert tight.sram.gain_2 == tight.sram.gain
    assert compare(tight, 3, 8).different == 0


def _pieces(compiled, **how):
    return token_pieces(compiled.placement, compiled.sram, 30, token=None, predict=True, logits=False, known={}, **how)


@pytest.mark.parametrize("preset", ["pimgpt_paper", "aim_measured"])
def test_last_pieces_of_the_logits(preset):
    """A search hides behind a piece, at its least clocks; few logits are searched at once."""
    params = PRESETS[preset]
    assert searches(Matrix(params, 300, 768)) == 0
    matrix = Matrix(params, 50257, 768)
    last = searches(matrix)
    search = params.units // params.vector_lanes
    assert 0 < last < 40
    assert (matrix.slots - 2 * last) * search <= last * (48 * params.timing.tccd + 2 * params.timing.tmod + 10)
