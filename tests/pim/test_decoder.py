"""The decoder that has learned: its training, its weights, and the text that it writes, bit for bit."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from gen.pim.model.weights import Checkpoint
from hdl.params import ConfigError
from sim_tb.golden.decoder import single
from sim_tb.golden.float import narrow, widen
from sim_tb.workloads.text import SYSTEM, Text, agreement, compiled, generate, weights
from sim_tb.workloads.text import train as training
from sim_tb.workloads.text.corpus import END, documentation
from sim_tb.workloads.text.generate import decoded, encoded
from sim_tb.workloads.text.gradients import loss
from tests.pim.compile import toys

PAGE = Path(__file__).parents[2] / "docs" / "decoder.md"
SMALL = toys.gpt2(n_embd=8, n_positions=6, n_ctx=6, vocab_size=128)


@pytest.fixture(scope="module")
def text() -> Text:
    """What the page shows."""
    return generate("Write ", 64)


# --- training --------------------------------------------------------------------------------------------------------


def test_gradients_against_differences():
    """In float64, a few elements of every tensor."""
    rng = np.random.default_rng(0)
    p = {
        name: value + 0.1 * rng.standard_normal(value.shape)
        for name, value in training.initial(replace(training.Settings(), shape=SMALL), rng).items()
    }
    tokens = rng.integers(128, size=(3, 7))
    g: dict = {}
    loss(p, 2, 2, tokens, g)
    assert set(g) == set(p)
    for name, value in p.items():
        for _ in range(3):
            at = tuple(rng.integers(size) for size in value.shape)
            if name == "wte":
                at = (int(tokens.reshape(-1)[rng.integers(tokens.size)]), at[1])
            before, ends = value[at], []
            for by in (1e-5, -1e-5):
                value[at] = before + by
                ends.append(loss(p, 2, 2, tokens))
            value[at] = before
            # Attention is computed in single precision whatever the parameters are.
            assert g[name][at] == pytest.approx((ends[0] - ends[1]) / 2e-5, rel=1e-4, abs=1e-6), name


def test_training_learns_and_repeats(tmp_path, monkeypatch, capsys):
    """On the documentation strings of two files."""
    strings = [f"Return the number {number} of the table, or none of it." for number in range(40)]
    (tmp_path / "a.py").write_text("\n".join(f'def f{i}():\n    """{each}"""' for i, each in enumerate(strings)))
    (tmp_path / "test").mkdir()
    (tmp_path / "test" / "b.py").write_text('"""A string of the tests, which stays out of what is learned."""')
    (tmp_path / "c.py").write_text(
        f'"""{strings[0]}"""\ndef g():\n    """Short."""\nclass H:\n    """Übrigens: {strings[1]}"""'
    )
    (tmp_path / "d.py").write_text("this is no Python")
    assert documentation(tmp_path) == [each.encode() for each in strings]
    monkeypatch.setattr(training, "documentation", lambda: documentation(tmp_path))
    settings = training.Settings(shape=SMALL, steps=60, warm_up=10, batch=8)
    first, second = training.train(settings, every=30), training.train(settings, every=30)
    assert all(np.array_equal(first[name], second[name]) for name in first)
    assert set(first) == set(training.shapes(SMALL))
    training.save({name: narrow(value) for name, value in first.items()}, 2, tmp_path / "model.safetensors")
    stored = Checkpoint(tmp_path / "model.safetensors", SMALL)
    assert np.array_equal(widen(stored["1.key"]), first["h1/attn/c_attn/w"][:, 8:16])
    assert np.array_equal(widen(stored["norm.bias"]), first["ln_f/b"])
    lines = [line.split() for line in capsys.readouterr().out.splitlines() if line.startswith("step")]
    assert float(lines[1][2].rstrip(",")) < float(lines[0][2].rstrip(",")) < np.log(128)


def test_the_library_is_there():
    """The corpus that the script reads by default."""
    strings = documentation(Path(np.__file__).parent / "polynomial")
    assert len(strings) > 50
    assert all(len(each) >= 30 and END not in each for each in strings)
    assert len(set(strings)) == len(strings)


# --- the decoder -----------------------------------------------------------------------------------------------------


def test_weights():
    """Shapes, size of the file, and no number that arithmetic would have to treat specially."""
    found = weights()
    assert training.WEIGHTS.stat().st_size < 300_000
    values = np.concatenate([widen(tensor).reshape(-1) for tensor in found.values()])
    assert np.isfinite(values).all()
    assert 0.01 < np.abs(values).mean() < 2


def test_64_tokens_bit_for_bit(text):
    """Every logit of every token."""
    decoder = single(training.SHAPE, weights(), SYSTEM)
    given = encoded(text.prompt)
    right = [decoder.logits(token) for token in (*given, *text.tokens[:-1])][len(given) - 1 :]
    assert text.logits.shape == (64, 128)
    assert np.array_equal(text.logits, right)
    assert text.tokens == [int(np.argmax(widen(each))) for each in right]


def test_float64_agrees(text):
    found = agreement(text)
    print(found)
    assert found.tokens == 64
    assert found.equal >= 62
    assert found.cosine > 0.999


def test_the_page_shows_the_text(text):
    page = PAGE.read_text(encoding="utf-8")
    found = agreement(text)
    assert f'bitloom pim decoder "{text.prompt}"\n{text.prompt}{text.text}\n\n' in page
    assert f"{found.equal} of {found.tokens} the same" in page
    assert f'>>> text = generate("{text.prompt}", tokens=64)\n>>> agreement(text)\n{found}\n' in page
    assert f"{text.instructions:,} instructions" in page
    placement, sram = compiled().placement, compiled().sram
    caches = placement.decoder.layers * placement.cache_rows
    assert f"{placement.rows - caches} of weights, {caches} of caches" in page
    assert f"| {sram.end}, of {SYSTEM.sram_words:,} |" in page
    longest = max(len(program.words) for position in range(128) for program in compiled().programs(position))
    assert f"{longest} at most" in page
    assert f"{training.SHAPE.parameters:,} numbers" in page
    assert f"{training.WEIGHTS.stat().st_size // 1000} kB" in page


def test_the_text_is_english(text):
    """Most of its words are words of the library's documentation."""
    known = set(" ".join(each.decode() for each in documentation(Path(np.__file__).parent / "lib")).lower().split())
    words = text.text.lower().split()
    assert len(words) >= 6
    print([word for word in words if word not in known])
    assert sum(word in known for word in words) >= len(words) / 2


def test_prompts():
    assert encoded("") == [END]
    assert decoded([72, 105, END, 33]) == "Hi"
    for prompt in ("Größe", "a\0b"):
        with pytest.raises(ConfigError, match="prompt: must be ASCII text"):
            generate(prompt, 1)
    with pytest.raises(ConfigError, match=r"tokens: must be at most 129 tokens with the 5 of the prompt, not 135"):
        generate("Open", 130)
    with pytest.raises(ConfigError, match=r"on: must be one of golden, rtl, not 'gold' \(did you mean 'golden'\?\)"):
        generate("Open", 1, on="gold")


def test_command(bitloom):
    result = bitloom("pim", "decoder", "Open ", "--tokens", "5", "--json")
    assert (result.status, result.err) == (0, "")
    assert result.json["text"] == bytes(result.json["tokens"]).decode("ascii")
    assert result.json["float64"]["tokens"] == len(result.json["tokens"]) == 5
    assert set(result.json) == {"prompt", "text", "tokens", "on", "instructions", "float64"}
    result = bitloom("pim", "decoder", "Größe", "--tokens", "0")
    assert (result.status, result.err) == (2, "bitloom: prompt: must be ASCII text, not 'Größe'\n")
