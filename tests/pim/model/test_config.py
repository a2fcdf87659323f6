"""Configurations of every family: right facts from whatever keys, and a clear refusal of what can't be."""

from __future__ import annotations

import contextlib
import json
import random
from pathlib import Path
from typing import Any

import pytest

from gen.pim.model import Decoder, Learned, Rotary, read
from hdl.params import ConfigError
from tests.pim.model.configs import GPT2, GPT_NEO, LLAMA, MISTRAL, OPT, PHI, PUBLISHED, QWEN2, Config


def of(folder: Path, config: Any) -> Decoder:
    path = folder / "config.json"
    path.write_text(json.dumps(config), "utf-8")
    return read(path)


def problems(folder: Path, config: Any) -> list[str]:
    """What is said about a configuration, without the file's name."""
    with pytest.raises(ConfigError) as caught:
        of(folder, config)
    assert caught.value.exit_status == 2
    assert str(folder / "config.json") in str(caught.value)
    return [str(problem) for problem in caught.value.problems]


@pytest.mark.parametrize("name", PUBLISHED)
def test_parameters_are_those_its_makers_count(name: str, tmp_path: Path) -> None:
    config, count = PUBLISHED[name]
    assert of(tmp_path, config).parameters == count


def test_folder_stands_for_its_config(tmp_path: Path) -> None:
    assert of(tmp_path, GPT2) == read(tmp_path)


# --- what the families differ in -------------------------------------------------------------------------------------
def test_gpt2_scales_by_the_heads_width(tmp_path: Path) -> None:
    decoder = of(tmp_path, GPT2)
    assert decoder.positions == Learned()
    assert decoder.mlp.inner == 3072
    assert decoder.attention.scale == (64**-0.5,) * 12
    assert of(tmp_path, {**GPT2, "scale_attn_weights": False}).attention.scale == (1.0,) * 12
    divided = of(tmp_path, {**GPT2, "scale_attn_by_inverse_layer_idx": True}).attention.scale
    assert divided == tuple(64**-0.5 / (layer + 1) for layer in range(12))


def test_gpt_neo_alternates_and_does_not_scale(tmp_path: Path) -> None:
    attention = of(tmp_path, GPT_NEO).attention
    assert attention.windows == (0, 256) * 6
    assert attention.scale == (1.0,) * 12
    assert not attention.input_bias
    assert attention.output_bias
    listed = {**GPT_NEO, "attention_types": None, "attention_layers": ["local"] * 12}
    assert of(tmp_path, listed).attention.windows == (256,) * 12


def test_opt_skips_two_rows_of_its_positions(tmp_path: Path) -> None:
    decoder = of(tmp_path, OPT)
    assert decoder.positions == Learned(offset=2)
    assert decoder.tensors()["positions"] == (2050, 768)
    assert decoder.mlp.activation == "relu"


def test_llama_groups_queries(tmp_path: Path) -> None:
    decoder = of(tmp_path, LLAMA)
    assert (decoder.attention.heads, decoder.attention.groups, decoder.key_width) == (9, 3, 192)
    assert decoder.positions == Rotary(width=64, base=100000.0)
    assert decoder.norm.kind == "rms"
    assert decoder.tied
    assert "output" not in decoder.tensors()
    untied = {key: value for key, value in LLAMA.items() if key != "tie_word_embeddings"}
    assert of(tmp_path, untied).tensors()["output"] == (576, 49152)
    assert of(tmp_path, {**LLAMA, "num_key_value_heads": None}).attention.groups == 9


def test_a_head_need_not_be_a_part_of_the_width(tmp_path: Path) -> None:
    decoder = of(tmp_path, {**LLAMA, "head_dim": 128})
    shapes = decoder.tensors()
    assert (shapes["0.query"], shapes["0.key"], shapes["0.mix"]) == ((576, 1152), (576, 384), (1152, 576))
    assert decoder.attention.scale[0] == 128**-0.5


