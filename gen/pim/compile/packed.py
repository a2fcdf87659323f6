"""Caches of 8 bits: the instructions that make integers of a token's keys and values, and those that apply scales.

VQUANT leaves the scale of keys in the word behind them, which goes to the bank with them: in products with queries,
SCALE_AB takes it from there (:mod:`gen.pim.compile.scores`). That of values goes to a bank by itself. Those of all
tokens come back as a vector that SOFTMUL multiplies probabilities with.
"""

from __future__ import annotations

from gen.pim.compile.context import Context

__all__ = ["Packed"]


class Packed:
    """Emits what caches of 8 bits add to attention.

    Parameters
    ----------
    context : Context
    scales : int
        The column of unit 0 where the scales of values begin: those of the first sequence in the first layer.
    """

    def __init__(self, context: Context, scales: int) -> None:
        self.context, self.code, self.sram = context, context.code, context.sram
        self.heads, self.params = context.heads, context.params
        self.at = context.origin + scales
        # The scale of the token's values, in a place that the mixture takes later.
        self.slot = self.sram.mixed

    def keep(self, unit: int, column: int) -> None:
        """The token's keys as integers to their unit, the scale behind them; its values as integers."""
        heads, code, lanes = self.heads, self.code, self.params.lanes
        source, packed = self.sram.shared + heads.key(0), self.sram.scores
        words, columns = heads.groups * heads.part_words, heads.key_columns
        with code.of("caches"):
            if len(heads.parts) > 1:
                # All parts side by side.
                source = packed
                for part in range(len(heads.parts)):
                    a, d = self.sram.shared + heads.key(part), source + part * words
                    code.add("VMOV", a=a, d=d, n=words * lanes)
            n = heads.groups * heads.head_words * lanes
            code.add("VQUANT", a=source, scale=packed + columns - 1, d=packed, n=n)
            code.add_unit("WR_SB", unit, at=self.context.origin + column, n=columns, a=packed)
            # They come last out of the product, while channels have the keys.
            value = self.sram.shared + heads.value
            code.add("VQUANT", a=value, scale=self.slot, d=value, n=heads.values)

    def bring_scales(self) -> None:
        """The scale of the token's values to its bank, and those of all tokens to SRAM."""
        word, lane = divmod(self.context.seen.entry, self.params.lanes)
        with self.code.of("caches"):
            self.code.add("WR_ELEM", mask=1, at=self.at + word, lane=lane, a=self.slot)
        with self.code.of("values"):
            self.code.add_unit("RD_SB", 0, at=self.at, n=self.context.score_words, d=self.sram.scales)
