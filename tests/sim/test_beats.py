"""Packing of matrices into stream words."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from hdl.params import BeatMap, Dataflow, EngineParams
from sim_tb.beats import Beats, read_hex, write_words
from sim_tb.tiles import batches, random_tiles

ENGINES = [
    {"rows": 1, "cols": 1},
    {"rows": 3, "cols": 5, "a": "s4", "b": "u11", "accumulator": 17},
    {"rows": 4, "cols": 2, "a": "u16", "b": "u2", "accumulator": 64},
    {"array": "systolic_ws", "rows": 3, "cols": 2, "depth": 4, "a": "s5"},
]


def slow_words(beats: BeatMap, matrix: np.ndarray, k: int) -> list[int]:
    """The words of one tile, bit by bit, from the definition."""
    words = []
    for beat, lanes in enumerate(beats.indices(k)):
        word = 0
        for lane, cell in enumerate(lanes):
            if cell is not None:
                word |= (int(matrix[cell]) % (1 << beats.element_bits)) << (lane * beats.element_bits)
        words.append(word | int(beat == beats.beats(k) - 1) << beats.tdata_bits)
    return words


@pytest.mark.parametrize("values", ENGINES, ids=str)
@pytest.mark.parametrize("k", [1, 6])
def test_packed_words_are_the_defined_ones(values: dict, k: int) -> None:
    params = EngineParams.from_dict(values)
    flow = Dataflow(params)
    tiles = random_tiles(params, 3, k, np.random.default_rng(5))
    for beats, matrices in ((flow.a, tiles.a), (flow.b, tiles.b), (flow.c, tiles.golden(params))):
        packed = [int.from_bytes(word.tobytes(), "little") for word in Beats(beats).pack(matrices, k)]
        assert packed == [word for matrix in matrices for word in slow_words(beats, matrix, k)]


@pytest.mark.parametrize("values", ENGINES, ids=str)
def test_unpacking_undoes_packing(values: dict, tmp_path: Path) -> None:
    params = EngineParams.from_dict(values)
    results = random_tiles(params, 4, 3, np.random.default_rng(6)).golden(params)
    beats = Beats(Dataflow(params).c)
    words = beats.pack(results, 3)
    back, last = beats.unpack(words, 3, (params.rows, params.cols))
    assert back.dtype.kind == results.dtype.kind
    assert np.array_equal(back, results)
    assert last.tolist() == [row == params.rows - 1 for _ in range(4) for row in range(params.rows)]

    text = "".join(f"{int.from_bytes(word.tobytes(), 'little'):x}\n" for word in words)
    (tmp_path / "c.hex").write_text(["//", "a", "comment", "without", "blanks", "would", "be"][0] + "\n" + text)
    assert np.array_equal(read_hex(tmp_path / "c.hex", beats.word_bytes), words)
    write_words(tmp_path / "c.bin", words)
    assert (tmp_path / "c.bin").read_bytes() == b"".join(word.tobytes()[::-1] for word in words)


def test_batches_fit_and_keep_the_order() -> None:
    params = EngineParams(rows=3, cols=2)
    rng = np.random.default_rng(7)
    work = [random_tiles(params, count, k, rng) for count, k in ((10, 5), (1, 30), (7, 1))]
    parts = list(batches(params, work, 32))
    for batch in parts:
        assert sum(tiles.count * tiles.k for tiles in batch) <= 32
        assert sum(tiles.count * params.rows for tiles in batch) <= 32
    flat = [a.tolist() for batch in parts for tiles in batch for a in tiles.a]
    assert flat == [a.tolist() for tiles in work for a in tiles.a]
    with pytest.raises(ValueError, match="K = 40 does not fit"):
        list(batches(params, [random_tiles(params, 1, 40, rng)], 32))
