"""The instructions of a layer's attention: from queries, keys and values to what the heads have mixed."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from functools import partial

from gen.pim.compile.context import Context
from gen.pim.compile.packed import Packed
from gen.pim.compile.registers import SCALE
from gen.pim.compile.scores import Scores
from gen.pim.compile.sram import TOGETHER, Pass
from gen.pim.compile.values import Values

__all__ = ["Attend", "attend"]


def attend(sequences: Sequence[Attend], meanwhile: Callable[[], None] | None, *, overlap: bool) -> None:
    """The attention of a layer: from queries, keys and values to what the heads of every sequence have mixed.

    Parameters
    ----------
    sequences : sequence of Attend
    meanwhile : function
        It emits what the channels can do while the vector unit has the first scores, if there is anything.
    overlap : bool
        Let the vector unit work while channels do: of a sequence on some heads while channels have others, of several
        on the scores of one while channels compute those of the next.
    """
    passes = [(each, some) for each in sequences for some in each.sram.passes]

    def begin(number: int) -> None:
        each, some = passes[number]
        each.score(some, first=some is each.sram.passes[0])

    def beside(number: int, following: bool) -> None:
        if meanwhile and not number:
            meanwhile()
        if following:
            begin(number + 1)

    for each in sequences if sequences[0].heads.turned else ():
        each.rotate()
    begin(0)
    for number, (each, some) in enumerate(passes):
        more = number + 1 < len(passes)
        # Scores take the place of those of the same sequence before, which must be used first.
        following = overlap and more and passes[number + 1][0] is not each
        if overlap:
            each.weigh(some, partial(beside, number, following))
        else:
            beside(number, following)
            each.share(some)
            each.mix(some)
        if more and not following:
            begin(number + 1)


class Attend:
    """Emits the attention of one layer and one sequence."""

    def __init__(self, context: Context) -> None:
        self.context, self.code, self.sram, self.seen = context, context.code, context.sram, context.seen
        self.heads, self.params, self.at = context.heads, context.params, context.at
        self.values = Values(context)
        self.packed = None if self.at.scales is None else Packed(context, self.at.scales)

    def weigh(self, some: Pass, aside: Callable[[], None]) -> None:
        """Probabilities of a pass, and the values weighted with them: some heads' while others' are computed.

        Channels first do what ``aside`` emits.
        """
        stages = self._stages(some)
        # Of a single repeat the heads of two stages follow each other.
        ahead = stages[:2] if len(some.repeats) > 1 else [range(stages[:2][-1].stop)]
        for stage in ahead:
            self.share(some, stage)
        aside()
        for number, stage in enumerate(stages):
            self.mix(some, stage)
            for later in stages[number + 2 : number + 3]:
                self.share(some, later)

    def _stages(self, some: Pass) -> list[range]:
        """The groups of a pass, some whole periods (:class:`Values`) at a time."""
        period = self.values.period
        size = max(1, TOGETHER // (period * len(some.repeats))) * period
        count = len(some.groups)
        return [range(first, min(first + size, count)) for first in range(0, count, size)]

    def rotate(self) -> None:
        """All pairs (a, b) become (a cos - b sin, b cos + a sin); all a lie in front of all b."""
        sram, add, words = self.sram, self.code.add, self.sram.turn_words
        size = words * self.params.lanes
        a, b = sram.shared, sram.shared + words
        cos, sin, minus = (sram.turn + i * words for i in range(3))
        first, second = sram.scores, sram.scores + words
        with self.code.of("rotation"):
            add("VMUL", a=b, b=minus, d=first, n=size)
            add("VMUL", a=a, b=sin, d=second, n=size)
            add("VMADD", a=a, b=cos, c=first, d=a, n=size)
            add("VMADD", a=b, b=cos, c=second, d=b, n=size)

    # --- scores, probabilities, values -------------------------------------------------------------------------------
    def score(self, some: Pass, *, first: bool) -> None:
        """The scores of a pass; those of the first one with the token's key.

        A key of 8 bits goes to its bank before all scores, as it is made where they come to; so does any in the plain
        order, whose programs are as short as they can be.
        """
        keep = self._keep_key if first and self.context.overlap and not self.packed else None
        if first and keep is None:
            self._keep_key()
        Scores(self.context).emit(some, keep)
        if first and self.packed:
            self.packed.bring_scales()

    def _keep_key(self) -> None:
        """The token's key in one piece, in the unit of its turn."""
        heads = self.heads
        unit, column = self.at.keys.find(self.params, self.seen.entry)
        if self.packed:
            self.packed.keep(unit, column)
            return
        words = heads.groups * heads.part_words
        with self.code.of("caches"):
            for part in range(len(heads.parts)):
                at = self.context.origin + column + part * words
                self.code.add_unit("WR_SB", unit, at=at, n=words, a=self.sram.shared + heads.key(part))

    def share(self, some: Pass, stage: range | None = None) -> None:
        """Probabilities in the place of scores, of a pass or some groups of it, counted from its first one.

        Where values have scales, they are multiplied with these.
        """
        words = self.context.score_words
        name, b = ("SOFTMUL", {"b": self.sram.scales}) if self.packed else ("SOFTMAX", {})
        with self.code.of("softmax"):
            for run in self._runs(some, stage):
                scores = self.sram.scores + run.start * words
                with self.code.loop(len(run), a=words, d=words) as head:
                    move = {"a": [head], "d": [head]}
                    n = self.seen.tokens
                    self.code.add(name, "reg", imm=SCALE, a=scores, **b, d=scores, n=n, move=move)

    def _runs(self, some: Pass, stage: range | None) -> list[range]:
        """The heads of a pass, or of some groups of it, counted from its first one: those one behind the other."""
        count = len(some.groups)
        if stage is None or len(stage) == count:
            return [range(some.heads)]
        return [range(repeat * count + stage.start, repeat * count + stage.stop) for repeat in range(len(some.repeats))]

    def mix(self, some: Pass, stage: range | None = None) -> None:
        """The values of a pass or some groups of it, counted from its first one, weighted with their probabilities."""
        self.values.emit(some, range(len(some.groups)) if stage is None else stage)
