"""Decoders of every family as programs: bit for bit as on vectors, near float64, on systems of every shape."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gen.pim.check import check
from gen.pim.compile import compile_decoder
from hdl.params.pim import PRESETS
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY, compare, system

LLAMA3 = {"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
LLAMA3 |= {"original_max_position_embeddings": 16}
ONES = {"channels": 3, "banks": 1, "lanes": 1, "vector_lanes": 4}
#: Decoders, systems, and positions. Contexts go beyond a slot and a global buffer; windows are shorter than the text.
CASES = {
    "gpt2": (toys.gpt2(), TINY, 40),
    "gpt2, one head": (toys.gpt2(n_head=1), system(gb_words=4), 20),
    "gpt2, heads of half a slot": (toys.gpt2(n_embd=24, n_head=6), system(), 20),
    "gpt2, heads of three half slots": (toys.gpt2(n_embd=36, n_head=3), system(gb_words=3), 20),
    "gpt2, heads that fill no word": (toys.gpt2(n_embd=15, n_head=5), TINY, 12),
    "gpt2, every layer another scale": (toys.gpt2(scale_attn_by_inverse_layer_idx=True), TINY, 6),
    "gpt2, untied": (toys.gpt2(tie_word_embeddings=False), TINY, 6),
    "gpt2, one bank": (toys.gpt2(n_embd=6), system(**ONES, gb_words=4), 14),
    "gpt2, three channels": (
        toys.gpt2(n_embd=40, n_head=5, n_inner=44),
        system(channels=3, banks=2, lanes=2, vector_lanes=8, gb_words=8),
        20,
    ),
    "gpt2, wide slots": (
        toys.gpt2(n_embd=32, vocab_size=256),
        system(channels=2, banks=16, lanes=8, vector_lanes=8, gb_words=2),
        20,
    ),
    "gpt2, programs cut": (toys.gpt2(n_layer=3, scale_attn_by_inverse_layer_idx=True), system(program_words=48), 10),
    "gpt2, scores in passes": (toys.gpt2(n_embd=32, n_head=8), system(sram_words=120), 20),
    "gpt2, logits in pieces": (toys.gpt2(vocab_size=403), system(sram_words=70), 10),
    "gpt2, eight channels": (toys.gpt2(n_embd=192, n_head=4, vocab_size=300), PRESETS["pimgpt_paper"], 6),
    "gpt_neo": (toys.gpt_neo(), TINY, 24),
    "gpt_neo, windows last": (
        toys.gpt_neo(attention_types=[[["global"], 3], [["local"], 1]], window_size=4),
        TINY,
        12,
    ),
    "opt": (toys.opt(), TINY, 20),
    "llama": (toys.llama(), TINY, 20),
    "llama, tied, logits in pieces of two chunks": (
        toys.llama(hidden_size=40, vocab_size=500),
        system(sram_words=127),
        8,
    ),
    "llama, slow frequencies slower": (toys.llama(rope_scaling=LLAMA3), TINY, 30),
    "llama, positions stretched": (toys.llama(rope_scaling={"type": "linear", "factor": 2.5}), TINY, 10),
    "llama, halves that fill no word": (toys.llama(head_dim=6), TINY, 10),
    "llama, scores in passes of groups": (toys.llama(num_key_value_heads=3), system(sram_words=140), 20),
    "llama, scores in passes of repeats": (toys.llama(num_key_value_heads=1), system(sram_words=110), 20),
    "llama, a head a buffer": (toys.llama(), system(gb_words=2), 20),
    "llama, neighbours are pairs": (toys.llama(rope_interleaved=True), TINY, 8),
    "llama, eight channels": (toys.llama(hidden_size=64, head_dim=32), PRESETS["pimgpt_paper"], 5),
    "mistral": (toys.mistral(), TINY, 24),
    "mistral, window of whole slots": (toys.mistral(sliding_window=16), TINY, 36),
    "qwen2": (toys.qwen2(), TINY, 12),
    "qwen2, windows from layer 1 on": (
        toys.qwen2(use_sliding_window=True, sliding_window=3, max_window_layers=1, num_hidden_layers=4),
        TINY,
        12,
    ),
    "phi": (toys.phi(), TINY, 12),
    "phi, logits in pieces": (toys.phi(vocab_size=301), system(sram_words=125), 8),
    "phi, eight channels": (
        toys.phi(hidden_size=160, intermediate_size=320, vocab_size=200),
        PRESETS["aim_measured"],
        5,
    ),
}


@pytest.mark.parametrize("layout", ["dense", "rows"])
@pytest.mark.parametrize("name", CASES)
def test_bit_for_bit(name, layout):
    """Every logit."""
    decoder, params, positions = CASES[name]
    found = compare(compile_decoder(decoder, params, layout=layout), len(name), positions)
    print(name, layout, "seed", len(name), found)
    assert found.different == 0
    assert found.farthest < 3e-3


@pytest.mark.parametrize("name", CASES)
def test_programs_are_legal(name):
    """The static check finds nothing, at any position, and programs fit the memory."""
    decoder, params, positions = CASES[name]
    compiled = compile_decoder(decoder, params)
    for position in {0, 1, positions // 2, positions - 1, compiled.placement.tokens - 1}:
        for program in compiled.programs(position, token=position % 2 or None, predict=position % 3 > 0):
            assert check(program) == []


def test_the_cases_are_what_they_say():
    """Passes, pieces, cut programs and windows are there."""

    def of(name):
        decoder, params, _ = CASES[name]
        return compile_decoder(decoder, params)

    assert len(of("gpt2, scores in passes").sram.passes) > 1
    assert len(of("gpt2, logits in pieces").sram.pieces) > 2
    assert len(of("gpt2, programs cut").programs(3)) > 1
    groups, repeats = of("llama, scores in passes of groups"), of("llama, scores in passes of repeats")
    assert {len(each.repeats) for each in groups.sram.passes} == {2}
    assert len(groups.sram.passes) > 1
    assert {len(each.groups) for each in repeats.sram.passes} == {1}
    assert len(repeats.sram.passes) > 1
    pieces = of("llama, tied, logits in pieces of two chunks")
    assert len(pieces.sram.pieces) > 1
    assert pieces.placement.output.words > pieces.params.gb_words
    assert {len(part) for part in of("phi").placement.heads.parts} == {4}
    assert len(of("phi").placement.heads.parts) == 5
    assert of("qwen2").placement.embedding is None
    assert of("mistral").placement.embedding is not None


def test_layouts_differ_and_agree():
    """What is chosen by itself is one of the two, whichever fits and is quicker."""
    decoder = toys.gpt2(n_embd=24, n_head=2)
    dense, rows, auto = (compile_decoder(decoder, TINY, layout=each) for each in ("dense", "rows", "auto"))
    assert dense.placement.rows < rows.placement.rows
    assert {matrix.pitch for matrix in dense.placement.layer.values()} == {0}
    assert {matrix.pitch for matrix in rows.placement.layer.values()} == {8}
    assert dense.placement.rows <= auto.placement.rows <= rows.placement.rows
    for least, right in ((rows, auto), (dense, dense)):
        small = replace(TINY, rows=least.placement.rows)
        assert compile_decoder(decoder, small).placement.rows == right.placement.rows
