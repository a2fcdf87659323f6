"""Checkpoints: every family's names and orientations, sharded files, kinds of numbers, and files that are none."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from safetensors.numpy import save_file

from gen.pim.literals import bf16_bits
from gen.pim.model import read
from gen.pim.model.layouts import LAYOUTS
from gen.pim.model.weights import Checkpoint, to_bf16
from hdl.params import ConfigError
from tests.pim.model.configs import OLD_PHI, TOYS

Tensors = dict[str, npt.NDArray[np.float32]]

#: The names of the checkpoints, written down from each family's files: ours, its name, and whether it lies transposed.
NAMES = {
    "gpt2": {
        "embedding": ("wte.weight", False),
        "positions": ("wpe.weight", False),
        "1.norm_1": ("h.1.ln_1.weight", False),
        "1.norm_1.bias": ("h.1.ln_1.bias", False),
        "1.mix": ("h.1.attn.c_proj.weight", False),
        "1.up": ("h.1.mlp.c_fc.weight", False),
        "1.down.bias": ("h.1.mlp.c_proj.bias", False),
        "norm": ("ln_f.weight", False),
    },
    "gpt_neo": {
        "1.query": ("transformer.h.1.attn.attention.q_proj.weight", True),
        "1.mix.bias": ("transformer.h.1.attn.attention.out_proj.bias", False),
        "1.up": ("transformer.h.1.mlp.c_fc.weight", True),
    },
    "opt": {
        "positions": ("model.decoder.embed_positions.weight", False),
        "1.norm_2.bias": ("model.decoder.layers.1.final_layer_norm.bias", False),
        "1.mix": ("model.decoder.layers.1.self_attn.out_proj.weight", True),
        "1.up": ("model.decoder.layers.1.fc1.weight", True),
        "norm": ("model.decoder.final_layer_norm.weight", False),
    },
    "llama": {
        "embedding": ("model.embed_tokens.weight", False),
        "1.key": ("model.layers.1.self_attn.k_proj.weight", True),
        "1.gate": ("model.layers.1.mlp.gate_proj.weight", True),
        "1.norm_2": ("model.layers.1.post_attention_layernorm.weight", False),
        "norm": ("model.norm.weight", False),
    },
    "qwen2": {
        "1.value.bias": ("model.layers.1.self_attn.v_proj.bias", False),
        "output": ("lm_head.weight", True),
    },
    "phi": {
        "1.mix": ("model.layers.1.self_attn.dense.weight", True),
        "1.up.bias": ("model.layers.1.mlp.fc1.bias", False),
        "norm.bias": ("model.final_layernorm.bias", False),
        "output.bias": ("lm_head.bias", False),
    },
}
PREFIXES = {"gpt2": ("", "transformer."), "opt": ("model.decoder.", "decoder."), "llama": ("model.", "")}


def model(folder: Path, family: str) -> tuple[Path, Tensors]:
    """A folder with a configuration and random weights under the family's names."""
    (folder / "config.json").write_text(json.dumps(TOYS[family]))
    decoder = read(folder)
    layout = LAYOUTS[family][0]
    rng = np.random.default_rng(3)
    tensors: Tensors = {}
    for name, piece in layout.pieces(decoder, layout.prefixes[0]):
        sizes = decoder.tensors()[name]
        sizes = (*sizes[:-1], piece.total or sizes[-1])
        tensors[piece.name] = rng.standard_normal(sizes[::-1] if piece.transposed else sizes).astype(np.float32)
    return folder, tensors


def exact(values: npt.NDArray[np.float32]) -> npt.NDArray[np.uint16]:
    """Rounded by the assembler's own arithmetic on fractions."""
    bits = [bf16_bits(float(value)) for value in values.ravel()]
    return np.array(bits, np.uint16).reshape(values.shape)


@pytest.mark.parametrize("family", TOYS)
def test_every_tensor_has_its_shape(family: str, tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, family)
    save_file(tensors, folder / "model.safetensors")
    decoder = read(folder)
    weights = Checkpoint(folder, decoder)
    assert set(weights) == set(decoder.tensors())
    for name, shape in decoder.tensors().items():
        assert weights[name].shape == shape, name
        assert weights[name].dtype == np.uint16


