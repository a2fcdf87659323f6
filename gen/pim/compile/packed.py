"""Caches of 8 bits: the instructions that make integers of a token's keys and values, and those that apply scales.

VQUANT leaves each scale in a word of its own, which is a word of the slot that WR_ELEM takes to the banks. The scales of
all tokens come back as vectors: scores are multiplied with those of keys, and probabilities with those of values. They
are repeated in SRAM, so that an instruction multiplies several heads.
"""

from __future__ import annotations

from gen.pim.compile.caches import Scales
from gen.pim.compile.context import Context

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

    def keep_key(self, unit: int, column: int) -> None:
        """The token's keys as integers to the columns of their unit, their scale to its bank; and all scales of keys."""
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
            value = self.sram.shared + heads.value
            code.add("VQUANT", a=value, scale=self.slot + 1, d=value, n=heads.values)
            code.add_unit("WR_SB", unit, at=self.context.origin + column, n=heads.key_columns, a=packed)
            self._keep_scale(values=False)
        with code.of("scores"):
            self._read(1, values=False)

    def keep_value(self) -> None:
        """The scale of the token's values to its bank, and all scales of values from there; those of keys repeated."""
        words, scales = self.context.score_words, self.sram.scales
        with self.code.of("scores"):
            done = 1
            while done < self.sram.scaled:
                more = min(done, self.sram.scaled - done)
                self.code.add("VMOV", a=scales, d=scales + done * words, n=more * words * self.params.lanes)
                done += more
        with self.code.of("caches"):
            self._keep_scale(values=True)
        with self.code.of("values"):
            self._read(self.sram.scaled, values=True)

    def multiply(self, run: range, *, values: bool) -> None:
        """The probabilities of some heads of a pass, or their scores, times the scales."""
        words, many = self.context.score_words, self.sram.scaled
        a, scales = self.sram.scores + run.start * words, self._place(values=values)
        whole, rest = divmod(len(run), many)
        with self.code.of("softmax"):
            for first, count, heads in ((0, whole, many), (whole * many, 1, rest)):
                if count * heads == 0:
                    continue
                at, n = a + first * words, heads * words * self.params.lanes
                with self.code.loop(count, a=heads * words, d=heads * words) as each:
                    self.code.add("VMUL", a=at, b=scales, d=at, n=n, move={"a": [each], "d": [each]})

    def _place(self, *, values: bool) -> int:
        """The word where scales of all tokens begin."""
        return self.sram.scales + values * self.sram.scaled * self.context.score_words

    def _keep_scale(self, *, values: bool) -> None:
        word, lane = divmod(self.context.seen.entry, self.params.lanes)
        unit, column = self.scales.find(values=values)
        slot = self.slot + values // self.params.slot_words
        at = self.context.origin + column + word
        self.code.add("WR_ELEM", mask=1 << unit // self.params.banks, at=at, lane=lane, a=slot)

    def _read(self, times: int, *, values: bool) -> None:
        """The scales of all tokens to SRAM, so many times."""
        unit, column = self.scales.find(values=values)
        words, at = self.context.score_words, self.context.origin + column
        with self.code.loop(times, d=words) as copy:
            self.code.add_unit("RD_SB", unit, at=at, n=words, d=self._place(values=values), move={"d": [copy]})
