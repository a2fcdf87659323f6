"""Queries times keys: the instructions that give the scores of a pass.

As many queries as the global buffers hold meet the keys of units tokens, a slot, at a time. With several accumulators
they are read when all of a turn's heads are done; with several vectors, queries that share a key are in a global buffer
each and meet its columns together.

The token's own key goes to its row right before the slot that it belongs to is multiplied, while that row is open
anyway.
"""

from __future__ import annotations

from collections.abc import Callable

from gen.pim.compile.code import Loop
from gen.pim.compile.context import Context
from gen.pim.compile.sram import Pass

__all__ = ["Scores"]

#: Heads whose scores a turn of a loop computes, and its instructions, at most: the loop's end costs the issuer as much
#: as another instruction.
TURN_HEADS, TURN = 8, 32


class Scores:
    """Emits the scores of a sequence in a layer."""

    def __init__(self, context: Context) -> None:
        self.context, self.code, self.sram = context, context.code, context.sram
        self.heads, self.params = context.heads, context.params

    def emit(self, some: Pass, keep: Callable[[], None] | None = None) -> None:
        """The scores of a pass, as many heads at a time as there is room for their queries.

        ``keep`` emits what writes the token's key, if it is not in its bank yet.
        """
        params, words = self.params, self.heads.head_words
        several = self.context.at_once(some.repeats)
        fit = (params.gb_words if several > 1 else params.buffer_words) // words
        groups = min(fit, len(some.groups))
        repeats = several if several > 1 else max(1, fit // len(some.groups))
        if params.accumulators > 1:
            repeats = min(repeats, params.accumulators)
        with self.code.of("scores"):
            for repeat in some.repeats[::repeats]:
                for group in some.groups[::groups]:
                    self._multiply(
                        some,
                        range(repeat, min(repeat + repeats, some.repeats.stop)),
                        range(group, min(group + groups, some.groups.stop)),
                        keep,
                    )
                    keep = None

    def _multiply(self, some: Pass, repeats: range, groups: range, keep: Callable[[], None] | None) -> None:
        """The queries of some heads go to the global buffers and meet the keys, all of them while a row is open."""
        context, code = self.context, self.code
        self._load(repeats, groups)
        slots = range(context.at.slots(context.seen.tokens))
        if keep is None:
            self._slots(some, repeats, groups, slots)
            return
        own = context.seen.entry // self.params.units
        self._slots(some, repeats, groups, slots[:own])
        row = self._column(own, 0, groups.start) // self.params.row_cols
        code.add("ACT_AB", mask=code.everyone, row=row)
        keep()
        self._slots(some, repeats, groups, slots[own : own + 1])
        self._slots(some, repeats, groups, slots[own + 1 :])

    def _slots(self, some: Pass, repeats: range, groups: range, slots: range) -> None:
        """Some slots of tokens, as a loop."""
        context = self.context
        key = "scores", context.origin, context.score_words, context.at.slots(context.seen.tokens), some, repeats
        if slots:
            self.code.piece((*key, groups, slots), lambda: self._loop(some, repeats, groups, slots))

    def _loop(self, some: Pass, repeats: range, groups: range, slots: range) -> None:
        """The same."""
        code, words, step = self.code, self.heads.part_words, self.context.score_words
        turn = self._turn(len(groups), len(repeats))
        whole, rest = divmod(len(groups), turn)
        with code.loop(len(slots), columns=self.heads.key_columns, d=self.params.slot_words) as slot:
            if whole:
                with code.loop(whole, columns=turn * self.heads.part_columns, a=turn * words, d=turn * step) as group:
                    heads = range(groups.start, groups.start + turn)
                    self._heads(some, repeats, groups, heads, slots.start, [slot, group])
                    if not rest and whole == 1:
                        self._open_next(groups, slots, slot)
                    self._read(some, repeats, heads, slots.start, [slot, group])
            if rest:
                heads = range(groups.stop - rest, groups.stop)
                self._heads(some, repeats, groups, heads, slots.start, [slot])
                self._read(some, repeats, heads, slots.start, [slot])

    def _turn(self, groups: int, repeats: int) -> int:
        """Groups in a turn of the loop over them: with one accumulator, few enough instructions."""
        if self.params.accumulators > 1:
            return max(1, min(groups, self.params.accumulators // repeats))
        most = min(TURN_HEADS, TURN // (repeats * (len(self.heads.parts) + 1))) if self.context.overlap else 1
        return max((count for count in range(1, most + 1) if groups % count == 0), default=1)

    def _load(self, repeats: range, groups: range) -> None:
        """Queries to the global buffers."""
        heads, code = self.heads, self.code
        line = len(groups) * heads.part_words
        # Repeats follow each other where all groups take part, unless each has a buffer of its own.
        alone = self._apart(repeats) or len(groups) < heads.groups
        together = 1 if alone else len(repeats)
        for part in range(len(heads.parts)):
            for index, repeat in list(enumerate(repeats))[::together]:
                a = self.sram.shared + heads.query(part, repeat, groups.start)
                code.add(
                    "WR_GB", mask=code.everyone, a=a, n=together * line, gb=self._buffer(part, index, repeats, groups)
                )

    def _apart(self, repeats: range) -> bool:
        """Queries that share a key are in a buffer each."""
        return self.params.vectors > 1 and len(repeats) > 1

    def _buffer(self, part: int, index: int, repeats: range, groups: range) -> int:
        """The word of the global buffers where a part of the queries of one repeat begins."""
        line = len(groups) * self.heads.part_words
        if self._apart(repeats):
            return index * self.params.gb_words + part * line
        return (part * len(repeats) + index) * line

    def _heads(self, some: Pass, repeats: range, groups: range, turn: range, slot: int, moving: list[Loop]) -> None:
        """The dot products of a turn's heads in a slot; with one accumulator, each is read at once."""
        heads, params, code = self.heads, self.params, self.code
        words = heads.part_words
        for one, group in enumerate(turn):
            for index in range(0, len(repeats), params.vectors):
                for part in range(len(heads.parts)):
                    code.add(
                        "MAC_AB",
                        *self.context.flags,
                        mask=code.everyone,
                        at=self._column(slot, part, group),
                        n=heads.part_columns,
                        gb=self._buffer(part, index, repeats, groups) + (group - groups.start) * words,
                        acc=one * len(repeats) + index if params.accumulators > 1 else 0,
                        vectors=min(params.vectors, len(repeats) - index),
                        move={"row": moving, "a": moving[1:]},
                    )
                if params.accumulators == 1:
                    d = self._place(some, repeats.start + index, group, slot)
                    code.add("RD_MAC", mask=code.everyone, d=d, move={"d": moving})

    def _column(self, slot: int, part: int, group: int) -> int:
        """Where a part of a head's keys begins in a slot."""
        first = self.context.origin + self.context.at.keys.at
        return first + slot * self.heads.key_columns + self.heads.key_column(part, group)

    def _place(self, some: Pass, repeat: int, group: int, slot: int) -> int:
        """Where a head's scores of a slot go."""
        head = self.sram.scores + some.index(repeat, group) * self.context.score_words
        return head + slot * self.params.slot_words

    def _read(self, some: Pass, repeats: range, turn: range, slot: int, moving: list[Loop]) -> None:
        """A turn's accumulators: all at once, or those of a group at a time."""
        if self.params.accumulators == 1:
            return
        single = len(repeats) == 1
        for one in [0] if single else range(len(turn)):
            d = self._place(some, repeats.start, turn.start + one, slot)
            n, stride = (len(turn), 1) if single else (len(repeats), len(some.groups))
            self.code.add(
                "RD_MAC",
                mask=self.code.everyone,
                d=d,
                acc=one * len(repeats),
                n=n,
                stride=stride * self.context.score_words,
                move={"d": moving},
            )

    def _open_next(self, groups: range, slots: range, loop: Loop) -> None:
        """Open the row with the next slot's keys while accumulators are read, if it always is another one."""
        heads, size = self.heads, self.params.row_cols
        last = self._column(slots.start, len(heads.parts) - 1, groups.stop - 1) + heads.part_columns - 1
        following = self._column(slots.start + 1, 0, groups.start) // size
        # Behind the last slot there is none, but a loop has no other last turn.
        more = len(slots) > 1 or slots.stop < self.context.at.slots(self.context.seen.tokens)
        if more and self.params.accumulators > 1 and heads.key_columns % size == 0 and following != last // size:
            self.code.add("ACT_AB", mask=self.code.everyone, row=following, move={"row": [loop]})