@pytest.mark.parametrize("family", NAMES)
def test_names_and_orientations(family: str, tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, family)
    prefix = "" if family != "gpt2" else "transformer."
    save_file(tensors, folder / "model.safetensors")
    weights = Checkpoint(folder, read(folder))
    for ours, (theirs, transposed) in NAMES[family].items():
        values = tensors[prefix + theirs]
        np.testing.assert_array_equal(weights[ours], exact(values.T if transposed else values), ours)


def test_fused_matrices_are_taken_apart(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "gpt2")
    save_file(tensors, folder / "model.safetensors")
    weights = Checkpoint(folder, read(folder))
    both = tensors["transformer.h.1.attn.c_attn.weight"], tensors["transformer.h.1.attn.c_attn.bias"]
    for i, name in enumerate(("query", "key", "value")):
        np.testing.assert_array_equal(weights[f"1.{name}"], exact(both[0][:, 8 * i : 8 * i + 8]))
        np.testing.assert_array_equal(weights[f"1.{name}.bias"], exact(both[1][8 * i : 8 * i + 8]))


def test_fused_matrices_that_lie_transposed(tmp_path: Path) -> None:
    """Phi's first checkpoints hold queries, keys and values as the rows of one matrix."""
    config = {**OLD_PHI, "n_embd": 8, "n_head": 2, "n_layer": 1, "vocab_size": 5, "n_inner": 12, "rotary_dim": 2}
    (tmp_path / "config.json").write_text(json.dumps(config))
    rng = np.random.default_rng(4)
    shapes = {
        "transformer.embd.wte.weight": (5, 8),
        "transformer.h.0.ln.weight": (8,),
        "transformer.h.0.ln.bias": (8,),
        "transformer.h.0.mixer.Wqkv.weight": (24, 8),
        "transformer.h.0.mixer.Wqkv.bias": (24,),
        "transformer.h.0.mixer.out_proj.weight": (8, 8),
        "transformer.h.0.mixer.out_proj.bias": (8,),
        "transformer.h.0.mlp.fc1.weight": (12, 8),
        "transformer.h.0.mlp.fc1.bias": (12,),
        "transformer.h.0.mlp.fc2.weight": (8, 12),
        "transformer.h.0.mlp.fc2.bias": (8,),
        "lm_head.ln.weight": (8,),
        "lm_head.ln.bias": (8,),
        "lm_head.linear.weight": (5, 8),
        "lm_head.linear.bias": (5,),
    }
    tensors = {name: rng.standard_normal(shape).astype(np.float32) for name, shape in shapes.items()}
    save_file(tensors, tmp_path / "model.safetensors")
    weights = Checkpoint(tmp_path, read(tmp_path))
    fused = tensors["transformer.h.0.mixer.Wqkv.weight"]
    np.testing.assert_array_equal(weights["0.key"], exact(fused[8:16].T))
    np.testing.assert_array_equal(weights["0.value.bias"], exact(tensors["transformer.h.0.mixer.Wqkv.bias"][16:]))
    np.testing.assert_array_equal(weights["norm"], exact(tensors["lm_head.ln.weight"]))


@pytest.mark.parametrize(("family", "prefix"), [(name, each) for name, both in PREFIXES.items() for each in both])
def test_names_with_and_without_prefix(family: str, prefix: str, tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, family)
    first = {"gpt2": "transformer.", "opt": "model.decoder.", "llama": "model."}[family]
    renamed = {prefix + name.removeprefix(first): values for name, values in tensors.items()}
    save_file(renamed, folder / "model.safetensors")
    assert len(Checkpoint(folder, read(folder))) == len(read(folder).tensors())


def test_masks_and_a_copy_of_the_tied_matrix_are_ignored(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "gpt2")
    more = {
        f"transformer.h.{i}.attn.{name}": np.ones((1, 1), np.float32)
        for i in (0, 1)
        for name in ("bias", "masked_bias")
    }
    save_file(
        {**tensors, **more, "lm_head.weight": tensors["transformer.wte.weight"].copy()}, folder / "model.safetensors"
    )
    assert "output" not in Checkpoint(folder, read(folder))