def test_bases_and_scalings_of_rotary_positions(tmp_path: Path) -> None:
    def rotary(**keys: Any) -> Rotary:
        config = {key: value for key, value in LLAMA.items() if key != "rope_theta"}
        positions = of(tmp_path, {**config, **keys}).positions
        assert isinstance(positions, Rotary)
        return positions

    llama3 = {"factor": 32.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0}
    llama3 |= {"original_max_position_embeddings": 8192, "rope_type": "llama3"}
    assert rotary().base == 10000.0
    assert rotary(rope_theta=None, rope_parameters={"rope_theta": 5e5, "rope_type": "default"}).base == 5e5
    assert rotary(rope_theta=1e6).base == 1e6
    assert dict(rotary(rope_scaling=llama3).scaling)["factor"] == 32.0
    assert rotary(rope_scaling={"type": "linear", "factor": 2}).scaling == (("factor", 2.0),)
    by_kind = {"full_attention": {"rope_theta": 7e5, "rope_type": "default"}}
    assert rotary(rope_parameters=by_kind).base == 7e5


def test_windows_are_off_unless_they_are_used(tmp_path: Path) -> None:
    assert of(tmp_path, MISTRAL).attention.windows == (4096,) * 32
    assert of(tmp_path, {**MISTRAL, "sliding_window": None}).attention.windows == (0,) * 32
    assert of(tmp_path, QWEN2).attention.windows == (0,) * 24
    used = of(tmp_path, {**QWEN2, "use_sliding_window": True, "max_window_layers": 20}).attention.windows
    assert used == (0,) * 20 + (32768,) * 4


def test_qwen2_has_the_biases_no_key_tells(tmp_path: Path) -> None:
    shapes = of(tmp_path, QWEN2).tensors()
    assert {"0.query.bias", "0.key.bias", "0.value.bias"} <= set(shapes)
    assert not {"0.mix.bias", "0.up.bias", "0.norm_1.bias"} & set(shapes)


def test_phi_is_parallel_and_turns_part_of_a_head(tmp_path: Path) -> None:
    decoder = of(tmp_path, PHI)
    assert decoder.parallel
    assert decoder.positions == Rotary(width=32, base=10000.0)
    shapes = decoder.tensors()
    assert "0.norm_2" not in shapes
    assert shapes["output.bias"] == (51200,)


def test_names_inside_a_multimodal_model_are_found(tmp_path: Path) -> None:
    assert of(tmp_path, {"model_type": "llava", "text_config": LLAMA}) == of(tmp_path, LLAMA)


