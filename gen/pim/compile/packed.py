"""Caches of 8 bits: the instructions that make integers of a token's keys and values, and those that apply scales.

VQUANT leaves each scale in a word of its own, a word of the slot that WR_ELEM takes to the banks. The scales of all
tokens come back as vectors: scores are multiplied with those of keys, and probabilities with those of values. Those
of keys are repeated in SRAM, so that an instruction multiplies several heads.
"""

from __future__ import annotations

from gen.pim.compile.caches import Scales
from gen.pim.compile.context import Context
from gen.pim.compile.sram import Pass

__all__ = ["Packed"]


class Packed:
    """Emits what caches of 8 bits add to attention.

    Parameters
    ----------
    context : Context
    scales : Scales
        Those of the first sequence in the first layer.
    """

    def __init__(self, context: Context, scales: Scales) -> None:
        self.context, self.code, self.sram, self.scales = context, context.code, context.sram, scales
        self.heads, self.params = context.heads, context.params
        # The token's scales, in a place that the mixture takes later.
        self.slot = self.sram.mixed

    def keep(self, unit: int, column: int) -> None:
        """The token's keys as integers to their unit, and their scale; all scales to SRAM; its values as integers."""
        heads, code, lanes = self.heads, self.code, self.params.lanes
        source, packed = self.sram.shared + heads.key(0), self.sram.scores
        words = heads.groups * heads.part_words
        with code.of("caches"):
            if len(heads.parts) > 1:
                # All parts side by side.
                source = packed
                for part in range(len(heads.parts)):
                    a, d = self.sram.shared + heads.key(part), source + part * words
                    code.add("VMOV", a=a, d=d, n=words * lanes)
            n = heads.groups * heads.head_words * lanes
            code.add("VQUANT", a=source, scale=self.slot, d=packed, n=n)
            code.add_unit("WR_SB", unit, at=self.context.origin + column, n=heads.key_columns, a=packed)
            self._keep_scale(values=False)
        with code.of("scores"):
            self._read(values=False)
        with code.of("caches"):
            # They come last out of the product, while channels have the keys.
            value = self.sram.shared + heads.value
            code.add("VQUANT", a=value, scale=self.slot + 1, d=value, n=heads.values)

    def scale_scores(self, some: Pass) -> None:
        """The scores of a pass times the scales of keys."""
        words, many = self.context.score_words, self.sram.scaled
        whole, rest = divmod(some.heads, many)
        if some is self.sram.passes[0]:
            self._repeat()
        for first, count, together in ((0, whole, many), (whole * many, 1, rest)):
            if count * together:
                at, step = self.sram.scores + first * words, together * words
                with self.code.loop(count, a=step, d=step) as each:
                    move, n = {"a": [each], "d": [each]}, step * self.params.lanes
                    self.code.add("VMUL", a=at, b=self.sram.scales, d=at, n=n, move=move)

    def scale_shares(self, run: range) -> None:
        """The probabilities of some heads of a pass times the scales of values."""
        words, scales = self.context.score_words, self._place(values=True)
        a = self.sram.scores + run.start * words
        with self.code.loop(len(run), a=words, d=words) as head:
            move = {"a": [head], "d": [head]}
            self.code.add("VMUL", a=a, b=scales, d=a, n=self.context.seen.tokens, move=move)

    def _repeat(self) -> None:
        """The scales of keys as often as they are wanted at once."""
        words, scales, done = self.context.score_words, self.sram.scales, 1
        while done < self.sram.scaled:
            more = min(done, self.sram.scaled - done)
            self.code.add("VMOV", a=scales, d=scales + done * words, n=more * words * self.params.lanes)
            done += more

    def bring_values(self) -> None:
        """The scale of the token's values to its bank, and those of all tokens to SRAM."""
        with self.code.of("caches"):
            self._keep_scale(values=True)
        with self.code.of("values"):
            self._read(values=True)

    def _place(self, *, values: bool) -> int:
        """The word where scales of all tokens begin."""
        return self.sram.scales + values * self.sram.scaled * self.context.score_words

    def _keep_scale(self, *, values: bool) -> None:
        """The token's scale to its bank."""
        word, lane = divmod(self.context.seen.entry, self.params.lanes)
        unit, column = self.scales.find(values=values)
        slot = self.slot + values // self.params.slot_words
        at = self.context.origin + column + word
        self.code.add("WR_ELEM", mask=1 << unit // self.params.banks, at=at, lane=lane, a=slot)

    def _read(self, *, values: bool) -> None:
        """The scales of all tokens to SRAM."""
        unit, column = self.scales.find(values=values)
        at, n = self.context.origin + column, self.context.score_words
        self.code.add_unit("RD_SB", unit, at=at, n=n, d=self._place(values=values))