def test_shards(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "llama")
    names = sorted(tensors)
    index = {}
    for number, part in enumerate((names[::2], names[1::2]), 1):
        file = f"model-{number:05}-of-00002.safetensors"
        save_file({name: tensors[name] for name in part}, folder / file)
        index |= dict.fromkeys(part, file)
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    weights = Checkpoint(folder, read(folder))
    np.testing.assert_array_equal(weights["0.up"], exact(tensors["model.layers.0.mlp.up_proj.weight"].T))
    (folder / "model-00002-of-00002.safetensors").unlink()
    with pytest.raises(ConfigError, match=r"model-00002-of-00002\.safetensors: is missing: the index names it"):
        Checkpoint(folder, read(folder))


@pytest.mark.parametrize("kind", ["f2", "f4", "f8"])
def test_kinds_of_numbers_round_once(kind: str, tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "opt")
    narrow = {name: values.astype(kind) for name, values in tensors.items()}
    save_file(narrow, folder / "model.safetensors")
    name = "model.decoder.layers.0.fc1.weight"
    expected = np.array([bf16_bits(float(value)) for value in narrow[name].ravel()], np.uint16)
    np.testing.assert_array_equal(Checkpoint(folder, read(folder))["0.up"].T.ravel(), expected)


def test_rounding() -> None:
    """Ties to even, no double rounding out of 64 bits, and no subnormal numbers."""
    tie, above = 1 + 2.0**-8, 1 + 2.0**-8 + 2.0**-40
    found = to_bf16(
        np.array([tie, above, -tie, 1 + 3 * 2.0**-8, np.inf, np.nan, 1e-39, -1e-39, 3.4e38, 0.0], np.float64)
    )
    assert [hex(bits) for bits in found] == [
        *("0x3f80", "0x3f81", "0xbf80", "0x3f82", "0x7f80", "0x7fc0", "0x0", "0x8000", "0x7f80", "0x0"),
    ]
    rng = np.random.default_rng(5)
    values = rng.standard_normal(4000) * 2.0 ** rng.integers(-60, 60, 4000)
    np.testing.assert_array_equal(to_bf16(values), [bf16_bits(float(value)) for value in values])
    np.testing.assert_array_equal(to_bf16(np.array([0x3F80, 0x0001, 0x7F81], np.uint16)), [0x3F80, 0, 0x7FC0])


def test_bf16_files_keep_their_bits(tmp_path: Path) -> None:
    """NumPy has no such type, so the file is written by hand."""
    folder, tensors = model(tmp_path, "llama")
    header, data = {}, b""
    bits = {name: exact(values) for name, values in tensors.items()}
    for name, values in bits.items():
        offsets = [len(data), len(data) + values.nbytes]
        header[name] = {"dtype": "BF16", "shape": list(values.shape), "data_offsets": offsets}
        data += values.tobytes()
    text = json.dumps(header).encode()
    (folder / "model.safetensors").write_bytes(len(text).to_bytes(8, "little") + text + data)
    weights = Checkpoint(folder, read(folder))
    np.testing.assert_array_equal(weights["0.gate"], bits["model.layers.0.mlp.gate_proj.weight"].T)
    np.testing.assert_array_equal(weights["embedding"], bits["model.embed_tokens.weight"])


# --- refusals --------------------------------------------------------------------------------------------------------
def refused(folder: Path, tensors: Tensors) -> str:
    save_file(tensors, folder / "model.safetensors")
    with pytest.raises(ConfigError) as caught:
        Checkpoint(folder, read(folder))
    assert caught.value.exit_status == 2
    return str(caught.value)


def test_missing_wrong_and_unknown_tensors(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "llama")
    tensors["model.norm.weight"] = np.ones(13, np.float32)
    del tensors["model.layers.1.mlp.up_proj.weight"]
    tensors["model.layers.2.mlp.up_proj.weight"] = np.ones((2, 2), np.float32)
    text = refused(folder, tensors)
    assert "model.norm.weight: must have the shape (12,), not (13,)" in text
    assert "model.layers.1.mlp.up_proj.weight: is missing" in text
    assert "model.layers.2.mlp.up_proj.weight: is no tensor of this decoder" in text


