"""Which words of its memories a program reads that nobody has written, and which it leaves unread."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from hdl.params.pim import Access, Instruction, PimParams, accesses, expanded

__all__ = ["Footprint", "Stray"]

Marks = npt.NDArray[np.bool_]
NAMES = {"sram": "SRAM", "buffer": "global buffer", "dram": "banks"}


@dataclass
class Stray:
    """Reads of words that nobody has written, by one instruction in one memory; they are zero.

    Parameters
    ----------
    pc : int
        The instruction.
    space : str
        The memory, in words.
    first : int
        The first such word; of banks the column.
    count : int
        How many words, each as often as it was read.
    """

    pc: int
    space: str
    first: int
    count: int = 0


class Footprint:
    """Follows the words that a program reads and writes.

    Parameters
    ----------
    params : PimParams
    rows : int
        Rows of the banks that are followed, the first ones; 0 for all.
    """

    def __init__(self, params: PimParams, rows: int = 0) -> None:
        self.params = params
        columns = (rows or params.rows) * params.row_cols
        self._sizes = {"sram": params.sram_words, "buffer": params.buffer_words, "dram": columns}
        self._written: dict[tuple[str, int], Marks] = {}
        self._read: dict[tuple[str, int], Marks] = {}
        self._strays: dict[tuple[int, str], Stray] = {}

    @property
    def strays(self) -> list[Stray]:
        """What was read and never written, in the order of the program."""
        return sorted(self._strays.values(), key=lambda each: (each.pc, each.space))

    # --- what there is -----------------------------------------------------------------------------------------------
    def give_sram(self, words: int) -> None:
        """The first words of the SRAM are given."""
        self._marks(self._written, "sram", 0)[:, :words] = True

    def give_banks(self, columns: int) -> None:
        """The first columns of every bank are given."""
        for channel in range(self.params.channels):
            self._marks(self._written, "dram", channel)[:, :columns] = True

    def unread_sram(self, words: int) -> list[int]:
        """Which of the first words of the SRAM were never read."""
        return np.flatnonzero(~self._marks(self._read, "sram", 0)[0, :words]).tolist()

    def unread_columns(self, columns: int) -> list[int]:
        """Which of the first columns were not read in any bank."""
        found = np.zeros(columns, bool)
        for channel in range(self.params.channels):
            found |= self._marks(self._read, "dram", channel)[:, :columns].any(axis=0)
        return np.flatnonzero(~found).tolist()

    # --- what happens ------------------------------------------------------------------------------------------------
    def note(self, pc: int, one: Instruction, scalar: int | None) -> None:
        """An instruction is about to be executed, with the addresses of this iteration."""
        for each in expanded(self.params, one, scalar):
            self._note(pc, each, scalar)

    def _note(self, pc: int, one: Instruction, scalar: int | None) -> None:
        touched = [access for access in accesses(self.params, one, scalar) if access.kind != "open"]
        channels = [channel for channel in range(self.params.channels) if one.values.get("mask", 0) >> channel & 1]
        for index, access in enumerate(touched):
            words = self._words(one, access, channels, scalar, index)
            words = words[words < self._sizes[access.space]]
            for channel, banks in self._places(one, access, channels):
                if access.write:
                    self._marks(self._written, access.space, channel)[banks, words] = True
                    continue
                self._marks(self._read, access.space, channel)[banks, words] = True
                missing = ~self._marks(self._written, access.space, channel)[banks, words]
                if missing.any():
                    first = int(words[missing.any(axis=0)][0])
                    key = pc, access.space
                    stray = self._strays.setdefault(key, Stray(pc, NAMES[access.space], first))
                    stray.count += int(missing.sum())

    def _places(self, one: Instruction, access: Access, channels: list[int]) -> list[tuple[int, slice]]:
        """The memories: one SRAM, a buffer a channel, or banks of each channel."""
        if access.space == "sram":
            return [(0, slice(None))]
        bank = one.values.get("bank")
        banks = slice(None) if bank is None or access.space == "buffer" else slice(bank, bank + 1)
        return [(channel, banks) for channel in channels]

    def _words(
        self, one: Instruction, access: Access, channels: list[int], scalar: int | None, index: int
    ) -> npt.NDArray[np.int64]:
        """The words of a range that count: those of the channels that take part, those that a stride meets."""
        params = self.params
        if access.kind in ("slot", "spaced"):
            elements = [np.arange(channel * params.banks, (channel + 1) * params.banks) for channel in channels]
            return access.start + np.unique(np.concatenate(elements) // params.lanes)
        if access.kind == "bytes":
            elements = [np.arange(channel * params.banks, (channel + 1) * params.banks) for channel in channels]
            halves = one["half"] + np.concatenate(elements) // params.lanes
            return access.start + np.unique(halves // 2)
        if access.kind == "strided":
            stride = (scalar if "reg" in one.flags else one["stride"]) or 0
            return access.start + np.unique(np.arange(one["n"]) * stride // params.lanes)
        if access.kind == "spread" and one["stride"] and index not in channels:
            return np.arange(0)
        return np.arange(access.start, access.start + access.length)

    def _marks(self, of: dict[tuple[str, int], Marks], space: str, channel: int) -> Marks:
        """Of a memory: a row a bank, or one row."""
        if (space, channel) not in of:
            banks = self.params.banks if space == "dram" else 1
            of[space, channel] = np.zeros((banks, self._sizes[space]), bool)
        return of[space, channel]
