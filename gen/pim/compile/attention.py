"""The instructions of a layer's attention: from queries, keys and values to what the heads have mixed."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from itertools import product
from math import lcm

from gen.pim.compile.code import Code, Loop
from gen.pim.compile.layers import Seen
from gen.pim.compile.placement import Placement
from gen.pim.compile.registers import SCALE
from gen.pim.compile.sram import Pass, Sram

__all__ = ["Attend"]

#: Heads that become probabilities at the same time, about: half of what the vector unit has at work.
TOGETHER = 4
#: Heads whose scores a turn of a loop computes, and its instructions, at most: the loop's end costs the issuer as much
#: as another instruction.
TURN_HEADS, TURN = 8, 32


class Attend:
    """Emits the attention of one layer.

    Parameters
    ----------
    code : Code
    placement : Placement
    sram : Sram
    seen : Seen
    origin : int
        Columns from the first layer of a loop's turn to this one.
    overlap : bool
        Let the vector unit work while channels do.
    """

    def __init__(self, code: Code, placement: Placement, sram: Sram, seen: Seen, origin: int, *, overlap: bool) -> None:
        self.code, self.at, self.sram, self.seen, self.origin = code, placement, sram, seen, origin
        self.overlap = overlap
        self.heads, self.params = placement.heads, placement.params

    def emit(self, meanwhile: Callable[[], None] | None) -> None:
        """Rotate queries and keys, keep key and value, and mix the values of what each head sees.

        ``meanwhile`` emits what the channels can do while the vector unit has the first scores, if there is anything.
        """
        self._keep()
        for each in self.sram.passes:
            with self.code.of("scores"):
                self._score(each)
            self._weigh(each, partial(self._aside, meanwhile) if each is self.sram.passes[0] else None)

    def _keep(self) -> None:
        """The token's key, and its value where something turns meanwhile or nothing overlaps, go to the banks."""
        turned = bool(self.heads.turned)
        if turned:
            with self.code.of("rotation"):
                self._rotate()
        with self.code.of("caches"):
            if self.overlap and turned:
                self._keep_value()
            self._keep_key()
            if not self.overlap:
                self._keep_value()

    def _aside(self, meanwhile: Callable[[], None] | None) -> None:
        """What channels do while the vector unit has the first scores: a value that nothing turned beside."""
        if self.overlap and not self.heads.turned:
            with self.code.of("caches"):
                self._keep_value()
        if meanwhile:
            meanwhile()

    def _weigh(self, some: Pass, aside: Callable[[], None] | None) -> None:
        """Probabilities of a pass, and the values weighted with them: some heads' while others' are computed.

        Channels first do what ``aside`` emits.
        """
        stages = self._stages(some) if self.overlap else [range(len(some.groups))]
        if aside and not self.overlap:
            aside()
        for stage in stages[:2]:
            self._share(some, stage)
        if aside and self.overlap:
            aside()
        for number, stage in enumerate(stages):
            self._mix(some, stage)
            for later in stages[number + 2 : number + 3]:
                self._share(some, later)

    def _stages(self, some: Pass) -> list[range]:
        """The groups of a pass, some whole periods (:meth:`_mix`) at a time."""
        period = self._period
        size = max(1, TOGETHER // (period * len(some.repeats))) * period
        count = len(some.groups)
        return [range(first, min(first + size, count)) for first in range(0, count, size)]

    @property
    def _period(self) -> int:
        """Groups after which values begin a slot again."""
        return lcm(self.params.units, self.heads.value_width) // self.heads.value_width

    def _rotate(self) -> None:
        """All pairs (a, b) become (a cos - b sin, b cos + a sin); all a lie in front of all b."""
        sram, add, words = self.sram, self.code.add, self.sram.turn_words
        size = words * self.params.lanes
        a, b = sram.shared, sram.shared + words
        cos, sin, minus = (sram.turn + i * words for i in range(3))
        first, second = sram.scores, sram.scores + words
        add("VMUL", a=b, b=minus, d=first, n=size)
        add("VMUL", a=a, b=sin, d=second, n=size)
        add("VMADD", a=a, b=cos, c=first, d=a, n=size)
        add("VMADD", a=b, b=cos, c=second, d=b, n=size)

    def _keep_key(self) -> None:
        """The token's key in one piece, in the unit of its turn."""
        heads = self.heads
        unit, column = self.at.keys.find(self.params, self.seen.entry)
        words = heads.groups * heads.part_words
        for part in range(len(heads.parts)):
            at = self.origin + column + part * words
            self.code.add_unit("WR_SB", unit, at=at, n=words, a=self.sram.shared + heads.key(part))

    def _keep_value(self) -> None:
        """One element a unit: whole slots, and what is left of one."""
        params, add = self.params, self.code.add
        word, lane = divmod(self.seen.entry, params.lanes)
        column, a = self.origin + self.at.values + word, self.sram.shared + self.heads.value
        whole, left = divmod(self.heads.values, params.units)
        if whole:
            with self.code.loop(whole, columns=self.at.value_words, a=params.slot_words) as slot:
                move = {"row": [slot], "a": [slot]}
                add("WR_ELEM", mask=self.code.everyone, at=column, lane=lane, a=a, move=move)
        if left:
            mask, a = (1 << left // params.banks) - 1, a + whole * params.slot_words
            add("WR_ELEM", mask=mask, at=column + whole * self.at.value_words, lane=lane, a=a)

    # --- scores ------------------------------------------------------------------------------------------------------
    def _score(self, some: Pass) -> None:
        """The scores of a pass: as many queries as the global buffer holds, units tokens at a time."""
        fit = self.params.gb_words // self.heads.head_words
        groups = min(fit, len(some.groups))
        repeats = max(1, fit // len(some.groups))
        for repeat in some.repeats[::repeats]:
            for group in some.groups[::groups]:
                self._multiply(
                    some,
                    range(repeat, min(repeat + repeats, some.repeats.stop)),
                    range(group, min(group + groups, some.groups.stop)),
                )

    def _share(self, some: Pass, stage: range) -> None:
        """Probabilities in the place of scores, of some groups of a pass, counted from its first one."""
        words, sram = self.sram.score_words, self.sram
        whole = len(stage) == len(some.groups)
        runs = [range(some.heads)] if whole else []
        for repeat in range(0 if whole else len(some.repeats)):
            runs.append(range(repeat * len(some.groups) + stage.start, repeat * len(some.groups) + stage.stop))
        with self.code.of("softmax"):
            for run in runs:
                scores = sram.scores + run.start * words
                with self.code.loop(len(run), a=words, d=words) as head:
                    move = {"a": [head], "d": [head]}
                    self.code.add("SOFTMAX", "reg", imm=SCALE, a=scores, d=scores, n=self.seen.tokens, move=move)

    def _multiply(self, some: Pass, repeats: range, groups: range) -> None:
        """The queries of some heads go to the global buffers and meet the keys, all of them while a row is open."""
        heads, params, sram, code = self.heads, self.params, self.sram, self.code
        words, parts, everyone = heads.part_words, range(len(heads.parts)), code.everyone
        line = len(groups) * words
        for part in parts:
            # Repeats follow each other where all groups take part.
            together = len(repeats) if len(groups) == heads.groups else 1
            for index, repeat in list(enumerate(repeats))[::together]:
                a = sram.shared + heads.query(part, repeat, groups.start)
                buffer = (part * len(repeats) + index) * line
                code.add("WR_GB", mask=everyone, a=a, n=together * line, gb=buffer)
        slots = self.at.slots(self.seen.tokens)
        first = sram.scores + some.index(repeats.start, groups.start) * sram.score_words
        turn = self._turn(len(groups), len(repeats) * (len(parts) + 1))
        with (
            code.loop(slots, columns=heads.key_words, d=params.slot_words) as slot,
            code.loop(len(groups) // turn, columns=turn * words, a=turn * words, d=turn * sram.score_words) as group,
        ):
            for one, index in product(range(turn), range(len(repeats))):
                for part in parts:
                    at = self.origin + self.at.keys.at + (part * heads.groups + groups.start + one) * words
                    buffer = (part * len(repeats) + index) * line + one * words
                    move = {"row": [slot, group], "a": [group]}
                    code.add("MAC_AB", mask=everyone, at=at, n=words, gb=buffer, move=move)
                d = first + (index * len(some.groups) + one) * sram.score_words
                code.add("RD_MAC", mask=everyone, d=d, move={"d": [slot, group]})

    def _turn(self, groups: int, instructions: int) -> int:
        """Groups in a turn of the loop over them, with so many instructions each."""
        most = min(TURN_HEADS, TURN // instructions) if self.overlap else 1
        return max((count for count in range(1, most + 1) if groups % count == 0), default=1)

    # --- values ------------------------------------------------------------------------------------------------------
    def _mix(self, some: Pass, stage: range) -> None:
        """The values of some groups of a pass, counted from its first one, weighted with each head's probabilities.

        The heads of a slot's channels repeat after the least common multiple of a head and a slot: a loop over these
        periods, and what is left of one. A stage begins with a period.
        """
        units, width, period = self.params.units, self.heads.value_width, self._period
        first = (some.groups.start + stage.start) * width // units
        whole, left = divmod(len(stage), period)
        slots = period * width // units
        with self.code.of("values"):
            if whole:
                steps = {"a": period * self.sram.score_words, "d": slots * self.params.slot_words}
                with self.code.loop(whole, columns=slots * self.at.value_words, **steps) as loop:
                    self._mix_slots(some, range(first, first + slots), loop)
            if left:
                start, end = first + whole * slots, first + self.at.slots(len(stage) * width)
                self._mix_slots(some, range(start, end), Loop(None))

    def _mix_slots(self, some: Pass, slots: range, period: Loop) -> None:
        """Some slots of values, each for all repeats while its row is open; a global buffer of tokens at a time."""
        at, sram, heads, code, chunk = self.at, self.sram, self.heads, self.code, self.params.gb_words
        words = -(-self.seen.tokens // self.params.lanes)
        for slot in slots:
            masks = self._groups(some, slot)
            everyone = sum(masks.values())
            column = self.origin + at.values + slot * at.value_words
            for repeat in some.repeats:
                for start, count, length in ((0, words // chunk, chunk), (words // chunk * chunk, 1, words % chunk)):
                    if count * length == 0:
                        continue
                    with code.loop(count, columns=length, a=length) as loop:
                        moving = [period, loop]
                        for group, mask in masks.items():
                            a = sram.scores + some.index(repeat, group) * sram.score_words + start
                            code.add("WR_GB", mask=mask, a=a, n=length, move={"a": moving})
                        code.add("MAC_AB", mask=everyone, at=column + start, n=length, move={"row": moving})
                before = repeat * heads.values // self.params.lanes
                d = sram.mixed + before + slot * self.params.slot_words
                code.add("RD_MAC", mask=everyone, d=d, move={"d": [period]})

    def _groups(self, some: Pass, slot: int) -> dict[int, int]:
        """The channels that work for each group of a pass in a slot; a channel's banks all work for one."""
        masks: dict[int, int] = {}
        for channel in range(self.params.channels):
            element = slot * self.params.units + channel * self.params.banks
            group = element // self.heads.value_width
            if group in some.groups:
                masks[group] = masks.get(group, 0) | 1 << channel
        return masks