def test_a_fused_tensor_is_named_once_and_with_its_file(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "gpt2")
    name = next(each for each in tensors if each.endswith("attn.c_attn.weight"))
    tensors[name] = tensors[name].T.copy()
    text = refused(folder, tensors)
    assert text.count(name) == 1
    assert text.startswith(f"{folder / 'model.safetensors'}: {name}: must have the shape")


def test_many_problems_are_counted(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "llama")
    text = refused(folder, {"x": np.ones(1, np.float32)})
    assert f"{len(tensors) - 8} further tensors are missing" in text


def test_integers_are_refused(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "llama")
    bad = {**tensors, "model.norm.weight": np.ones(12, np.int8)}
    assert "model.norm.weight: holds I8" in refused(folder, bad)  # type: ignore[arg-type]


@pytest.mark.parametrize("keep", [0, 4, 60, -1])
def test_files_cut_short(keep: int, tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "llama")
    path = folder / "model.safetensors"
    save_file(tensors, path)
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(ConfigError, match="is no whole safetensors file"):
        Checkpoint(folder, read(folder))


@pytest.mark.parametrize(
    ("begins", "words"),
    [
        (b"PK\x03\x04", "is a file of PyTorch, and no safetensors file"),
        (b"GGUF", "is a GGUF file"),
        (b"version https://git-lfs.github.com/spec/v1\n", r"is a pointer of Git LFS, .*\(git lfs pull\)"),
        (b"<!DOCTYPE html>", "is a page of the web"),
        (b"\x80\x04\x95", "is no whole safetensors file"),
    ],
)
def test_foreign_files(begins: bytes, words: str, tmp_path: Path) -> None:
    folder, _ = model(tmp_path, "llama")
    (folder / "model.safetensors").write_bytes(begins + bytes(100))
    with pytest.raises(ConfigError, match=words):
        Checkpoint(folder, read(folder))


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, 3.4e38, 1e300])
def test_numbers_that_are_none(bad: float, tmp_path: Path) -> None:
    """Infinite, NaN, or beyond what bf16 holds: found when the tensor is asked for, and no other one is."""
    folder, tensors = model(tmp_path, "llama")
    name = "model.layers.1.mlp.up_proj.weight"
    wide = tensors[name].astype(np.float64)
    wide[3, 5] = bad
    save_file({**tensors, name: wide if bad == 1e300 else wide.astype(np.float32)}, folder / "model.safetensors")
    weights = Checkpoint(folder, read(folder))
    assert (weights["0.up"] & 0x7F80 != 0x7F80).all()
    with pytest.raises(ConfigError) as caught:
        weights["1.up"]
    start = f"{folder / 'model.safetensors'}: {name}: 1 of its numbers are infinite or NaN as bf16"
    assert str(caught.value).startswith(f"{start}, the first one at [3, 5]")


def test_a_tensor_in_two_files(tmp_path: Path) -> None:
    folder, tensors = model(tmp_path, "llama")
    for file in "ab":
        save_file(tensors, folder / f"{file}.safetensors")
    index = {name: f"{'ab'[i % 2]}.safetensors" for i, name in enumerate(tensors)}
    (folder / "model.safetensors.index.json").write_text(json.dumps({"weight_map": index}))
    with pytest.raises(ConfigError, match=r"b\.safetensors: .*: is in a\.safetensors, too"):
        Checkpoint(folder, read(folder))


@pytest.mark.parametrize("text", ["", "{}", "[]", '{"weight_map": 3}', '{"weight_map": {"x": "../y.safetensors"}}'])
def test_indices_that_are_none(text: str, tmp_path: Path) -> None:
    folder, _ = model(tmp_path, "llama")
    (folder / "model.safetensors.index.json").write_text(text)
    with pytest.raises(ConfigError, match=r"model\.safetensors\.index\.json"):
        Checkpoint(folder, read(folder))


def test_other_formats_are_named(tmp_path: Path) -> None:
    folder, _ = model(tmp_path, "llama")
    (folder / "model.gguf").write_bytes(b"GGUF")
    with pytest.raises(ConfigError, match=r"holds neither model\.safetensors .*\.gguf files are not read"):
        Checkpoint(folder, read(folder))
