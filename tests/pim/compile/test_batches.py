"""Several sequences at once: bit for bit as each by itself, and refused by name where there is no room for them."""

from __future__ import annotations

import json
from dataclasses import replace

import pytest

from gen.pim.check import check
from gen.pim.compile import compile_decoder, token_of
from hdl.params import ConfigError
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY, compare, system
from tests.pim.model.configs import TOYS

#: Decoders, systems, sequences and positions.
CASES = {
    "gpt2": (toys.gpt2(), TINY, 2, 14),
    "gpt2, untied": (toys.gpt2(tie_word_embeddings=False), TINY, 3, 4),
    "gpt2, scores in passes": (toys.gpt2(n_embd=32, n_head=8), system(sram_words=350), 3, 18),
    "gpt2, logits in pieces": (toys.gpt2(vocab_size=403), system(sram_words=400), 7, 6),
    "gpt_neo": (toys.gpt_neo(), TINY, 2, 9),
    "opt": (toys.opt(), TINY, 4, 6),
    "llama": (toys.llama(), system(program_words=512), 8, 5),
    "llama, scores in passes of repeats": (toys.llama(num_key_value_heads=1), system(sram_words=220), 2, 20),
    "mistral": (toys.mistral(), TINY, 3, 9),
    "phi, logits in pieces": (toys.phi(vocab_size=301), system(sram_words=360), 3, 6),
    "gpt2, as many as there are registers": (toys.gpt2(n_layer=1), system(program_words=512), 16, 5),
}


def of(name):
    decoder, params, batch, _ = CASES[name]
    return compile_decoder(decoder, params, batch=batch)


@pytest.mark.parametrize("name", CASES)
def test_bit_for_bit(name):
    _, _, batch, positions = CASES[name]
    compiled = of(name)
    for program in compiled.programs(positions - 1, token=[0] * batch, logits=True):
        assert check(program) == []
    found = compare(compiled, 5, positions)
    assert (found.positions, found.different) == (positions, 0)
    assert found.farthest < 2e-3


def test_cases_are_what_they_are_called():
    assert len(of("gpt2, scores in passes").sram.passes) > 1
    assert len(of("gpt2, logits in pieces").sram.pieces) > 2
    assert len(of("llama, scores in passes of repeats").sram.passes) > 1
    assert len(of("phi, logits in pieces").sram.pieces) > 1


def test_registers_of_tokens():
    assert sorted(token_of(sequence) for sequence in range(16)) == list(range(16))
    assert [token_of(sequence) for sequence in range(8)] == [1, 3, 5, 7, 9, 11, 13, 15]


def test_capacity_counts_every_sequence():
    one, four = (compile_decoder(toys.llama(), TINY, batch=batch) for batch in (1, 4))
    layers = one.decoder.layers
    assert four.placement.rows - one.placement.rows == 3 * layers * one.placement.cache_rows
    assert four.sram.end - one.sram.end == 3 * four.sram.stride == 3 * one.sram.stride


def problems(*arguments, **options):
    with pytest.raises(ConfigError) as caught:
        compile_decoder(*arguments, **options)
    return [str(problem) for problem in caught.value.problems]


def test_refusals():
    for batch in (0, 17, True, 2.0):
        assert problems(toys.gpt2(), TINY, batch=batch) == [
            f"batch: must be 1 to 16, as each sequence's token is in a scalar register, not {batch!r}"
        ]
    compiled = compile_decoder(toys.gpt2(), TINY, batch=4)
    just = replace(TINY, rows=compiled.placement.rows, sram_words=compiled.sram.end)
    assert compile_decoder(toys.gpt2(), just, batch=4).sram.end == just.sram_words
    (found,) = problems(toys.gpt2(), replace(just, rows=just.rows - 1), batch=4)
    assert found.startswith(f"pim.rows: must be at least {just.rows}, not {just.rows - 1}: ")
    assert "a batch of 3 would do" in found
    (found,) = problems(toys.gpt2(vocab_size=403), system(sram_words=400), batch=8)
    least = int(found.split()[5])
    assert found.endswith("only of 7 they can come in pieces (or take a batch of 7)")
    assert compile_decoder(toys.gpt2(vocab_size=403), system(sram_words=least), batch=8).sram.end == least
    (found,) = problems(toys.gpt2(), system(sram_words=100), batch=6)
    assert found.startswith("pim.sram_words: must be at least ")
    assert " of 6 sequences, not 100" in found


def test_a_token_for_each_sequence():
    compiled = compile_decoder(toys.gpt2(), TINY, batch=3)
    for token, message in (
        ([1, 2], "token: must be one of each of the 3 sequences, not 2"),
        ([1, 2, 32], "token: must be 0 to 31, not 32"),
    ):
        with pytest.raises(ConfigError) as caught:
            compiled.programs(0, token=token)
        assert [str(problem) for problem in caught.value.problems] == [message]
    assert compiled.programs(0, token=7) == compiled.programs(0, token=[7, 7, 7])


def test_command(bitloom, tmp_path):
    """``--batch`` of both commands: figures count the tokens of all sequences."""
    path = tmp_path / "config.json"
    path.write_text(json.dumps(TOYS["gpt2"]))
    found = bitloom("pim", "compile", str(path), "--batch", "3", "--json").json
    assert found["batch"] == 3
    assert found["sram"]["regions"][-1]["name"] == "other sequences"
    assert ", 6 tokens, 3 sequences\n" in bitloom("pim", "compile", str(path), "--batch", "3").out
    options = ["pim", "simulate", str(path), "--from", "1", "--tokens", "2", "--batch", "3"]
    found = bitloom(*options, "--json").json
    assert (found["batch"], found["tokens"], len(found["positions"])) == (3, 6, 2)
    assert found["clocks_per_token"] * 6 == pytest.approx(found["clocks"])
    assert found["tokens_per_second"] == pytest.approx(6 / found["seconds"])
    assert found["energy"]["joules_per_token"] == pytest.approx(found["energy"]["total_pj"] * 1e-12 / 6)
    assert "positions 1 to 2 of 3 sequences, with the output matrix\n" in bitloom(*options).out
    for command in ("compile", "simulate"):
        result = bitloom("pim", command, str(path), "--batch", "0")
        assert (result.status, result.out) == (2, "")
        assert "batch: must be 1 to 16, as each sequence's token is in a scalar register, not 0" in result.err