# --- refusals --------------------------------------------------------------------------------------------------------
REFUSED: dict[str, tuple[Config, str]] = {
    "heads that don't divide": ({**GPT2, "n_head": 7}, "n_head: must divide the width of 768, not 7"),
    "groups that don't divide": ({**LLAMA, "num_key_value_heads": 2}, "num_key_value_heads: must divide the 9 heads"),
    "two names that disagree": ({**GPT2, "n_ctx": 512}, "n_ctx: is 512, but n_positions is 1024"),
    "two widths": ({**GPT2, "hidden_size": 1024}, "n_embd: is 768, but hidden_size is 1024"),
    "a text for a number": ({**GPT2, "n_layer": "12"}, "n_layer: must be a whole number, not '12'"),
    "true for a number": ({**GPT2, "n_layer": True}, "n_layer: must be a whole number, not True"),
    "no layers": ({**GPT2, "n_layer": 0}, "n_layer: must be 1 to 1,000, not 0"),
    "a negative width": ({**LLAMA, "hidden_size": -576}, "hidden_size: must be 1 to"),
    "an odd activation": ({**OPT, "activation_function": "relu2"}, "(did you mean 'relu'?)"),
    "an epsilon of infinity": ({**LLAMA, "rms_norm_eps": 1e400}, "rms_norm_eps: must be above 0 and at most 1"),
    "an unknown family": ({**LLAMA, "model_type": "lama"}, "model_type: 'lama' is not supported"),
    "a mixture of experts": (
        {**MISTRAL, "model_type": "mixtral"},
        "the families are gpt2, gpt_neo, opt, llama, mistral, qwen2, phi (did you mean 'mistral'?)",
    ),
    "another family's class": ({**LLAMA, "architectures": ["OPTForCausalLM"]}, "is of the family opt"),
    "no family": ({"hidden_size": 8}, "model_type: is missing"),
    "GPTQ": ({**LLAMA, "quantization_config": {"quant_method": "gptq", "bits": 4}}, "quantised by gptq"),
    "MLX": ({**LLAMA, "quantization": {"bits": 4}}, "quantization: a quantised checkpoint is not supported"),
    "an encoder": ({**OPT, "is_encoder_decoder": True}, "is_encoder_decoder: True is not supported"),
    "OPT-350m": ({**OPT, "do_layer_norm_before": False}, "do_layer_norm_before: False is not supported"),
    "a narrow embedding": ({**OPT, "word_embed_proj_dim": 512}, "word_embed_proj_dim: 512 is not supported"),
    "normalised queries": ({**PHI, "qk_layernorm": True}, "qk_layernorm: True is not supported"),
    "an odd rotation": (
        {**PHI, "partial_rotary_factor": 0.44},
        "partial_rotary_factor: must give each head an even number of elements that turn, not 35",
    ),
    "an odd head": ({**LLAMA, "head_dim": 7}, "head_dim: must give each head an even number of elements that turn"),
    "more than a head that turns": (
        {**PHI, "partial_rotary_factor": 2.0},
        "partial_rotary_factor: must be above 0 and at most 1, not 2.0",
    ),
    "two bases": (
        {**LLAMA, "rope_theta": 1e4, "rope_parameters": {"rope_theta": 5e5}},
        "rope_theta: is 10000.0, but in rope_parameters it is 500000.0",
    ),
    "two scalings": (
        {**LLAMA, "rope_scaling": {"type": "linear", "factor": 2.0}, "rope_parameters": {"rope_type": "default"}},
        "rope_scaling: is not what rope_parameters says",
    ),
    "experts in a Llama": ({**LLAMA, "num_local_experts": 8}, "num_local_experts: 8 is not supported"),
    "YaRN": ({**LLAMA, "rope_scaling": {"type": "yarn", "factor": 4.0}}, "has the type 'yarn'"),
    "half of Llama 3's scaling": ({**LLAMA, "rope_scaling": {"rope_type": "llama3", "factor": 8.0}}, "low_freq_factor"),
    "too few kinds of layers": ({**GPT_NEO, "attention_types": [[["global"], 3]]}, "for 12 layers in all"),
    "kinds that contradict": ({**GPT_NEO, "attention_layers": ["local"] * 12}, "contradicts attention_types"),
    "kinds of nothing": ({**GPT_NEO, "attention_types": 6}, "attention_types: must be [[kinds, times], ...]"),
}


@pytest.mark.parametrize("name", REFUSED)
def test_refusals_name_the_key(name: str, tmp_path: Path) -> None:
    config, words = REFUSED[name]
    found = problems(tmp_path, config)
    assert any(words in problem for problem in found), found


@pytest.mark.parametrize("key", ["hidden_size", "num_attention_heads", "intermediate_size", "vocab_size"])
@pytest.mark.parametrize("null", [True, False])
def test_missing_keys_are_named(key: str, null: bool, tmp_path: Path) -> None:
    config = {**LLAMA, key: None} if null else {name: value for name, value in LLAMA.items() if name != key}
    what = "must not be null" if null else "is missing"
    assert any(problem.startswith(f"{key}: {what}") for problem in problems(tmp_path, config))


@pytest.mark.parametrize("bad", [None, "x", 0, 12.0])
@pytest.mark.parametrize("key", ["hidden_size", "num_attention_heads"])
def test_nothing_else_is_said_of_what_rests_on_a_bad_key(key: str, bad: object, tmp_path: Path) -> None:
    (only,) = problems(tmp_path, {**LLAMA, key: bad})
    assert only.startswith(f"{key}: ")


