"""Sizes of an engine that stores operands, and takes their digits out of the store."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.params.axes import Order
from hdl.params.encoders import DIGIT_BITS
from hdl.params.engine import EngineParams
from hdl.params.formats import IntegerFormat, OperandFormat

__all__ = ["SparseShape"]


@dataclass(frozen=True)
class SparseShape:
    """Sizes derived from the parameters of an engine that takes digits out of a store.

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
    def place_bits(self) -> int:
        """Bits that number the digits of a lane in the window."""
        return self.slot_bits + (self.group - 1).bit_length()

    @property
    def holders(self) -> int:
        """Rows, or columns, of which each has digits of its own."""
        return self.params.cols if self.params.recodes_b else self.params.rows

    @property
    def sharers(self) -> int:
        """Columns, or rows, of which each has an operand of its own that digits are multiplied by."""
        return self.params.rows if self.params.recodes_b else self.params.cols

    @property
    def factor(self) -> OperandFormat:
        """Format of the operand that digits are multiplied by, as it comes."""
        return self.params.a if self.params.recodes_b else self.params.b

    @property
    def planes(self) -> int:
        """Digits of an operand that is recoded."""
        return self.params.digits

    @property
    def together(self) -> int:
        """Digits of an operand that are read together: that of a plane, or all of them."""
        return 1 if self.params.axes.digits.order is Order.PLANES else self.planes

    @property
    def passes(self) -> int:
        """How often a segment is read; each time there is a list of the steps in which some row has a digit."""
        return self.planes // self.together

    @property
    def group_digits(self) -> int:
        """Digits of a row in a group, on each lane: all steps' lowest ones first, if there are several of a step."""
        return self.group * self.together

    @property
    def shared_bits(self) -> int:
        """Bits of what the digits of a group share: its slot, and above it the shift of their products if it is one."""
        return self.slot_bits + (self.shift_bits if self.together == 1 else 0)

    @property
    def shift_bits(self) -> int:
        """Bits that say by how many digits a product is shifted: none with a sum for each weight."""
        return 0 if self.params.axes.sum.per_weight else (self.planes - 1).bit_length()

    @property
    def index_bits(self) -> int:
        """Bits of what a digit goes with: its place in the window, and above that the shift of its product."""
        return self.place_bits + self.shift_bits

    @property
    def operand(self) -> IntegerFormat:
        """What digits are multiplied by: operands, shifted to the digit's weight before if there is one sum."""
        factor, shifts = self.factor, self.shift_bits and self.planes - 1
        return IntegerFormat(factor.width + DIGIT_BITS[self.params.encoder] * shifts, factor.signed)

    @property
    def sum_bits(self) -> int:
        """Bits of a sum, in two's complement: of a plane over a segment, ``segment`` products of the greatest digit, 2.

        The sum of all weights is that of a tile, modulo 2**accumulator.
        """
        factor = self.factor
        if not self.params.axes.sum.per_weight:
            return self.params.accumulator
        greatest = self.segment * 2 * max(-factor.min, factor.max)
        return min(greatest.bit_length() + 1, self.params.accumulator)

    @property
    def step_bits(self) -> int:
        """Bits that count the steps of a plane's sum, its digits, and one that begins it, in units of ``step``.

        None where carries propagate: then nothing has to be taken away. Otherwise each step adds ``lanes`` *
        2**(sign column) in excess; what that makes of higher bits is beyond the sum.
        """
        if not self.params.axes.saves_carries:
            return 0
        column = self.operand.width + (not self.operand.signed)
        counted = max(self.sum_bits - column - (self.lanes // self.step).bit_length() + 1, 1)
        if not self.params.axes.sum.per_weight:
            return counted
        return min((self.step * (self.segment + 1)).bit_length(), counted)

    @property
    def step(self) -> int:
        """What a step counts: the odd part of ``lanes``, so that the excess is the count, shifted."""
        return self.lanes // (self.lanes & -self.lanes)
