"""Matrices to stream words and back, in the order that the dataflow gives.

A word is ``{tlast, tdata}``; in bulk, a row of bytes, least significant first.
"""

from __future__ import annotations

from functools import lru_cache
from pathlib import Path

import numpy as np
import numpy.typing as npt

from hdl.params import BeatMap
from sim_tb.golden import Matrix

__all__ = ["Beats", "Bytes", "read_hex", "write_words"]

Bytes = npt.NDArray[np.uint8]

#: Lanes unpacked at once, which takes 64 bytes for each.
LANES = 1 << 20


class Beats:
    """Packs and unpacks one stream.

    Parameters
    ----------
    beat_map : BeatMap
        The stream, from :class:`hdl.params.Dataflow`.
    """

    def __init__(self, beat_map: BeatMap) -> None:
        self.map = beat_map
        self._indices = lru_cache(maxsize=256)(self._indices_of)

    @property
    def word_bytes(self) -> int:
        """Bytes of a word, ``tlast`` included."""
        return self.map.tdata_bits // 8 + 1

    def _indices_of(self, k: int) -> tuple[Matrix, Matrix, Matrix]:
        """Row, column and presence of every lane of every beat: three arrays of shape (beats, lanes)."""
        cells = [[(*cell, 1) if cell else (0, 0, 0) for cell in beat] for beat in self.map.indices(k)]
        row, col, present = np.array(cells, dtype=np.int64).transpose(2, 0, 1)
        return row, col, present

    def pack(self, tiles: Matrix, k: int) -> Bytes:
        """Pack tiles of equal inner size ``k``: integers of shape (tiles, rows, columns) to (words, word_bytes)."""
        row, col, present = self._indices(k)
        elements = (tiles.astype("<i8")[:, row, col] * present)[..., None]
        count, beats, lanes, _ = elements.shape
        width = self.map.element_bits
        bits = np.zeros((count * beats, self.word_bytes * 8), dtype=np.uint8)
        low = np.unpackbits(elements.view(np.uint8), axis=3, count=width, bitorder="little")
        bits[:, : lanes * width] = low.reshape(count * beats, lanes * width)
        bits[beats - 1 :: beats, self.map.tdata_bits] = 1
        return np.packbits(bits, axis=1, bitorder="little")

    def cut(self, tile: Matrix, k: int, length: int) -> tuple[Bytes, Matrix]:
        """Pack a tile that ends too early: after ``length`` beats, at least 1.

        Returns
        -------
        words : uint8 array
            The last of them with ``tlast``.
        kept : matrix
            The tile, with zeros for what the missing beats would have held.
        """
        words = self.pack(tile[None], k)[:length]
        words[-1, self.map.tdata_bits // 8] = 1
        kept = np.zeros_like(tile)
        for cell in (cell for beat in self.map.indices(k)[:length] for cell in beat if cell is not None):
            kept[cell] = tile[cell]
        return words, kept

    def unpack(self, words: Bytes, k: int, shape: tuple[int, int]) -> tuple[Matrix, npt.NDArray[np.bool_]]:
        """Unpack the words of whole tiles.

        Returns
        -------
        tiles : int64 or uint64 array of shape (tiles, *shape)
        last : bool array of shape (words,)
            Each word's ``tlast``.
        """
        row, col, present = self._indices(k)
        beats, lanes = row.shape
        pieces = len(words) * lanes // LANES + 1
        elements = np.concatenate([self._elements(piece) for piece in np.array_split(words, pieces)])
        elements = elements.reshape(-1, beats, lanes)
        tiles = np.zeros((len(elements), *shape), dtype=elements.dtype)
        held = present.astype(bool)
        tiles[:, row[held], col[held]] = elements[:, held]
        return tiles, (words[:, self.map.tdata_bits // 8] & 1).astype(bool)

    def _elements(self, words: Bytes) -> Matrix:
        """The lanes of words as 64-bit integers, of shape (words, lanes)."""
        lanes, width = self.map.lanes, self.map.element_bits
        payload = np.unpackbits(words, axis=1, count=lanes * width, bitorder="little")
        bits = np.zeros((len(words), lanes, 64), dtype=np.uint8)
        bits[..., :width] = payload.reshape(len(words), lanes, width)
        if self.map.signed:
            bits[..., width:] = bits[..., width - 1 : width]
        kind = "<i8" if self.map.signed else "<u8"
        return np.packbits(bits, axis=2, bitorder="little").view(kind).reshape(len(words), lanes)


def write_words(path: Path, words: Bytes) -> None:
    """Write words for ``$fread``."""
    path.write_bytes(words[:, ::-1].tobytes())


def read_hex(path: Path, word_bytes: int) -> Bytes:
    """Read what ``$writememh`` wrote."""
    digits = word_bytes * 2
    lines = [line.zfill(digits)[-digits:] for line in path.read_text().split() if line[0] not in "/@"]
    words = np.frombuffer(bytes.fromhex("".join(lines)), dtype=np.uint8)
    return words.reshape(len(lines), word_bytes)[:, ::-1]