def test_only_names_that_mean_nothing_are_taken_for_slips(tmp_path: Path) -> None:
    config = {**LLAMA, "hiden_size": 576}
    del config["hidden_size"]
    assert problems(tmp_path, config) == ["hidden_size: is missing (or n_embd) (did you mean 'hiden_size'?)"]
    del config["hiden_size"]
    assert problems(tmp_path, config) == ["hidden_size: is missing (or n_embd)"]


def test_all_problems_are_told_at_once(tmp_path: Path) -> None:
    found = problems(tmp_path, {**LLAMA, "hidden_size": "x", "vocab_size": -1, "hidden_act": "mish"})
    assert {problem.partition(":")[0] for problem in found} >= {"hidden_size", "vocab_size", "hidden_act"}


FILES: dict[str, tuple[bytes, str]] = {
    "empty": (b"", "line 1, column 1: not JSON"),
    "not JSON": (b'{"n_embd": 768,}', "line 1, column 16: not JSON"),
    "a list": (b"[1, 2]", "must hold an object, not list"),
    "cut short": (b'{"n_embd": 76', "not JSON"),
    "not text": (b"\x80\x04\x95", "is not UTF-8 text (byte 0)"),
    "deep": (b'{"a":' * 100_000, "nests too deeply"),
    "a key twice": (b'{"n_head": 12, "n_embd": 768, "n_head": 16}', "n_head: is there twice, as 12 and as 16"),
    "a number without end": (b'{"n_embd": ' + b"9" * 5000 + b"}", "more digits than can be read"),
}


@pytest.mark.parametrize("name", FILES)
def test_files_that_are_no_configuration(name: str, tmp_path: Path) -> None:
    data, words = FILES[name]
    path = tmp_path / "config.json"
    path.write_bytes(data)
    with pytest.raises(ConfigError) as caught:
        read(path)
    assert words in str(caught.value)
    assert str(path) in str(caught.value)


def test_a_mark_of_byte_order_is_read_over(tmp_path: Path) -> None:
    path = tmp_path / "config.json"
    path.write_bytes(b"\xef\xbb\xbf" + json.dumps(GPT2).encode())
    assert read(path).width == 768


@pytest.mark.parametrize("name", ["model.gguf", "model.safetensors", "pytorch_model.bin"])
def test_weights_are_no_configuration(name: str, tmp_path: Path) -> None:
    (tmp_path / name).write_bytes(b"GGUF")
    with pytest.raises(ConfigError, match=r"a model's config\.json is needed"):
        read(tmp_path / name)


def test_a_folder_without_configuration(tmp_path: Path) -> None:
    (tmp_path / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(ConfigError, match=r"No such file.*\.gguf files beside it are weights"):
        read(tmp_path)


@pytest.mark.parametrize("seed", range(20))
def test_random_changes_end_in_a_decoder_or_a_refusal(seed: int, tmp_path: Path) -> None:
    """Deleted, doubled and foreign values in files of every family: never anything but a ConfigError."""
    rng = random.Random(seed)
    print(f"seed {seed}")
    values = [
        None,
        True,
        -1,
        0,
        1,
        1.5,
        1e308,
        float("nan"),
        "x",
        "",
        [],
        [1],
        {},
        {"a": 1},
        10**30,
        "\0",
        [["global"]],
    ]
    for config, _ in PUBLISHED.values():
        for _ in range(10):
            changed = dict(config)
            for _ in range(rng.randint(1, 3)):
                key = rng.choice([*config, "head_dim", "rope_scaling", "rope_parameters", "layer_types", "text_config"])
                if rng.random() < 0.3:
                    changed.pop(key, None)
                else:
                    changed[key] = rng.choice(values)
            with contextlib.suppress(ConfigError):
                assert of(tmp_path, changed).parameters > 0
