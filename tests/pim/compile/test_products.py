"""Products on units with several accumulators and vectors: bit for bit, for one sequence and for batches."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from gen.pim.check import check
from gen.pim.compile import compile_decoder
from gen.pim.compile.product import Product
from gen.pim.elements import bf16
from gen.pim.layout import Matrix
from sim_tb.pim.decoder import loaded, received
from sim_tb.pim.reference import single
from tests.pim.compile import toys
from tests.pim.compile.toys import TINY, compare, random_weights, system


def wide(**sizes):
    """A system with a large program memory."""
    return system(**sizes, program_words=1024)


#: Decoders, systems, sequences and positions.
CASES = {
    "gpt2, two": (toys.gpt2(), wide(accumulators=2), 1, 12),
    "gpt2, rest of a block": (toys.gpt2(n_embd=40, n_head=5, n_inner=76), wide(accumulators=4), 1, 12),
    "gpt2, all chunks stay": (toys.gpt2(n_embd=32, n_head=4), wide(accumulators=16, gb_words=4), 1, 9),
    "gpt2, chunks in buffers": (toys.gpt2(n_embd=48, n_head=4), wide(accumulators=2, gb_words=4, buffers=4), 1, 9),
    "gpt2, chunks go round buffers": (
        toys.gpt2(n_embd=48, n_head=4),
        wide(accumulators=4, gb_words=3, buffers=2),
        1,
        9,
    ),
    "gpt2, untied, logits in pieces": (
        toys.gpt2(vocab_size=403, tie_word_embeddings=False),
        wide(sram_words=80, accumulators=4),
        1,
        6,
    ),
    "llama, tied, logits in pieces of two chunks": (
        toys.llama(hidden_size=40, vocab_size=500),
        wide(sram_words=127, accumulators=8),
        1,
        8,
    ),
    "llama, queries one by one": (toys.llama(), wide(accumulators=4), 1, 22),
    "llama, queries in buffers": (toys.llama(), wide(accumulators=8, buffers=4), 1, 22),
    "llama, queries at once": (toys.llama(), wide(accumulators=8, vectors=4, buffers=4), 1, 22),
    "llama, two queries at once": (toys.llama(), wide(accumulators=4, vectors=2, buffers=2), 1, 22),
    "llama, one key": (
        toys.llama(num_key_value_heads=1),
        wide(accumulators=16, vectors=8, buffers=8, sram_words=500),
        1,
        22,
    ),
    "llama, one key, in passes": (
        toys.llama(num_key_value_heads=1),
        wide(accumulators=4, vectors=2, buffers=4, sram_words=110),
        1,
        22,
    ),
    "llama, more tokens than a buffer": (
        toys.llama(),
        wide(accumulators=4, vectors=4, buffers=4, gb_words=4),
        1,
        24,
    ),
    "gpt2, more tokens than buffers": (toys.gpt2(), wide(accumulators=4, gb_words=4), 1, 40),
    "gpt2, heads of three half slots": (
        toys.gpt2(n_embd=60, n_head=5),
        wide(accumulators=4, gb_words=10, buffers=2),
        1,
        12,
    ),
    "gpt2, rows of keys": (toys.gpt2(n_embd=32, n_head=4), wide(accumulators=16, gb_words=8), 1, 30),
    "opt": (toys.opt(), wide(accumulators=8, buffers=2), 1, 9),
    "mistral": (toys.mistral(), wide(accumulators=4), 1, 9),
    "phi": (toys.phi(), wide(accumulators=16, buffers=8), 1, 6),
    "gpt2, two of two": (toys.gpt2(), wide(accumulators=2, vectors=2, buffers=2), 2, 12),
    "gpt2, four of one vector": (toys.gpt2(), wide(accumulators=8, buffers=4), 4, 6),
    "gpt2, four in twos": (toys.gpt2(), wide(accumulators=8, vectors=2, buffers=4), 4, 6),
    "gpt2, three in twos": (toys.gpt2(n_embd=40, n_head=5), wide(accumulators=4, vectors=2, buffers=2), 3, 6),
    "gpt2, rounds, logits in pieces": (
        toys.gpt2(vocab_size=403),
        wide(sram_words=300, accumulators=4, vectors=4, buffers=4),
        5,
        6,
    ),
    "gpt2, chunks of a batch": (
        toys.gpt2(n_embd=48, n_head=4),
        wide(accumulators=8, vectors=4, gb_words=5, buffers=4),
        4,
        6,
    ),
    "gpt2, chunks of a batch stay": (
        toys.gpt2(n_embd=32, n_head=4),
        wide(accumulators=16, vectors=2, gb_words=4, buffers=4),
        2,
        6,
    ),
    "llama, eight": (toys.llama(), wide(accumulators=16, vectors=8, buffers=8), 8, 5),
    "phi, a batch": (toys.phi(vocab_size=301), wide(accumulators=8, vectors=2, buffers=2, sram_words=360), 3, 6),
}


def of(name, layout="auto"):
    decoder, params, batch, _ = CASES[name]
    return compile_decoder(decoder, params, layout=layout, batch=batch)


@pytest.mark.parametrize("layout", ["dense", "rows"])
@pytest.mark.parametrize("name", CASES)
def test_bit_for_bit(name, layout):
    _, _, batch, positions = CASES[name]
    compiled = of(name, layout)
    for program in compiled.programs(positions - 1, token=[0] * batch, logits=True):
        assert check(program) == []
    found = compare(compiled, 7, positions)
    assert (found.positions, found.different) == (positions, 0)
    assert found.farthest < 2e-3


def test_cases_are_what_they_are_called():
    """Where sums stay in the accumulators, and where they don't."""

    def of_product(name, product):
        compiled = of(name)
        matrix = compiled.placement.layer[product]
        return Product(matrix, compiled.placement.batch), len(matrix.lengths), matrix.group, matrix.slots

    product, chunks, group, slots = of_product("gpt2, rest of a block", "up")
    assert product.stays
    assert slots > group
    assert slots % group
    product, chunks, group, slots = of_product("gpt2, chunks in buffers", "down")
    assert product.stays
    assert chunks > 4 > group
    product, chunks, _, _ = of_product("gpt2, chunks of a batch", "down")
    assert not product.stays
    assert chunks == 10
    assert of("gpt2, chunks of a batch").summed["down"] == 20
    product, chunks, _, _ = of_product("gpt2, chunks of a batch stay", "mix")
    assert product.stays
    assert chunks == 2
    assert len(of("gpt2, rounds, logits in pieces").sram.pieces) > 1


