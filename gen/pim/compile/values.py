"""Probabilities times values: the instructions that mix the values of a pass.

Element j of a value is in unit j mod units, so that a slot of values has those of some heads, each in some channels:
their global buffers hold the probabilities of the head whose values the channel has. With several accumulators, some
slots follow each other before any is read; with several vectors, heads that share values are in a global buffer each.

The token's own value goes to a slot's row where that is open anyway, right before it is multiplied. The next row opens
while accumulators are read. Slots with the same instructions are turns of a loop.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from math import gcd, lcm

from gen.pim.compile.code import Loop
from gen.pim.compile.context import Context
from gen.pim.compile.sram import Pass

__all__ = ["Values"]

#: Addresses that move with loops over slots and over parts of them.
MOVES = {
    "ACT_AB": ("row",),
    "WR_GB": ("a",),
    "WR_ELEM": ("row", "b"),
    "WR_BYTE": ("row", "b"),
    "MAC_AB": ("row",),
    "RD_MAC": ("d",),
}
#: Turns from which on a loop is shorter than its turns are.
TURNS = 3


class Values:
    """Emits the mixtures of a sequence in a layer."""

    def __init__(self, context: Context) -> None:
        self.context, self.code, self.sram = context, context.code, context.sram
        self.heads, self.params, self.at = context.heads, context.params, context.at
        # Words of a head's probabilities, and those that the columns of its values meet.
        self.words = -(-context.seen.tokens // self.params.lanes)
        self.met = self._columns(self.words) * self.heads.packed
        self._loops: list[Loop] = []

    @property
    def period(self) -> int:
        """Groups after which values begin a slot again."""
        return lcm(self.params.units, self.heads.value_width) // self.heads.value_width

    def emit(self, some: Pass, stage: range) -> None:
        """The values of some groups of a pass, counted from its first one, weighted with their probabilities.

        A stage begins with a period. That of a pass's first groups opens the first row, and each the one of the next.
        """
        word, place = divmod(self.context.seen.entry, self.params.lanes * self.heads.packed)
        own = {"byte" if self.heads.packed > 1 else "lane": place}
        key = "values", self.context.origin, self.words, word, some, stage
        self.code.piece(key, lambda: self._emit(some, stage), **own)

    def _emit(self, some: Pass, stage: range) -> None:
        """The same, for this token."""
        width, units = self.heads.value_width, self.params.units
        first = (some.groups.start + stage.start) * width // units
        slots = range(first, first + self.at.slots(len(stage) * width))
        last = stage.stop == len(some.groups)
        size = self._alike(some)
        # The last slots of a pass open no row behind them.
        turns = (len(slots) - last) // size
        turns = turns if turns >= TURNS else 0
        with self.code.of("values"):
            if not stage.start:
                self._open(some, first)
            if turns:
                groups = size * units // width
                words = size * self.params.slot_words
                steps = {"a": groups * self.context.score_words, "b": words // self.heads.packed, "d": words}
                with self._loop(turns, columns=size * self.at.value_words, **steps):
                    self._slots(some, slots[:size], slots[size:])
            self._slots(some, slots[turns * size :], range(0) if last else range(slots.stop, slots.stop + 1))

    def _alike(self, some: Pass) -> int:
        """Slots after which instructions are the same, addresses apart: whole periods, blocks and rows."""
        period = lcm(self.heads.value_width, self.params.units) // self.params.units
        rows = lcm(self.at.value_words, self.params.row_cols) // self.at.value_words
        whole = self.heads.packed // gcd(self.heads.packed, self.params.slot_words)
        return lcm(period, rows, whole, self._block(some.repeats)[1] or 1)

    def _block(self, repeats: range) -> tuple[int, int]:
        """Repeats and slots that have accumulators and room in the global buffers together; no slots: one at a time."""
        params = self.params
        several = self.context.at_once(repeats)
        if several > 1:
            room = params.gb_words // self.met * (params.buffers // several)
        else:
            fit = params.gb_words // self.met * params.buffers
            several = max(1, min(len(repeats), params.accumulators, fit))
            room = fit // several
        return several, min(params.accumulators // several, room) if params.accumulators > 1 else 0

    def _slots(self, some: Pass, slots: range, after: range) -> None:
        """Some slots of values, block by block; then others follow, if there are any."""
        repeats, block = self._block(some.repeats)
        if not block:
            self._one_by_one(some, slots, after)
            return
        blocks = [
            (range(first, min(first + block, slots.stop)), range(repeat, min(repeat + repeats, some.repeats.stop)))
            for first in slots[::block]
            for repeat in some.repeats[::repeats]
        ]
        following = [*(part for part, _ in blocks[1:]), after]
        for (part, several), then in zip(blocks, following, strict=False):
            self._blocks(some, several, part, then)

    def _blocks(self, some: Pass, repeats: range, slots: range, after: range) -> None:
        """A block: all probabilities to the buffers, all dot products, all accumulators; in turns where it overlaps."""
        masks = {slot: self._groups(some, slot) for slot in slots}
        # Where one buffer is written while another one is in use, each slot's words come when it wants them.
        turns = [range(i, i + 1) for i in range(len(slots))] if self.params.buffers > 1 else [range(len(slots))]
        for turn in turns:
            for index in turn:
                self._load(some, repeats, index, masks[slots[index]])
            for index in turn:
                self._multiply(repeats, index, slots[index], sum(masks[slots[index]].values()))
        self._open_next(some, slots[-1], after)
        self._read(repeats, slots, [sum(masks[slot].values()) for slot in slots])

    def _buffer(self, repeats: int, index: int, vector: int) -> int:
        """The word of the global buffers where a head's probabilities for the slot of that index begin."""
        params = self.params
        if params.vectors > 1 and repeats > 1:
            later, turn = divmod(index, params.buffers // repeats)
            return (turn * repeats + vector) * params.gb_words + later * self.met
        later, turn = divmod(index * repeats + vector, params.buffers)
        return turn * params.gb_words + later * self.met

    def _load(self, some: Pass, repeats: range, index: int, masks: dict[int, int]) -> None:
        for vector, repeat in enumerate(repeats):
            buffer = self._buffer(len(repeats), index, vector)
            for group, mask in masks.items():
                self._weights(some, repeat, group, mask=mask, n=self.words, gb=buffer)

    def _multiply(self, repeats: range, index: int, slot: int, mask: int) -> None:
        if repeats.start == 0:
            self._keep(slot, mask)
        for vector in range(0, len(repeats), self.params.vectors):
            self._add(
                "MAC_AB",
                *self.context.flags,
                mask=mask,
                at=self._column(slot),
                n=self._columns(self.words),
                gb=self._buffer(len(repeats), index, vector),
                acc=index * len(repeats) + vector,
                vectors=min(self.params.vectors, len(repeats) - vector),
            )

    def _keep(self, slot: int, mask: int) -> None:
        """The token's own elements of a slot, one a unit."""
        word, place = divmod(self.context.seen.entry, self.params.lanes * self.heads.packed)
        value, at = self.sram.shared + self.heads.value, self._column(slot) + word
        a, half = divmod(slot * self.params.slot_words, self.heads.packed)
        with self.code.of("caches"):
            if self.heads.packed > 1:
                self._add("WR_BYTE", mask=mask, at=at, byte=place, a=value + a, half=half)
            else:
                self._add("WR_ELEM", mask=mask, at=at, lane=place, a=value + a)

    def _open(self, some: Pass, slot: int) -> None:
        """Open the row where a slot begins."""
        mask = sum(self._groups(some, slot).values())
        self._add("ACT_AB", mask=mask, row=self._column(slot) // self.params.row_cols)

    def _open_next(self, some: Pass, slot: int, after: range) -> None:
        """Open the row where the next slots begin, if that is another one than this slot ends in."""
        size, last = self.params.row_cols, self._column(slot) + self._columns(self.words) - 1
        if after and self._column(after.start) // size != last // size:
            self._open(some, after.start)

    def _columns(self, words: int) -> int:
        """Columns that so many words of probabilities meet."""
        return -(-words // self.heads.packed)

    def _column(self, slot: int) -> int:
        return self.context.origin + self.at.values + slot * self.at.value_words

    def _place(self, repeat: int, slot: int) -> int:
        before = repeat * self.heads.values // self.params.lanes
        return self.sram.mixed + before + slot * self.params.slot_words

    def _read(self, repeats: range, slots: range, masks: list[int]) -> None:
        """The accumulators: of a single repeat all slots with the same channels at once, of several each slot's."""
        many, apart = len(repeats), self.heads.values // self.params.lanes
        index = 0
        while index < len(slots):
            end = index + 1
            while many == 1 and end < len(slots) and masks[end] == masks[index]:
                end += 1
            self._add(
                "RD_MAC",
                mask=masks[index],
                d=self._place(repeats.start, slots[index]),
                acc=index * many,
                n=end - index if many == 1 else many,
                stride=self.params.slot_words if many == 1 else apart,
            )
            index = end

    def _one_by_one(self, some: Pass, slots: range, after: range) -> None:
        """Each slot for all repeats while its row is open, global buffers of tokens at a time."""
        steps = [(slot, repeat) for slot in slots for repeat in some.repeats]
        following = [*(range(slot, slot + 1) for slot, _ in steps[1:]), after]
        for (slot, repeat), then in zip(steps, following, strict=False):
            masks = self._groups(some, slot)
            self._weigh(some, slot, repeat, masks)
            self._open_next(some, slot, then)
            self._add("RD_MAC", mask=sum(masks.values()), d=self._place(repeat, slot))

    def _weigh(self, some: Pass, slot: int, repeat: int, masks: dict[int, int]) -> None:
        """A slot's values times the probabilities of one repeat's heads."""
        chunk, everyone = self.params.buffer_words, sum(masks.values())
        chunk -= chunk % self.heads.packed
        whole = self.words // chunk
        for start, count, length in ((0, whole, chunk), (whole * chunk, 1, self.words % chunk)):
            if count * length == 0:
                continue
            keep = start == repeat == 0
            if keep and count > 1:
                self._keep(slot, everyone)
            with self._loop(count, columns=self._columns(length), a=length):
                for group, mask in masks.items():
                    self._weights(some, repeat, group, start, mask=mask, n=length)
                if keep and count == 1:  # behind the words for the global buffer: no further change of modes
                    self._keep(slot, everyone)
                at, n = self._column(slot) + self._columns(start), self._columns(length)
                self._add("MAC_AB", *self.context.flags, mask=everyone, at=at, n=n)

    def _weights(self, some: Pass, repeat: int, group: int, start: int = 0, *, mask: int, n: int, gb: int = 0) -> None:
        """So many words of a head's probabilities to the global buffers; beside an odd one, any number will do."""
        a = self.sram.scores + some.index(repeat, group) * self.context.score_words + start
        self._add("WR_GB", mask=mask, a=a, n=n, gb=gb)
        if n % self.heads.packed:
            self._add("WR_GB", mask=mask, a=a + n - 1, n=1, gb=gb + n)

    def _groups(self, some: Pass, slot: int) -> dict[int, int]:
        """The channels that work for each group of a pass in a slot; a channel's banks all work for one."""
        masks: dict[int, int] = {}
        for channel in range(self.params.channels):
            element = slot * self.params.units + channel * self.params.banks
            group = element // self.heads.value_width
            if group in some.groups:
                masks[group] = masks.get(group, 0) | 1 << channel
        return masks

    # --- instructions ------------------------------------------------------------------------------------------------
    @contextmanager
    def _loop(self, count: int, **steps: int) -> Iterator[None]:
        """A loop with which all addresses move."""
        with self.code.loop(count, **steps) as loop:
            self._loops.append(loop)
            yield
            self._loops.pop()

    def _add(self, name: str, *flags: str, **values: int) -> None:
        """An instruction whose addresses move with the loops around it."""
        self.code.add(name, *flags, move=dict.fromkeys(MOVES[name], self._loops), **values)
