"""Published models: each compiles, or is refused by name, with what would help."""

from __future__ import annotations

from dataclasses import replace

import pytest

from gen.pim.check import check
from gen.pim.compile import compile_decoder
from hdl.params import ConfigError
from hdl.params.pim import PRESETS
from tests.pim.compile.toys import decoder
from tests.pim.model.configs import GPT2, GPT_NEO, LLAMA, MISTRAL, OPT, PHI, QWEN2

NEO_LARGE = {"hidden_size": 2048, "num_heads": 16, "num_layers": 24, "attention_types": [[["global", "local"], 12]]}
NEO_XL = {"hidden_size": 2560, "num_heads": 20, "num_layers": 32, "attention_types": [[["global", "local"], 16]]}
OPT_LARGE = {"hidden_size": 2048, "word_embed_proj_dim": 2048, "ffn_dim": 8192, "num_attention_heads": 32}
LLAMA_32 = {"hidden_size": 2048, "intermediate_size": 8192, "num_attention_heads": 32, "num_hidden_layers": 16}
LLAMA_32 |= {"num_key_value_heads": 8, "vocab_size": 128256, "rope_theta": 500000.0, "max_position_embeddings": 131072}
LLAMA_2 = {"hidden_size": 4096, "intermediate_size": 11008, "num_attention_heads": 32, "num_hidden_layers": 32}
LLAMA_2 |= {"num_key_value_heads": 32, "tie_word_embeddings": False, "vocab_size": 32000, "rope_theta": 10000.0}
TINY_LLAMA = {"hidden_size": 2048, "intermediate_size": 5632, "num_attention_heads": 32, "num_hidden_layers": 22}
TINY_LLAMA |= {"num_key_value_heads": 4, "tie_word_embeddings": False, "vocab_size": 32000, "rope_theta": 10000.0}
#: Models, and rows of a bank for all their matrices as research on PIM-GPT counts them, where it does: without the
#: embedding that is no output matrix, and without anything that is not a matrix.
MODELS = {
    "gpt2": (decoder(GPT2), 660 + 295),
    "gpt2-medium": (decoder(GPT2, n_embd=1024, n_head=16, n_layer=24), 2304 + 393),
    "gpt2-large": (decoder(GPT2, n_embd=1280, n_head=20, n_layer=36), 5436 + 492),
    "gpt2-xl": (decoder(GPT2, n_embd=1600, n_head=25, n_layer=48), 11616 + 615),
    "gpt-neo-125m": (decoder(GPT_NEO), 660 + 295),
    "gpt-neo-1.3b": (decoder(GPT_NEO, **NEO_LARGE), 9216 + 786),
    "opt-125m": (decoder(OPT), 660 + 295),
    "opt-1.3b": (decoder(OPT, **OPT_LARGE, num_hidden_layers=24), 9216 + 786),
    "smollm2-135m": (decoder(LLAMA), 900 + 216),
    "llama-3.2-1b": (decoder(LLAMA, **LLAMA_32), 7424 + 2004),
    "tinyllama-1.1b": (decoder(LLAMA, **TINY_LLAMA, max_position_embeddings=2048), 7392 + 500),
    "qwen2-0.5b": (decoder(QWEN2), 2784 + 1039),
}
#: Models that are too large for 8 channels, the rows that are asked for, and what would help.
TOO_LARGE = {
    "gpt-neo-2.7b": (decoder(GPT_NEO, **NEO_XL), 21516, "11 channels would do; .* and would fit"),
    "phi-2": (decoder(PHI), 22514, "12 channels would do; .* and would fit"),
    "llama-2-7b": (decoder(LLAMA, **LLAMA_2, max_position_embeddings=4096), 53491, "would fit in 15 channels"),
    "mistral-7b": (decoder(MISTRAL), 55795, "would fit in 15 channels"),
}


@pytest.mark.parametrize("layout", ["dense", "auto"])
@pytest.mark.parametrize("name", MODELS)
def test_compiles(name, layout):
    """In the rows that arithmetic asks for (matrices may share some), with legal programs that fit the memory."""
    model, matrices = MODELS[name]
    compiled = compile_decoder(model, PRESETS["aim_measured"], layout=layout)
    placement = compiled.placement
    if layout == "dense":
        rows = placement.rows - model.layers * placement.cache_rows
        other = 0 if model.tied else 500
        print(name, rows, matrices)
        assert -0.01 * matrices < rows - other - matrices < 0.03 * matrices + 50
    assert compiled.sram.end <= placement.params.sram_words
    for position in (0, 200, 1023):
        programs = compiled.programs(position)
        assert len(programs) == 1
        assert check(programs[0]) == []
        assert len(programs[0].words) < 300


@pytest.mark.parametrize("name", TOO_LARGE)
def test_is_refused(name):
    model, rows, hint = TOO_LARGE[name]
    with pytest.raises(ConfigError, match=rf"^pim\.rows: must be at least {rows}, not 16384: .*{hint}"):
        compile_decoder(model, PRESETS["aim_measured"])


@pytest.mark.parametrize("name", ["gpt-neo-2.7b", "phi-2"])
def test_what_would_do_does(name):
    """As many channels as the message says, and no fewer; as many rows as it says."""
    model, rows, hint = TOO_LARGE[name]
    channels = int(hint.split()[0])
    system = PRESETS["aim_measured"]
    assert compile_decoder(model, replace(system, channels=channels)).placement.rows <= system.rows
    with pytest.raises(ConfigError, match=r"pim\.rows"):
        compile_decoder(model, replace(system, channels=channels - 1))
    assert compile_decoder(model, replace(system, rows=rows), layout="dense").placement.rows == rows


def test_layers_are_one_loop():
    """Programs don't grow with layers, and those of GPT-Neo take two layers a turn."""
    small, large = MODELS["gpt2"][0], MODELS["gpt2-xl"][0]
    system = PRESETS["aim_measured"]
    for model, turns in ((small, 12), (large, 48), (MODELS["gpt-neo-1.3b"][0], 12)):
        (program,) = compile_decoder(model, system).programs(900)
        loops = [one for one in program.instructions if "rows" in one.flags]
        assert [one["n"] for one in loops] == [turns]


def test_positions_differ_in_little():
    """Between two positions, only places in the caches and numbers of tokens change."""
    compiled = compile_decoder(MODELS["gpt2"][0], PRESETS["aim_measured"])
    (one,), (other,) = compiled.programs(700), compiled.programs(701)
    assert len(one.words) == len(other.words)
    changed = {a.op.name for a, b in zip(one.instructions, other.instructions, strict=True) if (a, b) != (b, a)}
    assert changed == {"RD_SB", "WR_SB", "WR_ELEM", "SOFTMAX"}