@given(
    st.integers(1, 40),
    st.integers(1, 90),
    st.integers(0, 12),
    st.integers(0, 5),
    st.booleans(),
    st.integers(0, 30),
)
def test_groups_and_chunks(outputs, inputs, chunk, group, apart, at):
    """Every number of a matrix in groups and chunks has a place of its own, where :meth:`Matrix.column` says."""
    params = TINY
    pitch = 16 if apart else 0
    matrix = Matrix(params, outputs, inputs, at=at, chunk=chunk, group=group, pitch=pitch)
    values = np.arange(0x80, 0x80 + outputs * inputs, dtype=np.uint16)  # no subnormal numbers
    values = values.reshape(outputs, inputs)
    image = np.zeros((params.channels, params.banks, at + matrix.columns, params.lanes), np.uint16)
    image[:, :, at:] = matrix.place(values)
    numbers, counts = np.unique(image[image > 0], return_counts=True)
    assert len(numbers) == values.size
    assert (counts == 1).all()
    assert np.array_equal(bf16(matrix.read(image)), values)
    units = image.reshape(params.units, -1, params.lanes)
    start = 0
    for index, length in enumerate(matrix.lengths):
        for slot in range(matrix.slots):
            first = matrix.column(index, slot)
            found = units[:, first : first + length].reshape(params.units, -1)[:, : inputs - start * params.lanes]
            right = values[slot * params.units : (slot + 1) * params.units, start * params.lanes :][:, : found.shape[1]]
            assert np.array_equal(found[: len(right)], right)
        start += length


def test_a_missing_chunk_shows():
    """Products are compared: without one multiply-accumulate, logits differ."""
    compiled = of("gpt2, chunks in buffers")
    (before,), (program,) = compiled.programs(0, token=1, predict=False), compiled.programs(1, token=2, logits=True)
    weights = random_weights(compiled.decoder, np.random.default_rng(3))
    reference = single(compiled.decoder, weights, compiled.params, compiled.summed)
    right = [reference.logits(token) for token in (1, 2)][-1]
    macs = [index for index, one in enumerate(program.instructions) if one and one.op.name == "MAC_AB"]
    for missing in [None, *macs[:: len(macs) // 6]]:
        machine = loaded(compiled, weights)
        machine.run(before.words)
        machine.run([word for index, word in enumerate(program.words) if index != missing])
        # None at all where accumulators are read that nothing was added to.
        found = received(compiled, np.array(machine.outputs))
        assert (len(found) > 0 and np.array_equal(found[-1], right)) == (missing is None)
