"""Sizes of an engine that stores operands, and takes their digits plane by plane."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params.engine import EngineParams

__all__ = ["SparseShape"]


@dataclass(frozen=True)
class SparseShape:
    """Sizes derived from the parameters of an engine that takes digits plane by plane, out of a store.

    K is worked off in segments of ``segment`` steps; step k of a segment is stored in lane k % ``lanes`` and, within
    the lane, in bank (k // ``lanes``) % ``group``. Entry e of a bank's list is worked off in lane
    (lane + e % ``turns``) % ``lanes``.

    Parameters
    ----------
    params : EngineParams
        With a store: :attr:`hdl.params.axes.Axes.stores_operands`.
    """

    params: EngineParams

    @property
    def lanes(self) -> int:
        """Digits that a PE takes at once, each from its own steps of K."""
        return self.params.k_step

    @property
    def group(self) -> int:
        """Digits of a lane among which one that is not zero is looked for: one where rows keep step."""
        return self.params.group if self.params.axes.skips_by_row else 1

    @property
    def banks(self) -> int:
        """Memories over which the steps of a segment are spread."""
        return self.lanes * self.group

    @property
    def words(self) -> int:
        """Steps of a segment in a bank: a power of two, so that halves of a memory are told apart by a bit."""
        return 1 << ((self.params.segment // self.banks).bit_length() - 1)

    @property
    def segment(self) -> int:
        """Steps of K that are held at once: what is asked for, down to a power of two in each bank."""
        return self.words * self.banks

    @property
    def beats(self) -> int:
        """Operand beats of a segment."""
        return self.words * self.group

    @property
    def turns(self) -> int:
        """Ways in which entries of the lists are dealt out to the lanes: a power of two, no less than all lanes."""
        return min(1 << (self.lanes - 1).bit_length(), self.words)

    @property
    def slot_bits(self) -> int:
        """Bits that number the groups of the window."""
        return (self.params.queue - 1).bit_length()

    @property
    def index_bits(self) -> int:
        """Bits that number a lane's digits in the window."""
        return self.slot_bits + (self.group - 1).bit_length()

    @property
    def sum_bits(self) -> int:
        """Bits of a plane's sum over a segment: ``segment`` products of the greatest digit, 2, in two's complement."""
        b = self.params.b
        greatest = self.segment * 2 * max(-b.min, b.max)
        return min(greatest.bit_length() + 1, self.params.accumulator)

    @property
    def step_bits(self) -> int:
        """Bits that count the steps of a plane's sum, its digits, and one that begins it, in units of ``step``.

        None where carries propagate: then nothing has to be taken away. Otherwise each step adds ``lanes`` *
        2**(sign column) in excess; what that makes of higher bits is beyond the sum.
        """
        if not self.params.axes.saves_carries:
            return 0
        column = self.params.b.width + (not self.params.b.signed)
        counted = self.sum_bits - column - (self.lanes // self.step).bit_length() + 1
        return max(min((self.step * (self.segment + 1)).bit_length(), counted), 1)

    @property
    def step(self) -> int:
        """What a step counts: the odd part of ``lanes``, so that the excess is the count, shifted."""
        return self.lanes // (self.lanes & -self.lanes)
