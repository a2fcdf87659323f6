"""Matrices and vectors from NumPy to words and back."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from gen.pim.assemble import assemble
from gen.pim.elements import bf16, numbers, oddities
from gen.pim.layout import Matrix, Memory, to_words, vector_of
from gen.pim.literals import bf16_bits
from hdl.params import ConfigError
from hdl.params.pim import PRESETS, chunks
from sim_tb.golden.float import narrow, widen
from sim_tb.golden.pim import Machine
from tests.pim.machines import SYSTEMS, TINY

# --- numbers ---------------------------------------------------------------------------------------------------------


def test_bf16_rounds_as_the_hardware_does():
    """All patterns of the upper half with some lower halves, as the golden model does it."""
    upper = np.arange(1 << 16, dtype=np.uint32) << 16
    for lower in (0, 1, 0x7FFF, 0x8000, 0x8001, 0xFFFF):
        values = (upper | np.uint32(lower)).view(np.float32)
        rounds_up_to_infinity = np.isfinite(values) & (narrow(values) & 0x7F80 == 0x7F80)
        kept = values[~rounds_up_to_infinity]
        assert (bf16(kept) == narrow(kept)).all()
        for value in values[rounds_up_to_infinity]:
            with pytest.raises(ConfigError, match="beyond the greatest of bf16"):
                bf16(np.array([value]))


def test_double_precision_is_rounded_once():
    """Just beside the middle between two numbers, closer than single precision can tell."""
    ties = np.array([1.00390625, 1.01171875, -1.00390625, 2.0**-126 * 1.00390625, 2.0**100 * 1.01171875])
    values = np.concatenate([ties, ties * (1 + 1e-15), ties * (1 - 1e-15)])
    assert bf16(values).tolist() == [bf16_bits(float(value)) for value in values]
    assert (bf16(ties * (1 + 1e-15)) != bf16(ties * (1 - 1e-15))).all()
    rng = np.random.default_rng(3)
    values = rng.standard_normal(2000) * 10.0 ** rng.integers(-30, 30, 2000)
    assert bf16(values).tolist() == [bf16_bits(float(value)) for value in values]


def test_numbers_go_both_ways():
    every = np.arange(1 << 16, dtype=np.uint16)
    assert (numbers(every).view(np.uint32) >> 16 == every).all()
    finite = every[every & 0x7F80 != 0x7F80]
    normal = finite[finite & 0x7F80 != 0]
    assert (bf16(numbers(normal)) == normal).all()
    assert (bf16(every) == every).all()


@pytest.mark.parametrize(
    "values", [[1, 2], np.zeros(3, np.int8), np.zeros(3, bool), np.zeros(3, complex), ["a"], [None]]
)
def test_what_is_no_number(values):
    with pytest.raises(ConfigError, match="must hold bf16 as uint16, or floating-point numbers, not "):
        bf16(values)


def test_oddities():
    assert oddities(bf16(np.ones((2, 3)))) == []
    assert oddities(bf16(np.zeros(3))) == []
    assert oddities(np.array([[1, 0x3F80], [0x7F80, 0xFFC0]], np.uint16)) == [
        "2 of 4 elements are infinite or NaN, the first at [1, 0]",
        "1 of 4 elements are no normal numbers and count as zero (uint16 holds the bits of bf16 numbers), the first at "
        "[0, 0]",
    ]


# --- matrices --------------------------------------------------------------------------------------------------------


def test_columns_by_hand():
    """The table of docs/pim-instructions.md: 16 outputs, 40 inputs on tiny."""
    values = np.arange(16)[:, None] * 64.0 + np.arange(40)
    matrix = Matrix(TINY, 16, 40, at=24)
    assert (matrix.words, matrix.slots, matrix.columns, matrix.row, matrix.col, matrix.result_words) == (
        10,
        2,
        20,
        3,
        0,
        4,
    )
    columns = matrix.place(bf16(values)).reshape(8, 20, 4)
    exact = numbers(bf16(values))
    for unit in range(8):
        flat = numbers(columns[unit]).reshape(-1)
        assert (flat[:32] == exact[unit, :32]).all()
        assert (flat[32:64] == exact[8 + unit, :32]).all()
        assert (flat[64:72] == exact[unit, 32:]).all()
        assert (flat[72:] == exact[8 + unit, 32:]).all()


def test_columns_with_a_pitch():
    """Each slot of 10 words in chunks of 8 and 2, every one in a row of its own."""
    values = np.arange(16)[:, None] * 64.0 + np.arange(40)
    matrix, dense = Matrix(TINY, 16, 40, at=24, pitch=8), Matrix(TINY, 16, 40)
    assert (matrix.columns, matrix.words, matrix.slots) == (32, 10, 2)
    columns, near = matrix.place(bf16(values)), dense.place(bf16(values))
    assert (columns[:, :, :16] == near[:, :, :16]).all()
    assert (columns[:, :, 16:18] == near[:, :, 16:18]).all()
    assert (columns[:, :, 24:26] == near[:, :, 18:20]).all()
    assert not columns[:, :, [*range(18, 24), *range(26, 32)]].any()
    assert Memory(TINY).place(values, pitch=8).columns == 32
    with pytest.raises(ConfigError, match="must be 0, or at least the 8 columns of the longest chunk, not 7"):
        Matrix(TINY, 16, 40, pitch=7)
    with pytest.raises(ConfigError, match=r"matrix\.pitch: must be an integer of at least 0, not -1"):
        Matrix(TINY, 16, 40, pitch=-1)


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("seed", range(6))
def test_items(name, seed):
    """A matrix is a table of items too: what VMM multiplies with, RD_ITEM reads, an item's chunks one by one."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    params = replace(SYSTEMS[name], gb_words=8)
    memory, machine = Memory(params), Machine(params)
    outputs, inputs = int(rng.integers(1, 4 * params.units)), int(rng.integers(1, 90))
    values = rng.integers(-3, 4, (outputs, inputs)).astype(np.float64)
    memory.place(values[:1, :1])
    matrix = memory.place(values)
    for channel, bank in np.ndindex(params.channels, params.banks):
        machine.device.write(channel, bank, 0, memory.image[channel, bank])
    item, lines, start, at = int(rng.integers(outputs)), [], 0, matrix.at
    for length in chunks(params, matrix.words):
        row, col = divmod(at, params.row_cols)
        lines.append(f"rd_item row={row}, col={col}, n={length}, r=r3, d={100 + start}")
        start, at = start + length, at + matrix.slots * length
    text = "\n".join([f"setr r=r3, value={item}", *lines, "halt"])
    assert machine.run(assemble(text, system=params).words).fault is None
    assert (vector_of(machine.sram[100:], inputs) == values[item]).all()


