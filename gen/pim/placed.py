"""What matrices in the banks share, whatever their elements are."""

from __future__ import annotations

from hdl.params.pim import PimParams, words_of

__all__ = ["Placed"]


class Placed:
    """Sizes of a matrix in words and slots, and where it begins.

    Attributes
    ----------
    params : PimParams
    outputs, inputs : int
        Its shape.
    at : int
        The column of every bank where it begins, ``row * row_cols + col``.
    """

    params: PimParams
    outputs: int
    inputs: int
    at: int

    @property
    def words(self) -> int:
        """Words of the vector, operand n of VMM."""
        return words_of(self.params, self.inputs)

    @property
    def slots(self) -> int:
        """Slots of the result, operand slots of VMM."""
        return -(-self.outputs // self.params.units)

    @property
    def result_words(self) -> int:
        """SRAM words of its result, and of biases: whole slots."""
        return self.slots * self.params.slot_words

    @property
    def row(self) -> int:
        """The row where it begins, operand row of VMM."""
        return self.at // self.params.row_cols

    @property
    def col(self) -> int:
        """The column of that row, operand col of VMM."""
        return self.at % self.params.row_cols
