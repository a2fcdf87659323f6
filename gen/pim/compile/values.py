"""Probabilities times values: the instructions that mix the values of a pass.

Element j of a value is in unit j mod units, so that a slot of values has those of some heads, each in some channels:
their global buffers hold the probabilities of the head whose values the channel has. With several accumulators, some
slots follow each other before any is read; with several vectors, heads that share values are in a global buffer each.
"""

from __future__ import annotations

from math import lcm

from gen.pim.compile.code import Loop
from gen.pim.compile.context import Context
from gen.pim.compile.sram import Pass

__all__ = ["Values"]


class Values:
    """Emits the mixtures of a sequence in a layer."""

    def __init__(self, context: Context) -> None:
        self.context, self.code, self.sram = context, context.code, context.sram
        self.heads, self.params, self.at = context.heads, context.params, context.at
        # Words of a head's probabilities.
        self.words = -(-context.seen.tokens // self.params.lanes)

    @property
    def period(self) -> int:
        """Groups after which values begin a slot again."""
        return lcm(self.params.units, self.heads.value_width) // self.heads.value_width

    def slots(self, some: Pass, stage: range) -> range:
        """The slots that hold the values of some groups of a pass, counted from its first one."""
        first = (some.groups.start + stage.start) * self.heads.value_width // self.params.units
        return range(first, first + self.at.slots(len(stage) * self.heads.value_width))

    def emit(self, some: Pass, stage: range) -> None:
        """The values of some groups of a pass, counted from its first one, weighted with their probabilities.

        The heads of a slot's channels repeat after the least common multiple of a head and a slot: a loop over some of
        these periods, and what is left. A stage begins with a period.
        """
        params, wanted = self.params, self.slots(some, stage)
        first, slots = wanted.start, self.period * self.heads.value_width // params.units  # of a period
        turn = max(1, self._block(some.repeats)[1] // slots)  # periods in a turn
        turns = len(stage) // self.period // turn
        with self.code.of("values"):
            if turns:
                steps = {"a": turn * self.period * self.sram.score_words, "d": turn * slots * params.slot_words}
                with self.code.loop(turns, columns=turn * slots * self.at.value_words, **steps) as loop:
                    self._slots(some, range(first, first + turn * slots), loop)
            if rest := wanted[turns * turn * slots :]:
                self._slots(some, rest, Loop(None))

    def _block(self, repeats: range) -> tuple[int, int]:
        """Repeats and slots that have accumulators and room in the global buffers together; no slots: one at a time."""
        params = self.params
        several = self.context.at_once(repeats)
        if several > 1:
            room = params.gb_words // self.words * (params.buffers // several)
        else:
            fit = params.gb_words // self.words * params.buffers
            several = max(1, min(len(repeats), params.accumulators, fit))
            room = fit // several
        return several, min(params.accumulators // several, room) if params.accumulators > 1 else 0

    def _slots(self, some: Pass, slots: range, period: Loop) -> None:
        """Some slots of values, block by block."""
        repeats, block = self._block(some.repeats)
        if not block:
            self._one_by_one(some, slots, period)
            return
        for first in slots[::block]:
            for repeat in some.repeats[::repeats]:
                self._blocks(
                    some,
                    range(repeat, min(repeat + repeats, some.repeats.stop)),
                    range(first, min(first + block, slots.stop)),
                    period,
                )

    def _blocks(self, some: Pass, repeats: range, slots: range, period: Loop) -> None:
        """A block: all probabilities to the buffers, all dot products, all accumulators; in turns where it overlaps."""
        masks = {slot: self._groups(some, slot) for slot in slots}
        # Where one buffer is written while another one is in use, each slot's words come when it wants them.
        turns = [range(i, i + 1) for i in range(len(slots))] if self.params.buffers > 1 else [range(len(slots))]
        for turn in turns:
            for index in turn:
                self._load(some, repeats, index, masks[slots[index]], period)
            for index in turn:
                self._multiply(repeats, index, slots[index], sum(masks[slots[index]].values()), period)
        self._read(repeats, slots, [sum(masks[slot].values()) for slot in slots], period)

    def _buffer(self, repeats: int, index: int, vector: int) -> int:
        """The word of the global buffers where a head's probabilities for the slot of that index begin."""
        params = self.params
        if params.vectors > 1 and repeats > 1:
            later, turn = divmod(index, params.buffers // repeats)
            return (turn * repeats + vector) * params.gb_words + later * self.words
        later, turn = divmod(index * repeats + vector, params.buffers)
        return turn * params.gb_words + later * self.words

    def _load(self, some: Pass, repeats: range, index: int, masks: dict[int, int], period: Loop) -> None:
        for vector, repeat in enumerate(repeats):
            buffer = self._buffer(len(repeats), index, vector)
            for group, mask in masks.items():
                a = self.sram.scores + some.index(repeat, group) * self.sram.score_words
                self.code.add("WR_GB", mask=mask, a=a, n=self.words, gb=buffer, move={"a": [period]})

    def _multiply(self, repeats: range, index: int, slot: int, mask: int, period: Loop) -> None:
        for vector in range(0, len(repeats), self.params.vectors):
            self.code.add(
                "MAC_AB",
                mask=mask,
                at=self._column(slot),
                n=self.words,
                gb=self._buffer(len(repeats), index, vector),
                acc=index * len(repeats) + vector,
                vectors=min(self.params.vectors, len(repeats) - vector),
                move={"row": [period]},
            )

    def _column(self, slot: int) -> int:
        return self.context.origin + self.at.values + slot * self.at.value_words

    def _place(self, repeat: int, slot: int) -> int:
        before = repeat * self.heads.values // self.params.lanes
        return self.sram.mixed + before + slot * self.params.slot_words

    def _read(self, repeats: range, slots: range, masks: list[int], period: Loop) -> None:
        """The accumulators: of a single repeat all slots with the same channels at once, of several each slot's."""
        many, apart = len(repeats), self.heads.values // self.params.lanes
        index = 0
        while index < len(slots):
            end = index + 1
            while many == 1 and end < len(slots) and masks[end] == masks[index]:
                end += 1
            self.code.add(
                "RD_MAC",
                mask=masks[index],
                d=self._place(repeats.start, slots[index]),
                acc=index * many,
                n=end - index if many == 1 else many,
                stride=self.params.slot_words if many == 1 else apart,
                move={"d": [period]},
            )
            index = end

    def _one_by_one(self, some: Pass, slots: range, period: Loop) -> None:
        """Each slot for all repeats while its row is open, global buffers of tokens at a time."""
        code, chunk = self.code, self.params.buffer_words
        for slot in slots:
            masks = self._groups(some, slot)
            everyone = sum(masks.values())
            for repeat in some.repeats:
                whole = self.words // chunk
                for start, count, length in ((0, whole, chunk), (whole * chunk, 1, self.words % chunk)):
                    if count * length == 0:
                        continue
                    with code.loop(count, columns=length, a=length) as loop:
                        moving = [period, loop]
                        for group, mask in masks.items():
                            a = self.sram.scores + some.index(repeat, group) * self.sram.score_words + start
                            code.add("WR_GB", mask=mask, a=a, n=length, move={"a": moving})
                        at = self._column(slot) + start
                        code.add("MAC_AB", mask=everyone, at=at, n=length, move={"row": moving})
                code.add("RD_MAC", mask=everyone, d=self._place(repeat, slot), move={"d": [period]})

    def _groups(self, some: Pass, slot: int) -> dict[int, int]:
        """The channels that work for each group of a pass in a slot; a channel's banks all work for one."""
        masks: dict[int, int] = {}
        for channel in range(self.params.channels):
            element = slot * self.params.units + channel * self.params.banks
            group = element // self.heads.value_width
            if group in some.groups:
                masks[group] = masks.get(group, 0) | 1 << channel
        return masks
