"""The channels: banks, global buffers and MAC units."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import numpy as np
import numpy.typing as npt

from hdl.params.pim import PimParams
from sim_tb.golden.float import flush, narrow, widen

__all__ = ["Device", "Elements"]

#: Bf16 numbers as their bits.
Elements = npt.NDArray[np.uint16]
Floats = npt.NDArray[np.float32]
#: The smallest number that is not subnormal.
SMALLEST = np.float32(2.0**-126)


class Device:
    """All channels of a system. Everything is zero at first; rows take memory when they are first written.

    Addresses within a bank are columns: ``row * row_cols + col``. A word is ``lanes`` elements.

    Parameters
    ----------
    params : PimParams

    Attributes
    ----------
    buffers : uint16 array of shape (channels, buffer_words, lanes)
        The global buffers.
    accumulators : float32 array of shape (channels, accumulators, banks)
    """

    def __init__(self, params: PimParams) -> None:
        self.params = params
        self.buffers: Elements = np.zeros((params.channels, params.buffer_words, params.lanes), np.uint16)
        self.accumulators = np.zeros((params.channels, params.accumulators, params.banks), np.float32)
        self._rows: dict[tuple[int, int], Elements] = {}

    # --- banks -------------------------------------------------------------------------------------------------------
    def read(self, channel: int, bank: int, column: int, count: int) -> Elements:
        """Words of a bank, shape (count, lanes)."""
        words: Elements = self._columns(channel, column, count)[bank]
        return words

    def write(self, channel: int, bank: int, column: int, words: Elements) -> None:
        """Write words of shape (count, lanes)."""
        done = 0
        for row, first, last in self._pieces(column, len(words)):
            self._row(channel, row, keep=True)[bank, first:last] = words[done : done + last - first]
            done += last - first

    def write_element(self, channel: int, column: int, lane: int, elements: Elements) -> None:
        """Write one lane of one column of every bank of a channel; element b belongs to bank b."""
        row, col = divmod(column, self.params.row_cols)
        self._row(channel, row, keep=True)[:, col, lane] = elements

    def write_byte(self, channel: int, column: int, byte: int, values: Elements) -> None:
        """Write one byte of one column of every bank of a channel, value b to bank b; byte k is in element k // 2."""
        row, col = divmod(column, self.params.row_cols)
        place = self._row(channel, row, keep=True)[:, col, byte // 2]
        shift = 8 * (byte % 2)
        place[:] = place & 0xFF << 8 - shift | values << shift

    def rows(self) -> dict[tuple[int, int], Elements]:
        """Every row that was ever written, by channel and row: arrays of shape (banks, row_cols, lanes)."""
        return {place: row.copy() for place, row in sorted(self._rows.items())}

    def _row(self, channel: int, row: int, *, keep: bool = False) -> Elements:
        found = self._rows.get((channel, row))
        if found is None:
            found = np.zeros((self.params.banks, self.params.row_cols, self.params.lanes), np.uint16)
            if keep:
                self._rows[channel, row] = found
        return found

    def _pieces(self, column: int, count: int) -> Iterator[tuple[int, int, int]]:
        """The rows that columns lie in, each with the first column and the one after the last."""
        end = column + count
        while column < end:
            row, first = divmod(column, self.params.row_cols)
            last = min(first + end - column, self.params.row_cols)
            yield row, first, last
            column += last - first

    # --- MAC units ---------------------------------------------------------------------------------------------------
    def multiply_accumulate(
        self, channels: Sequence[int], column: int, count: int, buffer: int, accumulator: int = 0, *, int8: bool = False
    ) -> None:
        """In every bank, add the dot products of columns and words of the global buffer, one column after the other.

        The products of a column are exact in single precision (short of its range) and add up as a balanced tree of
        neighbours; the sum joins the accumulator. Columns of int8 meet two words each.
        """
        places = list(channels)
        weights = np.stack([self._columns(channel, column, count) for channel in places])
        numbers = _bytes(weights) if int8 else _flushed(widen(weights))
        inputs = self.buffers[places, None, buffer : buffer + count * (1 + int8)].reshape(len(places), 1, count, -1)
        total = self.accumulators[places, accumulator]
        self.accumulators[places, accumulator] = _accumulate(numbers, inputs, total)

    def scale(self, channels: Sequence[int], column: int, lane: int, accumulator: int, to: int) -> None:
        """In every bank, add an accumulator, times a number in a lane of a column, to another one, and clear it."""
        for channel in channels:
            factor = _flushed(widen(self._columns(channel, column, 1)[:, 0, lane]))
            with np.errstate(over="ignore", invalid="ignore"):
                product = _flushed(self.accumulators[channel, accumulator] * factor)
                self.accumulators[channel, to] = _flushed(self.accumulators[channel, to] + product)
            self.clear(channel, accumulator)

    def multiply(self, column: int, slots: int, inputs: Elements, start: Elements, pitch: int) -> Elements:
        """Dot products of the same words with many columns of every bank: what presets, MACs and reads do one by one.

        Parameters
        ----------
        column, slots : int
            The columns of each slot follow those of the one before.
        inputs : uint16 array of shape (count, lanes)
        start : uint16 array of shape (slots, channels, banks)
        pitch : int
            Columns from one slot to the next, at least ``count``.

        Returns
        -------
        uint16 array of shape (slots, channels, banks)
        """
        params, count = self.params, len(inputs)
        stored = np.stack([self._columns(channel, column, slots * pitch) for channel in range(params.channels)])
        weights = stored.reshape(params.channels, params.banks, slots, pitch, params.lanes)[:, :, :, :count]
        sums = _accumulate(_flushed(widen(weights)), inputs, flush(widen(start.transpose(1, 2, 0))))
        rounded: Elements = narrow(sums).transpose(2, 0, 1)
        return rounded

    def _columns(self, channel: int, column: int, count: int) -> Elements:
        """Columns of all banks of a channel, shape (banks, count, lanes)."""
        parts = [self._row(channel, row)[:, first:last] for row, first, last in self._pieces(column, count)]
        return np.concatenate(parts, axis=1)

    def preset(self, channel: int, elements: Elements, accumulator: int = 0) -> None:
        """Set an accumulator of all units of a channel; element b belongs to bank b."""
        self.accumulators[channel, accumulator] = flush(widen(elements))

    def results(self, channel: int, accumulator: int = 0) -> Elements:
        """An accumulator of all units of a channel, rounded to bf16."""
        rounded: Elements = narrow(self.accumulators[channel, accumulator])
        return rounded

    def clear(self, channel: int, accumulator: int = 0) -> None:
        """Set an accumulator of all units of a channel to zero."""
        self.accumulators[channel, accumulator] = 0


def _bytes(weights: Elements) -> Floats:
    """Words as int8, two in place of each bf16 number, its lower byte first."""
    halves = np.stack([weights & 0xFF, weights >> 8], axis=-1).astype(np.uint8).view(np.int8)
    return halves.reshape(*weights.shape[:-1], -1).astype(np.float32)


def _accumulate(weights: Floats, inputs: Elements, total: Floats) -> Floats:
    """``total`` and the dot products over the last two axes: columns in their order, of each the lanes as a tree."""
    with np.errstate(over="ignore", invalid="ignore"):
        sums = _flushed(weights * _flushed(widen(inputs)))
        while sums.shape[-1] > 1:
            sums = _flushed(sums[..., ::2] + sums[..., 1::2])
        for column in range(sums.shape[-2]):
            total = _flushed(total + sums[..., column, 0])
    return total


def _flushed(x: Floats) -> Floats:
    """As :func:`sim_tb.golden.float.flush`, several times as fast on what is no signalling NaN."""
    result: Floats = x * (np.abs(x) >= SMALLEST)
    return result
