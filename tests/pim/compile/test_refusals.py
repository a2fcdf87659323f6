"""Decoders that can't be mapped are refused by name, with where and why, all problems at once."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.compile import compile_decoder
from hdl.params import ConfigError
from sim_tb.pim.decoder import continue_golden, generation
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY, random_weights, system


def messages(error: pytest.ExceptionInfo[ConfigError]) -> list[str]:
    return [str(problem) for problem in error.value.problems]


def test_options():
    with pytest.raises(ConfigError) as error:
        compile_decoder(toys.gpt2(), TINY, tokens=41, layout="row")
    assert messages(error) == [
        "tokens: must be 1 to the 40 of the model's context, not 41",
        "layout: must be one of dense, rows, auto, not 'row' (did you mean 'rows'?)",
    ]
    for tokens in (0, True, 2.5):
        with pytest.raises(ConfigError, match=r"^tokens: must be 1 to the 40"):
            compile_decoder(toys.gpt2(), TINY, tokens=tokens)


def test_several_at_once():
    with pytest.raises(ConfigError) as error:
        compile_decoder(toys.llama(head_dim=40), system(gb_words=4, rows=32, sram_words=64))
    found = messages(error)
    assert found[0] == "pim.gb_words: must hold a head's query of 10 words, not 4"
    assert found[1].startswith("pim.rows: must be at least ")
    assert found[2].startswith("pim.sram_words: must be at least ")
    assert len(found) == 3


def test_rows_and_words_asked_for_are_enough():
    """What the messages ask for is exactly what is needed."""
    decoder = toys.gpt2(n_layer=1)
    compiled = compile_decoder(decoder, TINY, layout="dense")
    just = replace(TINY, rows=compiled.placement.rows, sram_words=compiled.sram.end)
    weights = random_weights(decoder, np.random.default_rng(3))
    assert len(continue_golden(compile_decoder(decoder, just), weights, [1], 40).tokens) == 40
    with pytest.raises(ConfigError, match=rf"pim\.rows: must be at least {just.rows}, not {just.rows - 1}: "):
        compile_decoder(decoder, replace(just, rows=just.rows - 1))
    # Less SRAM is more passes, down to one group of heads.
    with pytest.raises(ConfigError) as error:
        compile_decoder(decoder, replace(just, sram_words=32))
    (message,) = messages(error)
    least = int(message.removeprefix("pim.sram_words: must be at least ").split()[0])
    assert least < just.sram_words - 10
    assert compile_decoder(decoder, replace(just, sram_words=least)).sram.end == least
    with pytest.raises(ConfigError, match=rf"^pim\.sram_words: must be at least {least} for the "):
        compile_decoder(decoder, replace(just, sram_words=least - 1))


def test_fewer_tokens_that_would_do():
    decoder = toys.gpt2(n_layer=1)
    rows = compile_decoder(decoder, TINY, layout="dense").placement.rows - 1
    with pytest.raises(ConfigError) as error:
        compile_decoder(decoder, system(rows=rows))
    hint = messages(error)[0]
    most = int(hint.split("fewer tokens would do, ")[1].split()[0])
    assert compile_decoder(decoder, system(rows=rows), tokens=most)
    with pytest.raises(ConfigError):
        compile_decoder(decoder, system(rows=rows), tokens=most + 1)


def test_programs_that_cannot_be():
    compiled = compile_decoder(toys.gpt2(), TINY)
    with pytest.raises(ConfigError, match="position: must be 0 to 39, not 40"):
        compiled.programs(40)
    with pytest.raises(ConfigError, match="token: must be 0 to 31, not -1"):
        compiled.programs(0, token=-1)
    small = compile_decoder(toys.gpt2(), system(program_words=20))
    with pytest.raises(ConfigError, match=r"^pim\.program_words: must be at least \d+, the longest piece of a token"):
        small.programs(0)


def test_prompts_that_cannot_be():
    compiled = compile_decoder(toys.gpt2(), TINY)
    with pytest.raises(ConfigError) as error:
        generation(compiled, [], 0)
    assert messages(error) == ["prompt: must have at least one token", "tokens: must be at least 1, not 0"]
    with pytest.raises(ConfigError) as error:
        generation(compiled, [32], 41)
    assert messages(error) == [
        "prompt: must have tokens from 0 to 31, not 32",
        "tokens: must be at most 41 tokens with the 1 of the prompt, not 42",
    ]


def test_weights_that_do_not_fit():
    decoder = toys.gpt2()
    compiled = compile_decoder(decoder, TINY)
    weights = random_weights(decoder, np.random.default_rng(4))
    wrong = {**weights, "positions": weights["positions"].astype(np.float32)}
    wrong |= {"0.norm_1.bias": weights["positions"], "norm.bia": weights["norm"]}
    del wrong["norm.bias"]
    with pytest.raises(ConfigError) as error:
        compiled.image(wrong)
    assert messages(error) == [
        "norm.bia: is no tensor of this decoder (did you mean 'norm.bias'?)",
        "positions: must hold the bits of bf16 numbers (uint16), not float32",
        "0.norm_1.bias: must have the shape (16,), not (40, 16)",
        "norm.bias: is missing",
    ]