@pytest.mark.parametrize("name", SYSTEMS)
@pytest.mark.parametrize("seed", range(6))
def test_products(name, seed):
    """Any shape on any system: VMM on the golden model gives the product, with and without biases."""
    print(f"seed {seed}")
    rng = np.random.default_rng(seed)
    params = replace(SYSTEMS[name], gb_words=int(rng.integers(1, 9)))
    memory, machine = Memory(params), Machine(params)
    for _ in range(2):
        outputs, inputs = int(rng.integers(1, 40)), int(rng.integers(1, 90))
        values = rng.integers(-3, 4, (outputs, inputs)).astype(np.float64)
        x, bias = rng.integers(-2, 3, inputs).astype(np.float32), rng.integers(-8, 9, outputs).astype(np.float32)
        matrix = memory.place(values, int(rng.integers(2)) * int(rng.integers(8, 11)))
        for channel, bank in np.ndindex(params.channels, params.banks):
            machine.device.write(channel, bank, 0, memory.image[channel, bank])
        assert (matrix.read(memory.image) == values).all()
        machine.sram[: matrix.words] = matrix.source(x)
        machine.sram[100 : 100 + matrix.result_words] = matrix.bias(bias)
        text = f"{matrix.constants('w')}\nvmm row=w_row, col=w_col, n=w_words, slots=w_slots, pitch=w_pitch, a=0"
        text += ", b=100, d=200\n" + text.splitlines()[-1] + ", zero, d=400\nhalt"
        assert machine.run(assemble(text, system=params).words).fault is None
        for at, start in ((200, bias), (400, 0 * bias)):
            # Small integers: exact where every partial sum fits into eight bits, else rounded at most once a chunk.
            found = matrix.result(machine.sram[at : at + matrix.result_words])
            assert np.abs(found - (values @ x + start)).max() <= 2 * -(-matrix.words // params.gb_words)


def test_read_is_the_reverse_of_place():
    rng = np.random.default_rng(5)
    values = numbers(bf16(rng.standard_normal((21, 77))))
    memory = Memory(TINY)
    matrices = [memory.place(values), memory.place(values[:3]), memory.place(2 * values.T)]
    assert [matrix.at % TINY.row_cols for matrix in matrices] == [0, 0, 0]
    for matrix, expected in zip(matrices, (values, values[:3], 2 * values.T), strict=True):
        assert (matrix.read(memory.image) == expected).all()
        assert (
            numbers(matrix.place(expected)) == numbers(memory.image[:, :, matrix.at : matrix.at + matrix.columns])
        ).all()


def test_vectors():
    assert vector_of(to_words(TINY, np.arange(10.0)), 10).tolist() == list(range(10))
    assert to_words(TINY, np.arange(10.0)).shape == (3, 4)
    assert (widen(to_words(TINY, np.arange(10.0))[2]) == [8, 9, 0, 0]).all()


@pytest.mark.parametrize(
    ("action", "message"),
    [
        (lambda: Matrix(TINY, 0, 4), "matrix.outputs: must be an integer of at least 1, not 0"),
        (lambda: Matrix(TINY, 4, 2.5), "matrix.inputs: must be an integer of at least 1, not 2.5"),
        (lambda: Matrix(TINY, 4, 4, -1), "matrix.at: must be an integer of at least 0, not -1"),
        (lambda: Memory(TINY).place(np.zeros(4)), "matrix: must have the shape (outputs, inputs), not (4,)"),
        (lambda: Memory(TINY).place(np.zeros((0, 4))), "matrix.outputs: must be an integer of at least 1, not 0"),
        (
            lambda: Memory(TINY).place(np.zeros((8, 4096))),
            "matrix: takes columns 0 to 1023 of every bank; there are 512",
        ),
        (lambda: Matrix(TINY, 8, 4).place(np.zeros((4, 8))), "matrix: must have the shape (8, 4), not (4, 8)"),
        (lambda: Matrix(TINY, 8, 4).source(np.zeros(8)), "input: must have the shape (4,), not (8,)"),
        (lambda: Matrix(TINY, 8, 4).bias(np.zeros(4)), "bias: must have the shape (8,), not (4,)"),
        (lambda: Matrix(TINY, 9, 4).result(np.zeros((2, 4))), "result: must have the shape (4, 4), not (2, 4)"),
        (lambda: Matrix(TINY, 9, 4).result(np.zeros(16)), "result: must have the shape (4, 4), not (16,)"),
        (
            lambda: Matrix(TINY, 9, 4).read(np.zeros((2, 4, 1, 4))),
            "image: must have the shape (2, 4, 2, 4), not (2, 4, 1, 4)",
        ),
        (
            lambda: Matrix(TINY, 9, 4).read(np.zeros((64, 128))),
            "image: must have the shape (2, 4, 2, 4), not (64, 128)",
        ),
        (lambda: to_words(TINY, np.zeros((2, 4))), "vector: must have one dimension, not the shape (2, 4)"),
        (lambda: vector_of(np.zeros((2, 4)), 9), "elements: must be 0 to 8, as many as there are, not 9"),
    ],
)
def test_what_is_refused(action, message):
    with pytest.raises(ConfigError) as caught:
        action()
    assert str(caught.value) == message


def test_large_systems():
    """A matrix of a real size on the real system: fast enough to be of use, and where VMM looks for it."""
    params = PRESETS["pimgpt_paper"]
    values = np.zeros((768, 3072), np.float32)
    values[700, 3000] = 1.0
    memory = Memory(params)
    matrix = memory.place(values)
    assert memory.image.shape == (8, 16, matrix.columns, 16)
    unit, slot, word = 700 % 128, 700 // 128, 3000 // 16
    chunk, within = divmod(word, params.gb_words)
    column = chunk * params.gb_words * matrix.slots + slot * params.gb_words + within
    assert np.argwhere(memory.image).tolist() == [[unit // 16, unit % 16, column, 3000 % 16]]
