"""How a sum over steps of K is written, just wide enough for the greatest one."""

from __future__ import annotations

from dataclasses import dataclass

from hdl.arith.carry_save import carry_columns
from hdl.arith.step import Step
from hdl.params import EngineParams

__all__ = ["SumForm"]


@dataclass(frozen=True)
class SumForm:
    """How a sum is written.

    Parameters
    ----------
    width : int
        It counts modulo 2**width.
    carries : tuple of int or None
        Columns of carry bits above the ``width`` sum bits, none where carries propagate; None for a single number with
        a sign.
    """

    width: int
    carries: tuple[int, ...] | None = None

    @classmethod
    def of(cls, params: EngineParams, most: int, count: int, top: int | None = None) -> SumForm:
        """The form of a sum of ``count`` terms.

        Where it is not a number that has a sign, each is 0 to ``most``, so that no carry is lost.

        Parameters
        ----------
        top : int, optional
            Columns that receive terms in every step, if not all.
        """
        if params.axes.sums_in_one_step:
            return cls(Step.of(params).sum_bits(params, count))
        limit = params.block_bits if params.axes.digits.order is None else params.accumulator
        width = min((most * count).bit_length(), limit)
        if not params.axes.saves_carries:
            return cls(width, ())
        return cls(width, carry_columns(width, width if top is None else min(top, width), params.carry_every))

    @property
    def columns(self) -> tuple[int, ...]:
        """The column of each of its bits."""
        return (*range(self.width), *(self.carries or ()))
